#include "conv/winograd/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/winograd/kernel.cc"
#include <hwy/foreach_target.h>

#include "conv/winograd/magnitudes-inl.h"
#include "conv/winograd/multiply-inl.h"
#include "conv/winograd/transform-inl.h"
#include "simd/activation-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A vector of channels of a tile: columns first, then rows. What does not fit the registers goes through L1.
template <class T, int kSize>
HWY_NOINLINE void transform_vector(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step,
                                   T* HWY_RESTRICT transformed, int64_t xi_step) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V columns[kSize][kSize];  // [column][row]
#pragma GCC unroll 6
  for (int j = 0; j < kSize; ++j) {
    V x[kSize];
#pragma GCC unroll 6
    for (int i = 0; i < kSize; ++i) x[i] = hn::LoadU(d, pixels + i * row_step + j * pixel_step);
    input_row<kSize>(d, x, columns[j]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < kSize; ++i) {
    V x[kSize], y[kSize];
#pragma GCC unroll 6
    for (int j = 0; j < kSize; ++j) x[j] = columns[j][i];
    input_row<kSize>(d, x, y);
#pragma GCC unroll 6
    for (int j = 0; j < kSize; ++j) hn::StoreU(y[j], d, transformed + (i * kSize + j) * xi_step);
  }
}

// The last vector begins early and repeats some of the work. Fewer channels than a vector pass through a copy.
template <class T, int kSize>
void transform_input(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step, int64_t channels,
                     T* HWY_RESTRICT transformed, int64_t xi_step) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  if (channels < lanes) {
    HWY_ALIGN T copy[kSize * kSize * HWY_MAX_BYTES / sizeof(T)];
    for (int xi = 0; xi < kSize * kSize; ++xi) {
      const T* from = pixels + xi / kSize * row_step + xi % kSize * pixel_step;
      hn::Store(load_n(d, from, static_cast<size_t>(channels)), d, copy + xi * lanes);
    }
    transform_vector<T, kSize>(copy, kSize * lanes, lanes, transformed, xi_step);
    return;
  }
  for (int64_t c = 0; c < channels; c += lanes) {
    const int64_t first = std::min(c, channels - lanes);
    transform_vector<T, kSize>(pixels + first, row_step, pixel_step, transformed + first, xi_step);
  }
}

// Replaces the sums of row i, `columns` pixels of one vector, by those of the direct chain where they were computed
// already or where they are not finite. These each by itself: what is recomputed must not depend on the length of the
// vectors.
template <class T, class V>
HWY_NOINLINE void repair_row(const WinogradOutput<T>& output, int64_t i, int64_t columns, int64_t first, V* sums) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), count = std::min(lanes, output.channels - first);
  HWY_ALIGN T sum[HWY_MAX_BYTES / sizeof(T)], chain[HWY_MAX_BYTES / sizeof(T)];
  const Epilogue<T> nothing{nullptr, 0, 0, Activation::kNone, T(0)};
  for (int64_t j = 0; j < columns; ++j) {
    if (output.replaced_of_row(i) >> j & 1) {
      const int64_t pixel = i * WinogradAxis<T>::kMostOutputs + j;
      sums[j] = hn::LoadU(d, output.replacement + pixel * output.replacement_step + first);
      continue;
    }
    hn::Store(sums[j], d, sum);
    const SinglePixelRange range{output.range.y + i, output.range.x + j, output.range.first + first, count};
    output.chain(*output.layer, output.image, range, nothing, chain);
    for (int64_t k = 0; k < count; ++k) {
      if (!(sum[k] - sum[k] == 0)) sum[k] = chain[k];
    }
    sums[j] = hn::Load(d, sum);
  }
}

// Row i of one vector of a tile with `columns` <= M outputs across: bias, repair, residual, activation, store.
template <class T, int M, class D, class V>
HWY_INLINE void finish_row(D d, const WinogradOutput<T>& output, int64_t i, int64_t columns, int64_t first,
                           V* HWY_RESTRICT sums) {
  const size_t n = static_cast<size_t>(output.channels - first);
  const V bias = hn::Load(d, output.bias + first), zero = hn::Zero(d);
  V check = zero;  // 0 * x is 0, or NaN where x is not finite
#pragma GCC unroll 4
  for (int j = 0; j < M; ++j) {
    if (j >= columns) break;
    sums[j] = hn::Add(sums[j], bias);
    check = hn::MulAdd(zero, sums[j], check);
  }
  if (HWY_UNLIKELY(output.replaced_of_row(i) != 0 || !hn::AllTrue(d, hn::Eq(check, zero)))) {
    V copy[M];  // as an address that escapes would keep sums out of the registers
    for (int j = 0; j < M; ++j) copy[j] = sums[j];
    repair_row(output, i, columns, first, copy);
    for (int j = 0; j < M; ++j) sums[j] = copy[j];
  }
  const Epilogue<T>& epilogue = output.epilogue;
  T* out = output.data + i * output.row_step + first;
  const T* residual = epilogue.residual ? epilogue.residual + i * epilogue.residual_row_step + first : nullptr;
#pragma GCC unroll 4
  for (int j = 0; j < M; ++j) {
    if (j >= columns) break;
    if (residual) sums[j] = hn::Add(sums[j], load_n(d, residual + j * epilogue.residual_pixel_step, n));
    if (is_limited_relu(epilogue.activation)) {
      sums[j] = limited_relu(d, sums[j], relu_limit<T>(epilogue.activation));
    } else if (epilogue.activation == Activation::kLeakyRelu) {
      sums[j] = leaky_relu(d, sums[j], epilogue.slope);
    }
    store_n(sums[j], d, out + j * output.pixel_step, n);
  }
}

