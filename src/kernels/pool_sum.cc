// pool_sum.cc: averages and norms, with sums in NumPy's pairwise order. Lanes run across channels, so that order costs
// no more than any other: eight running sums are eight registers.
#include <cmath>

#include "kernels/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool_sum.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/simd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// What is summed of every element. (operator() takes the tag, whose type is not known here.)
struct Itself {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V x) const {
    return x;
  }
};
struct Magnitude {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Abs(x);
  }
};
struct Square {
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D, V x) const {
    return hn::Mul(x, x);
  }
};
struct Power {  // one number at a time: std::pow is what the reference uses
  double p;
  template <class D, class V = hn::Vec<D>>
  HWY_INLINE V operator()(D d, V x) const {
    using T = hn::TFromD<D>;
    HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
    hn::Store(hn::Abs(x), d, lanes);
    for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = std::pow(lanes[i], static_cast<T>(p));
    return hn::Load(d, lanes);
  }
};

// The terms of one vector of channels: term(t) is that of tap t. kWhole: all lanes hold channels.
template <bool kWhole, class D, class T, class Term>
struct Terms {
  D d;
  Term term;
  const T* HWY_RESTRICT p;
  const int64_t* HWY_RESTRICT offsets;
  size_t n;
  HWY_INLINE hn::Vec<D> operator()(int64_t t) const {
    return term(d, kWhole ? hn::LoadU(d, p + offsets[t]) : load_n(d, p + offsets[t], n));
  }
};

constexpr int64_t kRunningSums = 8, kLongestBlock = 128;

// Up to 128 terms.
template <class D, class X, class V = hn::Vec<D>>
HWY_INLINE V sum_block(D d, const X& x, int64_t begin, int64_t count) {
  const int64_t end = begin + count;
  int64_t t = begin;
  if (count < kRunningSums) {
    V sum = hn::Set(d, -0.0f);  // leaves every number unchanged, -0 included
    for (; t < end; ++t) sum = hn::Add(sum, x(t));
    return sum;
  }
  V r0 = x(t), r1 = x(t + 1), r2 = x(t + 2), r3 = x(t + 3), r4 = x(t + 4), r5 = x(t + 5), r6 = x(t + 6), r7 = x(t + 7);
  for (t += kRunningSums; t + kRunningSums <= end; t += kRunningSums) {
    r0 = hn::Add(r0, x(t));
    r1 = hn::Add(r1, x(t + 1));
    r2 = hn::Add(r2, x(t + 2));
    r3 = hn::Add(r3, x(t + 3));
    r4 = hn::Add(r4, x(t + 4));
    r5 = hn::Add(r5, x(t + 5));
    r6 = hn::Add(r6, x(t + 6));
    r7 = hn::Add(r7, x(t + 7));
  }
  V sum = hn::Add(hn::Add(hn::Add(r0, r1), hn::Add(r2, r3)), hn::Add(hn::Add(r4, r5), hn::Add(r6, r7)));
  for (; t < end; ++t) sum = hn::Add(sum, x(t));
  return sum;
}

template <class D, class X, class V = hn::Vec<D>>
HWY_NOINLINE V sum_halves(D d, const X& x, int64_t begin, int64_t count) {
  if (count <= kLongestBlock) return sum_block(d, x, begin, count);
  const int64_t half = pairwise_half(count);
  const V first = sum_halves(d, x, begin, half);
  return hn::Add(first, sum_halves(d, x, begin + half, count - half));
}

template <class D, class X>
HWY_INLINE hn::Vec<D> pairwise_sum(D d, const X& x, int64_t count) {
  return count <= kLongestBlock ? sum_block(d, x, 0, count) : sum_halves(d, x, 0, count);
}

// What becomes of a sum.
enum class Finish { kNone, kDivide, kRoot, kPower };

