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
template <class T>
constexpr int64_t kPanelLanes = kWidestPanel / static_cast<int64_t>(sizeof(T));
// Channels that pass through the padded copy of a border tile at a time: 8 x 8 pixels of them stay in L1.
constexpr int64_t kCopiedBytes = 256;
// A layer of fewer multiplications than this (about 0.1 ms) runs on the caller's thread.
constexpr int64_t kProductsPerThread = 4'000'000;

// A task transforms `channels` input channels of `tiles` tiles at a time, and multiplies them with the weights of
// `panels` panels before it goes on to the next channels.
template <class T>
struct Blocking {
  int64_t m, tiles, channels, panels;

  int64_t size() const { return (m + 2) * (m + 2); }
  // From one xi to the next, with so many values each. An odd number of cache lines: a power of two would put all xi of
  // a tile into one set of L1.
  static int64_t xi_step(int64_t values) {
    constexpr int64_t kLine = 64 / static_cast<int64_t>(sizeof(T));
    return (divide_up(values, kLine) | 1) * kLine;
  }
  // The parts of the workspace, in this order.
  int64_t transformed() const { return size() * xi_step(tiles * channels); }
  int64_t products() const { return size() * xi_step(tiles * kPanelLanes<T>) * panels; }
  int64_t copied() const { return size() * kCopiedBytes / static_cast<int64_t>(sizeof(T)); }
  int64_t scattered() const { return 2 * m * m * kPanelLanes<T>; }  // output and residual of one tile and panel
  int64_t bytes() const {
    return (transformed() + products() + copied() + scattered()) * static_cast<int64_t>(sizeof(T));
  }
};

// What reading one transformed weight, once per image, costs in multiplications: nothing from L2, and with it half
// hidden behind the arithmetic 10 from L3 (30 GB/s on Sapphire Rapids), 16 from memory or a busy L3.
int64_t read_cost(int64_t bytes) {
  constexpr int64_t kCached = int64_t{1} << 20, kNear = int64_t{64} << 20;
  return bytes <= kCached ? 0 : bytes <= kNear ? 10 : 16;
}

// Tiles of 4 need fewer multiplications per output than tiles of 2, but waste more at the edge of the image and have
// more transformed weights. So 7 x 7 pixels have tiles of 2, and in double 14 x 14 pixels with 512 channels.
template <class T>
int64_t choose_m(const ConvProblem& problem) {
  const int64_t OH = problem.geometry.height.output, OW = problem.geometry.width.output;
  const auto cost = [&](int64_t m) {
    const int64_t size = (m + 2) * (m + 2), tiles = divide_up(OH, m) * divide_up(OW, m);
    return size * (tiles + read_cost(size * problem.channels * problem.outputs * static_cast<int64_t>(sizeof(T))));
  };
  return cost(4) <= cost(2) ? 4 : 2;
}

