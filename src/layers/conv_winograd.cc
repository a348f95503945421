// conv_winograd.cc: 3x3 windows of stride 1 with fewer multiplications (kernels/conv_winograd.h).
//
// The outputs of all images are cut into tiles of m x m, and the tiles into blocks. A task takes a block through all
// three steps (input transform, products, output transform) for some of the output panels, while the block stays in L2.
#include "kernels/conv_winograd.h"

#include <algorithm>
#include <vector>

#include "core/threads.h"
#include "layers/conv_io.h"
#include "layers/conv_weights.h"

namespace convstep {
namespace {

using kernels::ChainImage;
using kernels::ChainLayer;
using kernels::WinogradKernels;
using kernels::WinogradOutput;
using kernels::WinogradPanel;
using kernels::WinogradTiles;

constexpr int64_t round_up(int64_t value, int64_t multiple) { return (value + multiple - 1) / multiple * multiple; }
constexpr int64_t divide_up(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }

// The widest vector of any target, in bytes, and the widest panel: sizes that must not depend on the target use them.
constexpr int64_t kWidestVector = 64, kWidestPanel = 4 * kWidestVector;
// Channels that pass through the padded copy of a border tile at a time: 8 x 8 pixels of them stay in L1.
constexpr int64_t kCopiedBytes = 256;
// A layer of fewer multiplications than this (about 0.1 ms) runs on the caller's thread.
constexpr int64_t kProductsPerThread = 4'000'000;

// The sizes of a block in workspace elements; the parts of the workspace in this order.
template <class T>
struct BlockSizes {
  int64_t size, channels;  // a*a; the channels of a tile of V, a whole number of vectors

  BlockSizes(int64_t C, int64_t m)
      : size((m + 2) * (m + 2)), channels(round_up(C, kWidestVector / static_cast<int64_t>(sizeof(T)))) {}

