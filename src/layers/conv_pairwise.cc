// conv_pairwise.cc: layers of the notebook's size, with the bits of the reference at a multiple of its speed.
#include "kernels/conv_pairwise.h"

#include <algorithm>

#include "core/threads.h"
#include "layers/conv_method.h"

namespace convstep {
namespace {

template <class T>
class ConvPairwise final : public ConvMethod<T> {
 public:
  ConvPairwise(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        weights_(Tensor<T, 1>({problem.groups * problem.window_size() * width()})),
        bias_(Tensor<T, 1>({problem.groups * width()})),
        has_bias_(weights.bias) {
    const auto [KH, KW, channels, O] = weights.weights.shape();
    T* to = weights_.data();
    for (int64_t g = 0; g < problem.groups; ++g) {
      const int64_t first = g * problem.group_outputs();
      for (int64_t i = 0; i < KH; ++i) {
        for (int64_t j = 0; j < KW; ++j) {
          for (int64_t c = 0; c < channels; ++c, to += width()) {
            for (int64_t o = 0; o < problem.group_outputs(); ++o) to[o] = weights.weights(i, j, c, first + o);
          }
        }
      }
      for (int64_t o = 0; has_bias_ && o < problem.group_outputs(); ++o) {
        bias_(g * width() + o) = weights.bias(first + o);
      }
    }
  }

  // On the caller's thread: these layers are small.
  void run(const ConvCall<T>& call) const override {
    const auto [N, OH, OW, O] = call.output.shape();
    const int64_t pixels = N * OH * OW;
    T* window = static_cast<T*>(thread_workspace(workspace_bytes()));
    T* output = window + problem_.window_size();
    T* residual = output + problem_.group_outputs();
    for (int64_t pixel = 0; pixel < pixels; ++pixel) {
      const int64_t x = pixel % OW, y = pixel / OW % OH, n = pixel / OW / OH;
      for (int64_t g = 0; g < problem_.groups; ++g) {
        gather_window(call.input, {n, y, x, g}, window);
        compute(call, {n, y, x, g}, window, output, residual);
      }
      if (call.progress) call.progress(pixel + 1, pixels);
    }
  }
  std::string describe() const override { return "sums in NumPy's order, " + simd_target(); }
  size_t workspace_bytes() const override {
    return static_cast<size_t>(problem_.window_size() + 2 * problem_.group_outputs()) * sizeof(T);
  }

 private:
  struct Place {
    int64_t n, y, x, group;
  };

  int64_t width() const {
    constexpr int64_t kLanes = kernels::kVectorBytes / static_cast<int64_t>(sizeof(T));
    return (problem_.group_outputs() + kLanes - 1) / kLanes * kLanes;
  }

  void gather_window(View<const T, 4> input, const Place& at, T* window) const {
    const auto& [height, width] = problem_.geometry;
    const int64_t channels = problem_.group_channels(), step = input.stride(3);
    for (int64_t i = 0; i < height.window; ++i) {
      const int64_t row = height.source(at.y, i);
      for (int64_t j = 0; j < width.window; ++j, window += channels) {
        const int64_t column = width.source(at.x, j);
        if (!height.is_inside(row) || !width.is_inside(column)) {
          std::fill_n(window, channels, T(0));
          continue;
        }
        const T* from = &input(at.n, row, column, at.group * channels);
        for (int64_t c = 0; c < channels; ++c) window[c] = from[c * step];
      }
    }
  }

  // `output` and `residual` have room for the outputs of a group, for views whose channels are apart.
  void compute(const ConvCall<T>& call, const Place& at, const T* window, T* output, T* residual) const {
    const int64_t outputs = problem_.group_outputs(), first = at.group * outputs;
    T* to = &call.output(at.n, at.y, at.x, first);
    const int64_t step = call.output.stride(3);
    const bool in_place = step == 1 || outputs == 1;
    if (call.residual) {
      for (int64_t o = 0; o < outputs; ++o) residual[o] = call.residual(at.n, at.y, at.x, first + o);
    }
    kernels::conv_pairwise<T>({.window = window,
                               .size = problem_.window_size(),
                               .weights = weights_.data() + at.group * problem_.window_size() * width(),
                               .bias = has_bias_ ? bias_.data() + at.group * width() : nullptr,
                               .width = width(),
                               .outputs = outputs,
                               .residual = call.residual ? residual : nullptr,
                               .output = in_place ? to : output,
                               .activation = problem_.activation,
                               .slope = static_cast<T>(problem_.slope)});
    if (in_place) return;
    for (int64_t o = 0; o < outputs; ++o) to[o * step] = output[o];
  }

  ConvProblem problem_;
  Tensor<T, 1> weights_, bias_;
  bool has_bias_;
};

}  // namespace

bool pairwise_fits(const ConvProblem& problem) {
  const bool has_vector_activation =
      problem.activation == Activation::kSigmoid || problem.activation == Activation::kTanh;
  return problem.products() <= kNotebookProducts && problem.window_size() <= kNotebookProducts &&
         !has_vector_activation;
}

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_pairwise(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvPairwise<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_pairwise(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_pairwise(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
