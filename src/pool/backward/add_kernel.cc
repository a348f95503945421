// add_kernel.cc: what a row of windows adds to a row of the input's gradient.
#include "pool/backward/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/backward/add_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pool/backward/add_where-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Vectors of channels that are summed side by side, as each addition waits for the last one to its sum.
constexpr int kVectorsAtOnce = HWY_TARGET == HWY_SCALAR ? 1 : 4;

// Which lanes of an element get the gradient of a window: those whose maximum is in its position,
template <class T, int kVectors>
struct ToPositions {
  using D = hn::ScalableTag<T>;
  using DI = hn::RebindToSigned<D>;
  HWY_INLINE ToPositions(const GradientRow<T>& row, int64_t column, int64_t c, size_t) {
    const DI di;
    const auto first = hn::Set(di, static_cast<Position<T>>(row.first_position + column));
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const Position<T>* lanes =
          row.lane_positions + (row.lane_positions ? c + v * static_cast<int64_t>(hn::Lanes(di)) : 0);
      here[v] = row.lane_positions ? hn::Add(first, hn::LoadU(di, lanes)) : first;
    }
  }
  HWY_INLINE hn::Vec<D> add(D d, const GradientRow<T>& row, int64_t at, int v, hn::Vec<D> sum, hn::Vec<D> g) const {
    const auto gets = hn::Eq(hn::LoadU(DI(), row.positions + at), here[v]);
    return add_where(d, hn::RebindMask(d, gets), sum, g);
  }
  hn::Vec<DI> here[kVectors];
};
// those whose maximum it equals,
template <class T, int kVectors>
struct ToEquals {
  using D = hn::ScalableTag<T>;
  HWY_INLINE ToEquals(const GradientRow<T>& row, int64_t column, int64_t c, size_t n) {
    const D d;
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      values[v] = load_n(d, row.input + column * row.input_step + c + v * static_cast<int64_t>(hn::Lanes(d)), n);
    }
  }
  HWY_INLINE hn::Vec<D> add(D d, const GradientRow<T>& row, int64_t at, int v, hn::Vec<D> sum, hn::Vec<D> g) const {
    return add_where(d, hn::Eq(hn::LoadU(d, row.maxima + at), values[v]), sum, g);
  }
  hn::Vec<D> values[kVectors];
};
// all.
template <class T, int kVectors>
struct ToAll {
  using D = hn::ScalableTag<T>;
  HWY_INLINE ToAll(const GradientRow<T>&, int64_t, int64_t, size_t) {}
  HWY_INLINE hn::Vec<D> add(D, const GradientRow<T>&, int64_t, int, hn::Vec<D> sum, hn::Vec<D> g) const {
    return hn::Add(sum, g);
  }
};

// One column, the channels from c on: kVectors vectors of them, each of its first n lanes.
template <template <class, int> class Lanes, int kVectors, class T>
HWY_INLINE void add_at(const GradientRow<T>& row, const WindowsOver& windows, int64_t column, int64_t c, size_t n) {
  const hn::ScalableTag<T> d;
  const int64_t L = static_cast<int64_t>(hn::Lanes(d));
  hn::Vec<decltype(d)> sums[kVectors];
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    sums[v] = row.sums ? hn::LoadU(d, row.sums + column * row.sums_step + c + v * L) : hn::Zero(d);
  }
  if (windows.count > 0) {  // elsewhere there may be no input to look at
    const Lanes<T, kVectors> lanes(row, column, c, n);
    for (int32_t b = 0; b < windows.count; ++b) {
      const int64_t x = windows.first + b * row.window_step;
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        const int64_t at = c + v * L;
        sums[v] = lanes.add(d, row, x * row.step + at, v, sums[v], load_n(d, row.grad + x * row.grad_step + at, n));
      }
    }
  }
  T* to = row.to + column * row.to_step + c;
  HWY_UNROLL(4)
  for (int v = 0; v < kVectors; ++v) {
    if (row.adds) sums[v] = hn::Add(load_n(d, to + v * L, n), sums[v]);
    store_n(sums[v], d, to + v * L, n);
  }
}

template <template <class, int> class Lanes, class T>
HWY_INLINE void add_all(const GradientRow<T>& row) {
  const int64_t L = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())), C = row.channels;
  for (int64_t column = 0; column < row.columns; ++column) {
    const WindowsOver windows = row.windows ? row.windows[column] : WindowsOver{0, 0};
    int64_t c = 0;
    for (; c + kVectorsAtOnce * L <= C; c += kVectorsAtOnce * L) {
      add_at<Lanes, kVectorsAtOnce>(row, windows, column, c, static_cast<size_t>(L));
    }
    for (; c < C; c += L) add_at<Lanes, 1>(row, windows, column, c, static_cast<size_t>(HWY_MIN(C - c, L)));
  }
}

template <class T>
HWY_INLINE void add(const GradientRow<T>& row) {
  if (row.positions) {
    add_all<ToPositions>(row);
  } else if (row.maxima) {
    add_all<ToEquals>(row);
  } else {
    add_all<ToAll>(row);
  }
}

void add_f32(const GradientRow<float>& row) { add(row); }
void add_f64(const GradientRow<double>& row) { add(row); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(add_f32);
HWY_EXPORT(add_f64);

void add_windows(const Target& target, const GradientRow<float>& row) { CONVSTEP_KERNEL(add_f32, target)(row); }
void add_windows(const Target& target, const GradientRow<double>& row) { CONVSTEP_KERNEL(add_f64, target)(row); }

}  // namespace convstep::kernels
#endif  // HWY_ONCE