  int64_t transformed(int64_t tiles) const { return size * tiles * channels; }
  int64_t products(int64_t tiles) const { return size * tiles * (kWidestPanel / static_cast<int64_t>(sizeof(T))); }
  int64_t copied() const { return size * (kCopiedBytes / static_cast<int64_t>(sizeof(T))); }
  // The output and the residual of one tile and panel, for views with odd strides.
  int64_t scattered() const { return 2 * size * (kWidestPanel / static_cast<int64_t>(sizeof(T))); }
  int64_t bytes(int64_t tiles) const {
    return (transformed(tiles) + products(tiles) + copied() + scattered()) * static_cast<int64_t>(sizeof(T));
  }
};

// Larger tiles need fewer multiplications per output, but waste more at the edge of the image and have more transformed
// weights, which are read from beyond L2 once per image where the image is a single block: reading one takes as long as
// kReadCost multiplications. Float has no tiles of 6: their error is four times that of tiles of 4, beyond the promise.
template <class T>
int64_t choose_m(const ConvProblem& problem) {
  constexpr int64_t kReadCost = 10;  // Sapphire Rapids: 30 GB/s from L3, half of it hidden behind the arithmetic
  constexpr int64_t kCachedBytes = 1 << 20;
  const int64_t OH = problem.geometry.height.output, OW = problem.geometry.width.output;
  const auto cost = [&](int64_t m) {
    const int64_t size = (m + 2) * (m + 2), tiles = divide_up(OH, m) * divide_up(OW, m);
    const int64_t weights = size * problem.channels * problem.outputs * static_cast<int64_t>(sizeof(T));
    return size * (tiles + (weights > kCachedBytes ? kReadCost : 0));
  };
  int64_t best = 2;
  for (const int64_t m : {4, 6}) {
    if (m == 6 && sizeof(T) < sizeof(double)) break;
    if (cost(m) < cost(best)) best = m;
  }
  return best;
}

// The most tiles of a block: enough that reading the weights, once per block, hides behind the multiplications (with
// 512 channels 6 tiles gave 265 Gflop/s, 12 gave 405, 24 gave 500; with 64 channels, whose weights stay in L2, more
// than 12 gained nothing), and no more than the workspace holds.
template <class T>
int64_t choose_block(const ConvProblem& problem, int64_t m, const WinogradKernels<T>& kernels) {
  const BlockSizes<T> sizes(problem.channels, m);
  const int64_t wanted = std::clamp<int64_t>(problem.channels / 4, 2 * kernels.tile_rows, 48);
  int64_t tiles = 1;
  while (tiles < wanted && sizes.bytes(tiles + 1) <= kWorkspaceLimit) ++tiles;
  return tiles;
}

std::vector<WinogradPanel> cut_into_panels(int64_t outputs, int64_t lanes, int64_t widest) {
  const int64_t vectors = divide_up(outputs, lanes), count = divide_up(vectors, widest);
  std::vector<WinogradPanel> panels;
  int64_t first = 0;
  for (int64_t p = 0; p < count; ++p) {  // as equal as can be: 5 vectors are 3 + 2, not 4 + 1
    const int64_t now = vectors / count + (p < vectors % count);
    panels.push_back({first, now * lanes, now});
    first += now * lanes;
  }
  return panels;
}

template <class T>
class ConvWinograd final : public ConvMethod<T> {
 public:
  ConvWinograd(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        m_(choose_m<T>(problem)),
        kernels_(kernels::winograd_kernels<T>(m_)),
        target_(simd_target()),
        panels_(cut_into_panels(problem.outputs, kernels_.lanes, kernels_.panel_vectors)),
        block_(choose_block(problem, m_, kernels_)),
        sizes_(problem.channels, m_),
        down_(divide_up(problem.geometry.height.output, m_)),
        across_(divide_up(problem.geometry.width.output, m_)) {
    copy_bias(weights);
    weights_ = dense_copy(weights.weights);
    const int64_t lanes = panels_.back().first + panels_.back().lanes;
    packed_ = Tensor<T, 1>::uninitialized({sizes_.size * problem.channels * lanes});
    for (const WinogradPanel& panel : panels_) {
      kernels_.transform_weights(weights_.data(), problem.channels, problem.outputs, panel,
                                 packed_.data() + packed_offset(panel));
    }
  }

  void run(const ConvCall<T>& call) const override {
    const int64_t tiles = call.input.shape(0) * down_ * across_, blocks = divide_up(tiles, block_);
    const int threads = problem_.products() * call.input.shape(0) < kProductsPerThread ? 1 : call.threads;
    const int64_t parts = parts_of_panels(blocks, threads), count = static_cast<int64_t>(panels_.size());
    parallel_for(blocks * parts, threads, call.progress, [&](int64_t task) {
      const int64_t block = task / parts, part = task % parts;
      const int64_t first = tiles * block / blocks, end = tiles * (block + 1) / blocks;
      run_block(call, first, end - first, count * part / parts, count * (part + 1) / parts);
    });
  }

  std::string describe() const override {
    const std::string m = std::to_string(m_);
    return "winograd " + m + "x" + m + ", " + std::to_string(block_) + " tiles, " + target_;
  }
  size_t workspace_bytes() const override { return static_cast<size_t>(sizes_.bytes(block_)); }

 private:
  struct Tile {
    int64_t image, y, x;  // its first output pixel
  };

  void copy_bias(const ConvWeights<T>& weights) {
    bias_ = Tensor<T, 1>({panels_.back().first + panels_.back().lanes});
    for (int64_t o = 0; weights.bias && o < problem_.outputs; ++o) bias_(o) = weights.bias(o);
  }

  int64_t packed_offset(const WinogradPanel& panel) const { return panel.first * sizes_.size * problem_.channels; }

  // Few blocks are shared by several tasks, each with its part of the panels and its own copy of the transformed input
  // (less than a tenth of the work where there are several panels).
  int64_t parts_of_panels(int64_t blocks, int threads) const {
    constexpr int64_t kTasksPerThread = 4;  // more than that, and the last task to end costs little
    const int64_t most = static_cast<int64_t>(panels_.size());
    int64_t parts = 1;
    while (parts < most && blocks * parts < kTasksPerThread * threads && blocks * parts % threads != 0) ++parts;
    return parts;
  }

  Tile tile_at(int64_t index) const {
    const int64_t in_image = index % (down_ * across_);
    return {index / (down_ * across_), in_image / across_ * m_, in_image % across_ * m_};
  }

  // One block of tiles and the panels first_panel .. end_panel - 1.
  void run_block(const ConvCall<T>& call, int64_t first_tile, int64_t tiles, int64_t first_panel,
                 int64_t end_panel) const {
    T* workspace = static_cast<T*>(thread_workspace(workspace_bytes()));
    const WinogradTiles<T> V{workspace, tiles * sizes_.channels, sizes_.channels};
    T* const products = workspace + sizes_.transformed(block_);
    T* const copied = products + sizes_.products(block_);
    T* const scattered = copied + sizes_.copied();
    for (int64_t t = 0; t < tiles; ++t) {
      transform_input(call, tile_at(first_tile + t), copied, V.data + t * V.tile_step, V.xi_step);
    }
    for (int64_t p = first_panel; p < end_panel; ++p) {
      const WinogradPanel& panel = panels_[static_cast<size_t>(p)];
      const WinogradTiles<T> M{products, tiles * panel.lanes, panel.lanes};
      kernels_.multiply({V.data, V.xi_step, V.tile_step}, packed_.data() + packed_offset(panel), tiles,
                        problem_.channels, panel, M);
      for (int64_t t = 0; t < tiles; ++t) {
        transform_output(call, tile_at(first_tile + t), panel, M.data + t * M.tile_step, M.xi_step, scattered);
      }
    }
  }

  // Straight from the view where the tile is inside the image and channels lie side by side, else through a copy.
  void transform_input(const ConvCall<T>& call, const Tile& tile, T* copied, T* V, int64_t xi_step) const {
    const WindowAxis &height = problem_.geometry.height, &width = problem_.geometry.width;
    const int64_t a = m_ + 2, C = problem_.channels;
    const int64_t row = height.source(tile.y, 0), column = width.source(tile.x, 0);
    const View<const T, 3> image = call.input[tile.image];
    const bool inside = row >= 0 && row + a <= height.input && column >= 0 && column + a <= width.input;
    if (inside && (C == 1 || image.stride(2) == 1)) {
      kernels_.transform_input(&image(row, column, 0), image.stride(0), image.stride(1), C, V, xi_step);
      return;
    }
    const int64_t step = kCopiedBytes / static_cast<int64_t>(sizeof(T));
    for (int64_t c = 0; c < C; c += step) {
      const int64_t now = std::min(step, C - c);
      const View<const T, 3> channels(image.data() + c * image.stride(2), {height.input, width.input, now},
                                      image.strides());
      copy_padded(channels, row, a, column, a, copied);
      kernels_.transform_input(copied, a * now, now, now, V + c, xi_step);
    }
  }

  void transform_output(const ConvCall<T>& call, const Tile& tile, const WinogradPanel& panel, const T* M,
                        int64_t xi_step, T* scattered) const {
    const WindowGeometry& geometry = problem_.geometry;
    const int64_t O = problem_.outputs, channels = std::min(panel.lanes, O - panel.first);
    const View<const T, 3> image = call.input[tile.image];
    const ChainLayer<T> layer{geometry, problem_.channels, O, 1, weights_.data(), bias_.data()};
    const Block block{tile.image, tile.y, std::min(m_, geometry.height.output - tile.y), tile.x,
                      std::min(m_, geometry.width.output - tile.x)};
    const OutputBlock<T> to(call, block, {panel.first, channels}, scattered);
    WinogradOutput<T> output{to.output().data,
                             to.output().row_step,
                             to.output().pixel_step,
                             block.rows,
                             block.columns,
                             channels,
                             {to.residual().data, to.residual().row_step, to.residual().pixel_step, problem_.activation,
                              static_cast<T>(problem_.slope)},
                             bias_.data() + panel.first,
                             &layer,
                             {image.data(), image.stride(0), image.stride(1), image.stride(2)},
                             {tile.y, tile.x, panel.first, channels}};
    kernels_.transform_output(M, xi_step, output);
    to.commit();
  }

  ConvProblem problem_;
  int64_t m_;
  const WinogradKernels<T>& kernels_;
  std::string target_;
  std::vector<WinogradPanel> panels_;
  int64_t block_;  // tiles
  BlockSizes<T> sizes_;
  int64_t down_, across_;  // tiles of an image
  Tensor<T, 4> weights_;   // as given, dense
  Tensor<T, 1> bias_, packed_;
};

bool is_unit_3(const WindowAxis& axis) { return axis.window == 3 && axis.stride == 1 && axis.dilation == 1; }

}  // namespace

template <class T>
bool winograd_fits(const ConvProblem& problem) {
  const bool has_form = is_unit_3(problem.geometry.height) && is_unit_3(problem.geometry.width) && problem.groups == 1;
  return has_form && BlockSizes<T>(problem.channels, choose_m<T>(problem)).bytes(1) <= kWorkspaceLimit;
}

template <class T>
bool winograd_pays(const ConvProblem& problem) {
  return problem.channels >= 32 && problem.outputs >= 32;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_winograd(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvWinograd<T>>(problem, weights);
}

template bool winograd_fits<float>(const ConvProblem&);
template bool winograd_fits<double>(const ConvProblem&);
template bool winograd_pays<float>(const ConvProblem&);
template bool winograd_pays<double>(const ConvProblem&);
template std::unique_ptr<const ConvMethod<float>> make_conv_winograd(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_winograd(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
