// weights.cc: the gradients of weights and bias. A task has some taps and a vector of outputs, and goes through all
// images with them.
#include <algorithm>

#include "conv/numpy_order_gradient/method.h"
#include "runtime/threads.h"
#include "tiling/staging.h"
#include "tiling/workspace_layout.h"

namespace convstep {
namespace {

constexpr double kProductsPerThread = 1'000'000;

// What a task packs of input and gradient at a time, in values: they are read once for each tile of taps, from the
// level-2 cache. Its sums are to stay there, too.
constexpr int64_t kBandValues = 64 * 1024 / int64_t{sizeof(double)}, kMostTaps = 4096;

// Vectors of products that take some milliseconds, after which progress is heard of.
constexpr int64_t kVectorsOfAReport = int64_t{1} << 22;

// The input is read where it lies, if no window reads padding and the lines of a window lie there side by side.
template <class T>
bool is_read_in_place(const ConvProblem& problem, const View<const T, 4>& input) {
  if (problem.geometry.reads_padding() || !has_dense_pixels(input)) return false;
  const WindowAxis& width = problem.geometry.width;
  return width.dilation > 1 || width.window == 1 || (problem.groups == 1 && input.stride(2) == problem.channels);
}

int64_t patch_values(const ConvProblem& problem, int64_t rows) {
  const auto& [height, width] = problem.geometry;
  return height.reach_of(rows) * width.reach_of(width.output) * problem.group_channels();
}

template <class T>
class WeightsSums {
 public:
  WeightsSums(const ConvProblem& problem, const WeightGradientCall<T>& call, int threads);

  int64_t tasks() const { return problem_.groups * panels_ * tap_parts_; }
  void run(int64_t task, const TaskProgress& progress) const;

 private:
  static constexpr int64_t kLanes = kernels::kGradientLanes<T>;

  // Some outputs, and taps of their group, counted in the order (i, j, c).
  struct Part {
    int64_t group, first_output, outputs, first_tap, taps;
  };
  // Some rows of outputs of some images.
  struct Band {
    int64_t n, images, y, rows;
  };
  struct Memory {
    T *patch, *grad, *sums, *bias_sums;
  };

