// sum_kernel.cc: averages and norms, with sums in NumPy's pairwise order. Lanes run across channels, so that order
// costs no more than any other: eight running sums are eight registers.
#include "pool/window/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/window/sum_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pool/sum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Channels that are summed together, in kVectors vectors: 512 bytes of a pixel are read as one, and the offset of a tap
// once. 7x7 over 2048 channels, whose pixels lie 8 KB apart: 2.3 times as fast with four vectors as with one, 3.4 times
// with eight (Zen 4). At 16 registers there is room for four: one running sum and up to two that wait to be joined.
template <class D, int kVectors>
struct Sums {
  HWY_INLINE Sums() {}  // see vectors-inl.h
  hn::Vec<D> v[kVectors];
};

template <class D, int kVectors>
HWY_INLINE Sums<D, kVectors> add(const Sums<D, kVectors>& a, const Sums<D, kVectors>& b) {
  Sums<D, kVectors> sum;
  HWY_UNROLL(8)
  for (int i = 0; i < kVectors; ++i) sum.v[i] = hn::Add(a.v[i], b.v[i]);
  return sum;
}

// The terms of these channels: terms(t) are those of tap t. One vector may be part-filled: n lanes hold channels.
template <int kVectors, class D, class T, class Term>
struct Terms {
  D d;
  Term term;
  const T* HWY_RESTRICT p;
  const int64_t* HWY_RESTRICT offsets;
  size_t n;
  HWY_INLINE Sums<D, kVectors> operator()(int64_t t) const {
    const T* HWY_RESTRICT from = p + offsets[t];
    Sums<D, kVectors> terms;
    HWY_UNROLL(8)
    for (int i = 0; i < kVectors; ++i) {
      terms.v[i] = term(d, kVectors > 1 ? hn::LoadU(d, from + i * hn::Lanes(d)) : load_n(d, from, n));
    }
    return terms;
  }
};

// Running sums kFirst .. kFirst + kCount - 1 of eight, joined two by two: term `begin` + i and every eighth after it,
// as long as whole eights are left, go into running sum i. Each is done before the next, so that few are under way.
template <int kFirst, int kCount, class X>
HWY_INLINE auto join_running(const X& x, int64_t begin, int64_t end) {
  if constexpr (kCount > 1) {
    const auto first = join_running<kFirst, kCount / 2>(x, begin, end);
    return add(first, join_running<kFirst + kCount / 2, kCount / 2>(x, begin, end));
  } else {
    auto sum = x(begin + kFirst);
    HWY_UNROLL(1)
    for (int64_t t = begin + kFirst + kRunningSums; t < end; t += kRunningSums) sum = add(sum, x(t));
    return sum;
  }
}

// Up to 128 terms.
template <class X>
HWY_NOINLINE auto sum_block(const X& x, int64_t begin, int64_t count) -> decltype(x(0)) {
  // Fewer than eight are added one by one. (The first is taken as it is: adding it to -0 would give the same.)
  const int64_t eights = begin + count / kRunningSums * kRunningSums;
  int64_t t = count < kRunningSums ? begin + 1 : eights;
  auto sum = count < kRunningSums ? x(begin) : join_running<0, kRunningSums>(x, begin, eights);
  HWY_UNROLL(1)
  for (; t < begin + count; ++t) sum = add(sum, x(t));
  return sum;
}

template <class X>
HWY_NOINLINE auto sum_halves(const X& x, int64_t begin, int64_t count) -> decltype(x(0)) {
  if (count <= kLongestBlock) return sum_block(x, begin, count);
  const int64_t half = pairwise_half(count);
  const auto first = sum_halves(x, begin, half);
  return add(first, sum_halves(x, begin + half, count - half));
}

template <class X>
HWY_INLINE auto pairwise_sum(const X& x, int64_t count) {
  return count <= kLongestBlock ? sum_block(x, 0, count) : sum_halves(x, 0, count);
}

// The vectors are full where there are as many channels as lanes in all; with more vectors than one there always are.
template <int kVectors, class Term, class T>
HWY_NOINLINE void sum_vectors(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool with_finish,
                              Term term) {
  const hn::ScalableTag<T> d;
  const size_t L = hn::Lanes(d), C = static_cast<size_t>(run.channels), step = kVectors * L;
  const size_t last = C - HWY_MIN(C, step);
  const Divisor<T> by(options);
  const Finish finish = with_finish ? by.finish : Finish::kNone;
  const T* p = run.input;
  T* out = run.output;
  for (int64_t x = 0; x < run.pixels; ++x, p += run.input_step, out += run.output_step) {
    for (size_t next = 0; next < C; next += step) {
      const size_t c = HWY_MIN(next, last);  // the last vectors may begin early
      const size_t n = HWY_MIN(C - c, L);
      const Terms<kVectors, decltype(d), T, Term> terms{d, term, p + c, taps.offsets, n};
      const Sums<decltype(d), kVectors> sum = pairwise_sum(terms, taps.count);
      HWY_UNROLL(1)
      for (int i = 0; i < kVectors; ++i) {
        store_n(finish_sum(d, sum.v[i], finish, by, options), d, out + c + i * L, n);
      }
    }
  }
}

