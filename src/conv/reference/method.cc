// method.cc: the reference loops as a method, with a copy of the weights.
#include "conv/methods.h"
#include "conv/weights.h"
#include "reference/reference.h"

namespace convstep {
namespace {

template <class T>
class ConvReference final : public ConvMethod<T> {
 public:
  ConvReference(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem), weights_(dense_weights(weights)), bias_(dense_bias(weights)) {}

  void run(const ConvCall<T>& call) const override {
    const ConvOptions options{.groups = problem_.groups,
                              .activation = problem_.activation,
                              .slope = problem_.slope,
                              .progress = call.progress};
    reference::conv_forward<T>({call.input, weights_, bias_, call.residual, call.output}, problem_.geometry, options);
  }
  std::string describe() const override { return "reference loops"; }

 private:
  size_t workspace_for(int64_t) const override { return 0; }

  ConvProblem problem_;
  Tensor<T, 4> weights_;
  Tensor<T, 1> bias_;  // or none
};

}  // namespace

template <class T>
const ConvMethodKind<T> ReferenceLoopsMethod<T>::kKind{ConvAlgorithm::kReference, Numerics::kNumpy, always, always,
                                                       make_method<ConvReference, T>};
template struct ReferenceLoopsMethod<float>;
template struct ReferenceLoopsMethod<double>;

}  // namespace convstep