// What is not done above is large code, and rare beside 3x3 windows.
template <class T>
void activate_tile(const WinogradOutput<T>& output, int64_t rows, int64_t columns) {
  const Activation activation = output.epilogue.activation;
  if (activation <= Activation::kLeakyRelu) return;
  for (int64_t i = 0; i < rows; ++i) {
    for (int64_t j = 0; j < columns; ++j) {
      activate_row(output.data + i * output.row_step + j * output.pixel_step, static_cast<size_t>(output.channels),
                   activation, output.epilogue.slope);
    }
  }
}

template <class T, int kSize, int M>
void transform_output(const T* HWY_RESTRICT products, int64_t xi_step, const WinogradOutput<T>& output) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t first = 0; first < output.channels; first += lanes) {
    V rows[M][kSize];
#pragma GCC unroll 6
    for (int j = 0; j < kSize; ++j) {
      V x[kSize], y[M];
#pragma GCC unroll 6
      for (int i = 0; i < kSize; ++i) x[i] = hn::Load(d, products + (i * kSize + j) * xi_step + first);
      output_row<kSize, M>(d, x, y);
#pragma GCC unroll 6
      for (int i = 0; i < M; ++i) rows[i][j] = y[i];
    }
    for (int64_t i = 0; i < M; ++i) {
      V sums[M];
      output_row<kSize, M>(d, rows[i], sums);
      finish_row<T, M>(d, output, i, M, first, sums);
    }
  }
  activate_tile(output, M, M);
}

// y[i] = sum over k of matrix[i][k] * x[k].
template <int kColumns, class D, class V, class T>
HWY_INLINE void apply(D d, const T (*HWY_RESTRICT matrix)[kColumns], int64_t rows, int64_t columns,
                      const V* HWY_RESTRICT x, V* HWY_RESTRICT y, int64_t y_step) {
  for (int64_t i = 0; i < rows; ++i) {
    V sum = hn::Mul(hn::Set(d, matrix[i][0]), x[0]);
    for (int64_t k = 1; k < columns; ++k) sum = hn::MulAdd(hn::Set(d, matrix[i][k]), x[k], sum);
    y[i * y_step] = sum;
  }
}

// The transforms of tiles that are shorter down or across, by matrices: few tiles, so they need not be fast.
template <class T>
void transform_short_input(const WinogradAxis<T>& down, const WinogradAxis<T>& across, const T* HWY_RESTRICT pixels,
                           int64_t row_step, int64_t pixel_step, int64_t channels, T* HWY_RESTRICT transformed,
                           int64_t xi_step) {
  constexpr int kMost = WinogradAxis<T>::kMostPoints;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < channels; c += lanes) {
    V half[kMost][kMost], x[kMost];  // [point down][pixel across]
    for (int64_t j = 0; j < across.points; ++j) {
      for (int64_t i = 0; i < down.points; ++i) {
        x[i] = load_n(d, pixels + i * row_step + j * pixel_step + c, static_cast<size_t>(channels - c));
      }
      apply(d, down.input, down.points, down.points, x, &half[0][j], kMost);
    }
    for (int64_t i = 0; i < down.points; ++i) {
      apply(d, across.input, across.points, across.points, half[i], x, 1);
      for (int64_t j = 0; j < across.points; ++j) {
        hn::Store(x[j], d, transformed + (down.index[i] * across.whole + across.index[j]) * xi_step + c);
      }
    }
  }
}

