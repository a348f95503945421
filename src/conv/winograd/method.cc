// method.cc: 3x3 and 5x5 windows of stride 1 with fewer multiplications (conv/winograd/kernel.h).
//
// The outputs of all images are cut into tiles of m x m, and the tiles into blocks. A task takes a block through all
// three steps (input transform, products, output transform) for some of the output panels, while the block stays in L2.
#include <algorithm>
#include <array>
#include <vector>

#include "conv/methods.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "conv/winograd/blocking.h"
#include "conv/winograd/kernel.h"
#include "conv/winograd/matrices.h"
#include "conv/winograd/outliers.h"
#include "conv/winograd/tiles.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

using kernels::SinglePixelImage;
using kernels::SinglePixelLayer;
using kernels::WinogradAxis;
using kernels::WinogradKernels;
using kernels::WinogradMagnitudes;
using kernels::WinogradOutput;
using kernels::WinogradPanel;
using kernels::WinogradTiles;

// A layer of fewer multiplications than this (about 0.02 to 0.05 ms) runs on the caller's thread.
constexpr double kProductsPerThread = 2'000'000;

// Of a task: some 10 milliseconds of the best targets. A caller who wants to stop is not heard sooner.
constexpr double kMostProducts = 1 << 29;

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
        tile_(choose_tile<T>(problem)),
        kernels_(kernels::winograd_kernels<T>(this->target_, tile_)),
        chain_(kernels::single_pixel_kernel<T>(this->target_)),
        panels_(cut_into_panels(problem.outputs, kernels_.lanes, kernels_.panel_vectors)),
        blocking_(choose_blocking<T>(problem, tile_)),
        workspace_(blocking_.workspace()),
        whole_(winograd_axis<T>(tile_, m_)),
        last_down_(winograd_axis<T>(tile_, last_outputs(problem.geometry.height))),
        last_across_(winograd_axis<T>(tile_, last_outputs(problem.geometry.width))) {
    copy_bias(weights);
    weights_ = dense_weights(weights);
    has_finite_weights_ = are_finite(weights, weights_);
    const int64_t lanes = panels_.back().first + panels_.back().lanes;
    const kernels::WinogradWeights G = winograd_weights(tile_);
    packed_ = Tensor<T, 1>::uninitialized({blocking_.size() * problem.channels * lanes});
    const int64_t parts = divide_up(problem.channels, blocking_.channels);  // of the channels
    pack_in_parts(weights, groups() * parts, packed_.size() / (groups() * parts), [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; ++i) {
        const int64_t group = i / parts, c = i % parts * blocking_.channels;
        for (int64_t p = first_panel(group); p < first_panel(group + 1); ++p) {
          kernels_.transform_weights(G, weights_.data(), problem.channels, problem.outputs, c, channels_at(c), panel(p),
                                     packed_.data() + packed_offset(group, c, p));
        }
      }
    });
  }

  void run(const ConvCall<T>& call) const override {
    const WinogradGrid grid(problem_.geometry, call.rows, m_);
    const int64_t tiles = call.input.shape(0) * grid.tiles_per_image();
    const int threads = threads_worth(double(call.input.shape(0)) * problem_.products(call.rows.count),
                                      kProductsPerThread, call.threads);
    const int64_t blocks = count_blocks(tiles, threads), parts = count_parts(tiles, blocks, threads);
    parallel_for(blocks * parts, threads, call.progress, [&](int64_t task) {
      const int64_t block = task / parts, part = task % parts;
      const int64_t first = tiles * block / blocks, end = tiles * (block + 1) / blocks;
      run_block(call, grid, first, end - first, groups() * part / parts, groups() * (part + 1) / parts);
    });
  }

  int64_t row_step() const override { return m_; }
  std::string describe() const override {
    const std::string m = std::to_string(m_);
    return "winograd " + m + "x" + m + ", " + std::to_string(blocking_.tiles) + " tiles, " + this->target_.name;
  }

 private:
  size_t workspace_for(int64_t) const override { return workspace_.layout.bytes(); }

  // Of the last tile of an axis.
  int64_t last_outputs(const WindowAxis& axis) const { return (axis.output - 1) % m_ + 1; }

  void copy_bias(const ConvWeights<T>& weights) {
    bias_ = Tensor<T, 1>({panels_.back().first + panels_.back().lanes});
    for (int64_t o = 0; weights.bias && o < problem_.outputs; ++o) bias_(o) = start_of_sum(weights.bias, o);
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

  // As few as hold all tiles; where each thread has some, the same number for each.
  int64_t count_blocks(int64_t tiles, int threads) const {
    const int64_t least = divide_up(tiles, blocking_.tiles);
    return least < threads ? least : std::min(round_up(least, threads), tiles);
  }

  // Where threads outnumber the blocks, or a block takes long, it is shared by several tasks, each with its part of the
  // panels and its own copy of the transformed input: that repeats 5% of the work, but halves would each read all
  // weights.
  int64_t count_parts(int64_t tiles, int64_t blocks, int threads) const {
    const double products = double(divide_up(tiles, blocks)) * double(blocking_.size()) * double(problem_.channels) *
                            double(problem_.outputs);
    int64_t parts = 1;
    while (parts < groups() &&
           (products > kMostProducts * double(parts) || (blocks < threads && blocks * parts % threads != 0))) {
      ++parts;
    }
    return parts;
  }

  // One block of tiles and the panels of the groups first_group .. end_group - 1.
  void run_block(const ConvCall<T>& call, const WinogradGrid& grid, int64_t first_tile, int64_t count,
                 int64_t first_group, int64_t end_group) const {
    const ThreadWorkspace memory(workspace_.layout.bytes());
    T* const V = workspace_.transformed.in(memory.data());
    T* const M = workspace_.products.in(memory.data());
    T* const copied = workspace_.copied.in(memory.data());
    T* const scattered = workspace_.scattered.in(memory.data());
    T* const replacement = workspace_.replacement.in(memory.data());
    const WinogradTileList tiles(grid, first_tile, count, m_, last_down_, last_across_);
    const bool in_one_go = blocking_.channels >= problem_.channels;
    std::array<WinogradMagnitudes<T>, kMostWinogradTiles> largest;
    std::array<SpoiltOutputs, kMostWinogradTiles> spoilt;
    std::fill_n(largest.begin(), tiles.size(), WinogradMagnitudes<T>{});
    for (int64_t group = first_group; group < end_group; ++group) {
      for (int64_t c = 0; c < problem_.channels; c += blocking_.channels) {
        if (!in_one_go || group == first_group) {
          transform_input(call, tiles, c, copied, V, group == first_group ? largest.data() : nullptr);
        }
        multiply(group, c, tiles, V, M);
      }
      if (group == first_group) {
        for (int64_t t = 0; t < tiles.size(); ++t) {
          const OutputRegion& tile = tiles[t];
          const bool may_be = may_be_spoilt(largest[static_cast<size_t>(t)], tile);
          spoilt[static_cast<size_t>(t)] =
              may_be ? find_spoilt(call.input[tile.image], problem_.geometry, tile, kernels_) : SpoiltOutputs{};
        }
      }
      for (int64_t p = first_panel(group); p < first_panel(group + 1); ++p) {
        for (int64_t t = 0; t < tiles.size(); ++t) {
          const WinogradTiles<T> products = products_of(group, p, tiles.size(), M);
          transform_output(call, tiles[t], panel(p), products.data + t * products.tile_step, products.xi_step,
                           spoilt[static_cast<size_t>(t)], replacement, scattered);
        }
      }
    }
  }

  WinogradTiles<T> products_of(int64_t group, int64_t p, int64_t tiles, T* M) const {
    const int64_t before = (p - first_panel(group)) * blocking_.size() * blocking_.xi_step(tiles * kPanelLanes<T>);
    return {M + before, blocking_.xi_step(tiles * panel(p).lanes), panel(p).lanes};
  }

  void multiply(int64_t group, int64_t c, const WinogradTileList& tiles, const T* V, T* M) const {
    const WinogradTiles<const T> transformed{V, blocking_.xi_step(tiles.size() * blocking_.channels),
                                             blocking_.channels};
    for (int64_t p = first_panel(group); p < first_panel(group + 1); ++p) {
      kernels_.multiply(transformed, packed_.data() + packed_offset(group, c, p), tiles.of(), blocking_.size(),
                        channels_at(c), panel(p), c > 0, products_of(group, p, tiles.size(), M));
    }
  }

  // The channels first_channel, ... of a block of tiles, whose magnitudes are taken, too, unless `largest` is null.
  void transform_input(const ConvCall<T>& call, const WinogradTileList& tiles, int64_t first_channel, T* copied, T* V,
                       WinogradMagnitudes<T>* largest) const {
    for (int64_t t = 0; t < tiles.size(); ++t) {
      const View<const T, 3> image = call.input[tiles[t].image];
      transform_input(some_channels(image, first_channel, channels_at(first_channel)), tiles[t], copied,
                      V + t * blocking_.channels, blocking_.xi_step(tiles.size() * blocking_.channels),
                      largest ? largest + t : nullptr);
    }
  }

  // Straight from the view where the tile is inside the image and channels lie side by side, else through a copy.
  void transform_input(const View<const T, 3>& image, const OutputRegion& tile, T* copied, T* V, int64_t xi_step,
                       WinogradMagnitudes<T>* largest) const {
    const WindowAxis &height = problem_.geometry.height, &width = problem_.geometry.width;
    const int64_t rows = inputs(tile.rows), columns = inputs(tile.columns), C = image.shape(2);
    const int64_t row = height.source(tile.first_row, 0), column = width.source(tile.first_column, 0);
    const bool inside = row >= 0 && row + rows <= height.input && column >= 0 && column + columns <= width.input;
    if (inside && (C == 1 || image.stride(2) == 1)) {
      transform_input(tile, {&image(row, column, 0), image.stride(0), image.stride(1)}, C, V, xi_step, largest);
      return;
    }
    const int64_t step = kCopiedBytes / static_cast<int64_t>(sizeof(T));
    for (int64_t c = 0; c < C; c += step) {
      const int64_t now = std::min(step, C - c);
      copy_padded(some_channels(image, c, now), row, rows, column, columns, copied);
      transform_input(tile, {copied, columns * now, now}, now, V + c, xi_step, largest);
    }
  }

  void transform_input(const OutputRegion& tile, const PixelView<const T>& pixels, int64_t channels, T* V,
                       int64_t xi_step, WinogradMagnitudes<T>* largest) const {
    const auto& [data, row_step, pixel_step] = pixels;
    if (largest)
      kernels_.measure(data, row_step, pixel_step, inputs(tile.rows), inputs(tile.columns), channels, *largest);
    if (is_whole(tile)) {
      kernels_.transform_input(data, row_step, pixel_step, channels, V, xi_step);
    } else {
      kernels_.transform_short_input(down(tile), across(tile), data, row_step, pixel_step, channels, V, xi_step);
    }
  }

  // That so many outputs side by side read.
  int64_t inputs(int64_t outputs) const { return outputs + tile_.window - 1; }
  bool is_whole(const OutputRegion& tile) const { return tile.rows == m_ && tile.columns == m_; }
  const WinogradAxis<T>& down(const OutputRegion& tile) const { return tile.rows == m_ ? whole_ : last_down_; }
  const WinogradAxis<T>& across(const OutputRegion& tile) const { return tile.columns == m_ ? whole_ : last_across_; }

  void transform_output(const ConvCall<T>& call, const OutputRegion& tile, const WinogradPanel& panel, const T* M,
                        int64_t xi_step, const SpoiltOutputs& spoilt, T* replacement, T* scattered) const {
    const int64_t O = problem_.outputs, channels = std::min(panel.lanes, O - panel.first);
    const View<const T, 3> image = call.input[tile.image];
    const SinglePixelLayer<T> layer{problem_.geometry, problem_.channels, O, 1, weights_.data(), bias_.data()};
    OutputRegion region = tile;
    region.first_channel = panel.first;
    region.channels = channels;
    const StagedOutput<T> to(call, region, scattered);
    const WinogradOutput<T> output{to.output().data,
                                   to.output().row_step,
                                   to.output().pixel_step,
                                   channels,
                                   to.epilogue(problem_),
                                   bias_.data() + panel.first,
                                   spoilt.all,
                                   replacement,
                                   panel.lanes,
                                   chain_,
                                   &layer,
                                   {image.data(), image.stride(0), image.stride(1), image.stride(2)},
                                   {tile.first_row, tile.first_column, panel.first, channels}};
    if (spoilt.all) replace(output, tile, spoilt, replacement);
    if (is_whole(tile)) {
      kernels_.transform_output(M, xi_step, output);
    } else {
      kernels_.transform_short_output(down(tile), across(tile), M, xi_step, output);
    }
    to.commit();
  }

  // The sums of outputs that another part of the tile would spoil. A chain over zeros gives the bias, to the bit.
  void replace(const WinogradOutput<T>& output, const OutputRegion& tile, const SpoiltOutputs& spoilt,
               T* replacement) const {
    for (int64_t i = 0; i < tile.rows; ++i) {
      for (int64_t j = 0; j < tile.columns; ++j) {
        const int64_t pixel = i * WinogradAxis<T>::kMostOutputs + j;
        T* to = replacement + pixel * output.replacement_step;
        const auto [y, x, first, count] = output.range;
        if (has_finite_weights_ && (spoilt.blank >> pixel & 1)) {
          std::copy_n(bias_.data() + first, count, to);
        } else if (spoilt.all >> pixel & 1) {
          chain_(*output.layer, output.image, {y + i, x + j, first, count}, {nullptr, 0, 0, Activation::kNone, T(0)},
                 to);
        }
      }
    }
  }

  ConvProblem problem_;
  kernels::WinogradTileSize tile_;
  const int64_t m_ = tile_.outputs;
  const WinogradKernels<T>& kernels_;
  kernels::SinglePixelKernel<T> chain_;
  std::vector<WinogradPanel> panels_;
  WinogradBlocking<T> blocking_;
  WinogradWorkspace<T> workspace_;
  WinogradAxis<T> whole_, last_down_, last_across_;
  Tensor<T, 4> weights_;  // as given, dense
  Tensor<T, 1> bias_, packed_;
  bool has_finite_weights_ = true;  // then a chain over zeros gives the bias, which start_of_sum never lets be -0
};

