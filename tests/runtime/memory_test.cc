// memory_test.cc: what a call keeps. Workspaces are bounded, and changing shapes leave nothing behind.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <fstream>
#include <random>
#include <thread>
#include <utility>
#include <vector>

#include "convstep/convstep.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

constexpr int64_t kMegabyte = 1 << 20;

int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t total = 0, resident = 0;
  statm >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

// Calls call(draw) ten thousand times; draw(least, most) is a random number.
template <class Call>
void expect_flat(const Call& call) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers keep freed memory for a while";
#endif
  std::mt19937 generator(1);
  const auto draw = [&](int64_t least, int64_t most) {
    return std::uniform_int_distribution<int64_t>(least, most)(generator);
  };
  int64_t warm = 0;
  for (int i = 0; i < 10'000; ++i) {
    call(draw);
    if (i == 2'000) warm = resident_bytes();
  }
  EXPECT_LT(resident_bytes() - warm, 4 * kMegabyte);
}

TEST(MemoryTest, IsFlatOverTenThousandShapes) {
  expect_flat([](const auto& draw) {
    const Shape<4> input{1, draw(3, 20), draw(3, 20), draw(1, 40)}, weights{3, 3, input[3], draw(1, 40)};
    const Tensor<float, 4> x(input), w(weights);
    const ConvOptions options{.padding = Padding::all(draw(0, 1))};
    Tensor<float, 4> y(conv_output_shape(input, weights, options));
    conv_forward(x, w, {}, y, options);
    ConvPlan<float>(input, w, {}, options).run(x, y);
    const PoolOptions pool{.window = {2, 2}, .stride = {draw(1, 2), draw(1, 2)}};
    Tensor<float, 4> pooled(pool_output_shape(input, pool));
    pool_forward(x, pooled, pool);
  });
}

TEST(MemoryTest, IsFlatOverTenThousandShapesOfGradients) {
  expect_flat([](const auto& draw) {
    const int64_t groups = draw(1, 3), channels = groups * draw(1, 14);
    const Shape<4> input{draw(1, 2), draw(3, 20), draw(3, 20), channels};
    const Shape<4> weights{draw(1, 3), draw(1, 3), channels / groups, groups * draw(1, 14)};
    const ConvOptions options{.stride = {draw(1, 2), draw(1, 2)},
                              .padding = Padding::all(draw(0, 1)),
                              .groups = groups,
                              .numerics = static_cast<Numerics>(draw(0, 1))};
    const Tensor<float, 4> x(input), w(weights), y(conv_output_shape(input, weights, options));
    Tensor<float, 4> dx(input), dw(weights);
    Tensor<float, 1> db({weights[3]});
    const bool accumulate = draw(0, 1);
    conv_backward_input(y, w, dx, options, accumulate);
    conv_backward_weights(y, x, dw, db, options, accumulate);
    conv_backward(y, x, w, dx, dw, db, options);
    const ConvBackwardPlan<float> plan(input, w, options);
    plan.run_input(y, dx);
    plan.run_weights(y, x, dw);
    const PoolOptions pool{.window = 2, .stride = {draw(1, 2), draw(1, 2)}, .mode = static_cast<PoolMode>(draw(0, 2))};
    const Tensor<float, 4> pooled(pool_output_shape(input, pool));
    pool_backward(pooled, x, dx, pool, PoolTies::kAll, accumulate);
    activation_backward(x, x, dx, Activation::kTanh);
    zero_pad_backward(x, Tensor<float, 4>({input[0], input[1] - 1, input[2] - 2, channels}).view(), {1, 0, 1, 1});
  });
}

// Whatever the image: the height and width of a layer do not show in its workspace.
TEST(MemoryTest, WorkspacesAreBounded) {
  const int64_t sides[] = {7, 64, 300, 2000, 20'000};
  const Shape<4> weights[] = {{3, 3, 64, 64}, {3, 3, 512, 64}, {7, 7, 3, 64},  {1, 1, 2048, 64},
                              {5, 5, 96, 32}, {3, 3, 16, 1},   {9, 9, 256, 8}, {3, 3, 2048, 8}};
  for (const Shape<4>& shape : weights) {
    const Tensor<float, 4> w(shape);
    const Tensor<double, 4> v(shape);
    for (const int64_t side : sides) {
      for (const int64_t stride : {1, 2}) {
        const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(shape[0] / 2)};
        const Shape<4> input{1, side, side, shape[2]};
        EXPECT_LE(ConvPlan<float>(input, w, {}, options).workspace_bytes(), 2 * kMegabyte) << to_string(shape) << side;
        EXPECT_LE(ConvPlan<double>(input, v, {}, options).workspace_bytes(), 2 * kMegabyte) << to_string(shape) << side;
      }
    }
  }
}

