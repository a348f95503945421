#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>

#include "conv/checks.h"
#include "conv/methods.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

const ProgressCallback kSilent;

// What it gives is what the reference gives, to the last bit, on every target.
template <class T>
class ConvNumpyOrderTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  int threads_ = 1;

  void expect_same(const Shape<4>& input_shape, const Size2& window, int64_t outputs, const ConvOptions& options,
                   const std::string& what, bool with_residual = false) {
    const auto input = random_tensor<T, 4>(input_shape, 1);
    const auto weights =
        random_tensor<T, 4>({window.height, window.width, input_shape[3] / options.groups, outputs}, 2);
    const auto bias = random_tensor<T, 1>({outputs}, 3);
    const ConvProblem problem = check_problem(input_shape, weights.shape(), options);
    ASSERT_TRUE(NumpyOrderMethod<T>::kKind.fits(problem)) << what;
    const Shape<4> shape = output_shape(input_shape[0], problem);
    const auto residual = random_tensor<T, 4>(shape, 4);
    const View<const T, 4> addend = with_residual ? View<const T, 4>(residual) : View<const T, 4>();
    Tensor<T, 4> expected(shape);
    ReferenceLoopsMethod<T>::kKind.make(problem, {weights, bias})
        ->run({input, addend, expected, 1, kSilent, {0, problem.geometry.height.output}});
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      for (const Flush flush : {Flush::kFront, Flush::kBack}) {
        GuardedBuffer<T> given(input.size(), flush), output(expected.size(), flush);
        for (const bool is_nchw : {false, true}) {
          const View<T, 4> from = view_of(given.data(), input_shape, is_nchw),
                           to = view_of(output.data(), shape, is_nchw);
          copy(input, from);
          std::fill(output.begin(), output.end(), static_cast<T>(kPoison));
          NumpyOrderMethod<T>::kKind.make(problem, {weights, bias})
              ->run({from, addend, to, threads_, kSilent, {0, problem.geometry.height.output}});
          int64_t i = 0;
          for (const T wanted : values_of(expected)) {
            ASSERT_EQ(wanted, at(to, i)) << what << ", " << target << ", output " << i;
            ++i;
          }
        }
      }
    }
  }

 private:
  static View<T, 4> view_of(T* data, const Shape<4>& shape, bool is_nchw) {
    const auto [N, H, W, C] = shape;
    return is_nchw ? View<T, 4>(data, shape, {C * H * W, W, 1, H * W}) : View<T, 4>(data, shape);
  }
  static T& at(const View<T, 4>& view, int64_t i) {
    const auto [N, H, W, C] = view.shape();
    return view(i / C / W / H, i / C / W % H, i / C % W, i % C);
  }
  static std::vector<T> values_of(const Tensor<T, 4>& tensor) { return {tensor.data(), tensor.data() + tensor.size()}; }
  static void copy(const Tensor<T, 4>& from, const View<T, 4>& to) {
    for (int64_t i = 0; i < from.size(); ++i) at(to, i) = from.data()[i];
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvNumpyOrderTest, Types);

TYPED_TEST(ConvNumpyOrderTest, WindowsOfEveryLength) {
  for (int64_t K = 1; K <= 300; K += K < 40 ? 1 : 29) {
    ASSERT_NO_FATAL_FAILURE(this->expect_same({1, 2, 3, K}, {1, 1}, 5, {}, "K " + std::to_string(K)));
  }
}

