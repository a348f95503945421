#include "conv/weight_gradient/winograd_kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/weight_gradient/winograd_kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "conv/weight_gradient/winograd_taps-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

constexpr int kTile = kGradientTile, kTaps = kGradientTaps, kPoints = kGradientPoints;

constexpr double point(int pair) { return gradient_point(pair); }
// The product of p - s over the finite points s other than p, for both points of a pair; for the point 0.
constexpr double normalizer(int pair) {
  const double p = point(pair), other = point(1 - pair);
  return 2 * p * p * (p * p - other * other);
}
constexpr double kNormalizerOfZero = point(0) * point(0) * point(1) * point(1);

// y = G x: the polynomial with the coefficients x, at the points, each divided by its normalizer.
template <class D, class V = hn::Vec<D>, class T = hn::TFromD<D>>
HWY_INLINE void grad_row(D d, const V* x, V* y) {
  y[0] = hn::Mul(hn::Set(d, static_cast<T>(1 / kNormalizerOfZero)), x[0]);
#pragma GCC unroll 2
  for (int k = 0; k < 2; ++k) {
    const double p = point(k), scale = 1 / normalizer(k);
    const V even =
        hn::MulAdd(hn::Set(d, static_cast<T>(p * p * scale)), x[2], hn::Mul(hn::Set(d, static_cast<T>(scale)), x[0]));
    const V odd = hn::MulAdd(hn::Set(d, static_cast<T>(p * p * p * scale)), x[3],
                             hn::Mul(hn::Set(d, static_cast<T>(p * scale)), x[1]));
    y[1 + 2 * k] = hn::Add(even, odd);
    y[2 + 2 * k] = hn::Sub(even, odd);
  }
  y[kPoints - 1] = x[kTile - 1];
}

// One vector of a tile: columns first, then rows.
template <class T>
HWY_NOINLINE void grad_vector(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step, size_t n,
                              T* HWY_RESTRICT transformed, int64_t xi_step) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V columns[kTile][kPoints];
#pragma GCC unroll 4
  for (int j = 0; j < kTile; ++j) {
    V x[kTile];
#pragma GCC unroll 4
    for (int i = 0; i < kTile; ++i) x[i] = load_n(d, pixels + i * row_step + j * pixel_step, n);
    grad_row(d, x, columns[j]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < kPoints; ++i) {
    V x[kTile], y[kPoints];
#pragma GCC unroll 4
    for (int j = 0; j < kTile; ++j) x[j] = columns[j][i];
    grad_row(d, x, y);
#pragma GCC unroll 6
    for (int j = 0; j < kPoints; ++j) hn::StoreU(y[j], d, transformed + (i * kPoints + j) * xi_step);
  }
}

template <class T>
void transform_grad(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step, int64_t outputs, int64_t lanes,
                    T* HWY_RESTRICT transformed, int64_t xi_step) {
  const hn::ScalableTag<T> d;
  const int64_t step = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t o = 0; o < lanes; o += step) {
    if (o < outputs) {
      grad_vector(pixels + o, row_step, pixel_step, static_cast<size_t>(HWY_MIN(outputs - o, step)), transformed + o,
                  xi_step);
    } else {
      for (int xi = 0; xi < kPoints * kPoints; ++xi) hn::StoreU(hn::Zero(d), d, transformed + xi * xi_step + o);
    }
  }
}

template <class T>
bool transform_sums(const T* HWY_RESTRICT M, int64_t xi_step, int64_t count, T* HWY_RESTRICT sums, int64_t tap_step) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const V zero = hn::Zero(d);
  V check = zero;  // 0 * x is 0, or NaN where x is not finite
  for (int64_t k = 0; k < count; k += static_cast<int64_t>(hn::Lanes(d))) {
    V columns[kPoints][kTaps];
#pragma GCC unroll 6
    for (int j = 0; j < kPoints; ++j) {
      V x[kPoints];
#pragma GCC unroll 6
      for (int i = 0; i < kPoints; ++i) x[i] = hn::Load(d, M + (i * kPoints + j) * xi_step + k);
      taps_row(d, x, columns[j]);
    }
#pragma GCC unroll 3
    for (int i = 0; i < kTaps; ++i) {
      V x[kPoints], y[kTaps];
#pragma GCC unroll 6
      for (int j = 0; j < kPoints; ++j) x[j] = columns[j][i];
      taps_row(d, x, y);
#pragma GCC unroll 3
      for (int j = 0; j < kTaps; ++j) {
        check = hn::MulAdd(zero, y[j], check);
        hn::StoreU(y[j], d, sums + (i * kTaps + j) * tap_step + k);
      }
    }
  }
  return hn::AllTrue(d, hn::Eq(check, zero));
}

template <class T>
const WinogradGradientKernels<T>* kernels_of() {
  static constexpr WinogradGradientKernels<T> kernels{&transform_grad<T>, &transform_sums<T>};
  return &kernels;
}
const WinogradGradientKernels<float>* winograd_gradient_float() { return kernels_of<float>(); }
const WinogradGradientKernels<double>* winograd_gradient_double() { return kernels_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(winograd_gradient_float);
HWY_EXPORT(winograd_gradient_double);

template <>
const WinogradGradientKernels<float>& winograd_gradient_kernels(const Target& target) {
  return *CONVSTEP_KERNEL(winograd_gradient_float, target)();
}
template <>
const WinogradGradientKernels<double>& winograd_gradient_kernels(const Target& target) {
  return *CONVSTEP_KERNEL(winograd_gradient_double, target)();
}

}  // namespace convstep::kernels
#endif
