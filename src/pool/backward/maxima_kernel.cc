// maxima_kernel.cc: where the maxima of a row of windows are.
#include "pool/backward/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/backward/maxima_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "simd/maximum-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Vectors of channels that are compared side by side, as each waits for its own last comparison.
constexpr int kVectorsAtOnce = HWY_TARGET == HWY_SCALAR ? 1 : 4;

template <bool kExact, class D, class V = hn::Vec<D>, class VI = hn::Vec<hn::RebindToSigned<D>>>
HWY_INLINE void take(D d, V value, VI position, V& best, VI& best_position) {
  const hn::RebindToSigned<D> di;
  if constexpr (kExact) {
    const auto is_new = is_larger(d, value, best);
    best_position = hn::IfThenElse(hn::RebindMask(di, is_new), position, best_position);
    best = hn::IfThenElse(is_new, value, best);
  } else {
    const V maximum = larger(d, value, best);
    if constexpr (kOrdersZeros) {
      const auto is_old = hn::Eq(hn::BitCast(di, maximum), hn::BitCast(di, best));
      best_position = hn::IfThenElse(is_old, best_position, position);
    } else {
      best_position = hn::IfThenElse(hn::RebindMask(di, hn::Gt(value, best)), position, best_position);
    }
    best = maximum;
  }
}

// Of one window, the channels from c on: kVectors vectors of them, or the first n lanes of one.
template <bool kExact, int kVectors, class T, class D = hn::ScalableTag<T>>
HWY_INLINE void find_at(const WindowRun<T>& run, const PlacedTaps<T>& taps, bool goes_on, int64_t x, int64_t c,
                        size_t n, Seen<D>& seen) {
  const D d;
  const hn::RebindToSigned<D> di;
  const size_t L = hn::Lanes(d);
  const T* p = run.input + x * run.input_step + c;
  T* values = run.maxima.values + x * run.step + c;
  Position<T>* positions = run.maxima.positions + x * run.step + c;
  const auto origin = hn::Set(di, static_cast<Position<T>>(run.first_position + x * run.position_step));
  hn::Vec<D> best[kVectors];
  hn::Vec<decltype(di)> position[kVectors], first[kVectors];
  const auto load = [&](int64_t tap, int v)
                        HWY_ATTR { return load_n(d, p + taps.offsets[tap] + static_cast<size_t>(v) * L, n); };
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    const size_t at = static_cast<size_t>(v) * L;
    first[v] = run.lane_positions ? hn::Add(origin, hn::LoadU(di, run.lane_positions + c + at)) : origin;
    best[v] = goes_on ? hn::LoadU(d, values + at) : load(0, v);
    position[v] = goes_on ? hn::Sub(hn::LoadU(di, positions + at), first[v]) : hn::Set(di, taps.positions[0]);
    if (!kExact) seen = join(d, seen, look(d, best[v]));
  }
  for (int64_t t = goes_on ? 0 : 1; t < taps.count; ++t) {
    const auto here = hn::Set(di, taps.positions[t]);
    hn::Vec<D> value[kVectors];
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      value[v] = load(t, v);
      take<kExact>(d, value[v], here, best[v], position[v]);
    }
    if (!kExact && (x == 0 || taps.are_new[t])) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) seen = join(d, seen, look(d, value[v]));
    }
  }
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    const size_t at = static_cast<size_t>(v) * L;
    store_n(best[v], d, values + at, n);
    store_n(hn::Add(position[v], first[v]), di, positions + at, n);
  }
}

