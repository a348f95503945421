// chain_kernel_test.cc: chains give the bits of their operations one after the other, on every target, for every tail,
// between pages that may not be touched.
#include "pointwise/chain_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <random>

#include "convstep/runtime.h"
#include "pointwise/activation_kernel.h"
#include "pointwise/function_kernel.h"
#include "tests/support/guarded_buffer.h"

namespace convstep::kernels {
namespace {

constexpr int64_t kLongest = 300;

// Each operation by itself, number by number.
template <class T>
T one_by_one(const ChainStep& step, T a, T b, T c) {
  const Target& target = chosen_target();
  switch (step.operation) {
    case ChainOperation::kAdd:
      return a + b;
    case ChainOperation::kSubtract:
      return a - b;
    case ChainOperation::kMultiply:
      return a * b;
    case ChainOperation::kDivide:
      return a / b;
    case ChainOperation::kClip: {
      const T raised = a > b || a != a ? a : b;
      return raised > c ? c : raised;
    }
    case ChainOperation::kErf:
      function_run(target, &a, &a, 1, Function::kErf, {});
      return a;
    case ChainOperation::kRelu:
      activate_run(target, &a, &a, 1, Activation::kRelu, T(0));
      return a;
    case ChainOperation::kSigmoid:
      activate_run(target, &a, &a, 1, Activation::kSigmoid, T(0));
      return a;
    case ChainOperation::kTanh:
      activate_run(target, &a, &a, 1, Activation::kTanh, T(0));
      return a;
  }
  return a;
}

template <class T>
bool same_bits(T a, T b) {
  return (a != a && b != b) || std::memcmp(&a, &b, sizeof(T)) == 0;
}

// Numbers of all kinds.
template <class T>
T number(std::mt19937& random) {
  using Limits = std::numeric_limits<T>;
  constexpr T kSpecial[] = {T(0),
                            -T(0),
                            Limits::infinity(),
                            -Limits::infinity(),
                            Limits::quiet_NaN(),
                            Limits::denorm_min(),
                            Limits::max(),
                            -Limits::min(),
                            T(1),
                            T(-6)};
  if (random() % 4 == 0) return kSpecial[random() % std::size(kSpecial)];
  return static_cast<T>(std::normal_distribution<double>(0, 3)(random));
}

template <class T>
class ChainKernelTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ChainKernelTest, Types);

TYPED_TEST(ChainKernelTest, GivesTheBitsOfOneAfterTheOther) {
  using T = TypeParam;
  for (const std::string& name : simd_targets()) {
    set_simd_target(name);
    std::mt19937 random(1);
    for (int chain = 0; chain < 60; ++chain) {
      ChainProgram program{2 + static_cast<int>(random() % 3), {}};
      const int steps = 1 + static_cast<int>(random() % 9);
      for (int k = 0; k < steps; ++k) {
        const auto value = [&] { return static_cast<int>(random() % static_cast<unsigned>(program.inputs + k)); };
        const auto input = [&] { return static_cast<int>(random() % static_cast<unsigned>(program.inputs)); };
        const auto operation = static_cast<ChainOperation>(random() % 9);
        const bool is_clip = operation == ChainOperation::kClip;  // whose limits are single numbers
        program.steps.push_back(
            {operation, k > 0 ? program.inputs + k - 1 : value(), is_clip ? 0 : value(), is_clip ? 0 : input()});
      }
      const auto length = [&](int64_t most) { return 1 + static_cast<int64_t>(random()) % most; };
      for (const int64_t n : {int64_t{1}, int64_t{3}, length(64), int64_t{65}, length(kLongest)}) {
        const Flush flush = random() % 2 ? Flush::kBack : Flush::kFront;
        GuardedBuffer<T> x(n, flush), y(n, flush), to(n, flush);
        std::generate(x.begin(), x.end(), [&] { return number<T>(random); });
        std::generate(y.begin(), y.end(), [&] { return number<T>(random); });
        const T single[] = {number<T>(random), number<T>(random), number<T>(random)};
        // Input 0 is one number, input 1 an array, as are those after it or not.
        std::vector<ChainInput<T>> from{{&single[0], true}, {x.data(), false}, {y.data(), false}, {&single[1], true}};
        std::vector<T> expected;
        for (int64_t i = 0; i < n; ++i) {
          std::vector<T> values;
          for (int k = 0; k < program.inputs; ++k) {
            const ChainInput<T>& input = from[static_cast<size_t>(k)];
            values.push_back(input.data[input.is_single ? 0 : i]);
          }
          for (const ChainStep& step : program.steps) {
            const auto at = [&](int k) { return values[static_cast<size_t>(k)]; };
            values.push_back(one_by_one<T>(step, at(step.a), at(step.b), at(step.c)));
          }
          expected.push_back(values.back());
        }
        std::fill(to.begin(), to.end(), T(-12345));
        chain_run(chosen_target(), program, from.data(), to.data(), n);
        const bool is_equal = std::equal(to.begin(), to.end(), expected.begin(), same_bits<T>);
        EXPECT_TRUE(is_equal) << name << ", chain " << chain << ", " << n;
        chain_run(chosen_target(), program, from.data(), x.data(), n);  // over one of its inputs
        EXPECT_TRUE(std::equal(x.begin(), x.end(), expected.begin(), same_bits<T>)) << name << ", " << chain;
      }
    }
  }
}

}  // namespace
}  // namespace convstep::kernels