// Fewer terms than twice the running sums: the first eight, if there are so many, joined two by two, then the others.
constexpr int64_t kShort = 2 * kRunningSums;

template <int kVectors, class D, class T>
HWY_INLINE Sums<D, kVectors> sum_short(D d, const T* HWY_RESTRICT p, const Taps& taps, size_t n) {
  const Terms<kVectors, D, T, Itself> x{d, Itself(), p, taps.offsets, n};
  const bool has_eight = taps.count >= kRunningSums;
  Sums<D, kVectors> sum = has_eight ? join_running<0, kRunningSums>(x, 0, kRunningSums) : x(0);
  int64_t t = has_eight ? kRunningSums : 1;
  HWY_UNROLL(1)
  for (; t < taps.count; ++t) sum = add(sum, x(t));
  return sum;
}

// Averages of so few taps, as most are, without a call for each pixel.
template <class T>
HWY_NOINLINE void short_averages(const PixelRun<T>& run, const Taps& taps, const SumOptions& options) {
  const hn::ScalableTag<T> d;
  const size_t L = hn::Lanes(d), C = static_cast<size_t>(run.channels);
  const Divisor<T> by(options);
  constexpr int kMany = 2;
  const T* p = run.input;
  T* out = run.output;
  for (int64_t x = 0; x < run.pixels; ++x, p += run.input_step, out += run.output_step) {
    size_t c = 0;
    for (; kHasTails && c + kMany * L <= C; c += kMany * L) {
      const auto sums = sum_short<kMany>(d, p + c, taps, L);
      HWY_UNROLL(2)
      for (int i = 0; i < kMany; ++i) hn::StoreU(mean_of(d, sums.v[i], by), d, out + c + i * L);
    }
    while (c < C) {
      if (C - c < L && C >= L) c = C - L;  // the last vector begins early
      const size_t n = HWY_MIN(C - c, L);
      store_n(mean_of(d, sum_short<1>(d, p + c, taps, n).v[0], by), d, out + c, n);
      c += L;
    }
  }
}

template <class Term, class T>
HWY_INLINE void sum_pixels(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool finish,
                           Term term) {
  constexpr int kMany = 8;
  if (kHasTails && static_cast<size_t>(run.channels) >= kMany * hn::Lanes(hn::ScalableTag<T>())) {
    sum_vectors<kMany>(run, taps, options, finish, term);
  } else {
    sum_vectors<1>(run, taps, options, finish, term);
  }
}

template <class T>
HWY_INLINE void sum_terms(const PixelRun<T>& run, const Taps& taps, const SumOptions& options, bool finish) {
  if (options.mode == PoolMode::kAverage && finish && taps.count < kShort) {
    short_averages(run, taps, options);
  } else if (options.mode == PoolMode::kAverage) {
    sum_pixels(run, taps, options, finish, Itself());
  } else if (options.p == 1 || options.p == 2) {
    sum_vectors<1>(run, taps, options, finish, MagnitudeOrSquare{options.p});
  } else {
    sum_vectors<1>(run, taps, options, finish, Power{options.p});
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

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(sum_run_f32);
HWY_EXPORT(sum_run_f64);
HWY_EXPORT(finish_sums_f32);
HWY_EXPORT(finish_sums_f64);

void sum_run(const Target& target, const PixelRun<float>& run, const Taps& taps, const SumOptions& options,
             bool finish) {
  CONVSTEP_KERNEL(sum_run_f32, target)(run, taps, options, finish);
}
void sum_run(const Target& target, const PixelRun<double>& run, const Taps& taps, const SumOptions& options,
             bool finish) {
  CONVSTEP_KERNEL(sum_run_f64, target)(run, taps, options, finish);
}
void finish_sums(const Target& target, float* sums, int64_t count, const SumOptions& options) {
  CONVSTEP_KERNEL(finish_sums_f32, target)(sums, count, options);
}
void finish_sums(const Target& target, double* sums, int64_t count, const SumOptions& options) {
  CONVSTEP_KERNEL(finish_sums_f64, target)(sums, count, options);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
