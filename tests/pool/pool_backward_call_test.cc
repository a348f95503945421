// Calls of pool_backward: layouts, threads, progress, and what is refused.
#include <cstdint>
#include <limits>
#include <random>
#include <stdexcept>
#include <string>

#include "runtime/threads.h"
#include "tests/pool/pool_backward_case.h"
#include "tests/support/expect_error.h"

namespace convstep {
namespace {

template <class T>
class PoolBackwardCallTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolBackwardCallTest, Types);

TYPED_TEST(PoolBackwardCallTest, HasTheBitsOfTheReferenceInAnyLayoutOnAnyThreads) {
  set_all_work_worth_threads(true);
  std::minstd_rand random(7);
  const auto draw = [&random](int64_t low, int64_t high) {
    return low + static_cast<int64_t>(random()) % (high - low + 1);
  };
  int64_t tried = 0;
  while (tried < (try_more() ? 5000 : 1000)) {
    PoolCase test{.input = {draw(1, 3), draw(1, 9), draw(1, 9), draw(1, 4) == 1 ? draw(120, 300) : draw(1, 40)},
                  .options = {.window = {draw(1, 4), draw(1, 4)},
                              .stride = {draw(1, 3), draw(1, 3)},
                              .mode = static_cast<PoolMode>(draw(0, 2)),
                              .padding = {draw(0, 1), draw(0, 1), draw(0, 1), draw(0, 1)},
                              .dilation = {draw(1, 2), draw(1, 2)},
                              .ceil_mode = draw(0, 1) == 1,
                              .count_include_pad = draw(0, 1) == 1,
                              .p = double(draw(2, 6)) / 2},
                  .values = static_cast<Values>(draw(0, 3)),
                  .input_layout = static_cast<Layout>(draw(0, 3)),
                  .output_layout = static_cast<Layout>(draw(0, 3)),
                  .flush = static_cast<Flush>(draw(0, 1)),
                  .seed = static_cast<unsigned>(tried)};
    if (!is_valid(test)) continue;
    PoolBackwardCase call{.pooling = test,
                          .result_layout = static_cast<Layout>(draw(0, 3)),
                          .ties = static_cast<PoolTies>(draw(0, 1)),
                          .accumulate = draw(0, 2) == 0,
                          .threads = {1, 2, 3, 8}};
    if (test.options.mode == PoolMode::kMax && draw(0, 3) == 0) {
      call.indices = draw(0, 3) == 0 ? Indices::kOfAnyElement : Indices::kOfMaxima;
      call.ties = PoolTies::kFirst;
    }
    expect_bits_of_the_reference<TypeParam>(call);
    if (this->HasFatalFailure()) break;
    ++tried;
  }
  set_all_work_worth_threads(false);
}

TEST(PoolBackwardCall, ProgressIsHeardWithinLongWindowsAndMayThrow) {
  const Tensor<float, 4> x({1, 2000, 2000, 1}), g({1, 1, 1, 1});
  Tensor<float, 4> gradient(x.shape());
  PoolOptions options{.window = 2000};
  for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage, PoolMode::kLp}) {
    options.mode = mode;
    int64_t early = 0, last = -1;
    options.progress = [&](int64_t done, int64_t total) {
      EXPECT_LE(last, done);
      EXPECT_EQ(total, 1);
      early += done == 0;
      last = done;
    };
    pool_backward(g, x, gradient, options);
    EXPECT_GE(early, 2);
    EXPECT_EQ(last, 1);
    options.progress = [](int64_t, int64_t) { throw std::domain_error("stop"); };
    EXPECT_THROW(pool_backward(g, x, gradient, options), std::domain_error);
  }
}

TEST(PoolBackwardCall, AnEmptyBatchIsEmpty) {
  Tensor<double, 4> empty({0, 4, 4, 1}), no_grad({0, 2, 2, 1});
  pool_backward(no_grad, empty, empty, {.window = 2, .stride = 2});
  pool_backward(no_grad, Tensor<int64_t, 4>({0, 2, 2, 1}), empty, {.window = 2, .stride = 2});
}

