// conv_backward_sweep_test.cc: the gradients of small convolutions, on every SIMD target, with 1 and 3 threads, between
// pages that may not be touched, into poisoned outputs; with zeros, subnormal numbers and outliers among the data. A
// part of the layers; all under `make test-full` (CONVSTEP_CASES=full).
//
// Where the target fuses multiply-adds, the bits must be those of docs/decisions/0016, elsewhere whole numbers must
// come out exactly.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <random>
#include <string>

#include "conv/checks.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/gradient_chain.h"
#include "tests/support/guarded_tensor.h"
#include "tests/support/small_layers.h"

namespace convstep {
namespace {

enum class Data { kUniform, kSparse, kSubnormal, kOutlier, kWhole, kEnd };

template <class T>
Tensor<T, 4> tensor_of(const Shape<4>& shape, Data data, uint32_t seed) {
  Tensor<T, 4> tensor = random_tensor<T, 4>(shape, seed);
  std::mt19937 random(seed);
  for (int64_t i = 0; i < tensor.size(); ++i) {
    T& value = tensor.data()[i];
    if (data == Data::kSparse && random() % 4 != 0) value = T(0);
    if (data == Data::kSubnormal) value *= std::numeric_limits<T>::min();
    if (data == Data::kWhole) value = std::round(8 * value);
  }
  if (data == Data::kOutlier) tensor.data()[random() % static_cast<size_t>(tensor.size())] = static_cast<T>(-9999);
  return tensor;
}

template <class T>
class ConvBackwardSweepTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  void check(int64_t number) {
    Layer layer = layer_of(number);
    ConvProblem problem;
    try {
      problem = check_problem(layer.input, layer.weights, layer.options);
    } catch (const ArgumentError&) {
      return;  // no window fits
    }
    layer.options.algorithm = ConvAlgorithm::kDirect;
    const Data data = static_cast<Data>(number % static_cast<int64_t>(Data::kEnd));
    const Data plain = data == Data::kWhole ? data : Data::kUniform;
    const auto input = tensor_of<T>(layer.input, data, 1), weights = tensor_of<T>(layer.weights, plain, 2);
    const auto grad = tensor_of<T>(output_shape(layer.input[0], problem), plain, 3);
    Tensor<T, 4> weights_wanted(layer.weights);
    Tensor<T, 1> bias_wanted({layer.weights[3]});
    weights_gradient_chain<T>(problem, grad, input, weights_wanted, bias_wanted);
    const Tensor<T, 4> input_wanted = input_gradient_chain<T>(problem, grad, weights);
    for (const std::string& target : simd_targets()) {
      if (!target_fuses(target) && data != Data::kWhole) continue;
      set_simd_target(target);
      for (const int64_t threads : {1, 3}) {
        const Flush flush = (number + threads) % 4 < 2 ? Flush::kFront : Flush::kBack;
        layer.options.threads = threads;
        const GuardedTensor<T, 4> x(input, flush), w(weights, flush), g(grad, flush);
        GuardedTensor<T, 4> dx(filled<T, 4>(layer.input, kPoison), flush),
            dw(filled<T, 4>(layer.weights, kPoison), flush);
        GuardedTensor<T, 1> db(filled<T, 1>(bias_wanted.shape(), kPoison), flush);
        conv_backward_input(g.in(), w.in(), dx.out(), layer.options);
        conv_backward_weights(g.in(), x.in(), dw.out(), db.out(), layer.options);
        const std::string what = std::to_string(number) + ", " + target;
        expect_same(input_wanted.data(), dx.buffer, "input, " + what);
        expect_same(weights_wanted.data(), dw.buffer, "weights, " + what);
        expect_same(bias_wanted.data(), db.buffer, "bias, " + what);
      }
    }
  }

 private:
  static void expect_same(const T* wanted, const GuardedBuffer<T>& got, const std::string& what) {
    for (int64_t i = 0; i < got.size(); ++i) {
      ASSERT_TRUE(is_same(wanted[i], got.data()[i]))
          << what << " at " << i << ": " << got.data()[i] << " for " << wanted[i];
    }
  }
};

using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBackwardSweepTest, Scalars);

TYPED_TEST(ConvBackwardSweepTest, GivesTheSumsOfItsDefinition) {
  const char* cases = std::getenv("CONVSTEP_CASES");
  const int64_t step = cases && std::string(cases) == "full" ? 1 : 31;
  for (int64_t number = 0; number < kLayers; number += step) {
    ASSERT_NO_FATAL_FAILURE(this->check(number));
    if (this->HasFailure()) return;
  }
}

}  // namespace
}  // namespace convstep
