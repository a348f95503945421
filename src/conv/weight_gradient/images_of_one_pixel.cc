#include "conv/weight_gradient/images_of_one_pixel.h"

#include <algorithm>

#include "conv/weight_gradient/kernel.h"
#include "conv/weight_gradient/part.h"
#include "runtime/machine.h"
#include "runtime/task_progress.h"
#include "runtime/threads.h"
#include "tiling/workspace_layout.h"

namespace convstep {
namespace {

// Images that are packed at a time, and what the sums of a part may take of the workspace.
constexpr int64_t kImages = 256, kSumBytes = kLevel2Bytes / 8;

// A part has some channels, and the outputs of one panel.
template <class T>
class PartTask {
 public:
  PartTask(const WeightGradientCall<T>& call, const kernels::WeightGradientKernel<T>& kernel, const GradientPart& part,
           T* input, T* grad, T* sums)
      : call_(call),
        part_(part),
        panels_(kernel, part.outputs),
        lanes_(panels_.lanes(0)),
        input_(input),
        grad_(grad),
        sums_(sums),
        is_straight_(takes_vectors(call, part.outputs, kernel.lanes)) {}

  void run(const TaskProgress& progress) const {
    const int64_t images = call_.input.shape(0);
    if (call_.accumulate && !is_straight_) load();
    bool adds = call_.accumulate;
    for (int64_t n = 0; n < images; n += kImages, adds = true) {
      if (!progress.keep_going()) return;
      add(n, std::min(kImages, images - n), adds);
    }
    if (images == 0 ? !call_.accumulate : !is_straight_) store(images > 0);
  }

 private:
  bool has_bias() const { return call_.bias_grad && part_.has_bias(); }
  T* bias_sums() const { return sums_ + part_.channels * lanes_; }

  // Calls visit(element of the gradient, its sum).
  template <class Visit>
  void for_each(const Visit& visit) const {
    for (int64_t c = 0; c < part_.channels; ++c) {
      T* row = &call_.weights_grad(0, 0, part_.first_channel + c, part_.first_output);
      for (int64_t o = 0; o < part_.outputs; ++o) visit(row[o * call_.weights_grad.stride(3)], sums_[c * lanes_ + o]);
    }
    for (int64_t o = 0; has_bias() && o < part_.outputs; ++o) {
      visit(call_.bias_grad(part_.first_output + o), bias_sums()[o]);
    }
  }
  void load() const {
    std::fill_n(sums_, (part_.channels + 1) * lanes_, T(0));
    for_each([](T& element, T& sum) { sum = element; });
  }
  void store(bool has_sums) const {
    for_each([has_sums](T& element, T& sum) { element = has_sums ? sum : T(0); });
  }

  void add(int64_t first, int64_t count, bool adds) const {
    const View<const T, 4>&grad = call_.grad, &input = call_.input;
    panels_.pack({&grad(first, 0, 0, part_.first_output), 0, grad.stride(0), 1, count}, grad.stride(3), grad_);
    const bool is_dense = input.stride(3) == 1 || part_.channels == 1;
    if (!is_dense) copy_input(first, count);
    kernels::WeightGradientBlock<T> block{.values = is_dense ? &input(first, 0, 0, part_.first_channel) : input_,
                                          .row_step = 0,
                                          .pixel_step = is_dense ? input.stride(0) : part_.channels,
                                          .grad = grad_,
                                          .grad_row_step = 0,
                                          .grad_pixel_step = lanes_,
                                          .rows = 1,
                                          .columns = count,
                                          .rows_of_a_chunk = 1,
                                          .count = part_.channels,
                                          .sums = sums_,
                                          .sums_step = lanes_,
                                          .adds = adds};
    if (is_straight_) {
      block.sums = &call_.weights_grad(0, 0, part_.first_channel, part_.first_output);
      block.sums_step = call_.weights_grad.stride(2);
    }
    panels_.run_images(0, block);
    if (!has_bias()) return;
    static constexpr T kOne = 1;
    block.values = &kOne;
    block.pixel_step = 0;
    block.count = 1;
    block.sums = is_straight_ ? &call_.bias_grad(part_.first_output) : bias_sums();
    panels_.run_images(0, block);
  }

  // The channels of the part side by side, where they are not.
  void copy_input(int64_t first, int64_t count) const {
    const View<const T, 4>& input = call_.input;
    T* to = input_;
    for (int64_t n = first; n < first + count; ++n) {
      for (int64_t c = 0; c < part_.channels; ++c) *to++ = input(n, 0, 0, part_.first_channel + c);
    }
  }

  const WeightGradientCall<T>& call_;
  const GradientPart part_;
  const PartPanels<T> panels_;  // one
  const int64_t lanes_;
  T *const input_, *const grad_, *const sums_;
  const bool is_straight_;  // do sums go between registers and the gradient, with no buffer in between?
};

}  // namespace

bool has_images_of_one_pixel(const ConvProblem& problem) {
  const auto is_one = [](const WindowAxis& axis) {
    return axis.input == 1 && axis.window == 1 && axis.output == 1 && !axis.reads_padding();
  };
  return problem.groups == 1 && is_one(problem.geometry.height) && is_one(problem.geometry.width);
}

template <class T>
void run_images_of_one_pixel(const ConvProblem& problem, const WeightGradientCall<T>& call, int threads) {
  const auto& kernel = kernels::weight_gradient_kernel<T>(call.target);
  const int64_t most = kSumBytes / (kernel.panel_lanes * int64_t{sizeof(T)});
  const GradientPieces channels(problem.channels, std::min(problem.channels, most));
  const GradientPieces panels(divide_up(problem.outputs, kernel.panel_lanes), 1);
  const int64_t most_channels = divide_up(problem.channels, channels.count);
  WorkspaceLayout layout;
  const Piece<T> input = layout.add<T>(kImages * most_channels), grad = layout.add<T>(kImages * kernel.panel_lanes),
                 sums = layout.add<T>((most_channels + 1) * kernel.panel_lanes);
  const int64_t parts = channels.count * panels.count;
  TaskProgress progress(call.progress, parts);
  parallel_for(parts, threads, progress.after_task(), [&](int64_t number) {
    const int64_t c = number % channels.count, first = number / channels.count * kernel.panel_lanes;
    const ThreadWorkspace memory(layout.bytes());
    const GradientPart part{
        0, 0, 1, channels.first(c), channels.length(c), first, std::min(kernel.panel_lanes, problem.outputs - first)};
    PartTask<T>(call, kernel, part, input.in(memory.data()), grad.in(memory.data()), sums.in(memory.data()))
        .run(progress);
  });
}

template void run_images_of_one_pixel(const ConvProblem&, const WeightGradientCall<float>&, int);
template void run_images_of_one_pixel(const ConvProblem&, const WeightGradientCall<double>&, int);

}  // namespace convstep
