#include "conv/methods.h"
#include "tests/support/chain_test.h"

namespace convstep {
namespace {

template <class T>
class ConvGroupsOfFourTest : public ChainTest<T> {
 protected:
  static constexpr int64_t kChannels = 4 * 64 / sizeof(T);

  // kChannels times `parts` channels.
  void make_layer(const Shape<3>& input, const Size2& window, ConvOptions options, int64_t parts = 1) {
    const int64_t C = parts * kChannels;
    options.groups = C / 4;
    this->make_random({input[0], input[1], input[2], C}, {window.height, window.width, 4, C}, options);
  }
  std::unique_ptr<const ConvMethod<T>> method() const override {
    EXPECT_TRUE(GroupsOfFourMethod<T>::kKind.fits(this->problem_));
    return GroupsOfFourMethod<T>::kKind.make(this->problem_, {this->weights_, this->bias_});
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvGroupsOfFourTest, Types);

TYPED_TEST(ConvGroupsOfFourTest, WidthsAndParts) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t W = 1; W <= 20; ++W) {
      for (const int64_t parts : {1, 2, 3}) {
        this->make_layer({1, 3, W}, {3, 3}, {.padding = Padding::all(1)}, parts);
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, "width " + std::to_string(W)));
      }
    }
  }
}

TYPED_TEST(ConvGroupsOfFourTest, WindowsStridesDilationsAndPadding) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Size2& window : {Size2{1, 1}, {3, 3}, {1, 5}, {4, 2}}) {
      for (const Size2& stride : {Size2{1, 1}, {2, 2}, {1, 3}, {65536, 1}}) {
        for (const Size2& dilation : {Size2{1, 1}, {2, 2}, {1, 3}}) {
          for (const Padding& padding : {Padding{}, Padding::all(2), Padding{0, 1, 9, 0}}) {
            this->make_layer({1, 7, 14}, window, {.stride = stride, .padding = padding, .dilation = dilation});
            ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(
                target, "window " + to_string(window) + " stride " + to_string(stride) + " dilation " +
                            to_string(dilation) + " left " + std::to_string(padding.left)));
          }
        }
      }
    }
  }
}

// More rows and columns than a block holds.
TYPED_TEST(ConvGroupsOfFourTest, BlocksThreadsAndBatchesChangeNoBit) {
  for (const Shape<3>& shape : {Shape<3>{2, 60, 25}, {1, 4, 300}}) {
    this->make_layer(shape, {3, 3}, {.padding = Padding::all(1)}, 2);
    for (const int threads : {1, 2, 3, 8}) {
      ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "threads " + std::to_string(threads), threads));
    }
  }
}

TYPED_TEST(ConvGroupsOfFourTest, ResidualsApartAndInPlaceWithEveryActivation) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                        Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh}) {
      this->make_layer({1, 4, 9}, {3, 3}, {.padding = Padding::all(1), .activation = activation});
      ASSERT_NO_FATAL_FAILURE(this->expect_runs_right_with_residuals(target));
    }
  }
}

// Channels apart (NCHW), everything reversed; memory that ends where the array ends.
TYPED_TEST(ConvGroupsOfFourTest, OddStridesBetweenGuardPages) {
  using T = TypeParam;
  const int64_t H = 6, W = 13;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    this->make_layer({1, H, W}, {3, 3}, {.padding = Padding::all(1)});
    const int64_t C = this->input_.shape()[3], size = this->input_.size();
    const Shape<4> shape = this->input_.shape();
    const auto place = [&](int kind, GuardedBuffer<T>& memory) -> View<T, 4> {
      if (kind == 0) return {memory.data(), shape};
      if (kind == 1) return {memory.data(), shape, {C * H * W, W, 1, H * W}};
      return {memory.end() - 1, shape, {-H * W * C, -W * C, -C, -1}};
    };
    for (const Flush flush : {Flush::kFront, Flush::kBack}) {
      for (int kinds = 0; kinds < 9; ++kinds) {
        GuardedBuffer<T> input_memory(size, flush), output_memory(size, flush);
        const auto input = place(kinds % 3, input_memory), output = place(kinds / 3, output_memory);
        for (int64_t i = 0; i < size; ++i) input(0, i / C / W, i / C % W, i % C) = this->input_.data()[i];
        std::fill(output_memory.begin(), output_memory.end(), static_cast<T>(kPoison));
        this->method()->run({input, {}, output, 1, kSilent, this->all_rows()});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(output, target, "kinds " + std::to_string(kinds)));
      }
    }
  }
}

