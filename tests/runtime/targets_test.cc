#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "convstep/activation.h"
#include "convstep/conv.h"
#include "convstep/pool.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::EndsWith;
using testing::StartsWith;

class Targets : public testing::Test {
 protected:
  ~Targets() override { set_simd_target(""); }
};

// The variable is read once in the life of a process: a death test of this style starts the program anew.
void expect_target_with(const std::string& variable, const std::string& said) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto say = [&variable] {
    setenv("CONVSTEP_TARGET", variable.c_str(), 1);
    try {
      std::fprintf(stderr, "%s", simd_target().c_str());
    } catch (const ParameterError& error) {
      std::fprintf(stderr, "%s", error.what());
    }
    std::exit(0);
  };
  EXPECT_EXIT(say(), testing::ExitedWithCode(0), testing::StartsWith(said));
}

TEST_F(Targets, AreListedOnceEach) {
  std::vector<std::string> names = simd_targets();
  ASSERT_FALSE(names.empty());
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST_F(Targets, ATargetThatIsSetIsUsed) {
  for (const std::string& name : simd_targets()) {
    set_simd_target(name);
    EXPECT_EQ(simd_target(), name);
  }
  set_simd_target("");
  EXPECT_EQ(simd_target(), simd_targets().front());
}

TEST_F(Targets, AnUnknownTargetIsAnErrorAndChangesNothing) {
  set_simd_target(simd_targets().back());
  for (const char* wrong : {"avx1024", "AVX2", "avx2 ", " ", "avx512,avx2"}) {
    expect_error<ParameterError>([&] { set_simd_target(wrong); }, "target", wrong, "\"" + simd_targets().back() + "\"");
    EXPECT_EQ(simd_target(), simd_targets().back());
  }
}

// A layer of each method. Winograd's output near the infinity is that of the chain.
struct Layer {
  const char* method;  // how its description begins
  Shape<4> input, weights;
  ConvOptions options;
  bool depends_on_fma = true;
};
const Layer kLayers[] = {
    {"winograd", {1, 9, 9, 64}, {3, 3, 64, 64}, {.padding = Padding::all(1)}},
    {"direct", {1, 12, 12, 32}, {3, 3, 32, 40}, {.stride = {2, 2}}},
    {"direct, one pixel at a time", {1, 402, 403, 3}, {2, 2, 3, 20}, {.dilation = {400, 400}}},
    {"groups-of-four", {1, 8, 8, 64}, {3, 3, 4, 64}, {.groups = 16}},
    {"depthwise", {1, 8, 8, 32}, {3, 3, 1, 32}, {.groups = 32}},
    {"few-outputs", {1, 32, 32, 16}, {3, 3, 16, 1}, {}},
    {"sums in NumPy's order", {1, 8, 8, 4}, {3, 3, 4, 8}, {.numerics = Numerics::kNumpy}, false},
};

std::vector<char> bits_of(const ConvPlan<float>& plan, const View<const float, 4>& input) {
  Tensor<float, 4> output(plan.output_shape(input.shape(0)));
  plan.run(input, output);
  std::vector<char> bits(static_cast<size_t>(output.size()) * sizeof(float));
  std::memcpy(bits.data(), output.data(), bits.size());
  return bits;
}

TEST_F(Targets, PlansKeepToTheTargetThatWasInUse) {
  for (const Layer& layer : kLayers) {
    auto input = random_tensor<float, 4>(layer.input, 1);
    const auto weights = random_tensor<float, 4>(layer.weights, 2);
    if (std::string(layer.method) == "winograd") input(0, 4, 4, 5) = std::numeric_limits<float>::infinity();
    std::vector<char> fused, not_fused;
    for (const std::string& first : simd_targets()) {
      set_simd_target(first);
      const ConvPlan<float> plan(layer.input, weights, {}, layer.options);
      EXPECT_THAT(plan.describe(), AllOf(StartsWith(layer.method), EndsWith(", " + first)));
      const std::string description = plan.describe();
      const std::vector<char> bits = bits_of(plan, input);
      (target_fuses(first) ? fused : not_fused) = bits;
      for (const std::string& second : simd_targets()) {
        set_simd_target(second);
        EXPECT_EQ(plan.describe(), description) << second;
        EXPECT_TRUE(bits_of(plan, input) == bits) << description << ", then " << second;
      }
    }
    if (fused.empty() || not_fused.empty()) continue;
    EXPECT_EQ(fused != not_fused, layer.depends_on_fma)
        << layer.method << ": fused and unfused bits differ, or not, against depends_on_fma";
  }
}

TEST_F(Targets, PlansOfGradientsKeepToTheTargetThatWasInUse) {
  const std::pair<Shape<4>, ConvOptions> layers[] = {
      {{3, 3, 8, 20}, {}}, {{3, 3, 40, 40}, {.padding = Padding::all(1)}}, {{3, 3, 1, 40}, {.groups = 40}}};
  for (const auto& [weights, options] : layers) {
    const Shape<4> shape{1, 14, 14, weights[2] * options.groups};
    const auto input = random_tensor<float, 4>(shape, 1), filters = random_tensor<float, 4>(weights, 2);
    const auto grad = random_tensor<float, 4>(conv_output_shape(shape, weights, options), 3);
    for (const std::string& first : simd_targets()) {
      set_simd_target(first);
      const ConvBackwardPlan<float> plan(shape, filters, options);
      std::vector<std::vector<float>> found;
      for (const std::string& second : simd_targets()) {
        set_simd_target(second);
        Tensor<float, 4> input_grad(shape), weights_grad(weights);
        plan.run_input(grad, input_grad);
        plan.run_weights(grad, input, weights_grad);
        found.emplace_back(input_grad.data(), input_grad.data() + input_grad.size());
        found.back().insert(found.back().end(), weights_grad.data(), weights_grad.data() + weights_grad.size());
        EXPECT_EQ(found.back(), found.front()) << to_string(weights) << first << ", then " << second;
      }
    }
  }
}

// Another target is chosen while calls are under way.
TEST_F(Targets, GradientsKeepToTheTargetTheyBeginWith) {
  const auto input = random_tensor<float, 4>({1, 20, 20, 40}, 1);
  const auto grad = random_tensor<float, 4>({1, 20, 20, 40}, 2);
  std::atomic<bool> done{false};
  std::thread other([&] {
    while (!done) {
      for (const std::string& target : simd_targets()) set_simd_target(target);
    }
  });
  for (int i = 0; i < 200; ++i) {
    Tensor<float, 4> winograd({3, 3, 40, 40}), depthwise({3, 3, 1, 40});
    conv_backward_weights(grad, input, winograd, {}, {.padding = Padding::all(1)});
    conv_backward_weights(grad, input, depthwise, {}, {.padding = Padding::all(1), .groups = 40});
  }
  done = true;
  other.join();
}

// Another user of Highway in the process, who has chosen what the table's index says.
size_t highways_choice() { return hwy::GetChosenTarget().GetIndex(); }

// Of every operation.
std::vector<char> bits_of_operations() {
  const auto input = random_tensor<float, 4>({1, 20, 20, 32}, 1), weights = random_tensor<float, 4>({3, 3, 32, 40}, 2);
  std::vector<char> bits = bits_of(ConvPlan<float>(input.shape(), weights, {}, {}), input);
  const auto add = [&](const Tensor<float, 4>& output) {
    const char* const data = reinterpret_cast<const char*>(output.data());
    bits.insert(bits.end(), data, data + output.size() * static_cast<int64_t>(sizeof(float)));
  };
  for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
    const PoolOptions options{.window = {3, 3}, .stride = {1, 1}, .mode = mode};
    Tensor<float, 4> output(pool_output_shape(input.shape(), options));
    pool_forward(input, output, options);
    add(output);
  }
  Tensor<float, 4> activated(input.shape());
  activation_forward(input, activated, Activation::kSigmoid);
  add(activated);
  return bits;
}

