// slide_kernel.cc: what a row of narrow windows adds to a row of the input's gradient. The window slides along the row,
// and the sums of the columns under it stay in registers until it has left them.
#include "pool/backward/kernel.h"
#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "pool/backward/slide_kernel.cc"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>

#include "pool/backward/add_where-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Vectors of channels that slide together: the sums under a window of three columns take up 12 of 32 registers, or 6 of
// 16.
constexpr int kVectorsAtOnce = HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64 ? 4 : 2;
// The others have none of this code, as few machines would run it.
constexpr bool kSlides = HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX2 || HWY_ARCH_ARM_A64;

// kVectors vectors of channels, the first n lanes of each, and the columns under a window.
template <bool kIsMax, int kWidth, int kStride, int kVectors, class T>
class Sliding {
  using D = hn::ScalableTag<T>;
  using DI = hn::RebindToSigned<D>;

 public:
  HWY_INLINE Sliding(const GradientRow<T>& row, int64_t start, int64_t c, size_t n)
      : grad_(row.grad + c),
        positions_(kIsMax ? row.positions + c : nullptr),
        sums_(row.sums ? row.sums + c : nullptr),
        to_(row.to + c),
        grad_step_(row.grad_step),
        step_(row.step),
        sums_step_(row.sums_step),
        to_step_(row.to_step),
        columns_(row.columns),
        start_(start),
        n_(n),
        adds_(row.adds) {
    HWY_UNROLL(3)
    for (int j = 0; j < kWidth; ++j) {
      here_[j] = hn::Set(DI(), static_cast<Position<T>>(row.first_position + start + j));
      begin(j, start + j);
    }
  }

  // Window x gives, and moves on.
  HWY_INLINE void step(int64_t x) {
    const D d;
    const DI di;
    const int64_t column = start_ + x * kStride;
    HWY_UNROLL(4)
    for (int v = 0; v < kVectors; ++v) {
      const auto g = load_n(d, grad_ + x * grad_step_ + v * kLanes, n_);
      HWY_UNROLL(3)
      for (int j = 0; j < kWidth; ++j) {
        if constexpr (kIsMax) {
          const auto gets = hn::Eq(hn::LoadU(di, positions_ + x * step_ + v * kLanes), here_[j]);
          under_[j][v] = add_where(d, hn::RebindMask(d, gets), under_[j][v], g);
        } else {
          under_[j][v] = hn::Add(under_[j][v], g);
        }
      }
    }
    HWY_UNROLL(2)
    for (int j = 0; j < kStride; ++j) end(j, column + j);
    HWY_UNROLL(3)
    for (int j = 0; j < kWidth; ++j) {
      if constexpr (kIsMax) here_[j] = hn::Add(here_[j], hn::Set(di, Position<T>(kStride)));
      if (j >= kWidth - kStride) {
        begin(j, column + kStride + j);
      } else {
        HWY_UNROLL(4)
        for (int v = 0; v < kVectors; ++v) under_[j][v] = under_[j + kStride][v];
      }
    }
  }

  // What is under the window after the last step, from `column` on.
  HWY_INLINE void finish(int64_t column) {
    HWY_UNROLL(3)
    for (int j = 0; j < kWidth; ++j) end(j, column + j);
  }

 private:
  static constexpr int64_t kLanes = static_cast<int64_t>(HWY_LANES(T));

  // Is it a column of this row?
  HWY_INLINE bool is_inside(int64_t column) const {
    return static_cast<uint64_t>(column) < static_cast<uint64_t>(columns_);
  }
  // A column comes under the window, with what other windows gave to it.
  HWY_INLINE void begin(int j, int64_t column) {
    const D d;
    if (sums_ && is_inside(column)) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) under_[j][v] = hn::LoadU(d, sums_ + column * sums_step_ + v * kLanes);
    } else {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) under_[j][v] = hn::Zero(d);
    }
  }
  // The window leaves a column.
  HWY_INLINE void end(int j, int64_t column) {
    const D d;
    if (!is_inside(column)) return;
    T* to = to_ + column * to_step_;
    if (adds_) {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) {
        store_n(hn::Add(load_n(d, to + v * kLanes, n_), under_[j][v]), d, to + v * kLanes, n_);
      }
    } else {
      HWY_UNROLL(4)
      for (int v = 0; v < kVectors; ++v) store_n(under_[j][v], d, to + v * kLanes, n_);
    }
  }

  const T* const grad_;
  const Position<T>* const positions_;
  const T* const sums_;
  T* const to_;
  const int64_t grad_step_, step_, sums_step_, to_step_, columns_, start_;
  const size_t n_;
  const bool adds_;
  hn::Vec<D> under_[kWidth][kVectors];
  hn::Vec<DI> here_[kWidth];
};