TYPED_TEST(ConvNumpyOrderTest, WindowsStridesDilationsPaddingGroups) {
  for (const Size2& window : {Size2{1, 1}, {3, 3}, {2, 5}}) {
    for (const Size2& stride : {Size2{1, 1}, {2, 2}, {1, 3}, {65536, 1}}) {
      for (const Size2& dilation : {Size2{1, 1}, {2, 1}}) {
        for (const Padding& padding : {Padding{}, Padding::all(2), Padding{0, 1, 9, 0}}) {
          for (const int64_t groups : {1, 3}) {
            const ConvOptions options{.stride = stride, .padding = padding, .dilation = dilation, .groups = groups};
            ASSERT_NO_FATAL_FAILURE(this->expect_same({2, 7, 8, 6}, window, 9, options,
                                                      to_string(window) + " by " + to_string(stride) + " apart " +
                                                          to_string(dilation) + " left " +
                                                          std::to_string(padding.left)));
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvNumpyOrderTest, WidthsOutputsResidualsAndActivations) {
  for (int64_t W = 1; W <= 9; ++W) {
    for (const int64_t outputs : {1, 4, 8, 17}) {
      for (const Activation activation :
           {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu}) {
        const ConvOptions options{.padding = Padding::all(1), .activation = activation};
        for (const bool with_residual : {false, true}) {
          ASSERT_NO_FATAL_FAILURE(
              this->expect_same({2, 3, W, 2}, {3, 3}, outputs, options, "width " + std::to_string(W), with_residual));
        }
      }
    }
  }
}

// Rows that do not come out even.
TYPED_TEST(ConvNumpyOrderTest, ManyBlocksOfRows) {
  ASSERT_NO_FATAL_FAILURE(this->expect_same({2, 37, 31, 3}, {3, 3}, 4, {.padding = Padding::all(1)}, "37x31"));
  ASSERT_NO_FATAL_FAILURE(this->expect_same({2, 37, 31, 3}, {3, 3}, 4, {}, "37x31 without padding"));
}

// Images, and blocks of rows, enough for several tasks.
TYPED_TEST(ConvNumpyOrderTest, SeveralThreads) {
  this->threads_ = 3;
  const ConvOptions options{.padding = Padding::all(1), .groups = 2};
  ASSERT_NO_FATAL_FAILURE(this->expect_same({101, 7, 8, 6}, {3, 3}, 8, options, "a batch"));
  ASSERT_NO_FATAL_FAILURE(this->expect_same({101, 7, 8, 6}, {3, 3}, 8, {}, "a batch without padding", true));
  ASSERT_NO_FATAL_FAILURE(this->expect_same({2, 40, 30, 3}, {9, 9}, 1, {}, "blocks of rows"));
}

TEST(ConvNumpyOrderThreadsTest, BatchesUseThem) {
  const Tensor<double, 4> input({1000, 5, 7, 4}), weights({3, 3, 4, 8});
  Tensor<double, 4> output({1000, 3, 5, 8});
  const auto caller = std::this_thread::get_id();
  // Progress comes after the caller's own tasks: where others have some, it skips numbers.
  const auto has_help = [&] {
    int64_t last = 0, reports = 0;
    const ProgressCallback progress = [&](int64_t done, int64_t) {
      EXPECT_EQ(std::this_thread::get_id(), caller);
      last = done;
      ++reports;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
    conv_forward(input, weights, {}, output, {.numerics = Numerics::kNumpy, .threads = 4, .progress = progress});
    return reports < last;
  };
  bool helped = false;
  for (int call = 0; call < 100 && !helped; ++call) helped = has_help();  // a busy machine takes its time
  EXPECT_TRUE(helped);
}

// Layers beyond the notebook's size: by the same kernel, or where it does not fit by the loops.
TEST(ConvNumpyOrderTest, LargeLayersHaveTheBitsOfTheReference) {
  const auto input = random_tensor<float, 4>({1, 28, 28, 64}, 1), weights = random_tensor<float, 4>({3, 3, 64, 96}, 2);
  const auto bias = random_tensor<float, 1>({96}, 3);
  for (const Activation activation : {Activation::kRelu, Activation::kSigmoid}) {
    ConvOptions options{.padding = 1, .activation = activation, .numerics = Numerics::kNumpy};
    const ConvPlan<float> plan(input.shape(), weights, bias, options);
    EXPECT_TRUE(plan.describe().starts_with("sums in NumPy's order")) << plan.describe();
    Tensor<float, 4> output(plan.output_shape(1)), expected(output.shape());
    plan.run(input, output);
    options.algorithm = ConvAlgorithm::kReference;
    conv_forward(input, weights, bias, expected, options);
    for (int64_t i = 0; i < output.size(); ++i) ASSERT_EQ(output.data()[i], expected.data()[i]) << i;
  }
}

// However a large layer is laid out: rows, and columns where there is a single row.
TEST(ConvNumpyOrderTest, LargeLayersReportTheirProgress) {
  const auto weights = random_tensor<float, 4>({3, 3, 128, 256}, 2);
  for (const Shape<4>& shape : {Shape<4>{1, 30, 30, 128}, {1, 3, 500, 128}}) {
    const auto input = random_tensor<float, 4>(shape, 1);
    int64_t reports = 0;
    const ConvOptions options{
        .numerics = Numerics::kNumpy, .threads = 1, .progress = [&](int64_t, int64_t) { ++reports; }};
    Tensor<float, 4> output(conv_output_shape(shape, weights.shape(), options)), expected(output.shape());
    conv_forward(input, weights, {}, output, options);
    EXPECT_GE(reports, 10) << to_string(shape);
    conv_forward(input, weights, {}, expected, {.algorithm = ConvAlgorithm::kReference});
    for (int64_t i = 0; i < output.size(); ++i) ASSERT_EQ(output.data()[i], expected.data()[i]) << i;
  }
}

TEST(ConvNumpyOrderPlanTest, KeepsItsTarget) {
  const auto input = random_tensor<float, 4>({2, 6, 6, 4}, 1), weights = random_tensor<float, 4>({3, 3, 4, 8}, 2);
  const ConvPlan<float> plan(input.shape(), weights, {}, {.numerics = Numerics::kNumpy});
  const std::string described = plan.describe();
  EXPECT_NE(described.find(simd_target()), std::string::npos) << described;
  set_simd_target(simd_targets().back());
  EXPECT_EQ(plan.describe(), described);
  set_simd_target("");
}

TEST(ConvNumpyOrderFitsTest, WhatFitsIntoAWorkspaceAlone) {
  const auto problem = [](const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
    return check_problem(input, weights, options);
  };
  const int64_t far = int64_t{1} << 40;
  EXPECT_TRUE(NumpyOrderMethod<double>::kKind.fits(problem({1, 9, 9, 4}, {3, 3, 4, 8}, {.padding = Padding::all(1)})));
  EXPECT_FALSE(NumpyOrderMethod<double>::kKind.fits(
      problem({1, 9, 9, 4}, {3, 3, 4, 8}, {.stride = {far, far}, .padding = Padding::all(far)})));
  EXPECT_FALSE(NumpyOrderMethod<double>::kKind.fits(problem({1, 1, 1, 1 << 18}, {1, 1, 1 << 18, 1}, {})));
  EXPECT_FALSE(NumpyOrderMethod<double>::kKind.fits(problem({1, 1, 1, 1}, {1, 1, 1, 1 << 18}, {})));
  const ConvProblem large = problem({1, 1, 1, 1 << 15}, {1, 1, 1 << 15, 1}, {.padding = {0, 0, 0, 1}});
  ASSERT_TRUE(NumpyOrderMethod<double>::kKind.fits(large));
  const Tensor<double, 4> weights({1, 1, 1 << 15, 1});
  EXPECT_LE(NumpyOrderMethod<double>::kKind.make(large, {weights, {}})->workspace_bytes(),
            static_cast<size_t>(kWorkspaceLimit));
}

}  // namespace
}  // namespace convstep