// The same array, dense or with its channels outermost.
View<float, 4> laid_out(Tensor<float, 4>& tensor, bool is_dense) {
  const auto [N, H, W, C] = tensor.shape();
  return is_dense ? tensor.view() : View<float, 4>(tensor.data(), tensor.shape(), {C * H * W, W, 1, H * W});
}

// Runs the layer on a thread that has the memory that workspace_bytes() speaks of: it must not be replaced by more.
void expect_enough_said(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  Tensor<float, 4> x(input);
  const Tensor<float, 4> w(weights);
  const ConvPlan<float> plan(input, w, {}, options);
  Tensor<float, 4> y(plan.output_shape(input[0])), r(y.shape());
  for (const int layout : {0, 1, 2, 3}) {
    const auto run = [&] {
      const void* before = ThreadWorkspace(plan.workspace_bytes()).data();
      plan.run(laid_out(x, layout & 1), laid_out(y, layout & 2), laid_out(r, layout & 2), {.threads = 1});
      EXPECT_EQ(ThreadWorkspace(0).data(), before)
          << plan.describe() << " " << plan.workspace_bytes() << ", layout " << layout;
    };
    std::thread(run).join();
  }
}

TEST(MemoryTest, NoLayoutNeedsMoreThanIsSaid) {
  expect_enough_said({1, 9, 400, 45}, {3, 3, 1, 45}, {.padding = Padding::all(1), .groups = 45});  // parts of 16 and 29
  for (const int64_t images : {1, 40}) {
    for (const int64_t side : {7, 56}) {
      const auto input = [&](int64_t channels) { return Shape<4>{images, side, side, channels}; };
      expect_enough_said(input(64), {1, 1, 64, 64}, {});                                              // direct
      expect_enough_said(input(32), {3, 3, 32, 40}, {.stride = {2, 2}, .padding = Padding::all(1)});  // direct
      expect_enough_said(input(45), {3, 3, 1, 45}, {.padding = Padding::all(1), .groups = 45});       // depthwise
      expect_enough_said(input(64), {3, 3, 4, 64}, {.padding = Padding::all(1), .groups = 16});       // groups of four
      expect_enough_said(input(16), {3, 3, 16, 2}, {.padding = Padding::all(1)});                     // few outputs
      expect_enough_said(input(32), {3, 3, 32, 32}, {.padding = Padding::all(1)});                    // Winograd
      expect_enough_said(input(1), {3, 3, 1, 4}, {.numerics = Numerics::kNumpy});                     // NumPy's order
    }
  }
}