template <bool kIsMax, int kWidth, int kStride, int kVectors, class T>
HWY_INLINE void slide_at(const GradientRow<T>& row, const NarrowWindows& windows, int64_t c, size_t n) {
  Sliding<kIsMax, kWidth, kStride, kVectors, T> sliding(row, windows.start, c, n);
  for (int64_t x = 0; x < windows.windows; ++x) sliding.step(x);
  sliding.finish(windows.start + windows.windows * kStride);
}

// Columns that no window is over.
template <class T>
HWY_NOINLINE void pass(const GradientRow<T>& row, int64_t first, int64_t end) {
  const hn::ScalableTag<T> d;
  for (int64_t column = first; column < end; ++column) {
    for (int64_t c = 0; c < row.channels; c += static_cast<int64_t>(hn::Lanes(d))) {
      const size_t n = static_cast<size_t>(row.channels - c);
      const auto sum = row.sums ? load_n(d, row.sums + column * row.sums_step + c, n) : hn::Zero(d);
      T* to = row.to + column * row.to_step + c;
      store_n(row.adds ? hn::Add(load_n(d, to, n), sum) : sum, d, to, n);
    }
  }
}

template <bool kIsMax, int kWidth, int kStride, class T>
HWY_NOINLINE void slide_all(const GradientRow<T>& row, const NarrowWindows& windows) {
  const int64_t L = static_cast<int64_t>(HWY_LANES(T)), C = row.channels;
  int64_t c = 0;
  for (; c + kVectorsAtOnce * L <= C; c += kVectorsAtOnce * L) {
    slide_at<kIsMax, kWidth, kStride, kVectorsAtOnce>(row, windows, c, static_cast<size_t>(L));
  }
  for (; c < C; c += L) {
    slide_at<kIsMax, kWidth, kStride, 1>(row, windows, c, static_cast<size_t>(HWY_MIN(C - c, L)));
  }
  pass(row, 0, HWY_MIN(windows.start, row.columns));
  pass(row, HWY_MAX(windows.start + windows.windows * kStride + kWidth, 0), row.columns);
}

template <int kWidth, int kStride, class T>
HWY_INLINE void slide(const GradientRow<T>& row, const NarrowWindows& windows) {
  row.positions ? slide_all<true, kWidth, kStride>(row, windows) : slide_all<false, kWidth, kStride>(row, windows);
}

template <class T>
HWY_INLINE void slide(const GradientRow<T>& row, const NarrowWindows& windows) {
  if (windows.width == 2) {
    windows.stride == 1 ? slide<2, 1>(row, windows) : slide<2, 2>(row, windows);
  } else {
    windows.stride == 1 ? slide<3, 1>(row, windows) : slide<3, 2>(row, windows);
  }
}

template <class T>
HWY_INLINE void slide_if(const GradientRow<T>& row, const NarrowWindows& windows) {
  if constexpr (kSlides) slide(row, windows);
}

void slide_f32(const GradientRow<float>& row, const NarrowWindows& windows) { slide_if(row, windows); }
void slide_f64(const GradientRow<double>& row, const NarrowWindows& windows) { slide_if(row, windows); }
bool can_slide() { return kSlides; }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(slide_f32);
HWY_EXPORT(slide_f64);
HWY_EXPORT(can_slide);

bool slides_windows(const Target& target) { return CONVSTEP_KERNEL(can_slide, target)(); }

void slide_windows(const Target& target, const GradientRow<float>& row, const NarrowWindows& windows) {
  CONVSTEP_KERNEL(slide_f32, target)(row, windows);
}
void slide_windows(const Target& target, const GradientRow<double>& row, const NarrowWindows& windows) {
  CONVSTEP_KERNEL(slide_f64, target)(row, windows);
}

}  // namespace convstep::kernels
#endif  // HWY_ONCE
