// conv_direct.cc: the direct method. Weights are packed in panels; the output is cut into blocks, each a task.
#include "kernels/conv_direct.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/threads.h"
#include "layers/conv_direct_parts.h"
#include "layers/conv_io.h"
#include "layers/conv_method.h"

namespace convstep {
namespace {

// What the input of a block may take of the workspace. Half of it shares a level-2 cache of 1 MB with a panel of
// weights.
constexpr int64_t kPatchBytes = 384 << 10;

// A block may take more than that where its first row alone takes much of it (dilated windows over many channels):
// three times the first row, for the rows that neighbouring blocks both copy should not outweigh the others.
constexpr int64_t kLeastRows = 3;

// A line of a tile's every pixel should stay in the level-1 cache until its values are used up. Lines whose addresses
// are alike in these low bits share a set of 8 (Zen) to 12 (Golden Cove) of them: a tile of 14 pixels overflows it, one
// of 6 nearly does, beside the weights that pass through. 1x1, 1024 to 256 channels at 14x14: 1.35 times as long in
// place as from a copy with a line between its pixels, 1.06 with AVX2.
constexpr int64_t kSetBytes = 4096, kLineBytes = 64, kCollidingPixels = 3;
// A copy for that alone pays from so many products per value on.
constexpr int64_t kCopyProducts = 128;

// Fewer products than this (some 30 microseconds) do not pay for waking a thread.
constexpr double kProductsPerThread = 2'000'000;

kernels::DirectPanels cut_into_panels(int64_t outputs, int64_t lanes, int64_t max_vectors) {
  const int64_t vectors = divide_up(outputs, lanes), count = divide_up(vectors, max_vectors);
  return {lanes, vectors, count, vectors % count, vectors / count};
}

// How the output is cut: blocks of rows x columns of an image, or several images as a whole; and runs of panels.
struct Cut {
  int64_t images, rows, columns, panels;
};

// Where the kernel reads the input of a block: in place, or from copies in the workspace, which hold every row_skip'th
// row and pixel_skip'th pixel. Tap (0, 0) of the first pixel reads data[offset], or padding.
template <class T>
struct BlockInput {
  const T* data;
  int64_t offset, image_step, row_step, pixel_step, row_skip = 1, pixel_skip = 1;
};

// What a copy holds of an axis for some windows: `count` elements from `first` on, of `size` that lie `step` apart from
// `origin` on. It leaves out what no window reads, where windows of one element move by more, and the padding where
// that is not wanted; so tap 0 of the first window reads element `tap`, which may be less than 0.
struct CopiedAxis {
  CopiedAxis(const WindowAxis& axis, int64_t first_window, int64_t windows, bool with_padding)
      : size(axis.input), first(axis.source(first_window, 0)), count(axis.reach_of(windows)) {
    if (is_thinned(axis)) {
      origin = first, size = count = windows, step = axis.stride, first = 0;
    } else if (!with_padding) {
      const int64_t begin = std::clamp<int64_t>(first, 0, size), end = std::clamp(first + count, begin, size);
      tap = first - begin, first = begin, count = end - begin;
    }
  }
  // The most elements that it holds for so many windows.
  static int64_t most(const WindowAxis& axis, int64_t windows, bool with_padding) {
    if (is_thinned(axis)) return windows;
    return with_padding ? axis.reach_of(windows) : std::min(axis.reach_of(windows), axis.input);
  }
  int64_t origin = 0, size, step = 1, first, count, tap = 0;

 private:
  static bool is_thinned(const WindowAxis& axis) { return axis.window == 1 && !axis.reads_padding(); }
};

template <class T>
class ConvDirect final : public ConvMethod<T> {
 public:
  ConvDirect(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::direct_kernel<T>()),
        panels_(cut_into_panels(problem.group_outputs(), kernel_.lanes, kernel_.max_vectors)),
        weights_(Tensor<T, 1>({problem.groups * group_width() * problem.window_size()})),
        bias_(Tensor<T, 1>({problem.groups * group_width()})) {
    for (int64_t g = 0; g < problem.groups; ++g) pack_group(weights, g);
    if (reads_padding() && has_finite_weights()) parts_ = parts_off_padding(problem.geometry, problem.group_channels());
    with_padding_ = reads_padding() && parts_.empty();
    if (parts_.empty()) parts_ = whole_output(problem.geometry);
    needs_copy_ = with_padding_ || copy_pays();
  }