bool is_unit(const WindowAxis& axis) { return axis.stride == 1 && axis.dilation == 1; }

bool winograd_fits(const ConvProblem& problem) {
  const auto& [height, width] = problem.geometry;
  return (height.window == 3 || height.window == 5) && width.window == height.window && is_unit(height) &&
         is_unit(width) && problem.groups == 1;
}

// The taps along an axis that lie on the image: the direct method leaves out the others.
double inner_taps(const WindowAxis& axis) {
  const double r = double(axis.window);
  // Of windows that begin 1, 2, ... before the image so many taps are outside, r at most.
  const auto outer = [r](int64_t padding) {
    const double part = std::min(double(padding), r - 1);
    return part * (part + 1) / 2 + r * (double(padding) - part);
  };
  const int64_t before = -axis.source(0, 0), after = axis.source(axis.output - 1, axis.window - 1) - (axis.input - 1);
  return r * double(axis.output) - outer(std::max<int64_t>(before, 0)) - outer(std::max<int64_t>(after, 0));
}

// Measured against the direct method: Zen 4, AVX-512, float and double, square images of 5 to 17 pixels, 16 to 512
// channels; before tiles were cut short at the end of an image on Sapphire Rapids, AVX-512 and AVX2, up to 112 pixels.
// Wherever this says yes it was faster, by 1.16 at least (5 x 5, 32 channels) and mostly by 1.6 to 3.2. With 16 to 16
// channels the two are about even, and direct sums are more accurate.
template <class T>
bool winograd_pays(const ConvProblem& problem) {
  constexpr int64_t kFewestPixels = 25, kFewestChannels = 16, kFewestWeights = 1024;
  constexpr double kLeastGain = 1.35;  // in multiplications; 5 x 5 pixels have 1.40
  const auto& [height, width] = problem.geometry;
  if (std::min(problem.channels, problem.outputs) < kFewestChannels) return false;
  if (problem.channels * problem.outputs < kFewestWeights) return false;
  if (double(height.output) * double(width.output) < double(kFewestPixels)) return false;
  return inner_taps(height) * inner_taps(width) >= kLeastGain * count_products(problem, choose_tile<T>(problem));
}

}  // namespace

template <class T>
const ConvMethodKind<T> WinogradMethod<T>::kKind{ConvAlgorithm::kWinograd, Numerics::kFast, winograd_fits,
                                                 winograd_pays<T>, make_method<ConvWinograd, T>};
template struct WinogradMethod<float>;
template struct WinogradMethod<double>;

}  // namespace convstep
