#include "kernels/conv_winograd.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/conv_winograd.cc"
#include <hwy/foreach_target.h>

#include "kernels/activation-inl.h"
#include "kernels/conv_winograd-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {

// The register tile: Rows tiles x Vectors vectors of sums, beside one row of U and one broadcast of V.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kPanelVectors = 4;  // 32 registers: 6*4 sums + 4 + 1
constexpr int tile_rows(int vectors) { return vectors == 4 ? 6 : vectors == 3 ? 8 : 12; }
#else
constexpr int kPanelVectors = 2;  // 16 registers: 6*2 sums + 2 + 1; 5*2 and 4*3 are 4% slower (AVX2)
constexpr int tile_rows(int vectors) { return vectors == 2 ? 6 : 12; }
#endif

// What to bring into L2 during a call: so many bytes per c, from `data` on.
struct Prefetch {
  const char* data;
  int64_t step;
};
constexpr int64_t kCacheLine = 64;

// M = V * U for one xi: sums over c of V[tile][c] * U[c][lane]. Kept out of line, so that the compiler sees this loop
// alone and keeps its pointers in registers.
template <class T, int Rows, int Vectors>
HWY_NOINLINE void multiply_tile(const T* HWY_RESTRICT V, int64_t V_step, const T* HWY_RESTRICT U, int64_t C,
                                T* HWY_RESTRICT M, int64_t M_step, bool adds, Prefetch prefetch) {
  const hn::ScalableTag<T> d;
  const size_t lanes = hn::Lanes(d);
  hn::Vec<decltype(d)> sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) sum[r][v] = adds ? hn::Load(d, M + r * M_step + v * lanes) : hn::Zero(d);
  }
  const T* const end = V + C;
#pragma GCC unroll 1
  for (; V < end; ++V, U += Vectors * lanes) {
    hn::Vec<decltype(d)> weight[Vectors];
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) weight[v] = hn::Load(d, U + v * lanes);
    __builtin_prefetch(prefetch.data, 0, 2);
    __builtin_prefetch(prefetch.data + kCacheLine, 0, 2);
    prefetch.data += prefetch.step;
#pragma GCC unroll 16
    for (int r = 0; r < Rows; ++r) {
      const auto x = hn::Set(d, V[r * V_step]);
#pragma GCC unroll 4
      for (int v = 0; v < Vectors; ++v) sum[r][v] = hn::MulAdd(x, weight[v], sum[r][v]);
    }
  }
#pragma GCC unroll 16
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (int v = 0; v < Vectors; ++v) hn::Store(sum[r][v], d, M + r * M_step + v * lanes);
  }
}

template <class T>
using TileFunction = void (*)(const T*, int64_t, const T*, int64_t, T*, int64_t, bool, Prefetch);

template <class T, int Vectors, int Rows = tile_rows(Vectors)>
HWY_INLINE TileFunction<T> tile_function(int64_t rows) {
  if constexpr (Rows == 1) {
    return multiply_tile<T, 1, Vectors>;
  } else {
    return rows == Rows ? multiply_tile<T, Rows, Vectors> : tile_function<T, Vectors, Rows - 1>(rows);
  }
}

// So much of U stays in L1, beside the tiles of V that stream past it, while all groups of tiles pass. The chain of a
// sum goes on where it stopped. Without chunks a layer of 512 channels was 5 to 10% slower (Sapphire Rapids, AVX-512).
constexpr int64_t kChunkBytes = 16 << 10;

// All xi of a panel, with what U has next on its way into L2 meanwhile: at 28x28, 512 to 512 channels, this took 340
// to 500 Gflop/s. Where the tiles are no multiple of tile_rows, groups differ by one: 16 = 6 + 5 + 5, as short groups
// wait for their multiply-adds.
template <class T, int M, int Vectors>
void multiply_panel(const WinogradTiles<const T>& V, const T* HWY_RESTRICT U, int64_t tiles, int64_t C, bool adds,
                    const WinogradTiles<T>& products) {
  constexpr int kSize = (M + 2) * (M + 2);
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t groups = (tiles + tile_rows(Vectors) - 1) / tile_rows(Vectors);
  const int64_t rows = tiles / groups, longer = tiles % groups;
  const TileFunction<T> full = tile_function<T, Vectors>(longer ? rows + 1 : rows);
  const TileFunction<T> shorter = tile_function<T, Vectors>(rows);
  const int64_t row_bytes = Vectors * lanes * static_cast<int64_t>(sizeof(T)), step = (row_bytes + groups - 1) / groups;
  const int64_t chunk = groups > 1 ? kChunkBytes / row_bytes : C;
  for (int64_t xi = 0; xi < kSize; ++xi) {
    for (int64_t c = 0; c < C; c += chunk) {
      const int64_t channels = std::min(chunk, C - c);
      const char* next = reinterpret_cast<const char*>(U) + channels * row_bytes;
      const T* v = V.data + xi * V.xi_step + c;
      T* m = products.data + xi * products.xi_step;
      for (int64_t g = 0; g < groups; ++g) {
        const int64_t now = rows + (g < longer);
        (now == rows ? shorter : full)(v, V.tile_step, U, channels, m, products.tile_step, adds || c > 0,
                                       {next + g * channels * step, step});
        v += now * V.tile_step;
        m += now * products.tile_step;
      }
      U += channels * Vectors * lanes;
    }
  }
}

