// magnitudes-inl.h: the largest magnitudes of a tile of Winograd's convolution. Included once per SIMD target.
#if defined(CONVSTEP_CONV_WINOGRAD_MAGNITUDES_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_WINOGRAD_MAGNITUDES_INL_H_
#undef CONVSTEP_CONV_WINOGRAD_MAGNITUDES_INL_H_
#else
#define CONVSTEP_CONV_WINOGRAD_MAGNITUDES_INL_H_
#endif

#include "conv/winograd/kernel.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Magnitudes are compared as integers: exact, whatever the order, with NaN above infinity on every target.
template <class T>
struct Magnitudes {
  using D = hn::RebindToSigned<hn::ScalableTag<T>>;
  using V = hn::Vec<D>;

  V all[2];  // of even and odd columns, as one chain of maxima would wait for itself
  V middle[2][2];
};

// Row i of one vector of channels.
template <class T, class Load>
HWY_INLINE void raise_row(int i, int columns, const Load& load, Magnitudes<T>& largest) {
  const typename Magnitudes<T>::D d;
  const auto mask = hn::Set(d, hwy::LimitsMax<hn::TFromD<decltype(d)>>());
#pragma GCC unroll 6
  for (int j = 0; j < columns; ++j) {
    const auto size = hn::And(hn::BitCast(d, load(j)), mask);
    largest.all[j % 2] = hn::Max(largest.all[j % 2], size);
    if ((i == 2 || i == 3) && (j == 2 || j == 3)) {
      largest.middle[i - 2][j - 2] = hn::Max(largest.middle[i - 2][j - 2], size);
    }
  }
}

template <class T, int kPoints>
void measure(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step, int64_t rows, int64_t columns,
             int64_t channels, WinogradMagnitudes<T>& result) {
  const hn::ScalableTag<T> d;
  const typename Magnitudes<T>::D di;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  const auto zero = hn::Zero(di);
  Magnitudes<T> largest{{zero, zero}, {{zero, zero}, {zero, zero}}};
  if (channels >= lanes && rows == kPoints && columns == kPoints) {
    for (int64_t c = 0; c < channels; c += lanes) {
      const T* row = pixels + std::min(c, channels - lanes);
#pragma GCC unroll 6
      for (int i = 0; i < kPoints; ++i, row = opaque(row + row_step)) {
        const T* const half = opaque(row + kPoints / 2 * pixel_step);  // so that two pointers reach all pixels
        const auto load = [&](int j) HWY_ATTR {
          return hn::LoadU(d, j < kPoints / 2 ? row + j * pixel_step : half + (j - kPoints / 2) * pixel_step);
        };
        raise_row<T>(i, kPoints, load, largest);
      }
    }
  } else {
    for (int64_t c = 0; c < channels; c += lanes) {
      for (int64_t i = 0; i < rows; ++i) {
        const auto load = [&](int j) HWY_ATTR {
          return load_n(d, pixels + i * row_step + j * pixel_step + c, static_cast<size_t>(channels - c));
        };
        raise_row<T>(static_cast<int>(i), static_cast<int>(columns), load, largest);
      }
    }
  }
  const auto raise = [&](auto v, T& value) HWY_ATTR {
    hn::TFromD<decltype(di)> most;
    std::memcpy(&most, &value, sizeof(T));
    most = std::max(most, hn::GetLane(hn::MaxOfLanes(di, v)));
    std::memcpy(&value, &most, sizeof(T));
  };
  raise(hn::Max(largest.all[0], largest.all[1]), result.all);
  for (int i = 0; i < 2; ++i) {
    for (int j = 0; j < 2; ++j) raise(largest.middle[i][j], result.middle[i][j]);
  }
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