TYPED_TEST(ConvGroupsOfFourTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  this->make_layer({1, 3, 4}, {3, 2}, {.stride = {1, 2}, .padding = Padding::all(1)});
  for (const T bad : {std::numeric_limits<T>::quiet_NaN(), std::numeric_limits<T>::infinity()}) {
    for (auto* tensor : {&this->input_, &this->weights_}) {
      for (int64_t i = 0; i < tensor->size(); i += 7) {  // no channel is left out: 7 divides no number of them
        const T good = std::exchange(tensor->data()[i], bad);
        this->update();
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "element " + std::to_string(i)));
        tensor->data()[i] = good;
      }
    }
  }
}

TYPED_TEST(ConvGroupsOfFourTest, ThePlanTakesIt) {
  using T = TypeParam;
  this->make_layer({2, 9, 40}, {3, 3}, {.padding = Padding::all(1)});
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kAuto, ConvAlgorithm::kDirect}) {
    this->options_.algorithm = algorithm;
    const ConvPlan<T> plan(this->input_.shape(), this->weights_, this->bias_, this->options_);
    EXPECT_NE(plan.describe().find("groups-of-four"), std::string::npos) << plan.describe();
    Tensor<T, 4> output(this->expected_.shape());
    plan.run(this->input_, output);
    ASSERT_NO_FATAL_FAILURE(this->expect_right(output, simd_target(), "plan"));
  }
}

TYPED_TEST(ConvGroupsOfFourTest, WorkspaceStaysSmallOnLargeImages) {
  using T = TypeParam;
  const Tensor<T, 4> weights({9, 9, 4, 128});
  const ConvProblem problem =
      check_problem({1, 40000, 40000, 128}, weights.shape(), {.padding = Padding::all(4), .groups = 32});
  const size_t bytes = GroupsOfFourMethod<T>::kKind.make(problem, {weights, {}})->workspace_bytes();
  EXPECT_GT(bytes, 0u);
  EXPECT_LT(bytes, static_cast<size_t>(kWorkspaceLimit));
}

TEST(ConvGroupsOfFourFitsTest, WholeVectorsOfGroupsOfFourAlone) {
  const auto problem = [](int64_t C, int64_t O, int64_t groups, int64_t dilation = 1) {
    const ConvOptions options{.padding = Padding::all(1 << 20), .dilation = {dilation, dilation}, .groups = groups};
    return check_problem({1, 9, 9, C}, {3, 3, C / groups, O}, options);
  };
  EXPECT_TRUE(GroupsOfFourMethod<float>::kKind.fits(problem(64, 64, 16)));
  EXPECT_TRUE(GroupsOfFourMethod<double>::kKind.fits(problem(32, 32, 8)));
  EXPECT_FALSE(GroupsOfFourMethod<float>::kKind.fits(problem(32, 32, 8)));
  EXPECT_FALSE(GroupsOfFourMethod<float>::kKind.fits(problem(128, 128, 16)));
  EXPECT_FALSE(GroupsOfFourMethod<float>::kKind.fits(problem(64, 128, 16)));
  EXPECT_FALSE(GroupsOfFourMethod<float>::kKind.fits(problem(64, 64, 16, 1000)));
}

}  // namespace
}  // namespace convstep
