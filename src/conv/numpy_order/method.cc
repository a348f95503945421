// method.cc: the bits of the reference at a multiple of its speed.
#include <algorithm>
#include <vector>

#include "conv/methods.h"
#include "conv/numpy_order/kernel.h"
#include "conv/staged_output.h"
#include "conv/weights.h"
#include "reference/reference.h"
#include "runtime/machine.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// Of the workspace that the rows computed at a time may take: half of a level-1 cache, in doubles. One row may
// take more.
constexpr size_t kRegionValues = kLevel1Bytes / 2 / sizeof(double);

// Products, empty lanes included, of which one thread takes some 50 microseconds, and a task some 5; and what any
// region takes besides, in products (Zen 4).
constexpr double kProductsPerThread = 1'000'000, kProductsPerTask = 100'000, kProductsOfARegion = 500;

// Products of a region: some milliseconds, after which progress is heard of.
constexpr double kProductsOfAReport = double{1 << 23};

// For so many output rows and columns of an image: the input with its padding, where there is some, and
// `scratch_per_value` for every output of a group.
template <class T>
TaskWorkspace<T> workspace_of(const ConvProblem& problem, int64_t rows, int64_t columns, int64_t scratch_per_value) {
  const auto& [height, width] = problem.geometry;
  const int64_t patch = height.reach_of(rows) * width.reach_of(columns) * problem.channels;
  return {problem.geometry.reads_padding() ? patch : 0, rows * columns * problem.group_outputs() * scratch_per_value};
}