// The most tiles of a block: enough that reading the weights, once per block, hides behind the multiplications, and no
// more than the workspace holds. In float, AVX-512: 6 tiles of 512 channels gave 265 Gflop/s, 12 gave 405, 24 gave 500;
// with 64 channels, whose weights stay in L2, more than 12 gained nothing.
//
// All channels at a time, unless that leaves too few tiles. Then the tiles are transformed again for each group of
// panels, which costs 5%; in double, 512 channels, 14 x 14 pixels, it gained 20%.
template <class T>
Blocking<T> choose_blocking(const ConvProblem& problem, int64_t m) {
  constexpr int64_t kMostTiles = 48, kFewTiles = 12, kEnoughTiles = 24;
  constexpr int64_t kSplitChannels = 512 / static_cast<int64_t>(sizeof(T)), kSplitPanels = 4;
  const int64_t wanted = std::clamp(problem.channels / 4, kFewTiles, kMostTiles);
  const auto fill = [&](Blocking<T> blocking) {
    const auto fits = [&](int64_t tiles) {
      return Blocking<T>{m, tiles, blocking.channels, blocking.panels}.bytes() <= kWorkspaceLimit;
    };
    while (blocking.tiles < wanted && fits(blocking.tiles + 1)) ++blocking.tiles;
    return blocking;
  };
  const int64_t lanes = kWidestVector / static_cast<int64_t>(sizeof(T));
  const Blocking<T> whole = fill({m, 1, round_up(problem.channels, lanes), 1});
  if (whole.tiles >= std::min(wanted, kEnoughTiles)) return whole;
  return fill({m, 1, kSplitChannels, kSplitPanels});
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
        blocking_(choose_blocking<T>(problem, m_)),
        down_(divide_up(problem.geometry.height.output, m_)),
        across_(divide_up(problem.geometry.width.output, m_)) {
    copy_bias(weights);
    weights_ = dense_copy(weights.weights);
    const int64_t lanes = panels_.back().first + panels_.back().lanes;
    packed_ = Tensor<T, 1>::uninitialized({blocking_.size() * problem.channels * lanes});
    for (int64_t group = 0; group < groups(); ++group) {
      for (int64_t c = 0; c < problem.channels; c += blocking_.channels) {
        for (int64_t p = first_panel(group); p < first_panel(group + 1); ++p) {
          kernels_.transform_weights(weights_.data(), problem.channels, problem.outputs, c, channels_at(c), panel(p),
                                     packed_.data() + packed_offset(group, c, p));
        }
      }
    }
  }

  void run(const ConvCall<T>& call) const override {
    const int64_t tiles = call.input.shape(0) * down_ * across_, blocks = divide_up(tiles, blocking_.tiles);
    const int threads = threads_worth(call.input.shape(0) * problem_.products(), kProductsPerThread, call.threads);
    const int64_t parts = parts_of_groups(blocks, threads);
    parallel_for(blocks * parts, threads, call.progress, [&](int64_t task) {
      const int64_t block = task / parts, part = task % parts;
      const int64_t first = tiles * block / blocks, end = tiles * (block + 1) / blocks;
      run_block(call, first, end - first, groups() * part / parts, groups() * (part + 1) / parts);
    });
  }

  std::string describe() const override {
    const std::string m = std::to_string(m_);
    return "winograd " + m + "x" + m + ", " + std::to_string(blocking_.tiles) + " tiles, " + target_;
  }
  size_t workspace_bytes() const override { return static_cast<size_t>(blocking_.bytes()); }

 private:
  struct Tile {
    int64_t image, y, x;  // its first output pixel
  };

  void copy_bias(const ConvWeights<T>& weights) {
    bias_ = Tensor<T, 1>({panels_.back().first + panels_.back().lanes});
    for (int64_t o = 0; weights.bias && o < problem_.outputs; ++o) bias_(o) = weights.bias(o);
  }

  const WinogradPanel& panel(int64_t p) const { return panels_[static_cast<size_t>(p)]; }
  int64_t groups() const { return divide_up(static_cast<int64_t>(panels_.size()), blocking_.panels); }
  int64_t first_panel(int64_t group) const {
    return std::min(group * blocking_.panels, static_cast<int64_t>(panels_.size()));
  }
  int64_t channels_at(int64_t c) const { return std::min(blocking_.channels, problem_.channels - c); }

  // U lies in the order in which it is read: [group][c in blocks][panel][xi][c][lane].
  int64_t packed_offset(int64_t group, int64_t c, int64_t p) const {
    const WinogradPanel &first = panel(first_panel(group)), &last = panel(first_panel(group + 1) - 1);
    const int64_t lanes = last.first + last.lanes - first.first;
    return blocking_.size() *
           (problem_.channels * first.first + c * lanes + channels_at(c) * (panel(p).first - first.first));
  }

  // Few blocks are shared by several tasks, each with its part of the panels and its own copy of the transformed input
  // (less than a tenth of the work where there are several panels).
  int64_t parts_of_groups(int64_t blocks, int threads) const {
    constexpr int64_t kTasksPerThread = 4;  // more than that, and the last task to end costs little
    int64_t parts = 1;
    while (parts < groups() && blocks * parts < kTasksPerThread * threads && blocks * parts % threads != 0) ++parts;
    return parts;
  }

  Tile tile_at(int64_t index) const {
    const int64_t in_image = index % (down_ * across_);
    return {index / (down_ * across_), in_image / across_ * m_, in_image % across_ * m_};
  }

  // One block of tiles and the panels of the groups first_group .. end_group - 1.
  void run_block(const ConvCall<T>& call, int64_t first_tile, int64_t tiles, int64_t first_group,
                 int64_t end_group) const {
    T* const V = static_cast<T*>(thread_workspace(workspace_bytes()));
    T* const M = V + blocking_.transformed();
    T* const copied = M + blocking_.products();
    T* const scattered = copied + blocking_.copied();
    const bool in_one_go = blocking_.channels >= problem_.channels;
    for (int64_t group = first_group; group < end_group; ++group) {
      for (int64_t c = 0; c < problem_.channels; c += blocking_.channels) {
        if (!in_one_go || group == first_group) transform_input(call, first_tile, tiles, c, copied, V);
        multiply(group, c, tiles, V, M);
      }
      for (int64_t p = first_panel(group); p < first_panel(group + 1); ++p) {
        for (int64_t t = 0; t < tiles; ++t) {
          const WinogradTiles<T> products = products_of(group, p, tiles, M);
          transform_output(call, tile_at(first_tile + t), panel(p), products.data + t * products.tile_step,
                           products.xi_step, scattered);
        }
      }
    }
  }

  WinogradTiles<T> products_of(int64_t group, int64_t p, int64_t tiles, T* M) const {
    const int64_t before = (p - first_panel(group)) * blocking_.size() * blocking_.xi_step(tiles * kPanelLanes<T>);
    return {M + before, blocking_.xi_step(tiles * panel(p).lanes), panel(p).lanes};
  }

  void multiply(int64_t group, int64_t c, int64_t tiles, const T* V, T* M) const {
    const WinogradTiles<const T> transformed{V, blocking_.xi_step(tiles * blocking_.channels), blocking_.channels};
    for (int64_t p = first_panel(group); p < first_panel(group + 1); ++p) {
      kernels_.multiply(transformed, packed_.data() + packed_offset(group, c, p), tiles, channels_at(c), panel(p),
                        c > 0, products_of(group, p, tiles, M));
    }
  }

  // The channels first_channel, ... of a block of tiles.
  void transform_input(const ConvCall<T>& call, int64_t first_tile, int64_t tiles, int64_t first_channel, T* copied,
                       T* V) const {
    for (int64_t t = 0; t < tiles; ++t) {
      const Tile tile = tile_at(first_tile + t);
      const View<const T, 3> image = call.input[tile.image];
      const View<const T, 3> channels(image.data() + first_channel * image.stride(2),
                                      {image.shape(0), image.shape(1), channels_at(first_channel)}, image.strides());
      transform_input(channels, tile, copied, V + t * blocking_.channels,
                      blocking_.xi_step(tiles * blocking_.channels));
    }
  }

  // Straight from the view where the tile is inside the image and channels lie side by side, else through a copy.
  void transform_input(const View<const T, 3>& image, const Tile& tile, T* copied, T* V, int64_t xi_step) const {
    const WindowAxis &height = problem_.geometry.height, &width = problem_.geometry.width;
    const int64_t a = m_ + 2, C = image.shape(2);
    const int64_t row = height.source(tile.y, 0), column = width.source(tile.x, 0);
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
  Blocking<T> blocking_;
  int64_t down_, across_;  // tiles of an image
  Tensor<T, 4> weights_;   // as given, dense
  Tensor<T, 1> bias_, packed_;
};

bool is_unit_3(const WindowAxis& axis) { return axis.window == 3 && axis.stride == 1 && axis.dilation == 1; }

}  // namespace