HWY_INLINE Finish finish_of(const SumOptions& options) {
  if (options.mode == PoolMode::kAverage) return Finish::kDivide;
  return options.p == 1 ? Finish::kNone : options.p == 2 ? Finish::kRoot : Finish::kPower;
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V finish_sum(D d, V sum, Finish finish, const SumOptions& options) {
  using T = hn::TFromD<D>;
  switch (finish) {
    case Finish::kNone:
      return sum;
    case Finish::kDivide:
      return hn::Div(sum, hn::Set(d, static_cast<T>(options.divisor)));
    case Finish::kRoot:
      return hn::Sqrt(sum);
    case Finish::kPower: {
      HWY_ALIGN T lanes[HWY_MAX_BYTES / sizeof(T)];
      hn::Store(sum, d, lanes);
      for (size_t i = 0; i < hn::Lanes(d); ++i) lanes[i] = std::pow(lanes[i], 1 / static_cast<T>(options.p));
      return hn::Load(d, lanes);
    }
  }
  return sum;
}

template <class Term, class T>
HWY_INLINE void sum_pixels(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, Finish finish,
                           Term term) {
  const hn::ScalableTag<T> d;
  using D = decltype(d);
  const size_t L = hn::Lanes(d), C = static_cast<size_t>(run.channels);
  const T* p = run.input;
  T* out = run.output;
  for (int64_t x = 0; x < run.pixels; ++x, p += run.input_step, out += run.output_step) {
    size_t c = 0;
    for (; c + L <= C; c += L) {
      const Terms<true, D, T, Term> terms{d, term, p + c, taps.offsets, L};
      hn::StoreU(finish_sum(d, pairwise_sum(d, terms, taps.count), finish, options), d, out + c);
    }
    if (c == C) continue;
    const Terms<false, D, T, Term> terms{d, term, p + c, taps.offsets, C - c};
    store_n(finish_sum(d, pairwise_sum(d, terms, taps.count), finish, options), d, out + c, C - c);
  }
}

template <class T>
HWY_INLINE void sum_terms(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool finish) {
  const Finish last = finish ? finish_of(options) : Finish::kNone;
  if (options.mode == PoolMode::kAverage) {
    sum_pixels(run, taps, options, last, Itself());
  } else if (options.p == 1) {
    sum_pixels(run, taps, options, last, Magnitude());
  } else if (options.p == 2) {
    sum_pixels(run, taps, options, last, Square());
  } else {
    sum_pixels(run, taps, options, last, Power{options.p});
  }
}

template <class T>
HWY_INLINE void finish_all(T* sums, int64_t count, const SumOptions& options) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < count; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, count - c));
    store_n(finish_sum(d, load_n(d, sums + c, n), finish_of(options), options), d, sums + c, n);
  }
}

// Sums by column. The buffer holds the sums of the columns of one row of output.
template <class Term, class T>
HWY_INLINE void sum_down(const Strip<T>& strip, const T* p, int64_t count, T* to, Term term) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), K = strip.window_height;
  for (int64_t c = 0; c < count; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, count - c));
    auto sum = term(d, load_n(d, p + c + strip.rows[0], n));
    for (int64_t i = 1; i < K; ++i) sum = hn::Add(sum, term(d, load_n(d, p + c + strip.rows[i], n)));
    store_n(sum, d, to + c, n);
  }
}

// `count` values of output, whose windows read `taps` columns from `from` on.
template <class T>
HWY_INLINE void sum_along(const T* HWY_RESTRICT from, int64_t step, int64_t taps, int64_t count,
                          const SumOptions& options, Finish finish, T* HWY_RESTRICT out) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  int64_t c = 0;
  for (; c + 4 * L <= count; c += 4 * L) {  // four chains of additions hide their latency
    const T* p = from + c;
    auto sum0 = hn::LoadU(d, p), sum1 = hn::LoadU(d, p + L), sum2 = hn::LoadU(d, p + 2 * L),
         sum3 = hn::LoadU(d, p + 3 * L);
    for (int64_t j = 1; j < taps; ++j) {
      p += step;
      sum0 = hn::Add(sum0, hn::LoadU(d, p));
      sum1 = hn::Add(sum1, hn::LoadU(d, p + L));
      sum2 = hn::Add(sum2, hn::LoadU(d, p + 2 * L));
      sum3 = hn::Add(sum3, hn::LoadU(d, p + 3 * L));
    }
    hn::StoreU(finish_sum(d, sum0, finish, options), d, out + c);
    hn::StoreU(finish_sum(d, sum1, finish, options), d, out + c + L);
    hn::StoreU(finish_sum(d, sum2, finish, options), d, out + c + 2 * L);
    hn::StoreU(finish_sum(d, sum3, finish, options), d, out + c + 3 * L);
  }
  for (; c < count; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, count - c));
    auto sum = load_n(d, from + c, n);
    for (int64_t j = 1; j < taps; ++j) sum = hn::Add(sum, load_n(d, from + c + j * step, n));
    store_n(finish_sum(d, sum, finish, options), d, out + c, n);
  }
}

