// conv_direct.cc: the direct method. Weights are packed in panels; the output is cut into blocks, each a task.
#include "kernels/conv_direct.h"

#include <algorithm>
#include <cstring>

#include "core/threads.h"
#include "layers/conv_io.h"
#include "layers/conv_method.h"

namespace convstep {
namespace {

// What the input of a block may take of the workspace. Half of it shares a level-2 cache of 1 MB with a panel of
// weights.
constexpr int64_t kPatchBytes = 384 << 10;

// Fewer products than this (some 30 microseconds) do not pay for waking a thread.
constexpr int64_t kProductsPerThread = 2'000'000;

// More tasks than threads even out what the other threads of the machine take.
constexpr int64_t kTasksPerThread = 4;

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

// The elements from the first that a window reads to the last, along one axis.
int64_t reach(const WindowAxis& axis) { return (axis.window - 1) * axis.dilation + 1; }

bool reads_padding(const WindowAxis& axis) {
  return axis.before > 0 || axis.source(axis.output - 1, axis.window - 1) >= axis.input;
}

kernels::DirectPanels cut_into_panels(int64_t outputs, int64_t lanes, int64_t max_vectors) {
  const int64_t vectors = divide_up(outputs, lanes), count = divide_up(vectors, max_vectors);
  return {lanes, vectors, count, vectors % count, vectors / count};
}

// How the output is cut: blocks of rows x columns of one image, and runs of panels.
struct Cut {
  int64_t rows, columns, panels;
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
  }

  void run(const ConvCall<T>& call) const override;
  std::string describe() const override {
    return "direct " + std::to_string(2 * kernel_.max_pixels) + "x" +
           std::to_string(panels_.first_vector(1) * panels_.lanes) + ", " + simd_target();
  }
  size_t workspace_bytes() const override {
    const Cut cut = cut_for(1, 1, 0);
    return needs_copy_ ? static_cast<size_t>(patch_values(cut.rows, cut.columns)) * sizeof(T) : 0;
  }

 private:
  int64_t group_width() const { return panels_.vectors * panels_.lanes; }
  int64_t patch_values(int64_t rows, int64_t columns) const {
    const auto& [height, width] = problem_.geometry;
    return ((rows - 1) * height.stride + reach(height)) * ((columns - 1) * width.stride + reach(width)) *
           problem_.channels;
  }
  void pack_group(const ConvWeights<T>& weights, int64_t group);
  Cut cut_for(int64_t images, int threads, int64_t scratch_per_value) const;
  // Panels first .. end - 1 of a group.
  struct Part {
    int64_t group, first_panel, end_panel;
  };
  void run_block(const ConvCall<T>& call, const Block& block, const Part& part) const;