// The last vector of channels begins early where there are enough of them: to find a maximum twice changes nothing.
template <bool kExact, class T>
HWY_INLINE bool find_all(const WindowRun<T>& run, const PlacedTaps<T>& taps, bool goes_on) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d)), C = run.channels;
  auto seen = look(d, hn::Zero(d));
  for (int64_t x = 0; x < run.windows; ++x) {
    int64_t c = 0;
    for (; c + kVectorsAtOnce * L <= C; c += kVectorsAtOnce * L) {
      find_at<kExact, kVectorsAtOnce>(run, taps, goes_on, x, c, static_cast<size_t>(L), seen);
    }
    for (; c < C; c += L) {
      const int64_t from = HWY_MAX(HWY_MIN(c, C - L), 0);
      find_at<kExact, 1>(run, taps, goes_on, x, from, static_cast<size_t>(HWY_MIN(C, L)), seen);
    }
  }
  return kExact || is_plain(d, seen);
}

template <bool kExact, int kVectors, class T>
HWY_INLINE void join_at(const MaximaRows<T>& rows, int64_t k) {
  const hn::ScalableTag<T> d;
  const hn::RebindToSigned<decltype(d)> di;
  const size_t L = hn::Lanes(d);
  hn::Vec<decltype(d)> best[kVectors];
  hn::Vec<decltype(di)> position[kVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    const int64_t at = rows.offsets[0] + k + v * static_cast<int64_t>(L);
    best[v] = hn::Load(d, rows.rows.values + at);
    position[v] = hn::Load(di, rows.rows.positions + at);
  }
  for (int64_t i = 1; i < rows.count; ++i) {
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const int64_t at = rows.offsets[i] + k + v * static_cast<int64_t>(L);
      take<kExact>(d, hn::Load(d, rows.rows.values + at), hn::Load(di, rows.rows.positions + at), best[v], position[v]);
    }
  }
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    hn::Store(best[v], d, rows.joined.values + k + v * static_cast<int64_t>(L));
    hn::Store(position[v], di, rows.joined.positions + k + v * static_cast<int64_t>(L));
  }
}

template <bool kExact, class T>
HWY_INLINE void join_all(const MaximaRows<T>& rows) {
  const int64_t L = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  int64_t k = 0;
  for (; k + kVectorsAtOnce * L <= rows.values; k += kVectorsAtOnce * L) join_at<kExact, kVectorsAtOnce>(rows, k);
  for (; k < rows.values; k += L) join_at<kExact, 1>(rows, k);
}

bool find_f32(const WindowRun<float>& run, const PlacedTaps<float>& taps, bool goes_on, bool is_exact) {
  return is_exact ? find_all<true>(run, taps, goes_on) : find_all<false>(run, taps, goes_on);
}
bool find_f64(const WindowRun<double>& run, const PlacedTaps<double>& taps, bool goes_on, bool is_exact) {
  return is_exact ? find_all<true>(run, taps, goes_on) : find_all<false>(run, taps, goes_on);
}
void join_f32(const MaximaRows<float>& rows, bool is_exact) { is_exact ? join_all<true>(rows) : join_all<false>(rows); }
void join_f64(const MaximaRows<double>& rows, bool is_exact) {
  is_exact ? join_all<true>(rows) : join_all<false>(rows);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(find_f32);
HWY_EXPORT(find_f64);
HWY_EXPORT(join_f32);
HWY_EXPORT(join_f64);

bool find_maxima(const Target& target, const WindowRun<float>& run, const PlacedTaps<float>& taps, bool goes_on,
                 bool is_exact) {
  return CONVSTEP_KERNEL(find_f32, target)(run, taps, goes_on, is_exact);
}
bool find_maxima(const Target& target, const WindowRun<double>& run, const PlacedTaps<double>& taps, bool goes_on,
                 bool is_exact) {
  return CONVSTEP_KERNEL(find_f64, target)(run, taps, goes_on, is_exact);
}
void join_maxima(const Target& target, const MaximaRows<float>& rows, bool is_exact) {
  CONVSTEP_KERNEL(join_f32, target)(rows, is_exact);
}
void join_maxima(const Target& target, const MaximaRows<double>& rows, bool is_exact) {
  CONVSTEP_KERNEL(join_f64, target)(rows, is_exact);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
