// conv_chain.cc: the direct chain for windows that no workspace could hold, straight from the caller's input.
#include "kernels/conv_chain.h"

#include <algorithm>

#include "core/threads.h"
#include "layers/conv_method.h"
#include "layers/conv_weights.h"

namespace convstep {
namespace {

template <class T>
class ConvChain final : public ConvMethod<T> {
 public:
  ConvChain(const ConvProblem& problem, const ConvWeights<T>& weights)
      : problem_(problem),
        kernel_(kernels::chain_kernel<T>(this->target_)),
        weights_(dense_copy(weights.weights)),
        bias_(dense_copy(weights.bias)) {}

  // A task is a part of the channels of one pixel.
  void run(const ConvCall<T>& call) const override {
    const auto [N, OH, OW, O] = call.output.shape();
    const int64_t width = OW, height = OH, parts = (O - 1) / kernels::kChainStep + 1;
    parallel_for(N * OH * OW * parts, call.threads, call.progress, [&](int64_t task) {
      const int64_t first = task % parts * kernels::kChainStep, pixel = task / parts;
      compute(call, pixel / width / height,
              {pixel / width % height, pixel % width, first, std::min(problem_.outputs - first, kernels::kChainStep)});
    });
  }
  std::string describe() const override { return std::string("direct, one pixel at a time, ") + this->target_.name; }

 private:
  size_t workspace_for(int64_t) const override { return 0; }
  void compute(const ConvCall<T>& call, int64_t n, const kernels::ChainRange& range) const {
    T output[kernels::kChainStep], residual[kernels::kChainStep];
    for (int64_t o = 0; call.residual && o < range.count; ++o) {
      residual[o] = call.residual(n, range.y, range.x, range.first + o);
    }
    const View<const T, 3> image = call.input[n];
    kernel_({problem_.geometry, problem_.channels, problem_.outputs, problem_.groups, weights_.data(), bias_.data()},
            {image.data(), image.stride(0), image.stride(1), image.stride(2)}, range,
            {call.residual ? residual : nullptr, 0, 0, problem_.activation, static_cast<T>(problem_.slope)}, output);
    for (int64_t o = 0; o < range.count; ++o) call.output(n, range.y, range.x, range.first + o) = output[o];
  }

  ConvProblem problem_;
  kernels::ChainKernel<T> kernel_;
  Tensor<T, 4> weights_;
  Tensor<T, 1> bias_;  // or none
};

}  // namespace

template <class T>
std::unique_ptr<const ConvMethod<T>> make_conv_chain(const ConvProblem& problem, const ConvWeights<T>& weights) {
  return std::make_unique<ConvChain<T>>(problem, weights);
}

template std::unique_ptr<const ConvMethod<float>> make_conv_chain(const ConvProblem&, const ConvWeights<float>&);
template std::unique_ptr<const ConvMethod<double>> make_conv_chain(const ConvProblem&, const ConvWeights<double>&);

}  // namespace convstep