template <class T, int M>
void multiply(const WinogradTiles<const T>& V, const T* U, int64_t tiles, int64_t C, const WinogradPanel& panel,
              bool adds, const WinogradTiles<T>& products) {
  if constexpr (kPanelVectors >= 4) {
    if (panel.vectors == 4) return multiply_panel<T, M, 4>(V, U, tiles, C, adds, products);
    if (panel.vectors == 3) return multiply_panel<T, M, 3>(V, U, tiles, C, adds, products);
  }
  if (panel.vectors == 2) return multiply_panel<T, M, 2>(V, U, tiles, C, adds, products);
  multiply_panel<T, M, 1>(V, U, tiles, C, adds, products);
}

// n channels of a tile, at most a vector of them: columns first, then rows. What does not fit the registers goes
// through L1.
template <class T, int M, bool kWhole>
HWY_INLINE void transform_vector(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step, size_t n,
                                 T* HWY_RESTRICT transformed, int64_t xi_step) {
  constexpr int kSize = M + 2;
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V columns[kSize][kSize];  // [column][row]
#pragma GCC unroll 6
  for (int j = 0; j < kSize; ++j) {
    V x[kSize];
#pragma GCC unroll 6
    for (int i = 0; i < kSize; ++i) {
      const T* from = pixels + i * row_step + j * pixel_step;
      x[i] = kWhole ? hn::LoadU(d, from) : load_n(d, from, n);
    }
    input_row<M>(d, x, columns[j]);
  }
#pragma GCC unroll 6
  for (int i = 0; i < kSize; ++i) {
    V x[kSize], y[kSize];
#pragma GCC unroll 6
    for (int j = 0; j < kSize; ++j) x[j] = columns[j][i];
    input_row<M>(d, x, y);
#pragma GCC unroll 6
    for (int j = 0; j < kSize; ++j) hn::Store(y[j], d, transformed + (i * kSize + j) * xi_step);
  }
}

template <class T, int M>
void transform_input(const T* HWY_RESTRICT pixels, int64_t row_step, int64_t pixel_step, int64_t channels,
                     T* HWY_RESTRICT transformed, int64_t xi_step) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  int64_t c = 0;
  for (; c + lanes <= channels; c += lanes) {
    transform_vector<T, M, true>(pixels + c, row_step, pixel_step, 0, transformed + c, xi_step);
  }
  if (c == channels) return;
  const size_t n = static_cast<size_t>(channels - c);
  transform_vector<T, M, false>(pixels + c, row_step, pixel_step, n, transformed + c, xi_step);
}

// Replaces the sums of row i, `columns` pixels of one vector, that are not finite by those of the direct chain. Each
// output by itself: what is recomputed must not depend on the length of the vectors.
template <class T, class V>
HWY_NOINLINE void repair_row(const WinogradOutput<T>& output, int64_t i, int64_t first, V* sums) {
  const hn::ScalableTag<T> d;
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(d)), count = std::min(lanes, output.channels - first);
  HWY_ALIGN T sum[HWY_MAX_BYTES / sizeof(T)], chain[HWY_MAX_BYTES / sizeof(T)];
  const Epilogue<T> nothing{nullptr, 0, 0, Activation::kNone, T(0)};
  for (int64_t j = 0; j < output.columns; ++j) {
    hn::Store(sums[j], d, sum);
    const ChainRange range{output.range.y + i, output.range.x + j, output.range.first + first, count};
    conv_chain(*output.layer, output.image, range, nothing, chain);
    for (int64_t k = 0; k < count; ++k) {
      if (!(sum[k] - sum[k] == 0)) sum[k] = chain[k];
    }
    sums[j] = hn::Load(d, sum);
  }
}