TEST_F(Targets, HighwaysChoiceForOthersStaysAsItWas) {
  for (const int64_t other : {int64_t{HWY_SSE4}, int64_t{HWY_SCALAR}, int64_t{HWY_AVX2}}) {
    hwy::GetChosenTarget().Update(other);
    const size_t chosen = highways_choice();
    for (const std::string& name : simd_targets()) {
      set_simd_target(name);
      EXPECT_FALSE(bits_of_operations().empty());
      EXPECT_EQ(highways_choice(), chosen) << name;
    }
    set_simd_target("");
    EXPECT_EQ(highways_choice(), chosen);
  }
  hwy::GetChosenTarget().DeInit();
}

TEST_F(Targets, HighwaysChoiceForOthersChangesNothing) {
  const std::vector<std::string> names = simd_targets();
  for (const std::string& name : names) {
    set_simd_target(name);
    const std::vector<char> bits = bits_of_operations();
    for (const int64_t other : {int64_t{HWY_SSE4}, int64_t{HWY_SCALAR}, int64_t{HWY_AVX2}}) {
      hwy::GetChosenTarget().Update(other);
      EXPECT_TRUE(bits_of_operations() == bits) << name;
      hwy::SetSupportedTargetsForTest(other);
      EXPECT_TRUE(bits_of_operations() == bits) << name;
      EXPECT_EQ(simd_targets(), names);
      EXPECT_EQ(simd_target(), name);
      hwy::SetSupportedTargetsForTest(0);
    }
  }
  hwy::GetChosenTarget().DeInit();
}