  Part part(int64_t task) const;
  void add_band(const Part& part, const Band& band, const Memory& memory, const TaskProgress& progress) const;
  // That of a band and the first tap of the group.
  kernels::WeightsGradientBlock<T> pack(const Part& part, const Band& band, const Memory& memory) const;
  void pack_input(const Part& part, const Band& band, const Memory& memory,
                  kernels::WeightsGradientBlock<T>& block) const;
  void pack_grad(const Part& part, const Band& band, const Memory& memory,
                 kernels::WeightsGradientBlock<T>& block) const;
  // Calls visit(element of the gradient, its sum).
  template <class Visit>
  void for_each(const Part& part, const Memory& memory, const Visit& visit) const;

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const kernels::NumpyOrderGradientKernel<T>& kernel_;
  const bool in_place_;
  const int64_t lines_, values_;  // of a row of the window; of a line
  const int64_t panels_;          // of a group
  int64_t most_taps_, parts_of_line_, tap_parts_;
  int64_t band_images_, band_rows_;
  WorkspaceLayout layout_;
  Piece<T> patch_, grad_, sums_, bias_sums_;
};

template <class T>
WeightsSums<T>::WeightsSums(const ConvProblem& problem, const WeightGradientCall<T>& call, int threads)
    : problem_(problem),
      call_(call),
      kernel_(kernels::numpy_order_gradient_kernel<T>(call.target)),
      in_place_(is_read_in_place(problem, call.input)),
      lines_(problem.geometry.width.dilation > 1 ? problem.geometry.width.window : 1),
      values_(problem.geometry.width.window / lines_ * problem.group_channels()),
      panels_(divide_up(problem.group_outputs(), kLanes)) {
  const auto& [height, width] = problem.geometry;
  const auto band_values = [&, OW = width.output](int64_t rows) {
    return (in_place_ ? 0 : patch_values(problem_, rows)) + rows * OW * kLanes;
  };
  band_rows_ = height.output;
  while (band_rows_ > 1 && band_values(band_rows_) > kBandValues) band_rows_ = divide_up(band_rows_, 2);
  const int64_t images = std::max<int64_t>(call.input.shape(0), 1);
  band_images_ = band_rows_ < height.output ? 1 : std::clamp<int64_t>(kBandValues / band_values(band_rows_), 1, images);

  // All taps of the group at once, as each task packs anew; or else a line of them, or part of one.
  const bool takes_all = threads == 1 && problem.window_size() <= kMostTaps;
  parts_of_line_ = takes_all ? 1 : divide_up(values_, kMostTaps);
  most_taps_ = takes_all ? problem.window_size() : divide_up(values_, parts_of_line_);
  tap_parts_ = takes_all ? 1 : height.window * lines_ * parts_of_line_;

  patch_ = layout_.add<T>(in_place_ ? 0 : band_images_ * patch_values(problem_, band_rows_));
  grad_ = layout_.add<T>(band_images_ * band_rows_ * width.output * kLanes);
  sums_ = layout_.add<T>(most_taps_ * kLanes);
  bias_sums_ = layout_.add<T>(kLanes);
}

template <class T>
auto WeightsSums<T>::part(int64_t task) const -> Part {
  const int64_t taps = task % tap_parts_, panel = task / tap_parts_ % panels_, group = task / tap_parts_ / panels_;
  const int64_t of_line = taps % parts_of_line_ * most_taps_, outputs = problem_.group_outputs();
  return {group, group * outputs + panel * kLanes, std::min(outputs - panel * kLanes, kLanes),
          taps / parts_of_line_ * values_ + of_line,
          tap_parts_ == 1 ? most_taps_ : std::min(most_taps_, values_ - of_line)};
}

template <class T>
void WeightsSums<T>::run(int64_t task, const TaskProgress& progress) const {
  const Part own = part(task);
  const ThreadWorkspace workspace(layout_.bytes());
  const Memory memory{patch_.in(workspace.data()), grad_.in(workspace.data()), sums_.in(workspace.data()),
                      bias_sums_.in(workspace.data())};
  const int64_t images = call_.input.shape(0), OH = problem_.geometry.height.output;
  std::fill_n(memory.sums, own.taps * kLanes, T(0));
  std::fill_n(memory.bias_sums, kLanes, T(0));
  if (call_.accumulate) for_each(own, memory, [](const T& element, T& sum) { sum = element; });
  // Lanes beyond the outputs, which the copies leave as they are: multiplied they are to take no longer than zeros.
  if (own.outputs < kLanes) {
    std::fill_n(memory.grad, band_images_ * band_rows_ * problem_.geometry.width.output * kLanes, T(0));
  }
  for (int64_t n = 0; n < images; n += band_images_) {
    for (int64_t y = 0; y < OH; y += band_rows_) {
      add_band(own, {n, std::min(band_images_, images - n), y, std::min(band_rows_, OH - y)}, memory, progress);
      if (!progress.keep_going()) return;
    }
  }
  for_each(own, memory, [](T& element, const T& sum) { element = sum; });
}

template <class T>
void WeightsSums<T>::add_band(const Part& part, const Band& band, const Memory& memory,
                              const TaskProgress& progress) const {
  const auto& [height, width] = problem_.geometry;
  kernels::WeightsGradientBlock<T> block = pack(part, band, memory);
  const T* const input = block.input;
  const int64_t row_step = height.dilation * (in_place_ ? call_.input.stride(1) : block.y_step / height.stride);
  const int64_t line_step = width.dilation * (in_place_ ? call_.input.stride(2) : problem_.group_channels());
  const int64_t pixels = band.images * band.rows * width.output;
  const int64_t most = std::max<int64_t>(kVectorsOfAReport / pixels, 1);
  for (int64_t tap = part.first_tap, end = part.first_tap + part.taps; tap < end; tap += block.values) {
    if (!progress.keep_going()) return;
    const int64_t line = tap / values_, value = tap % values_;
    block.values = std::min({values_ - value, end - tap, most});
    block.input = input + line / lines_ * row_step + line % lines_ * line_step + value;
    block.sums = memory.sums + (tap - part.first_tap) * kLanes;
    kernel_.add_to_weights(block);
  }
  if (!call_.bias_grad || part.first_tap > 0) return;
  static constexpr T kOne = 1;  // times it, the gradient is rounded no more
  block.input = &kOne;
  block.image_step = block.y_step = block.x_step = 0;
  block.values = 1;
  block.sums = memory.bias_sums;
  kernel_.add_to_weights(block);
}

template <class T>
kernels::WeightsGradientBlock<T> WeightsSums<T>::pack(const Part& part, const Band& band, const Memory& memory) const {
  kernels::WeightsGradientBlock<T> block{};
  block.images = band.images;
  block.height = band.rows;
  block.width = problem_.geometry.width.output;
  block.outputs = part.outputs;
  pack_input(part, band, memory, block);
  pack_grad(part, band, memory, block);
  return block;
}

template <class T>
void WeightsSums<T>::pack_input(const Part& part, const Band& band, const Memory& memory,
                                kernels::WeightsGradientBlock<T>& block) const {
  const auto& [height, width] = problem_.geometry;
  const int64_t channels = problem_.group_channels(), first_channel = part.group * channels;
  const int64_t row = height.source(band.y, 0), column = width.source(0, 0);
  if (in_place_) {
    block.input = &call_.input(band.n, row, column, first_channel);
    block.image_step = call_.input.stride(0);
    block.y_step = height.stride * call_.input.stride(1);
    block.x_step = width.stride * call_.input.stride(2);
    return;
  }
  const int64_t rows = height.reach_of(band.rows), columns = width.reach_of(width.output);
  block.input = memory.patch;
  block.image_step = rows * columns * channels;
  block.y_step = height.stride * columns * channels;
  block.x_step = width.stride * channels;
  for (int64_t m = 0; m < band.images; ++m) {
    copy_padded(some_channels(call_.input[band.n + m], first_channel, channels), row, rows, column, columns,
                memory.patch + m * block.image_step);
  }
}

// It is read where it lies, if there a vector has no more than the outputs.
template <class T>
void WeightsSums<T>::pack_grad(const Part& part, const Band& band, const Memory& memory,
                               kernels::WeightsGradientBlock<T>& block) const {
  const View<const T, 4>& grad = call_.grad;
  if (part.outputs == kLanes && grad.stride(3) == 1) {
    block.grad = &grad(band.n, band.y, 0, part.first_output);
    block.grad_image_step = grad.stride(0);
    block.grad_y_step = grad.stride(1);
    block.grad_x_step = grad.stride(2);
    return;
  }
  block.grad = memory.grad;
  block.grad_x_step = kLanes;
  block.grad_y_step = block.width * kLanes;
  block.grad_image_step = block.height * block.grad_y_step;
  for (int64_t m = 0; m < band.images; ++m) {
    copy_padded(some_channels(grad[band.n + m], part.first_output, part.outputs), band.y, band.rows, 0, block.width,
                memory.grad + m * block.grad_image_step, kLanes - part.outputs);
  }
}

template <class T>
template <class Visit>
void WeightsSums<T>::for_each(const Part& part, const Memory& memory, const Visit& visit) const {
  const View<T, 4>& to = call_.weights_grad;
  const int64_t KW = to.shape(1), channels = to.shape(2), step = to.stride(3);
  const bool is_dense = to.is_dense();
  for (int64_t k = 0; k < part.taps; ++k) {
    const int64_t tap = part.first_tap + k;
    T* row = is_dense ? to.data() + tap * to.shape(3) + part.first_output
                      : &to(tap / channels / KW, tap / channels % KW, tap % channels, part.first_output);
    T* sum = memory.sums + k * kLanes;
    if (part.outputs == kLanes && step == 1) {  // of a known length, in vectors
      for (int64_t o = 0; o < kLanes; ++o) visit(row[o], sum[o]);
    } else {
      for (int64_t o = 0; o < part.outputs; ++o) visit(row[o * step], sum[o]);
    }
  }
  if (!call_.bias_grad || part.first_tap > 0) return;
  for (int64_t o = 0; o < part.outputs; ++o) visit(call_.bias_grad(part.first_output + o), memory.bias_sums[o]);
}

}  // namespace

template <class T>
void run_numpy_order_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call) {
  const double products = double(call.input.shape(0)) * problem.products();
  const int threads = threads_worth(products, kProductsPerThread, call.threads);
  const WeightsSums<T> sums(problem, call, threads);
  TaskProgress progress(call.progress, sums.tasks());
  parallel_for(sums.tasks(), threads, progress.after_task(), [&](int64_t task) { sums.run(task, progress); });
}

bool numpy_order_gradient_fits(const ConvProblem& problem) {
  if (!problem.has_countable_padding()) return false;
  // A row of outputs and what it reads, in doubles, beside the sums, or one of the input; and the products of a pixel,
  // some milliseconds.
  constexpr int64_t kMostValues = kWorkspaceLimit * 3 / 4 / int64_t{sizeof(double)};
  constexpr double kMostProducts = 64e6;
  const int64_t grad = problem.geometry.width.output * kernels::kGradientLanes<double>;
  return patch_values(problem, 1) + grad <= kMostValues &&
         problem.geometry.width.span() * double(problem.channels) <= double(kMostValues) &&
         double(problem.window_size()) * double(problem.outputs) <= kMostProducts;
}

template void run_numpy_order_weight_gradient(const ConvProblem&, const WeightGradientCall<float>&);
template void run_numpy_order_weight_gradient(const ConvProblem&, const WeightGradientCall<double>&);

}  // namespace convstep