// Row i of one vector of the tile: bias, repair, residual, activation, store.
template <class T, int M, class D, class V>
HWY_INLINE void finish_row(D d, const WinogradOutput<T>& output, int64_t i, int64_t first, V* HWY_RESTRICT sums) {
  const size_t n = static_cast<size_t>(output.channels - first);
  const V bias = hn::Load(d, output.bias + first), zero = hn::Zero(d);
  V check = zero;  // 0 * x is 0, or NaN where x is not finite
#pragma GCC unroll 6
  for (int j = 0; j < M; ++j) {
    sums[j] = hn::Add(sums[j], bias);
    check = hn::MulAdd(zero, sums[j], check);
  }
  if (HWY_UNLIKELY(!hn::AllTrue(d, hn::Eq(check, zero)))) {
    V copy[M];  // as an address that escapes would keep sums out of the registers
    for (int j = 0; j < M; ++j) copy[j] = sums[j];
    repair_row(output, i, first, copy);
    for (int j = 0; j < M; ++j) sums[j] = copy[j];
  }
  const Epilogue<T>& epilogue = output.epilogue;
  T* out = output.data + i * output.row_step + first;
  const T* residual = epilogue.residual ? epilogue.residual + i * epilogue.residual_row_step + first : nullptr;
#pragma GCC unroll 6
  for (int j = 0; j < M; ++j) {
    if (j >= output.columns) break;
    if (residual) sums[j] = hn::Add(sums[j], load_n(d, residual + j * epilogue.residual_pixel_step, n));
    if (epilogue.activation == Activation::kRelu) sums[j] = relu(d, sums[j]);
    store_n(sums[j], d, out + j * output.pixel_step, n);
  }
}

template <class T, int M>
void transform_output(const T* HWY_RESTRICT products, int64_t xi_step, const WinogradOutput<T>& output) {
  constexpr int kSize = M + 2;
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
      output_row<M>(d, x, y);
#pragma GCC unroll 6
      for (int i = 0; i < M; ++i) rows[i][j] = y[i];
    }
    for (int64_t i = 0; i < output.rows; ++i) {
      V sums[M];
      output_row<M>(d, rows[i], sums);
      finish_row<T, M>(d, output, i, first, sums);
    }
  }
  const Activation activation = output.epilogue.activation;
  if (activation == Activation::kNone || activation == Activation::kRelu) return;
  for (int64_t i = 0; i < output.rows; ++i) {  // the others are large code, and rare beside 3x3 windows
    for (int64_t j = 0; j < output.columns; ++j) {
      activate_row(output.data + i * output.row_step + j * output.pixel_step, static_cast<size_t>(output.channels),
                   activation, output.epilogue.slope);
    }
  }
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

template <class T, int M>
void transform_weights(const T* HWY_RESTRICT weights, int64_t C, int64_t O, int64_t first, int64_t count,
                       const WinogradPanel& panel, T* HWY_RESTRICT transformed) {
  constexpr int kSize = M + 2;
  const hn::ScalableTag<double> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t step = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t c = 0; c < count; ++c) {
    for (int64_t k = 0; k < panel.lanes; k += step) {
      const int64_t left = O - panel.first - k;
      V rows[3][kSize];  // [column of the window][row of U]
#pragma GCC unroll 3
      for (int j = 0; j < 3; ++j) {
        V x[3];
        for (int i = 0; i < 3; ++i) {
          const T* from = weights + ((i * 3 + j) * C + first + c) * O + panel.first + k;
          x[i] = left > 0 ? load_as_double(d, from, static_cast<size_t>(left)) : hn::Zero(d);
        }
        weight_row<M>(d, x, rows[j]);
      }
      for (int i = 0; i < kSize; ++i) {
        const V x[3] = {rows[0][i], rows[1][i], rows[2][i]};
        V y[kSize];
        weight_row<M>(d, x, y);
        for (int j = 0; j < kSize; ++j) {
          store_rounded(d, y[j], transformed + ((i * kSize + j) * count + c) * panel.lanes + k);
        }
      }
    }
  }
}

template <class T, int M>
WinogradKernels<T> make_kernels() {
  return {static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>())),
          kPanelVectors,
          transform_weights<T, M>,
          transform_input<T, M>,
          multiply<T, M>,
          transform_output<T, M>};
}

template <class T>
const WinogradKernels<T>& kernels_for(int64_t m) {
  static const WinogradKernels<T> kernels[] = {make_kernels<T, 2>(), make_kernels<T, 4>()};
  return kernels[m / 2 - 1];
}
const WinogradKernels<float>& kernels_float(int64_t m) { return kernels_for<float>(m); }
const WinogradKernels<double>& kernels_double(int64_t m) { return kernels_for<double>(m); }

// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(kernels_float);
HWY_EXPORT(kernels_double);

template <>
const WinogradKernels<float>& winograd_kernels(int64_t m) {
  return HWY_DYNAMIC_DISPATCH(kernels_float)(m);
}
template <>
const WinogradKernels<double>& winograd_kernels(int64_t m) {
  return HWY_DYNAMIC_DISPATCH(kernels_double)(m);
}

}  // namespace convstep::kernels
#endif
