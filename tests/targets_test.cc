#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

#include "convstep/conv.h"
#include "expect_error.h"
#include "fill.h"

namespace convstep {
namespace {

using testing::Contains;
using testing::EndsWith;

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

TEST_F(Targets, PlansAreOfTheTargetThatWasInUse) {
  const auto input = counting<float, 4>({1, 12, 12, 8}), weights = counting<float, 4>({3, 3, 8, 16});
  for (const std::string& name : simd_targets()) {
    set_simd_target(name);
    const ConvPlan<float> plan(input.shape(), weights, {}, {.algorithm = ConvAlgorithm::kDirect});
    EXPECT_THAT(plan.describe(), EndsWith(name));
  }
}

TEST_F(Targets, MayBeSetWhileOthersCompute) {
  const auto input = counting<float, 4>({1, 12, 12, 8}), weights = counting<float, 4>({3, 3, 8, 16});
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int call = 0; call < 20; ++call) {
        Tensor<float, 4> output({1, 10, 10, 16});
        conv_forward(input, weights, {}, output, {.algorithm = ConvAlgorithm::kDirect});
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
