#include "conv/input_gradient/method.h"

#include <algorithm>

#include "conv/input_gradient/border.h"
#include "conv/input_gradient/depthwise.h"
#include "conv/plan.h"
#include "conv/weights.h"
#include "reference/store.h"
#include "runtime/machine.h"
#include "runtime/task_progress.h"

namespace convstep {
namespace {

// The weights of the convolution that computes the gradient, of a window that is not turned yet: [KH,KW,O/groups,C].
// Of a depthwise layer they are the given ones, else a copy: methods pack weights whose outputs lie side by side.
template <class T>
class SwappedWeights {
 public:
  SwappedWeights(const ConvProblem& problem, const ConvWeights<T>& given) : problem_(problem), from_(given.weights) {
    const auto [KH, KW, per_group, O] = from_.shape();
    const Shape<4> shape{KH, KW, problem.group_outputs(), problem.channels};
    if (per_group == 1 && problem.group_outputs() == 1) {
      view_ = {from_.data(), shape, {from_.stride(0), from_.stride(1), 1, from_.stride(3)}};
      return;
    }
    copy_ = Tensor<T, 4>::uninitialized(shape);
    const int64_t blocks = divide_up(per_group, kBlock), columns = KW;
    const int64_t count = KH * KW * problem.groups * blocks;
    pack_in_parts(given, count, kBlock * problem.group_outputs(), [&](int64_t first, int64_t end) {
      for (int64_t n = first; n < end; ++n) {
        const int64_t block = n % blocks, group = n / blocks % problem.groups, tap = n / blocks / problem.groups;
        swap(tap / columns, tap % columns, group, block * kBlock);
      }
    });
    view_ = copy_;
  }

  const View<const T, 4>& view() const { return view_; }
  bool are_finite(const ConvWeights<T>& given) const {
    if (copy_.size() > 0) return convstep::are_finite(given, copy_);
    return convstep::are_finite(given, dense_weights<T>({view_, {}}));
  }

 private:
  static constexpr int64_t kBlock = kCacheLine / static_cast<int64_t>(sizeof(T));

  // Some channels of a tap and group, all outputs, in squares of a cache line's length.
  void swap(int64_t i, int64_t j, int64_t group, int64_t first) {
    const int64_t end = std::min(first + kBlock, problem_.group_channels()), outputs = problem_.group_outputs();
    const int64_t step = from_.stride(3), row = problem_.channels;
    for (int64_t block = 0; block < outputs; block += kBlock) {
      const int64_t count = std::min(kBlock, outputs - block);
      for (int64_t c = first; c < end; ++c) {
        const T* from = &from_(i, j, c, group * outputs + block);
        T* to = &copy_(i, j, block, group * problem_.group_channels() + c);
        for (int64_t o = 0; o < count; ++o) to[o * row] = from[o * step];
      }
    }
  }

  const ConvProblem& problem_;
  const View<const T, 4> from_;
  Tensor<T, 4> copy_;
  View<const T, 4> view_;
};

// Every tap_step'th of the taps from the phase's first one on, backwards.
template <class T>
View<const T, 4> turned(const View<const T, 4>& weights, const GradientPhase& height, const GradientPhase& width) {
  return {&weights(height.first_tap, width.first_tap, 0, 0),
          {height.axis.window, width.axis.window, weights.shape(2), weights.shape(3)},
          {-height.tap_step * weights.stride(0), -width.tap_step * weights.stride(1), weights.stride(2),
           weights.stride(3)}};
}

// The positions of a phase, of an array like the input.
template <class T>
View<T, 4> positions(const View<T, 4>& array, const GradientPhase& height, const GradientPhase& width) {
  return {&array(0, height.first, width.first, 0),
          {array.shape(0), height.axis.output, width.axis.output, array.shape(3)},
          {array.stride(0), height.step * array.stride(1), width.step * array.stride(2), array.stride(3)}};
}

template <class T>
View<const T, 4> outputs_read(const View<const T, 4>& grad, const GradientPhase& height, const GradientPhase& width) {
  return {&grad(0, height.first_output, width.first_output, 0),
          {grad.shape(0), height.axis.input, width.axis.input, grad.shape(3)},
          grad.strides()};
}

}  // namespace

template <class T>
ConvInputGradient<T>::ConvInputGradient(const ConvProblem& problem, const ConvWeights<T>& weights,
                                        ConvAlgorithm algorithm)
    : problem_(problem) {
  const SwappedWeights<T> swapped(problem, weights);
  if (!swapped.are_finite(weights)) not_finite_ = dense_weights<T>({swapped.view(), {}});
  if (depthwise_by_two_fits<T>(problem)) {
    phases_.push_back({all_positions(problem.geometry.height), all_positions(problem.geometry.width),
                       make_depthwise_by_two<T>(problem, weights)});
    return;
  }
  const std::vector<GradientPhase> widths = gradient_phases(problem.geometry.width);
  for (const GradientPhase& height : gradient_phases(problem.geometry.height)) {
    for (const GradientPhase& width : widths) {
      const ConvProblem phase{
          {height.axis, width.axis}, problem.outputs, problem.channels, problem.groups, Activation::kNone, 0};
      const ConvWeights<T> taps{turned(swapped.view(), height, width), {}, weights.threads, weights.progress};
      phases_.push_back({height, width, make_conv_method<T>(phase, taps, algorithm, Numerics::kFast)});
    }
  }
}

template <class T>
bool ConvInputGradient<T>::covers_input() const {
  double covered = 0;
  for (const Phase& phase : phases_) covered += double(phase.height.axis.output) * double(phase.width.axis.output);
  return covered == double(problem_.geometry.height.input) * double(problem_.geometry.width.input);
}

template <class T>
void ConvInputGradient<T>::run(const InputGradientCall<T>& call) const {
  if (not_finite_.size() > 0 && call.accumulate) {  // as what is there must not be lost where a border is mended
    auto gradient = Tensor<T, 4>::uninitialized(call.input_grad.shape());
    run({call.grad, gradient, false, call.threads, call.progress});
    reference::store<T>(View<const T, 4>(gradient), call.input_grad, true);
    return;
  }
  if (!call.accumulate && !covers_input()) reference::fill(call.input_grad, T(0));
  const int64_t phases = static_cast<int64_t>(phases_.size());
  for (int64_t i = 0; i < phases; ++i) {
    const ProgressCallback progress = progress_of_pass(call.progress, i, phases);
    run_phase(phases_[static_cast<size_t>(i)], {call.grad, call.input_grad, call.accumulate, call.threads, progress});
  }
  if (not_finite_.size() > 0) mend_border<T>(problem_, not_finite_, call.grad, call.input_grad);
}

template <class T>
void ConvInputGradient<T>::run_phase(const Phase& phase, const InputGradientCall<T>& call) const {
  const View<T, 4> to = positions(call.input_grad, phase.height, phase.width);
  const View<const T, 4> before = call.accumulate ? View<const T, 4>(to) : View<const T, 4>();
  phase.method->run(
      {outputs_read(call.grad, phase.height, phase.width), before, to, call.threads, call.progress, {0, to.shape(1)}});
}

template <class T>
std::string ConvInputGradient<T>::describe() const {
  if (phases_.empty()) return "zeros";
  const std::string first = phases_.front().method->describe();
  return phases_.size() == 1 ? first : std::to_string(phases_.size()) + " phases, " + first;
}

template class ConvInputGradient<float>;
template class ConvInputGradient<double>;

}  // namespace convstep
