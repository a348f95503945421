// multiply-inl.h: the products of Winograd's convolution. Included once per SIMD target.
#if defined(CONVSTEP_CONV_WINOGRAD_MULTIPLY_INL_H_) == defined(HWY_TARGET_TOGGLE)
#ifdef CONVSTEP_CONV_WINOGRAD_MULTIPLY_INL_H_
#undef CONVSTEP_CONV_WINOGRAD_MULTIPLY_INL_H_
#else
#define CONVSTEP_CONV_WINOGRAD_MULTIPLY_INL_H_
#endif

#include "conv/winograd/kernel.h"
#include "runtime/machine.h"
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// The register tile: Rows tiles x Vectors vectors of sums, beside one row of U and one broadcast of V.
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kPanelVectors = 4;  // 32 registers: 6*4 sums + 4 + 1
constexpr int tile_rows(int vectors) { return vectors == 4 ? 6 : vectors == 3 ? 8 : 12; }
#elif HWY_TARGET == HWY_SCALAR
constexpr int kPanelVectors = 1;  // for small code: few machines run it
constexpr int tile_rows(int) { return 4; }
#else
constexpr int kPanelVectors = 2;  // 16 registers: 6*2 sums + 2 + 1; 5*2 and 4*3 are 4% slower (AVX2)
constexpr int tile_rows(int vectors) { return vectors == 2 ? 6 : 12; }
#endif

// What to bring into L1 during a call: so many bytes per c, from `data` on.
struct Prefetch {
  const char* data;
  int64_t step;
};

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
    __builtin_prefetch(prefetch.data);
    __builtin_prefetch(prefetch.data + kCacheLine);
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

// One xi of a panel, with what U has next on its way into L1 meanwhile: at 28x28, 512 to 512 channels, this took 340 to
// 500 Gflop/s (Sapphire Rapids, into L2); into L1 it took 4% less time than into L2 on Zen 4, nothing lost elsewhere.
// Where the tiles are no multiple of tile_rows, groups differ by one: 16 = 6 + 5 + 5, as short groups wait for their
// multiply-adds.
template <class T, int Vectors>
void multiply_xi(const T* HWY_RESTRICT V, int64_t V_step, const T* HWY_RESTRICT U, int64_t tiles, int64_t C, bool adds,
                 T* HWY_RESTRICT M, int64_t M_step) {
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t groups = divide_up(tiles, tile_rows(Vectors));
  const int64_t rows = tiles / groups, longer = tiles % groups;
  const TileFunction<T> full = tile_function<T, Vectors>(longer ? rows + 1 : rows);
  const TileFunction<T> shorter = tile_function<T, Vectors>(rows);
  const int64_t row_bytes = Vectors * lanes * static_cast<int64_t>(sizeof(T)), step = divide_up(row_bytes, groups);
  const int64_t chunk = groups > 1 ? kChunkBytes / row_bytes : C;
  for (int64_t c = 0; c < C; c += chunk) {
    const int64_t channels = std::min(chunk, C - c);
    const char* next = reinterpret_cast<const char*>(U) + channels * row_bytes;
    const T* v = V + c;
    T* m = M;
    for (int64_t g = 0; g < groups; ++g) {
      const int64_t now = rows + (g < longer);
      (now == rows ? shorter : full)(v, V_step, U, channels, m, M_step, adds || c > 0,
                                     {next + g * channels * step, step});
      v += now * V_step;
      m += now * M_step;
    }
    U += channels * Vectors * lanes;
  }
}

template <class T, int Vectors>
void multiply_panel(const WinogradTiles<const T>& V, const T* U, const WinogradRange* of, int64_t count, int64_t C,
                    bool adds, const WinogradTiles<T>& M) {
  const int64_t size = C * Vectors * static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  for (int64_t xi = 0; xi < count; ++xi, U += size) {
    const auto [first, tiles] = of[xi];
    if (tiles == 0) continue;
    multiply_xi<T, Vectors>(V.data + xi * V.xi_step + first * V.tile_step, V.tile_step, U, tiles, C, adds,
                            M.data + xi * M.xi_step + first * M.tile_step, M.tile_step);
  }
}

template <class T>
void multiply(const WinogradTiles<const T>& V, const T* U, const WinogradRange* of, int64_t count, int64_t C,
              const WinogradPanel& panel, bool adds, const WinogradTiles<T>& M) {
  if constexpr (kPanelVectors >= 4) {
    if (panel.vectors == 4) return multiply_panel<T, 4>(V, U, of, count, C, adds, M);
    if (panel.vectors == 3) return multiply_panel<T, 3>(V, U, of, count, C, adds, M);
  }
  if constexpr (kPanelVectors >= 2) {
    if (panel.vectors == 2) return multiply_panel<T, 2>(V, U, of, count, C, adds, M);
  }
  multiply_panel<T, 1>(V, U, of, count, C, adds, M);
}

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // the toggling guard
