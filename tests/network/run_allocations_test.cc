// That a run allocates nothing: the operators new of this program count.
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <new>

#include "convstep/network.h"

namespace {
std::atomic<int64_t> allocations = 0;
}

// Not inline, where GCC takes the two for each other's strangers.
[[gnu::noinline]] void* operator new(size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes > 0 ? bytes : 1)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace convstep {
namespace {

TEST(Run, AllocatesNothing) {
  NetworkBuilder<float> build(1);
  const auto x = build.input({20, 20, 3});
  const auto a = build.layer(x, layers::Conv{.filters = 8, .window = 3, .padding = 1, .activation = Activation::kRelu});
  const auto b = build.layer(a, layers::Conv{.filters = 8, .window = 3, .padding = 1, .groups = 8});
  const auto c =
      build.activation(build.multiply(build.add(a, b), build.activation(b, Activation::kSigmoid)), Activation::kTanh);
  const auto d = build.concat({build.pool(c, {.window = 2, .stride = 2}), build.pool(a, {.window = 2, .stride = 2})});
  build.output(build.softmax(build.layer(build.flatten(d), layers::Linear{.outputs = 10})));
  const Network<float> network = build.network();
  const auto plan = network.plan({2, 20, 20, 3});
  const Tensor<float, 4> images({2, 20, 20, 3});
  Tensor<float, 2> scores({2, 10});
  const RunOptions options{.threads = 1};
  plan.run(images, scores, options);  // threads keep their workspaces from the first call on
  const int64_t before = allocations;
  plan.run(images, scores, options);
  EXPECT_EQ(allocations - before, 0);
}

}  // namespace
}  // namespace convstep
