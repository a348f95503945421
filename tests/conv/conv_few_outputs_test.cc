#include "conv/methods.h"
#include "tests/support/chain_test.h"

namespace convstep {
namespace {

template <class T>
class ConvFewOutputsTest : public ChainTest<T> {
 protected:
  void make_layer(const Shape<4>& input, const Size2& window, int64_t outputs, const ConvOptions& options) {
    this->make_random(input, {window.height, window.width, input[3] / options.groups, outputs}, options);
  }
  std::unique_ptr<const ConvMethod<T>> method() const override {
    EXPECT_TRUE(FewOutputsMethod<T>::kKind.fits(this->problem_));
    return FewOutputsMethod<T>::kKind.make(this->problem_, {this->weights_, this->bias_});
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvFewOutputsTest, Types);

TYPED_TEST(ConvFewOutputsTest, ChannelsAndOutputs) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t C : {1, 2, 3, 4, 5, 7, 8, 16, 17, 33}) {
      for (int64_t outputs = 1; outputs <= 9; ++outputs) {
        this->make_layer({1, 5, 19, C}, {3, 3}, outputs, {.padding = Padding::all(1)});
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, std::to_string(C) + " to " + std::to_string(outputs)));
      }
    }
  }
}

TYPED_TEST(ConvFewOutputsTest, WindowsStridesDilationsAndPadding) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Size2& window : {Size2{1, 1}, {3, 3}, {1, 5}, {4, 2}}) {
      for (const Size2& stride : {Size2{1, 1}, {2, 2}, {1, 3}, {4, 7}, {65536, 1}}) {
        for (const Size2& dilation : {Size2{1, 1}, {2, 2}, {1, 3}}) {
          for (const Padding& padding : {Padding{}, Padding::all(2), Padding{0, 1, 9, 0}}) {
            const ConvOptions options{.stride = stride, .padding = padding, .dilation = dilation};
            for (const int64_t W : {14, 43}) {
              this->make_layer({1, 7, W, 5}, window, 2, options);
              ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(
                  target, "window " + to_string(window) + " stride " + to_string(stride) + " dilation " +
                              to_string(dilation) + " left " + std::to_string(padding.left)));
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvFewOutputsTest, WidthsFromOneToManyVectors) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t W = 1; W <= 300; W += W < 40 ? 1 : 37) {
      for (const int64_t H : {1, 13}) {
        this->make_layer({1, H, W, 2}, {3, 3}, 1, {.padding = Padding::all(1)});
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, "width " + std::to_string(W)));
      }
    }
  }
}

TYPED_TEST(ConvFewOutputsTest, GroupsThreadsAndBatchesChangeNoBit) {
  for (const int64_t groups : {1, 3}) {
    this->make_layer({3, 60, 150, 6}, {3, 3}, 3 * groups, {.padding = Padding::all(1), .groups = groups});
    for (const int threads : {1, 2, 3, 8}) {
      ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "threads " + std::to_string(threads), threads));
    }
  }
}

TYPED_TEST(ConvFewOutputsTest, ResidualsApartAndInPlaceWithEveryActivation) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                        Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh}) {
      this->make_layer({1, 7, 37, 5}, {3, 3}, 2, {.padding = Padding::all(1), .activation = activation});
      ASSERT_NO_FATAL_FAILURE(this->expect_runs_right_with_residuals(target));
    }
  }
}

// Channels apart (NCHW), pixels apart (a channel range), everything reversed; memory that ends where the array ends.
TYPED_TEST(ConvFewOutputsTest, OddStridesBetweenGuardPages) {
  using T = TypeParam;
  const int64_t H = 6, W = 35, C = 5, O = 3;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    this->make_layer({1, H, W, C}, {3, 3}, O, {.padding = Padding::all(1)});
    const auto shape_of = [&](int64_t channels) { return Shape<4>{1, H, W, channels}; };
    const auto place = [&](int kind, GuardedBuffer<T>& memory, int64_t channels) -> View<T, 4> {
      const Shape<4> shape = shape_of(channels);
      if (kind == 0) return {memory.data(), shape};
      if (kind == 1) return {memory.data(), shape, {channels * H * W, W, 1, H * W}};
      return {memory.end() - 1, shape, {-H * W * channels, -W * channels, -channels, -1}};
    };
    for (const Flush flush : {Flush::kFront, Flush::kBack}) {
      for (int kinds = 0; kinds < 9; ++kinds) {
        GuardedBuffer<T> input_memory(H * W * C, flush), output_memory(H * W * O, flush);
        const auto input = place(kinds % 3, input_memory, C), output = place(kinds / 3, output_memory, O);
        for (int64_t i = 0; i < H * W * C; ++i) input(0, i / C / W, i / C % W, i % C) = this->input_.data()[i];
        std::fill(output_memory.begin(), output_memory.end(), static_cast<T>(kPoison));
        this->method()->run({input, {}, output, 1, kSilent, this->all_rows()});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(output, target, "kinds " + std::to_string(kinds)));
      }
    }
  }
}

TYPED_TEST(ConvFewOutputsTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  this->make_layer({1, 4, 18, 5}, {3, 3}, 2, {.stride = {1, 2}, .padding = Padding::all(1)});
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
    for (auto* tensor : {&this->input_, &this->weights_}) {
      for (int64_t i = 0; i < tensor->size(); ++i) {
        const T good = std::exchange(tensor->data()[i], bad);
        this->update();
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "element " + std::to_string(i)));
        tensor->data()[i] = good;
      }
    }
  }
}

TYPED_TEST(ConvFewOutputsTest, ThePlanTakesIt) {
  using T = TypeParam;
  this->make_layer({2, 9, 40, 16}, {3, 3}, 1, {.padding = Padding::all(1)});
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kAuto, ConvAlgorithm::kDirect}) {
    this->options_.algorithm = algorithm;
    const ConvPlan<T> plan(this->input_.shape(), this->weights_, this->bias_, this->options_);
    EXPECT_NE(plan.describe().find("few-outputs"), std::string::npos) << plan.describe();
    Tensor<T, 4> output(this->expected_.shape());
    plan.run(this->input_, output);
    ASSERT_NO_FATAL_FAILURE(this->expect_right(output, simd_target(), "plan"));
  }
}

TYPED_TEST(ConvFewOutputsTest, WorkspaceStaysSmallOnLargeImages) {
  using T = TypeParam;
  const Tensor<T, 4> weights({9, 9, 64, 3});
  const ConvProblem problem = check_problem({1, 40000, 40000, 64}, weights.shape(), {.padding = Padding::all(4)});
  const size_t bytes = FewOutputsMethod<T>::kKind.make(problem, {weights, {}})->workspace_bytes();
  EXPECT_GT(bytes, 0u);
  EXPECT_LT(bytes, static_cast<size_t>(kWorkspaceLimit));
}

}  // namespace
}  // namespace convstep
