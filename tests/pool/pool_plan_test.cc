#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "convstep/pool.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

template <class T>
class PoolPlanTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolPlanTest, Types);

template <class U>
std::vector<U> values(const Tensor<U, 4>& tensor) {
  return {tensor.data(), tensor.data() + tensor.size()};
}

// (N, C, H, W), seen channels last.
template <class U>
View<U, 4> planes(Tensor<U, 4>& tensor, const Shape<4>& shape) {
  const auto [N, H, W, C] = shape;
  return {tensor.data(), shape, {C * H * W, W, 1, H * W}};
}

TYPED_TEST(PoolPlanTest, HasTheBitsOfPoolForward) {
  using T = TypeParam;
  const PoolOptions kinds[] = {
      {.window = 2, .stride = 2},
      {.window = 3, .padding = 1},
      {.window = 7, .padding = 3},
      {.window = 3, .mode = PoolMode::kAverage, .padding = 1, .count_include_pad = true},
      {.window = {5, 6}, .mode = PoolMode::kAverage},
      {.window = {5, 6}, .mode = PoolMode::kAverage, .numerics = Numerics::kNumpy},
      {.window = 3, .stride = 2, .mode = PoolMode::kLp, .ceil_mode = true, .p = 3},
  };
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const PoolOptions& options : kinds) {
      const PoolPlan<T> plan({1, 11, 13, 19}, options);
      EXPECT_EQ(plan.target(), target);
      for (const int64_t images : {0, 1, 3}) {
        auto input = random_tensor<T, 4>({images, 11, 13, 19}, 1);
        const Shape<4> shape = pool_output_shape(input.shape(), options);
        ASSERT_EQ(plan.output_shape(images), shape);
        Tensor<T, 4> output(shape), expected(shape);
        pool_forward(input, expected, options);
        plan.run(input, output, {.threads = 2});
        EXPECT_EQ(values(output), values(expected)) << plan.describe();
        if (options.mode == PoolMode::kMax) {
          Tensor<int64_t, 4> indices(shape), expected_indices(shape);
          pool_forward(input, expected, expected_indices, options);
          plan.run_with_indices(input, output, indices);
          EXPECT_EQ(values(output), values(expected)) << plan.describe();
          EXPECT_EQ(values(indices), values(expected_indices)) << plan.describe();
        }
        // Arrays whose channels do not lie side by side.
        const View<const T, 4> from = planes(input, input.shape());
        pool_forward(from, planes(expected, shape), options);
        plan.run(from, planes(output, shape));
        EXPECT_EQ(values(output), values(expected)) << plan.describe() << " of planes";
      }
    }
  }
}

TYPED_TEST(PoolPlanTest, KeepsToItsTargetAndSaysHow) {
  using T = TypeParam;
  const PoolPlan<T> plan({1, 8, 8, 16}, {.window = 3});
  EXPECT_EQ(plan.describe(), "row pairs, " + simd_target());
  const std::string target = plan.target();
  set_simd_target(simd_targets().back());
  EXPECT_EQ(plan.target(), target);
  EXPECT_EQ(PoolPlan<T>({1, 8, 8, 3}, {.window = 2}).describe(), "windows, " + simd_targets().back());
  EXPECT_EQ(PoolPlan<T>({1, 8, 8, 3}, {.window = 5}).describe(), "strips, " + simd_targets().back());
  EXPECT_LE(plan.workspace_bytes(), size_t{2} << 20);
  EXPECT_GT(plan.workspace_bytes(), 0u);
}

TYPED_TEST(PoolPlanTest, RefusesWhatDoesNotFit) {
  using T = TypeParam;
  expect_error<ParameterError>([] { PoolPlan<T>({1, 8, 8, 3}, {.stride = 0}); }, "stride", "(0, 0)");
  expect_error<ShapeError>([] { PoolPlan<T>({1, 8, 8, 3}, {.window = 9}); }, "window", "(9, 9)");
  expect_error<ParameterError>([] { PoolPlan<T>({1, 8, 8, 3}, {.threads = -1}); }, "threads", "-1");
  const PoolPlan<T> plan({1, 8, 8, 3}, {.window = 2, .mode = PoolMode::kAverage});
  const Tensor<T, 4> other({1, 8, 7, 3}), input({2, 8, 8, 3});
  Tensor<T, 4> output({2, 7, 7, 3});
  Tensor<int64_t, 4> indices(output.shape());
  expect_error<ShapeError>([&] { plan.run(other, output); }, "input", "(1, 8, 7, 3)", "(1, 8, 8, 3)");
  expect_error<ShapeError>([&] { plan.run(Tensor<T, 4>({1, 8, 8, 3}), output); }, "output", "(2, 7, 7, 3)");
  expect_error<ParameterError>([&] { plan.run_with_indices(input, output, indices); }, "mode");
  expect_error<ShapeError>([&] { plan.output_shape(-1); }, "output");
  const PoolPlan<T> maxima({1, 8, 8, 3}, {.window = 2});
  expect_error<ShapeError>([&] { maxima.run_with_indices(input, output, View<int64_t, 4>()); }, "indices");
  expect_error<ParameterError>([&] { maxima.run(input, output, {.threads = 5000}); }, "threads", "5000");
}

TYPED_TEST(PoolPlanTest, HearsOfProgress) {
  using T = TypeParam;
  int64_t of_plan = 0, of_run = 0;
  const PoolPlan<T> plan({1, 40, 40, 64}, {.window = 3, .progress = [&](int64_t, int64_t) { ++of_plan; }});
  Tensor<T, 4> output(plan.output_shape(1));
  plan.run(Tensor<T, 4>({1, 40, 40, 64}), output);
  EXPECT_GT(of_plan, 0);
  const int64_t before = of_plan;
  plan.run(Tensor<T, 4>({1, 40, 40, 64}), output, {.progress = [&](int64_t, int64_t) { ++of_run; }});
  EXPECT_EQ(of_plan, before);
  EXPECT_GT(of_run, 0);
}

}  // namespace
}  // namespace convstep