  ConvProblem problem_;
  kernels::DirectKernel<T> kernel_;
  kernels::DirectPanels panels_;
  Tensor<T, 1> weights_, bias_;
  bool needs_copy_ = reads_padding(problem_.geometry.height) || reads_padding(problem_.geometry.width);
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
  Cut cut{1, OW, panels_.count};
  const auto is_too_large = [&] {
    return values(1, cut.columns) > (cut.columns > kernel_.max_pixels ? budget : kLimit);
  };
  while (cut.columns > 1 && is_too_large()) cut.columns = divide_up(cut.columns, 2);
  const int64_t first_row = values(1, cut.columns), further_row = values(2, cut.columns) - first_row;
  cut.rows = std::min(OH, 1 + std::max<int64_t>(budget - first_row, 0) / further_row);
  // Few tasks: shorter blocks, and where that is not enough, fewer panels each.
  const int64_t wanted = threads > 1 ? threads * kTasksPerThread : 1;
  const int64_t across = images * divide_up(OW, cut.columns) * problem_.groups;
  const int64_t shortest = needs_copy_ ? std::max<int64_t>(2 * reach(problem_.geometry.height), 1) : 1;
  const int64_t bands = std::max<int64_t>(divide_up(wanted, across), 1);
  cut.rows = std::min(cut.rows, std::max(divide_up(OH, bands), std::min(shortest, OH)));
  cut.rows = divide_up(OH, divide_up(OH, cut.rows));  // of equal height
  const int64_t blocks = across * divide_up(OH, cut.rows);
  cut.panels = divide_up(panels_.count, std::clamp<int64_t>(divide_up(wanted, blocks), 1, panels_.count));
  return cut;
}

template <class T>
void ConvDirect<T>::run_block(const ConvCall<T>& call, const Block& block, const Part& part) const {
  const auto& [height, width] = problem_.geometry;
  const View<const T, 3> image = call.input[block.image];
  const int64_t first_row = height.source(block.first_row, 0), first_column = width.source(block.first_column, 0);
  const int64_t C = problem_.channels;
  const bool copy = needs_copy_ || (image.stride(2) != 1 && C > 1);

  const int64_t patch = copy ? patch_values(block.rows, block.columns) : 0;
  const int64_t first = panels_.first_vector(part.first_panel) * panels_.lanes;
  const int64_t end = std::min(panels_.first_vector(part.end_panel) * panels_.lanes, problem_.group_outputs());
  const Channels channels{part.group * problem_.group_outputs() + first, end - first};
  const int64_t scratch = block.rows * block.columns * channels.count * OutputBlock<T>::scratch_per_value(call);
  T* workspace = static_cast<T*>(thread_workspace(static_cast<size_t>(patch + scratch) * sizeof(T)));
  int64_t row_stride = image.stride(0), column_stride = image.stride(1);
  const T* input;
  if (copy) {
    const int64_t rows = (block.rows - 1) * height.stride + reach(height);
    const int64_t columns = (block.columns - 1) * width.stride + reach(width);
    copy_padded(image, first_row, rows, first_column, columns, workspace);
    input = workspace;
    row_stride = columns * C;
    column_stride = C;
  } else {
    input = &image(first_row, first_column, 0);
  }
  const bool one_run = column_stride == C && width.dilation == 1 && problem_.groups == 1;
  const OutputBlock<T> output(call, block, channels, workspace + patch);
  kernel_.run({.input = input + part.group * problem_.group_channels(),
               .row_step = height.stride * row_stride,
               .pixel_step = width.stride * column_stride,
               .window_rows = height.window,
               .window_row_step = height.dilation * row_stride,
               .runs = one_run ? 1 : width.window,
               .run_step = width.dilation * column_stride,
               .run = one_run ? width.window * C : problem_.group_channels(),
               .weights = weights_.data() + part.group * group_width() * problem_.window_size(),
               .bias = bias_.data() + part.group * group_width(),
               .panels = panels_,
               .first_panel = part.first_panel,
               .end_panel = part.end_panel,
               .output = output.output().data,
               .output_row_step = output.output().row_step,
               .output_pixel_step = output.output().pixel_step,
               .outputs = channels.count,
               .rows = block.rows,
               .pixels = block.columns,
               .epilogue = {output.residual().data, output.residual().row_step, output.residual().pixel_step,
                            problem_.activation, static_cast<T>(problem_.slope)}});
  output.commit();
}

template <class T>
void ConvDirect<T>::run(const ConvCall<T>& call) const {
  const int64_t N = call.input.shape(0), OH = problem_.geometry.height.output, OW = problem_.geometry.width.output;
  const int threads = threads_worth(N * problem_.products(), kProductsPerThread, call.threads);
  const Cut cut = cut_for(N, threads, OutputBlock<T>::scratch_per_value(call));
  const int64_t bands = divide_up(OH, cut.rows), strips = divide_up(OW, cut.columns);
  const int64_t parts = divide_up(panels_.count, cut.panels);
  parallel_for(N * bands * strips * problem_.groups * parts, threads, call.progress, [&](int64_t task) {
    const int64_t part = task % parts, group = task / parts % problem_.groups;
    const int64_t place = task / parts / problem_.groups;
    const int64_t row = place / strips % bands * cut.rows, column = place % strips * cut.columns;
    const Block block{place / strips / bands, row, std::min(cut.rows, OH - row), column,
                      std::min(cut.columns, OW - column)};
    run_block(call, block, {group, part * cut.panels, std::min((part + 1) * cut.panels, panels_.count)});
  });
}

}  // namespace

bool direct_fits(const ConvProblem& problem) {
  const auto& [height, width] = problem.geometry;
  const double pixel = double(reach(height)) * double(reach(width)) * double(problem.channels);  // may exceed 63 bits
  return problem.has_countable_padding() && pixel * sizeof(double) * 2 <= kWorkspaceLimit;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_direct(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvDirect<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_direct(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_direct(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