template <class Term, class T>
HWY_INLINE void sum_columns(const Strip<T>& strip, SumOptions options, const T* divisors, Term term) {
  const int64_t C = strip.channels, W = strip.columns, OW = strip.output_columns;
  const Finish finish = finish_of(options);
  if (strip.pixel_step == C) {
    sum_down(strip, strip.input, W * C, strip.buffer, term);
  } else {
    for (int64_t x = 0; x < W; ++x) {
      sum_down(strip, strip.input + x * strip.pixel_step, C, strip.buffer + x * C, term);
    }
  }
  for (int64_t x = 0; x < OW;) {
    const int64_t start = x * strip.stride_width - strip.before;
    const int64_t first = HWY_MAX(start, 0), end = HWY_MIN(start + strip.window_width, W);
    // Whole windows at stride 1 are one run of values.
    int64_t pixels = 1;
    if (strip.stride_width == 1 && strip.output_pixel_step == C && start >= 0) {
      pixels = HWY_MAX(HWY_MIN(W - end + 1, OW - x), 1);
    }
    options.divisor = static_cast<double>(divisors[x]);
    sum_along(strip.buffer + first * C, C, end - first, pixels * C, options, finish,
              strip.output + x * strip.output_pixel_step);
    x += pixels;
  }
}

template <class T>
HWY_INLINE void sum_by_column(const Strip<T>& strip, const SumOptions& options, const T* divisors) {
  if (options.mode == PoolMode::kAverage) {
    sum_columns(strip, options, divisors, Itself());
  } else if (options.p == 1) {
    sum_columns(strip, options, divisors, Magnitude());
  } else if (options.p == 2) {
    sum_columns(strip, options, divisors, Square());
  } else {
    sum_columns(strip, options, divisors, Power{options.p});
  }
}

void sum_run_f32(const PixelRun<float>& run, const Taps& taps, const SumOptions& options, bool finish) {
  sum_terms(run, taps, options, finish);
}
void sum_run_f64(const PixelRun<double>& run, const Taps& taps, const SumOptions& options, bool finish) {
  sum_terms(run, taps, options, finish);
}
void finish_sums_f32(float* sums, int64_t count, const SumOptions& options) { finish_all(sums, count, options); }
void finish_sums_f64(double* sums, int64_t count, const SumOptions& options) { finish_all(sums, count, options); }
void sum_strip_f32(const Strip<float>& strip, const SumOptions& options, const float* divisors) {
  sum_by_column(strip, options, divisors);
}
void sum_strip_f64(const Strip<double>& strip, const SumOptions& options, const double* divisors) {
  sum_by_column(strip, options, divisors);
}

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(sum_run_f32);
HWY_EXPORT(sum_run_f64);
HWY_EXPORT(finish_sums_f32);
HWY_EXPORT(finish_sums_f64);
HWY_EXPORT(sum_strip_f32);
HWY_EXPORT(sum_strip_f64);

void sum_run(const PixelRun<float>& run, const Taps& taps, const SumOptions& options, bool finish) {
  HWY_DYNAMIC_DISPATCH(sum_run_f32)(run, taps, options, finish);
}
void sum_run(const PixelRun<double>& run, const Taps& taps, const SumOptions& options, bool finish) {
  HWY_DYNAMIC_DISPATCH(sum_run_f64)(run, taps, options, finish);
}
void finish_sums(float* sums, int64_t count, const SumOptions& options) {
  HWY_DYNAMIC_DISPATCH(finish_sums_f32)(sums, count, options);
}
void finish_sums(double* sums, int64_t count, const SumOptions& options) {
  HWY_DYNAMIC_DISPATCH(finish_sums_f64)(sums, count, options);
}
void sum_strip(const Strip<float>& strip, const SumOptions& options, const float* divisors) {
  HWY_DYNAMIC_DISPATCH(sum_strip_f32)(strip, options, divisors);
}
void sum_strip(const Strip<double>& strip, const SumOptions& options, const double* divisors) {
  HWY_DYNAMIC_DISPATCH(sum_strip_f64)(strip, options, divisors);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