// On a thread that has as much as a pooling may take, and keeps it: it must not be replaced by more.
TEST(MemoryTest, PoolingTakesNoMoreHoweverLongTheWindow) {
  constexpr Size2 kWindows[] = {{1, 500'000}, {500'000, 1}, {5, 200'000}, {1000, 1000}};
  for (const Size2& window : kWindows) {
    for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
      const PoolOptions options{.window = window, .mode = mode, .threads = 1};
      const auto x = filled<float, 4>({1, window.height + 1, window.width + 1, 2}, 1);
      Tensor<float, 4> y(pool_output_shape(x.shape(), options));
      std::thread([&] {
        const void* before = ThreadWorkspace(2 * kMegabyte).data();
        pool_forward(x, y, options);
        EXPECT_EQ(ThreadWorkspace(0).data(), before) << to_string(window) << static_cast<int>(mode);
      }).join();
      if (mode != PoolMode::kLp) {
        EXPECT_EQ(y(0, 1, 1, 1), 1);
      }
    }
  }
}

// On a thread that has as much as a gradient may take, and keeps it: it must not be replaced by more.
template <class T>
void expect_bounded_gradients(const Shape<4>& input, const Shape<4>& weights, const ConvOptions& options) {
  const Tensor<T, 4> x(input), w(weights), g(conv_output_shape(input, weights, options));
  Tensor<T, 4> dx(input), dw(weights);
  Tensor<T, 1> db({weights[3]});
  std::thread([&] {
    const void* before = ThreadWorkspace(2 * kMegabyte).data();
    conv_backward_weights(g, x, dw, db, options);
    EXPECT_EQ(ThreadWorkspace(0).data(), before) << "weights, " << to_string(input) << to_string(weights);
    conv_backward_input(g, w, dx, options);
    EXPECT_EQ(ThreadWorkspace(0).data(), before) << "input, " << to_string(input) << to_string(weights);
  }).join();
}

TEST(MemoryTest, GradientsTakeABoundedWorkspace) {
  for (const auto& [height, width] : {std::pair<int64_t, int64_t>{9, 9}, {12, 3000}}) {
    const auto input = [h = height, w = width](int64_t channels) { return Shape<4>{2, h, w, channels}; };
    for (const int64_t stride : {1, 2}) {
      const auto options = [stride](int64_t pad, int64_t groups) {
        return ConvOptions{.stride = {stride, stride}, .padding = Padding::all(pad), .groups = groups, .threads = 1};
      };
      expect_bounded_gradients<float>(input(64), {3, 3, 64, 64}, options(1, 1));
      expect_bounded_gradients<double>(input(64), {3, 3, 64, 72}, options(1, 1));
      expect_bounded_gradients<double>(input(3), {7, 7, 3, 64}, options(3, 1));
      expect_bounded_gradients<float>(input(40), {9, 9, 40, 8}, options(4, 1));
      expect_bounded_gradients<double>(input(90), {3, 3, 1, 90}, options(1, 90));
      expect_bounded_gradients<float>(input(64), {3, 3, 8, 64}, options(1, 8));
    }
  }
  expect_bounded_gradients<double>({1, 7, 7, 2048}, {1, 1, 2048, 512}, {.threads = 1});
  expect_bounded_gradients<double>({1, 7, 7, 700}, {3, 3, 700, 600}, {.padding = Padding::all(1), .threads = 1});
}

// The memory is another thread's; it is gone after the call, and asked for anew.
TEST(MemoryTest, KeptMemoryIsGivenBackOnRequest) {
  constexpr size_t kBytes = 40 * kMegabyte;  // more than glibc ever keeps of what it is given back
  std::atomic<int> step{0};
  std::thread other([&] {
    std::memset(ThreadWorkspace(kBytes).data(), 1, kBytes);
    step = 1;
    while (step == 1) std::this_thread::yield();
    std::memset(ThreadWorkspace(kBytes).data(), 1, kBytes);
  });
  while (step == 0) std::this_thread::yield();
  {
    const ThreadWorkspace used(kBytes);
    std::memset(used.data(), 2, kBytes);
    [[maybe_unused]] const int64_t before = resident_bytes();
    release_memory();
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    EXPECT_LE(resident_bytes() + int64_t{kBytes} / 2, before);
#endif
    EXPECT_EQ(static_cast<const char*>(used.data())[kBytes - 1], 2);
  }
  step = 2;
  other.join();
  release_memory();
}

// Calls and threads come and go while memory is given back.
TEST(MemoryTest, MayBeGivenBackWhileThreadsCompute) {
  const auto x = filled<float, 4>({1, 14, 14, 16}, 1), w = filled<float, 4>({3, 3, 16, 32}, 1);
  std::atomic<bool> is_over{false};
  std::thread giver([&] {
    while (!is_over) release_memory();
  });
  for (int round = 0; round < 20; ++round) {
    std::vector<std::thread> callers;
    for (int t = 0; t < 3; ++t) {
      callers.emplace_back([&] {
        for (int i = 0; i < 10; ++i) {
          Tensor<float, 4> y({1, 12, 12, 32});
          conv_forward(x, w, {}, y, {.threads = 2});
          EXPECT_EQ(y(0, 5, 5, 31), 144);
        }
      });
    }
    for (std::thread& caller : callers) caller.join();
  }
  is_over = true;
  giver.join();
}

}  // namespace
}  // namespace convstep