template <class T>
bool winograd_fits(const ConvProblem& problem) {
  const bool has_form = is_unit_3(problem.geometry.height) && is_unit_3(problem.geometry.width) && problem.groups == 1;
  return has_form;
}

// Measured against the direct method with AVX-512 and AVX2 (Sapphire Rapids), float and double, square images of 3 to
// 112 pixels, 8 to 128 channels: wherever this says yes it was faster, by 1.16 at least (7 x 7, 64 to 16 channels) and
// mostly by 1.6 to 2.9. At 5 x 5 and with 16 to 16 channels the two are about even, and direct sums are more accurate.
template <class T>
bool winograd_pays(const ConvProblem& problem) {
  constexpr int64_t kFewestPixels = 49, kFewestChannels = 16, kFewestWeights = 1024;
  constexpr double kLeastGain = 1.7;  // in multiplications; 7 x 7 pixels in tiles of 2 have 1.72
  const int64_t OH = problem.geometry.height.output, OW = problem.geometry.width.output;
  if (std::min(problem.channels, problem.outputs) < kFewestChannels) return false;
  if (OH * OW < kFewestPixels || problem.channels * problem.outputs < kFewestWeights) return false;
  const int64_t m = choose_m<T>(problem), products = (m + 2) * (m + 2) * divide_up(OH, m) * divide_up(OW, m);
  return static_cast<double>(9 * OH * OW) >= kLeastGain * static_cast<double>(products);
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