template <class T>
void transform_short_output(const WinogradAxis<T>& down, const WinogradAxis<T>& across, const T* HWY_RESTRICT products,
                            int64_t xi_step, const WinogradOutput<T>& output) {
  constexpr int kMost = WinogradAxis<T>::kMostOutputs, kMostPoints = WinogradAxis<T>::kMostPoints;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t first = 0; first < output.channels; first += lanes) {
    V half[kMost][kMostPoints], x[kMostPoints];  // [output down][point across]
    for (int64_t j = 0; j < across.points; ++j) {
      for (int64_t i = 0; i < down.points; ++i) {
        x[i] = hn::Load(d, products + (down.index[i] * across.whole + across.index[j]) * xi_step + first);
      }
      apply(d, down.output, down.outputs, down.points, x, &half[0][j], kMostPoints);
    }
    for (int64_t i = 0; i < down.outputs; ++i) {
      V sums[kMost] = {hn::Zero(d), hn::Zero(d), hn::Zero(d), hn::Zero(d)};
      apply(d, across.output, across.outputs, across.points, half[i], sums, 1);
      finish_row<T, kMost>(d, output, i, across.outputs, first, sums);
    }
  }
  activate_tile(output, down.outputs, across.outputs);
}

// Vectors of doubles, whatever T is.
template <class T, class D, class V = hn::Vec<D>>
HWY_INLINE V load_as_double(D d, const T* p, size_t n) {
  if constexpr (sizeof(T) == sizeof(double)) {
    return load_n(d, p, n);
  } else {
    return hn::PromoteTo(d, load_n(hn::Rebind<T, D>(), p, n));
  }
}
template <class T, class D>
HWY_INLINE void store_rounded(D d, hn::Vec<D> x, T* p) {
  if constexpr (sizeof(T) == sizeof(double)) {
    hn::StoreU(x, d, p);
  } else {
    const hn::Rebind<T, D> to;
    hn::StoreU(hn::DemoteTo(to, x), to, p);
  }
}

template <class D, class V = hn::Vec<D>>
HWY_INLINE V dot(D d, const double* factors, const V* x, int64_t count) {
  V sum = hn::Mul(hn::Set(d, factors[0]), x[0]);
  for (int64_t i = 1; i < count; ++i) sum = hn::MulAdd(hn::Set(d, factors[i]), x[i], sum);
  return sum;
}

template <class T>
void transform_weights(const WinogradWeights& G, const T* HWY_RESTRICT weights, int64_t C, int64_t O, int64_t first,
                       int64_t count, const WinogradPanel& panel, T* HWY_RESTRICT transformed) {
  constexpr int kMost = WinogradWeights::kMostTaps;
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t step = static_cast<int64_t>(hn::Lanes(d)), taps = G.taps;
  for (int64_t c = 0; c < count; ++c) {
    for (int64_t k = 0; k < panel.lanes; k += step) {
      const int64_t left = O - panel.first - k;
      V columns[kMost][kMost];  // [column][row]
      for (int64_t i = 0; i < taps; ++i) {
        for (int64_t j = 0; j < taps; ++j) {
          const T* from = weights + ((i * taps + j) * C + first + c) * O + panel.first + k;
          columns[j][i] = left > 0 ? load_as_double(d, from, static_cast<size_t>(left)) : hn::Zero(d);
        }
      }
      for (int64_t i = 0; i < G.points; ++i) {
        V row[kMost];  // of G w
        for (int64_t j = 0; j < taps; ++j) row[j] = dot(d, G.matrix[i], columns[j], taps);
        for (int64_t j = 0; j < G.points; ++j) {
          store_rounded(d, dot(d, G.matrix[j], row, taps),
                        transformed + ((i * G.points + j) * count + c) * panel.lanes + k);
        }
      }
    }
  }
}

template <class T, int kPoints, int M>
constexpr WinogradKernels<T> make_kernels() {
  return {static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
          kPanelVectors,
          transform_weights<T>,
          transform_input<T, kPoints>,
          transform_short_input<T>,
          measure<T, kPoints>,
          multiply<T>,
          transform_output<T, kPoints, M>,
          transform_short_output<T>};
}

template <class T>
const WinogradKernels<T>& kernels_for(const WinogradTileSize& size) {
  static constexpr WinogradKernels<T> kernels[] = {make_kernels<T, 4, 2>(), make_kernels<T, 6, 4>(),
                                                   make_kernels<T, 6, 2>()};
  return kernels[size.points() == 4 ? 0 : size.outputs == 4 ? 1 : 2];
}
const WinogradKernels<float>& kernels_float(const WinogradTileSize& size) { return kernels_for<float>(size); }
const WinogradKernels<double>& kernels_double(const WinogradTileSize& size) { return kernels_for<double>(size); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(kernels_float);
HWY_EXPORT(kernels_double);

template <>
const WinogradKernels<float>& winograd_kernels(const Target& target, const WinogradTileSize& size) {
  return CONVSTEP_KERNEL(kernels_float, target)(size);
}
template <>
const WinogradKernels<double>& winograd_kernels(const Target& target, const WinogradTileSize& size) {
  return CONVSTEP_KERNEL(kernels_double, target)(size);
}

}  // namespace convstep::kernels
#endif