  void run(const ConvCall<T>& call) const override;
  std::string describe() const override {
    return "direct " + std::to_string(2 * kernel_.max_pixels) + "x" +
           std::to_string(panels_.first_vector(1) * panels_.lanes) + ", " + simd_target();
  }
  size_t workspace_bytes() const override {
    if (!needs_copy_) return 0;
    const Cut cut = cut_for(1, 1, 0);
    const int64_t at_once = std::max<int64_t>(kPatchBytes, patch_values(cut.rows, cut.columns) * int64_t{sizeof(T)});
    return static_cast<size_t>(at_once);
  }

 private:
  int64_t group_width() const { return panels_.vectors * panels_.lanes; }
  // Of the input, in the channels of a group.
  int64_t patch_values(int64_t rows, int64_t columns) const {
    const auto& [height, width] = problem_.geometry;
    return CopiedAxis::most(height, rows, with_padding_) * CopiedAxis::most(width, columns, with_padding_) *
           copied_pixel();
  }
  int64_t copied_pixel() const { return problem_.group_channels() + gap_; }
  // Do the lines of a tile's pixels share a set, if pixels of the input are so many values apart?
  bool collides(int64_t pixel) const {
    const WindowAxis& width = problem_.geometry.width;
    return width.output >= kCollidingPixels && width.stride * pixel * int64_t{sizeof(T)} % kSetBytes == 0;
  }
  bool copy_pays() const {
    return collides(problem_.channels) &&
           problem_.group_outputs() * problem_.window_size() >= kCopyProducts * problem_.group_channels();
  }
  bool reads_padding() const {
    return problem_.geometry.height.reads_padding() || problem_.geometry.width.reads_padding();
  }
  bool has_finite_weights() const {
    int64_t others = 0;
    for (int64_t i = 0; i < weights_.size(); ++i) others += !(std::abs(weights_(i)) <= std::numeric_limits<T>::max());
    return others == 0;
  }
  void pack_group(const ConvWeights<T>& weights, int64_t group);
  Cut cut_for(int64_t images, int threads, int64_t scratch_per_value) const;
  void spread(int64_t images, int threads, bool is_scattered, Cut& cut) const;
  // Panels first .. end - 1 of a group.
  struct Part {
    int64_t group, first_panel, end_panel;
  };
  BlockInput<T> input_of(const ConvCall<T>& call, const Block& block, int64_t images, int64_t group, T* patches) const;
  void run_block(const ConvCall<T>& call, const Block& block, int64_t images, const Part& part) const;