// A pooling by parts, whose progress is the place to change the target in the midst of it: its bits are those of the
// target that it began with.
TEST_F(Targets, APoolingKeepsToTheTargetThatItBeganWith) {
  const auto input = random_tensor<float, 4>({6, 40, 40, 32}, 3);
  const auto pooled = [&](const std::string& first, const std::string& then) {
    set_simd_target(first);
    const PoolOptions options{.window = {5, 5},
                              .stride = {2, 2},
                              .mode = PoolMode::kLp,
                              .p = 3,
                              .threads = 2,
                              .progress = [&](int64_t, int64_t) { set_simd_target(then); }};
    Tensor<float, 4> output(pool_output_shape(input.shape(), options));
    pool_forward(input, output, options);
    return std::vector<float>(output.data(), output.data() + output.size());
  };
  for (const std::string& first : simd_targets()) {
    const std::vector<float> expected = pooled(first, first);
    for (const std::string& then : simd_targets()) EXPECT_EQ(pooled(first, then), expected) << first << ", " << then;
  }
}

TEST_F(Targets, APlanNamesTheTargetThatItsKernelsAreOf) {
  const std::vector<std::string> names = simd_targets();
  std::atomic<bool> is_over{false};
  std::thread other([&] {
    for (size_t i = 0; !is_over; ++i) set_simd_target(names[i % names.size()]);
  });
  const Layer& layer = kLayers[1];
  const auto input = random_tensor<float, 4>(layer.input, 1), weights = random_tensor<float, 4>(layer.weights, 2);
  std::vector<std::pair<std::string, std::vector<char>>> seen;
  for (int i = 0; i < 300; ++i) {
    const ConvPlan<float> plan(layer.input, weights, {}, layer.options);
    EXPECT_THAT(plan.describe(), EndsWith(", " + plan.target()));
    seen.emplace_back(plan.target(), bits_of(plan, input));
  }
  is_over = true;
  other.join();
  for (const auto& [name, bits] : seen) {
    set_simd_target(name);
    EXPECT_TRUE(bits == bits_of(ConvPlan<float>(layer.input, weights, {}, layer.options), input)) << name;
  }
}

TEST_F(Targets, MayBeSetWhileOthersCompute) {
  const auto input = random_tensor<float, 4>({1, 12, 12, 8}, 1), weights = random_tensor<float, 4>({3, 3, 8, 16}, 2);
  const auto bits_now = [&] {
    Tensor<float, 4> output({1, 10, 10, 16});
    conv_forward(input, weights, {}, output, {.algorithm = ConvAlgorithm::kDirect});
    return std::vector<float>(output.data(), output.data() + output.size());
  };
  std::vector<std::vector<float>> bits_of_targets;
  for (const std::string& name : simd_targets()) {
    set_simd_target(name);
    bits_of_targets.push_back(bits_now());
  }
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int call = 0; call < 20; ++call) {
        EXPECT_THAT(bits_of_targets, Contains(bits_now()));
        EXPECT_THAT(simd_targets(), Contains(simd_target()));
      }
    });
  }
  for (int change = 0; change < 50; ++change) {
    for (const std::string& name : simd_targets()) set_simd_target(name);
  }
  for (std::thread& caller : callers) caller.join();
}

TEST(TargetsDeathTest, OfTheEnvironment) {
  for (const std::string& name : simd_targets()) expect_target_with(name, name);
  expect_target_with("", simd_targets().front());
  expect_target_with("avx1024", "CONVSTEP_TARGET: got \"avx1024\", expected one of \"" + simd_targets().front() + "\"");
}

}  // namespace
}  // namespace convstep
