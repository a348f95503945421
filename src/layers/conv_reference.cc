// conv_reference.cc: the reference loops as a method, with a copy of the weights.
#include "layers/conv_method.h"
#include "reference/reference.h"

namespace convstep {
namespace {

template <class T>
class ConvReference final : public ConvMethod<T> {
 public:
  ConvReference(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        weights_(Tensor<T, 4>::uninitialized(weights.weights.shape())),
        bias_(Tensor<T, 1>({problem.outputs})),
        has_bias_(weights.bias) {
    const auto [KH, KW, C, O] = weights_.shape();
    T* to = weights_.data();
    for (int64_t i = 0; i < KH; ++i) {
      for (int64_t j = 0; j < KW; ++j) {
        for (int64_t c = 0; c < C; ++c) {
          for (int64_t o = 0; o < O; ++o) *to++ = weights.weights(i, j, c, o);
        }
      }
    }
    for (int64_t o = 0; has_bias_ && o < problem.outputs; ++o) bias_(o) = weights.bias(o);
  }

  void run(const ConvCall<T>& call) const override {
    const ConvOptions options{.groups = problem_.groups,
                              .activation = problem_.activation,
                              .slope = problem_.slope,
                              .progress = call.progress};
    const View<const T, 1> bias = has_bias_ ? bias_.view() : View<const T, 1>();
    reference::conv_forward<T>({call.input, weights_, bias, call.residual, call.output}, problem_.geometry, options);
  }
  std::string describe() const override { return "reference loops"; }
  size_t workspace_bytes() const override { return 0; }

 private:
  ConvProblem problem_;
  Tensor<T, 4> weights_;
  Tensor<T, 1> bias_;
  bool has_bias_;
};

}  // namespace

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_reference(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvReference<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_reference(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_reference(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