  ConvProblem problem_;
  kernels::DirectKernel<T> kernel_;
  kernels::DirectPanels panels_;
  Tensor<T, 1> weights_, bias_;
  std::vector<kernels::DirectPart> parts_;
  bool with_padding_, needs_copy_;
  int64_t gap_ = collides(problem_.group_channels()) ? kLineBytes / int64_t{sizeof(T)} : 0;  // after a pixel of a copy
};

template <class T>
void ConvDirect<T>::pack_group(const ConvWeights<T>& weights, int64_t group) {
  const auto [KH, KW, channels, O] = weights.weights.shape();
  const int64_t first = group * problem_.group_outputs();
  T* to = weights_.data() + group * group_width() * problem_.window_size();
  for (int64_t p = 0; p < panels_.count; ++p) {
    const int64_t start = panels_.first_vector(p) * panels_.lanes, end = panels_.first_vector(p + 1) * panels_.lanes;
    const int64_t outputs = std::min(end, problem_.group_outputs()) - start;
    for (int64_t i = 0; i < KH; ++i) {
      for (int64_t j = 0; j < KW; ++j) {
        for (int64_t c = 0; c < channels; ++c, to += end - start) {
          const T* from = &weights.weights(i, j, c, first + start);
          const int64_t step = weights.weights.stride(3);
          for (int64_t o = 0; o < outputs; ++o) to[o] = from[o * step];
        }
      }
    }
  }
  for (int64_t o = 0; weights.bias && o < problem_.group_outputs(); ++o) {
    bias_(group * group_width() + o) = weights.bias(first + o);
  }
}

template <class T>
Cut ConvDirect<T>::cut_for(int64_t images, int threads, int64_t scratch_per_value) const {
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  const auto values = [&](int64_t rows, int64_t columns) {
    return patch_values(rows, columns) + rows * columns * problem_.outputs * (1 + scratch_per_value);
  };
  constexpr int64_t kLimit = kWorkspaceLimit / static_cast<int64_t>(sizeof(T));
  const int64_t budget = kPatchBytes / static_cast<int64_t>(sizeof(T));
  Cut cut{1, 1, OW, panels_.count};
  const auto is_too_large = [&] {
    return values(1, cut.columns) > (cut.columns > kernel_.max_pixels ? budget : kLimit);
  };
  while (cut.columns > 1 && is_too_large()) cut.columns = divide_up(cut.columns, 2);
  const int64_t first_row = values(1, cut.columns), further_row = values(2, cut.columns) - first_row;
  const int64_t room = std::clamp<int64_t>(kLeastRows * first_row, budget, kLimit);
  cut.rows = std::min(OH, 1 + std::max<int64_t>(room - first_row, 0) / further_row);
  spread(images, threads, scratch_per_value > 0, cut);
  if (cut.rows == OH && cut.columns == OW && scratch_per_value == 0) {
    const int64_t per_thread = std::max<int64_t>(images / (threads > 1 ? threads * kTasksPerThread : 1), 1);
    cut.images = std::clamp<int64_t>(budget / values(OH, OW), 1, per_thread);
  }
  return cut;
}

// Makes tasks for all threads, where there are too few: every band of rows reads all its weights, every run of panels
// reads (and copies) all its input, so the larger of the two is cut first.
template <class T>
void ConvDirect<T>::spread(int64_t images, int threads, bool is_scattered, Cut& cut) const {
  const int64_t OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  const bool weights_first =
      !is_scattered && weights_.size() / problem_.groups > patch_values(std::min(OH, cut.rows), cut.columns);
  const int64_t tasks_per_thread = weights_first && needs_copy_ ? kTasksPerThread / 2 : kTasksPerThread;
  const int64_t wanted = threads > 1 ? threads * tasks_per_thread : 1;
  const int64_t across = images * divide_up(OW, cut.columns) * problem_.groups;
  const auto missing = [&] {
    const int64_t tasks = across * divide_up(OH, cut.rows) * divide_up(panels_.count, cut.panels);
    return divide_up(wanted, tasks);
  };
  const auto cut_panels = [&] { cut.panels = divide_up(panels_.count, std::min(missing(), panels_.count)); };
  if (weights_first) cut_panels();
  const int64_t shortest = needs_copy_ ? std::min(2 * problem_.geometry.height.reach(), OH) : 1;
  const int64_t bands = divide_up(OH, cut.rows) * missing();
  cut.rows = std::min(cut.rows, std::max(divide_up(OH, bands), shortest));
  cut.rows = divide_up(OH, divide_up(OH, cut.rows));  // of equal height
  if (!weights_first) cut_panels();
}

template <class T>
BlockInput<T> ConvDirect<T>::input_of(const ConvCall<T>& call, const Block& block, int64_t images, int64_t group,
                                      T* patches) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t channels = problem_.group_channels();
  const View<const T, 4>& input = call.input;
  if (!patches) {
    const int64_t row_step = input.stride(1), pixel_step = input.stride(2);
    const int64_t offset =
        height.source(block.first_row, 0) * row_step + width.source(block.first_column, 0) * pixel_step;
    return {&input(block.image, 0, 0, group * channels), offset, input.stride(0), row_step, pixel_step};
  }
  const CopiedAxis rows(height, block.first_row, block.rows, with_padding_);
  const CopiedAxis columns(width, block.first_column, block.columns, with_padding_);
  const int64_t pixel_step = copied_pixel(), row_step = columns.count * pixel_step, image_step = rows.count * row_step;
  for (int64_t n = 0; n < images; ++n) {
    const View<const T, 3> image(&input(block.image + n, rows.origin, columns.origin, group * channels),
                                 {rows.size, columns.size, channels},
                                 {rows.step * input.stride(1), columns.step * input.stride(2), input.stride(3)});
    copy_padded(image, rows.first, rows.count, columns.first, columns.count, patches + n * image_step, gap_);
  }
  const int64_t offset = rows.tap * row_step + columns.tap * pixel_step;
  return {patches, offset, image_step, row_step, pixel_step, rows.step, columns.step};
}

// `images` from that of the block on.
template <class T>
void ConvDirect<T>::run_block(const ConvCall<T>& call, const Block& block, int64_t images, const Part& part) const {
  const auto& [height, width] = problem_.geometry;
  const bool copy = needs_copy_ || (call.input.stride(3) != 1 && problem_.channels > 1);
  const int64_t patches = copy ? images * patch_values(block.rows, block.columns) : 0;
  const int64_t first = panels_.first_vector(part.first_panel) * panels_.lanes;
  const int64_t end = std::min(panels_.first_vector(part.end_panel) * panels_.lanes, problem_.group_outputs());
  const Channels channels{part.group * problem_.group_outputs() + first, end - first};
  const int64_t scratch = block.rows * block.columns * channels.count * OutputBlock<T>::scratch_per_value(call);
  T* workspace = static_cast<T*>(thread_workspace(static_cast<size_t>(patches + scratch) * sizeof(T)));

  const BlockInput<T> input = input_of(call, block, images, part.group, copy ? workspace : nullptr);
  const OutputBlock<T> output(call, block, channels, workspace + patches);
  const int64_t place = part.group * group_width();
  kernel_.run({.input = input.data,
               .offset = input.offset,
               .row_step = height.stride / input.row_skip * input.row_step,
               .pixel_step = width.stride / input.pixel_skip * input.pixel_step,
               .tap_row_step = height.dilation * input.row_step,
               .tap_step = width.dilation * input.pixel_step,
               .window_rows = height.window,
               .window_columns = width.window,
               .channels = problem_.group_channels(),
               .parts = parts_.data(),
               .part_count = static_cast<int64_t>(parts_.size()),
               .weights = weights_.data() + place * problem_.window_size(),
               .bias = bias_.data() + place,
               .panels = panels_,
               .first_panel = part.first_panel,
               .end_panel = part.end_panel,
               .output = output.output().data,
               .output_row_step = output.output().row_step,
               .output_pixel_step = output.output().pixel_step,
               .outputs = channels.count,
               .images = images,
               .first_row = block.first_row,
               .end_row = block.first_row + block.rows,
               .first_column = block.first_column,
               .end_column = block.first_column + block.columns,
               .image_step = input.image_step,
               .output_image_step = call.output.stride(0),
               .residual_image_step = call.residual ? call.residual.stride(0) : 0,
               .epilogue = {output.residual().data, output.residual().row_step, output.residual().pixel_step,
                            problem_.activation, static_cast<T>(problem_.slope)}});
  output.commit();
}

template <class T>
void ConvDirect<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0), OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  const int threads = threads_worth(double(N) * problem_.products(), kProductsPerThread, call.threads);
  const Cut cut = cut_for(N, threads, OutputBlock<T>::scratch_per_value(call));
  const int64_t bands = divide_up(OH, cut.rows), strips = divide_up(OW, cut.columns);
  const int64_t parts = divide_up(panels_.count, cut.panels), batches = divide_up(N, cut.images);
  parallel_for(batches * bands * strips * problem_.groups * parts, threads, call.progress, [&](int64_t task) {
    const int64_t part = task % parts, group = task / parts % problem_.groups;
    const int64_t place = task / parts / problem_.groups;
    const int64_t row = place / strips % bands * cut.rows, column = place % strips * cut.columns;
    const int64_t image = place / strips / bands * cut.images;
    const Block block{image, row, std::min(cut.rows, OH - row), column, std::min(cut.columns, OW - column)};
    run_block(call, block, std::min(cut.images, N - image),
              {group, part * cut.panels, std::min((part + 1) * cut.panels, panels_.count)});
  });
}

}  // namespace

bool direct_fits(const ConvProblem& problem) {
  const auto& [height, width] = problem.geometry;
  const double pixel =
      double(height.reach()) * double(width.reach()) * double(problem.group_channels());  // may exceed 63 bits
  return problem.has_countable_padding() && pixel * sizeof(double) * 2 <= kWorkspaceLimit;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_direct(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvDirect<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_direct(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_direct(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
