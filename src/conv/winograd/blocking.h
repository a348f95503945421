// blocking.h: how a layer is cut into pieces for Winograd's method: the size of a tile, tiles of a block,
// channels at a time.
#pragma once

#include <algorithm>

#include "conv/method.h"
#include "conv/winograd/axis.h"
#include "runtime/machine.h"
#include "runtime/targets.h"
#include "tiling/workspace_layout.h"

namespace convstep {

// The widest panel of any target, in bytes: sizes that must not depend on the target use it.
inline constexpr int64_t kWidestPanel = 4 * kernels::kVectorBytes;
template <class T>
inline constexpr int64_t kPanelLanes = kWidestPanel / static_cast<int64_t>(sizeof(T));
inline constexpr int64_t kMostWinogradTiles = 48;  // of a block
// Channels that pass through the padded copy of a border tile at a time: 6 x 6 pixels of them stay in L1.
inline constexpr int64_t kCopiedBytes = 256;

template <class T>
struct WinogradWorkspace {
  WorkspaceLayout layout;
  Piece<T> transformed, products;
  Piece<T> copied;       // pixels of a border tile, with the padding
  Piece<T> scattered;    // output and residual of one tile and panel
  Piece<T> replacement;  // of every output of a tile and panel
};

// A task transforms `channels` input channels of `tiles` tiles at a time, and multiplies them with the weights of
// `panels` panels before it goes on to the next channels.
template <class T>
struct WinogradBlocking {
  kernels::WinogradTileSize tile;
  int64_t tiles, channels, panels;

  int64_t size() const { return tile.points() * tile.points(); }
  // From one xi to the next, with so many values each. An odd number of cache lines: a power of two would put all xi of
  // a tile into one set of L1.
  static int64_t xi_step(int64_t values) {
    constexpr int64_t kLine = kCacheLine / static_cast<int64_t>(sizeof(T));
    return (divide_up(values, kLine) | 1) * kLine;
  }
  WinogradWorkspace<T> workspace() const {
    constexpr int64_t kMostOutputs = kernels::WinogradAxis<T>::kMostOutputs;
    WinogradWorkspace<T> workspace;
    WorkspaceLayout& layout = workspace.layout;
    workspace.transformed = layout.add<T>(size() * xi_step(tiles * channels));
    workspace.products = layout.add<T>(size() * xi_step(tiles * kPanelLanes<T>) * panels);
    workspace.copied = layout.add<T>(size() * kCopiedBytes / static_cast<int64_t>(sizeof(T)));
    workspace.scattered = layout.add<T>(2 * tile.outputs * tile.outputs * kPanelLanes<T>);
    workspace.replacement = layout.add<T>(kMostOutputs * kMostOutputs * kPanelLanes<T>);
    return workspace;
  }
};

// Per channel and output of an image: n pixels take n + r - 1 points for each tile they are cut into. In double, like
// all that follows, as products of sizes may leave 64 bits.
inline double count_products(const ConvProblem& problem, const kernels::WinogradTileSize& tile) {
  const auto points = [&](const WindowAxis& axis) {
    return static_cast<double>(axis.output) +
           static_cast<double>(tile.window - 1) * static_cast<double>(divide_up(axis.output, tile.outputs));
  };
  return points(problem.geometry.height) * points(problem.geometry.width);
}

// Tiles of 4 need fewer multiplications per output than tiles of 2, but waste more at the edge of the image and have
// more transformed weights. What lies beyond L2 is read at the cost of multiplying it with some tiles, behind which the
// read hides where there are more: at most 16 on Sapphire Rapids (14 x 14 pixels, 256 channels), 6 on Zen 4. So 13 x 13
// pixels have tiles of 4 (1.35 times as fast as tiles of 2, Zen 4), 7 x 7 have tiles of 2 from 128 channels on.
template <class T>
kernels::WinogradTileSize choose_tile(const ConvProblem& problem) {
  constexpr double kCached = 2 * kLevel2Bytes, kReadInTiles = 16;
  const int64_t window = problem.geometry.height.window;
  if (window == 5) return {2, window};  // F(4,5) would have eight points, and their errors
  const auto cost = [&](int64_t m) {
    const kernels::WinogradTileSize tile{m, window};
    const double size = static_cast<double>(tile.points() * tile.points()), products = count_products(problem, tile);
    const double weights = static_cast<double>(problem.channels) * static_cast<double>(problem.outputs) * size;
    return weights * sizeof(T) <= kCached ? products : std::max(products, size * kReadInTiles);
  };
  return {cost(4) <= cost(2) ? 4 : 2, window};
}

// The most tiles of a block: enough that reading the weights, once per block, hides behind the multiplications, and no
// more than the workspace holds. In float, AVX-512: 6 tiles of 512 channels gave 265 Gflop/s, 12 gave 405, 24 gave 500;
// with 64 channels, whose weights stay in L2, more than 12 gained nothing.
//
// All channels at a time, unless that leaves too few tiles. Then the tiles are transformed again for each group of
// panels, which costs 5%; in double, 512 channels, 14 x 14 pixels, it gained 20%.
template <class T>
WinogradBlocking<T> choose_blocking(const ConvProblem& problem, const kernels::WinogradTileSize& tile) {
  constexpr int64_t kFewTiles = 12, kEnoughTiles = 24;
  constexpr int64_t kSplitChannels = 512 / static_cast<int64_t>(sizeof(T)), kSplitPanels = 4;
  const int64_t wanted = std::clamp(problem.channels / 4, kFewTiles, kMostWinogradTiles);
  const auto fill = [&](WinogradBlocking<T> blocking) {
    const auto fits = [&](int64_t tiles) {
      return WinogradBlocking<T>{tile, tiles, blocking.channels, blocking.panels}.workspace().layout.bytes() <=
             kWorkspaceLimit;
    };
    while (blocking.tiles < wanted && fits(blocking.tiles + 1)) ++blocking.tiles;
    return blocking;
  };
  const int64_t lanes = kernels::kVectorBytes / static_cast<int64_t>(sizeof(T));
  const WinogradBlocking<T> whole = fill({tile, 1, round_up(problem.channels, lanes), 1});
  if (whole.tiles >= std::min(wanted, kEnoughTiles)) return whole;
  return fill({tile, 1, kSplitChannels, kSplitPanels});
}

}  // namespace convstep
