// pool_backward_kernel_test.cc: the gradients of poolings on every SIMD target against the reference, bit by bit.
// CONVSTEP_CASES=full tries more.
#include <algorithm>
#include <iterator>
#include <random>

#include "runtime/threads.h"
#include "tests/pool/pool_backward_case.h"

namespace convstep {
namespace {

template <class T>
class PoolBackwardKernelTest : public testing::Test {
 protected:
  PoolBackwardKernelTest() { set_all_work_worth_threads(true); }
  ~PoolBackwardKernelTest() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  int64_t pick(int64_t least, int64_t most) { return least + static_cast<int64_t>(random_() % (most - least + 1)); }
  Layout pick_layout() { return static_cast<Layout>(pick(0, 1) ? 0 : pick(0, 3)); }

  // What a case leaves open, then the case.
  void expect_bits(PoolBackwardCase test) {
    PoolOptions& options = test.pooling.options;
    options.mode = pick(0, 2) ? PoolMode::kMax : PoolMode::kAverage;
    options.count_include_pad = pick(0, 2) == 0;
    options.ceil_mode = pick(0, 2) == 0;
    if (!is_valid(test.pooling)) return;
    test.pooling.values = static_cast<Values>(pick(0, 5) < 3 ? 0 : pick(0, 3));
    test.pooling.flush = pick(0, 1) ? Flush::kFront : Flush::kBack;
    test.pooling.seed = static_cast<unsigned>(pick(0, 1 << 20));
    test.pooling.input_layout = pick_layout();
    test.pooling.output_layout = pick_layout();
    test.result_layout = pick_layout();
    if (options.mode == PoolMode::kMax && pick(0, 2) == 0) {
      test.indices = pick(0, 2) ? Indices::kOfMaxima : Indices::kOfAnyElement;
    } else if (pick(0, 2) == 0) {
      test.ties = PoolTies::kAll;
    }
    test.accumulate = pick(0, 2) == 0;
    test.threads = {1, pick(2, 4)};
    ++tried_;
    expect_bits_of_the_reference<T>(test);
  }

  int64_t channels() {
    const int64_t lanes = 64 / static_cast<int64_t>(sizeof(T));  // of the widest vector
    return pick(0, 3) == 0 ? pick(2 * lanes, 10 * lanes) : pick(1, 2 * lanes + 1);
  }

  std::minstd_rand random_{11};
  int64_t tried_ = 0;
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolBackwardKernelTest, Types);

// Every small axis, paired with another one.
TYPED_TEST(PoolBackwardKernelTest, SmallShapes) {
  const int64_t longest = try_more() ? 12 : 8;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t length = 1; length <= longest; ++length) {
      for (int64_t window = 1; window <= 5; ++window) {
        for (int64_t stride = 1; stride <= window + 1; ++stride) {
          for (int64_t padding = 0; padding <= std::min<int64_t>(window - 1, 2); ++padding) {
            const int64_t dilation = this->pick(0, 2) == 0 ? this->pick(2, 3) : 1;
            PoolBackwardCase test{.pooling = {.input = {this->pick(1, 2), length, this->pick(1, 9), this->channels()},
                                              .options = {.window = {window, this->pick(1, 4)},
                                                          .stride = {stride, this->pick(1, 4)},
                                                          .padding = {padding, this->pick(0, padding), this->pick(0, 1),
                                                                      this->pick(0, 1)},
                                                          .dilation = {dilation, this->pick(1, 2)}}}};
            if (this->pick(0, 1)) {  // the same the other way round
              std::swap(test.pooling.input[1], test.pooling.input[2]);
              PoolOptions& options = test.pooling.options;
              std::swap(options.window.height, options.window.width);
              std::swap(options.stride.height, options.stride.width);
              std::swap(options.dilation.height, options.dilation.width);
              options.padding = {options.padding.left, options.padding.right, options.padding.top,
                                 options.padding.bottom};
            }
            this->expect_bits(test);
            if (this->HasFatalFailure()) return;
          }
        }
      }
    }
  }
  EXPECT_GE(this->tried_, 200 * std::ssize(simd_targets()));
}

// Windows over which each element has many others, so that gradients are scattered.
TYPED_TEST(PoolBackwardKernelTest, LargeWindows) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < (try_more() ? 300 : 40); ++i) {
      const int64_t high = this->pick(5, 13), wide = this->pick(5, 13);
      this->expect_bits(
          {.pooling = {
               .input = {this->pick(1, 2), high + this->pick(0, 8), wide + this->pick(0, 8), this->pick(1, 20)},
               .options = {.window = {high, wide},
                           .stride = {this->pick(1, 2), 1},
                           .padding = {this->pick(0, 4), this->pick(0, 4), this->pick(0, 4), this->pick(0, 4)}}}});
      if (this->HasFatalFailure()) return;
    }
  }
}

// Images that are cut into bands of rows, strips of columns and parts of the channels.
TYPED_TEST(PoolBackwardKernelTest, ImagesThatAreCut) {
  const Shape<4> shapes[] = {{1, 90, 40, 70}, {1, 5, 3000, 33}, {1, 2000, 6, 20}, {1, 20, 20, 500},
                             {2, 70, 90, 3},  {1, 3, 3, 9000},  {1, 300, 300, 1}};
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Shape<4>& shape : shapes) {
      for (int i = 0; i < (try_more() ? 12 : 2); ++i) {
        const int64_t window = this->pick(1, 3);
        this->expect_bits({.pooling = {.input = shape,
                                       .options = {.window = {window, this->pick(1, 3)},
                                                   .stride = {this->pick(1, 3), this->pick(1, 3)},
                                                   .padding = {0, this->pick(0, window - 1), 0, 0}}}});
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

// One window over more rows than are looked at together, and over more columns.
TYPED_TEST(PoolBackwardKernelTest, WindowsOverWholeImages) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Shape<4>& shape : {Shape<4>{1, 300, 3, 5}, Shape<4>{2, 2, 700, 4}, Shape<4>{1, 40, 40, 33}}) {
      for (int i = 0; i < 4; ++i) {
        this->expect_bits({.pooling = {.input = shape, .options = {.window = {shape[1], shape[2]}}}});
        if (this->HasFatalFailure()) return;
      }
      // And windows that share most of it.
      this->expect_bits({.pooling = {.input = shape, .options = {.window = {shape[1] - 1, shape[2] - 1}}}});
      if (this->HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace convstep