template <class T>
class ConvNumpyOrder final : public ConvMethod<T> {
 public:
  ConvNumpyOrder(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        weights_(Tensor<T, 1>({problem.groups * problem.window_size() * width()})),
        bias_(Tensor<T, 1>({problem.groups * width()})),
        kernel_(kernels::numpy_order_kernel<T>(this->target_)),
        products_(problem.products() * double(width()) / double(problem.group_outputs())),
        has_bias_(weights.bias) {
    const int64_t KW = weights.weights.shape(1), channels = weights.weights.shape(2), window = problem.window_size();
    const int64_t outputs = problem.group_outputs(), step = weights.weights.stride(3), row = width();
    pack_in_parts(weights, problem.groups * window, row, [&](int64_t first, int64_t end) {
      for (int64_t i = first; i < end; ++i) {
        const int64_t g = i / window, k = i % window;
        const T* from = &weights.weights(k / channels / KW, k / channels % KW, k % channels, g * outputs);
        for (int64_t o = 0; o < outputs; ++o) weights_(i * row + o) = from[o * step];
      }
    });
    for (int64_t o = 0; has_bias_ && o < problem.outputs; ++o) bias_(o / outputs * row + o % outputs) = weights.bias(o);
  }

  void run(const ConvCall<T>& call) const override;
  std::string describe() const override { return std::string("sums in NumPy's order, ") + this->target_.name; }

 private:
  // One run over a batch, which is cut into regions of this size at most.
  struct Run {
    const ConvCall<T>& call;
    int64_t scratch_per_value;
    RegionSize size;
    RegionGrid grid;
    PixelView<const T> input;  // what windows read: the views, or copies
    int64_t channel_step;
    const int64_t* offsets;  // from the first tap of a window to the others
  };

  size_t workspace_for(int64_t scratch_per_value) const override {
    const RegionSize size = size_of(scratch_per_value);
    return workspace_of<T>(problem_, size.rows, size.columns, scratch_per_value).layout.bytes() +
           static_cast<size_t>(problem_.window_size()) * sizeof(int64_t);
  }
  // The reference's own functions, for their last bits.
  bool is_activated_after() const {
    return problem_.activation == Activation::kSigmoid || problem_.activation == Activation::kTanh;
  }
  void activate(const PixelView<T>& output, const OutputRegion& region) const {
    for (int64_t y = 0; y < region.rows; ++y) {
      for (int64_t x = 0; x < region.columns; ++x) {
        T* const pixel = output.data + y * output.row_step + x * output.pixel_step;
        for (int64_t c = 0; c < region.channels; ++c)
          pixel[c] = reference::activate(pixel[c], problem_.activation, T(0));
      }
    }
  }
  int64_t width() const {
    constexpr int64_t kLanes = kernels::kVectorBytes / static_cast<int64_t>(sizeof(T));
    return round_up(problem_.group_outputs(), kLanes);
  }
  // Rows are cut for the level-1 cache; columns where a row takes too much memory, or too long.
  RegionSize size_of(int64_t scratch_per_value) const {
    RegionSize size{problem_.geometry.height.output, problem_.geometry.width.output, problem_.outputs};
    const auto bytes = [&] {
      return workspace_of<T>(problem_, size.rows, size.columns, scratch_per_value).layout.bytes();
    };
    const auto is_long = [&] {
      const double values = double(size.rows) * double(size.columns) * double(problem_.outputs);
      return values * double(problem_.window_size()) > kProductsOfAReport;
    };
    while (size.rows > 1 && (bytes() > kRegionValues * sizeof(T) || is_long())) size.rows = divide_up(size.rows, 2);
    while (size.columns > 1 && (bytes() > kWorkspaceLimit / 2 || is_long())) size.columns = divide_up(size.columns, 2);
    return size;
  }
  void fill_offsets(const Run& run, int64_t* offset) const;
  void run_regions(const Run& run, int64_t first, int64_t end) const;
  void run_group(const Run& run, OutputRegion region, int64_t group, const T* input, T* scratch) const;

  ConvProblem problem_;
  Tensor<T, 1> weights_, bias_;
  kernels::NumpyOrderKernel<T> kernel_;
  double products_;  // of an image, empty lanes included
  bool has_bias_;
};

// `input` is the first value of the group that the region reads.
template <class T>
void ConvNumpyOrder<T>::run_group(const Run& run, OutputRegion region, int64_t group, const T* input,
                                  T* scratch) const {
  const int64_t outputs = problem_.group_outputs(), K = problem_.window_size();
  region.first_channel = group * outputs;
  region.channels = outputs;
  const StagedOutput<T> output(run.call, region, scratch);
  kernels::Epilogue<T> epilogue = output.epilogue(problem_);
  if (is_activated_after()) epilogue.activation = Activation::kNone;
  kernel_({.input = input,
           .input_row_step = problem_.geometry.height.stride * run.input.row_step,
           .input_pixel_step = problem_.geometry.width.stride * run.input.pixel_step,
           .offsets = run.offsets,
           .size = K,
           .rows = region.rows,
           .columns = region.columns,
           .weights = weights_.data() + group * K * width(),
           .bias = has_bias_ ? bias_.data() + group * width() : nullptr,
           .width = width(),
           .outputs = outputs,
           .output = output.output(),
           .epilogue = epilogue});
  if (is_activated_after()) activate(output.output(), region);
  output.commit();
}

template <class T>
void ConvNumpyOrder<T>::fill_offsets(const Run& run, int64_t* offset) const {
  const auto& [height, width] = problem_.geometry;
  for (int64_t i = 0; i < height.window; ++i) {
    for (int64_t j = 0; j < width.window; ++j) {
      const int64_t tap = i * height.dilation * run.input.row_step + j * width.dilation * run.input.pixel_step;
      for (int64_t c = 0; c < problem_.group_channels(); ++c) *offset++ = tap + c * run.channel_step;
    }
  }
}

// Regions first .. end - 1, numbered from the top of the first image on.
template <class T>
void ConvNumpyOrder<T>::run_regions(const Run& run, int64_t first, int64_t end) const {
  const auto& [height, width] = problem_.geometry;
  const TaskWorkspace<T> workspace = workspace_of<T>(problem_, run.size.rows, run.size.columns, run.scratch_per_value);
  const ThreadWorkspace memory(workspace.layout.bytes());
  T *const patch = workspace.patch.in(memory.data()), *const scratch = workspace.scratch.in(memory.data());
  const bool is_copied = problem_.geometry.reads_padding();
  const int64_t columns = width.reach_of(run.size.columns);  // some regions have fewer, and read no more
  for (int64_t i = first; i < end; ++i) {
    const OutputRegion region = run.grid[i];
    const int64_t row = height.source(region.first_row, 0), column = width.source(region.first_column, 0);
    const T* input = patch;
    if (is_copied) {
      copy_padded(run.call.input[region.image], row, height.reach_of(region.rows), column, columns, patch);
    } else {
      input = &run.call.input(region.image, row, column, 0);
    }
    for (int64_t g = 0; g < problem_.groups; ++g) {
      run_group(run, region, g, input + g * problem_.group_channels() * run.channel_step, scratch);
    }
  }
}

// Windows are read where they lie, in any order of memory; but for those with padding, whose rows are copied with it.
template <class T>
void ConvNumpyOrder<T>::run(const ConvCall<T>& call) const {
  const int64_t scratch_per_value = StagedOutput<T>::scratch_per_value(call);
  const RegionSize size = size_of(scratch_per_value);
  const int64_t C = problem_.channels, columns = problem_.geometry.width.reach_of(size.columns);
  Run run{call,
          scratch_per_value,
          size,
          RegionGrid(problem_.geometry, size, {problem_.outputs, problem_.outputs, 1}),
          {nullptr, columns * C, C},
          1,
          nullptr};
  if (!problem_.geometry.reads_padding()) {
    run.input = {nullptr, call.input.stride(1), call.input.stride(2)};
    run.channel_step = call.input.stride(3);
  }
  // On the stack, if they are few: an allocation takes as long as the products of the smallest layers.
  constexpr int64_t kFew = 256;
  int64_t few[kFew];
  std::vector<int64_t> many(static_cast<size_t>(problem_.window_size() > kFew ? problem_.window_size() : 0));
  int64_t* offsets = many.empty() ? few : many.data();
  fill_offsets(run, offsets);
  run.offsets = offsets;

  const int64_t regions = call.output.shape(0) * run.grid.regions_per_image();
  const double work = double(call.output.shape(0)) * products_ + double(regions) * kProductsOfARegion;
  int64_t per_task = regions;
  int threads = 1;
  if (work > kProductsPerTask) {
    per_task = std::max<int64_t>(static_cast<int64_t>(double(regions) * kProductsPerTask / work), 1);
    threads = threads_worth(work, kProductsPerThread, call.threads);
  }
  parallel_for(divide_up(regions, per_task), threads, call.progress,
               [&](int64_t task) { run_regions(run, task * per_task, std::min((task + 1) * per_task, regions)); });
}

bool numpy_order_fits(const ConvProblem& problem) {
  // One pixel of the output, however its views are laid out, must fit into the workspace, and not take too long.
  if (!problem.has_countable_padding()) return false;
  constexpr size_t kHalf = kWorkspaceLimit / 2;
  constexpr double kMostProducts = 8 * kProductsOfAReport;
  return problem.window_size() <= static_cast<int64_t>(kHalf / sizeof(double)) &&
         double(problem.window_size()) * double(problem.outputs) <= kMostProducts &&
         workspace_of<double>(problem, 1, 1, 2).layout.bytes() <= kHalf;
}

}  // namespace

template <class T>
const ConvMethodKind<T> NumpyOrderMethod<T>::kKind{ConvAlgorithm::kAuto, Numerics::kNumpy, numpy_order_fits, always,
                                                   make_method<ConvNumpyOrder, T>};
template struct NumpyOrderMethod<float>;
template struct NumpyOrderMethod<double>;

}  // namespace convstep
