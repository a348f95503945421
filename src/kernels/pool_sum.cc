// pool_sum.cc: averages and norms, with sums in NumPy's pairwise order. Lanes run across channels, so that order costs
// no more than any other: eight running sums are eight registers.
#include "kernels/pool.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/pool_sum.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "kernels/pool_sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

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

// Up to 128 terms. kCount is their number where the compiler knows it, else 0.
template <int64_t kCount = 0, class D, class X, class V = hn::Vec<D>>
HWY_INLINE V sum_block(D d, const X& x, int64_t begin, int64_t number) {
  const int64_t count = kCount > 0 ? kCount : number;
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

template <int64_t kCount, class D, class X>
HWY_INLINE hn::Vec<D> pairwise_sum(D d, const X& x, int64_t count) {
  if constexpr (kCount > 0) return sum_block<kCount>(d, x, 0, kCount);
  return sum_halves(d, x, 0, count);
}

// kWhole: there are at least as many channels as lanes.
template <int64_t kCount, bool kWhole, class Term, class T>
HWY_NOINLINE void sum_vectors(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool with_finish,
                              Term term) {
  const hn::ScalableTag<T> d;
  using D = decltype(d);
  const size_t L = hn::Lanes(d), C = static_cast<size_t>(run.channels);
  const Divisor<T> by(options);
  const Finish finish = with_finish ? by.finish : Finish::kNone;
  const T* p = run.input;
  T* out = run.output;
  for (int64_t x = 0; x < run.pixels; ++x, p += run.input_step, out += run.output_step) {
    if (!kWhole) {
      const Terms<false, D, T, Term> terms{d, term, p, taps.offsets, C};
      store_n(finish_sum(d, pairwise_sum<kCount>(d, terms, taps.count), finish, by, options), d, out, C);
      continue;
    }
    for (size_t next = 0; next < C; next += L) {
      const size_t c = HWY_MIN(next, C - L);
      const Terms<true, D, T, Term> terms{d, term, p + c, taps.offsets, L};
      hn::StoreU(finish_sum(d, pairwise_sum<kCount>(d, terms, taps.count), finish, by, options), d, out + c);
    }
  }
}

template <int64_t kCount, class Term, class T>
HWY_INLINE void sum_pixels(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool finish,
                           Term term) {
  if (kHasTails && static_cast<size_t>(run.channels) < hn::Lanes(hn::ScalableTag<T>())) {
    sum_vectors<0, false>(run, taps, options, finish, term);
  } else {
    sum_vectors<kCount, true>(run, taps, options, finish, term);
  }
}

template <class T>
HWY_INLINE void sum_terms(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool finish) {
  if (options.mode == PoolMode::kAverage) {
    // The windows of most networks, 2x2 and 3x3, without a loop over their taps.
    if (taps.count == 4) {
      sum_pixels<4>(run, taps, options, finish, Itself());
    } else if (taps.count == 9) {
      sum_pixels<9>(run, taps, options, finish, Itself());
    } else {
      sum_pixels<0>(run, taps, options, finish, Itself());
    }
  } else if (options.p == 1 || options.p == 2) {
    sum_pixels<0>(run, taps, options, finish, MagnitudeOrSquare{options.p});
  } else {
    sum_pixels<0>(run, taps, options, finish, Power{options.p});
  }
}

template <class T>
HWY_INLINE void finish_all(T* sums, int64_t count, const SumOptions& options) {
  const hn::ScalableTag<T> d;
  const Divisor<T> by(options);
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < count; c += L) {
    const size_t n = static_cast<size_t>(HWY_MIN(L, count - c));
    store_n(finish_sum(d, load_n(d, sums + c, n), by.finish, by, options), d, sums + c, n);
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

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(sum_run_f32);
HWY_EXPORT(sum_run_f64);
HWY_EXPORT(finish_sums_f32);
HWY_EXPORT(finish_sums_f64);

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

}  // namespace convstep::kernels
#endif  // HWY_ONCE