struct Refusals {
  Tensor<float, 4> x = counting<float, 4>({1, 4, 4, 1}), g = counting<float, 4>({1, 2, 2, 1});
  Tensor<float, 4> output = filled<float, 4>({1, 4, 4, 1}, kPoison);
  Tensor<int64_t, 4> where{{1, 2, 2, 1}};
  PoolOptions options{.window = 2, .stride = 2};
};

TEST(PoolBackwardCall, ChecksBeforeItWrites) {
  Refusals r;
  const Tensor<float, 4> wide({1, 2, 3, 1});
  expect_error<ShapeError>([&] { pool_backward(wide, r.x, r.output, r.options); }, "grad", "(1, 2, 3, 1)",
                           "(1, 2, 2, 1)");
  expect_error<ShapeError>(
      [&] {
        pool_backward(r.g, r.x, View<float, 4>(r.output.data(), {1, 4, 2, 1}), r.options);
      },
      "input_grad", "(1, 4, 2, 1)", "(1, 4, 4, 1)");
  expect_error<ShapeError>([&] { pool_backward(r.g, View<const float, 4>(), r.output, r.options); }, "input");
  expect_error<ShapeError>([&] { pool_backward(r.g, r.x, r.output, {.window = 5}); }, "window", "(5, 5)");
  expect_error<ParameterError>([&] { pool_backward(r.g, r.x, r.output, {.window = 0}); }, "window", "0");
  expect_error<ParameterError>([&] { pool_backward(r.g, r.x, r.output, r.options, static_cast<PoolTies>(2)); }, "ties",
                               "2", "PoolTies");
  expect_error<ParameterError>(
      [&] {
        pool_backward({nullptr, r.g.shape()}, r.x, r.output, r.options);
      },
      "grad", "null");
  expect_error<ParameterError>(
      [&] { pool_backward(r.g, View<const float, 4>(nullptr, r.x.shape()), r.output, r.options); }, "input", "null");
  expect_error<ParameterError>(
      [&] {
        pool_backward(r.g, r.x, {nullptr, r.x.shape()}, r.options);
      },
      "input_grad", "null");
  expect_error<ParameterError>([&] { pool_backward(r.g, r.x, r.x, r.options); }, "input_grad", "overlaps input");
  const View<float, 4> shared(r.output.data(), {1, 2, 2, 1});
  expect_error<ParameterError>([&] { pool_backward(shared, r.x, r.output, r.options); }, "input_grad", "overlaps grad");
  r.options.threads = -1;
  expect_error<ParameterError>([&] { pool_backward(r.g, r.x, r.output, r.options); }, "threads", "-1");
  EXPECT_TRUE(is_untouched(r.output));
}

TEST(PoolBackwardCall, ChecksAllIndicesBeforeItWrites) {
  Refusals r;
  for (const int64_t bad : {int64_t{-1}, int64_t{16}, INT64_MIN, INT64_MAX}) {
    r.where(0, 1, 1, 0) = bad;
    expect_error<ParameterError>([&] { pool_backward(r.g, r.where, r.output, r.options); }, "indices",
                                 std::to_string(bad) + " at (0, 1, 1, 0)", "0 to 15");
  }
  r.where(0, 1, 1, 0) = 15;
  expect_error<ShapeError>(
      [&] {
        pool_backward(r.g, Tensor<int64_t, 4>({1, 2, 1, 1}), r.output, r.options);
      },
      "indices", "(1, 2, 1, 1)", "(1, 2, 2, 1)");
  expect_error<ShapeError>([&] { pool_backward(r.g, r.where, View<float, 4>(), r.options); }, "input_grad");
  expect_error<ParameterError>(
      [&] { pool_backward(r.g, View<const int64_t, 4>(nullptr, r.where.shape()), r.output, r.options); }, "indices",
      "null");
  r.options.mode = PoolMode::kAverage;
  expect_error<ParameterError>([&] { pool_backward(r.g, r.where, r.output, r.options); }, "mode", "", "kMax");
  EXPECT_TRUE(is_untouched(r.output));
  r.options.mode = PoolMode::kMax;
  pool_backward(r.g, r.where, r.output, r.options);  // indices of other windows, too, are taken at their word
  EXPECT_EQ(r.output(0, 0, 0, 0), 1 + 2 + 3);
  EXPECT_EQ(r.output(0, 3, 3, 0), 4);
}

}  // namespace
}  // namespace convstep
