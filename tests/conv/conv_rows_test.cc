// conv_rows_test.cc: bands of rows have the bits of the whole output, read no rows but those that they say, and write
// no others. Of convolutions and poolings.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "convstep/conv.h"
#include "convstep/pool.h"
#include "runtime/threads.h"
#include "tests/support/chain_test.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/named_layer.h"

namespace convstep {
namespace {

const NamedLayer kLayers[] = {
    {"winograd", {1, 45, 19, 24}, {3, 3, 24, 48}, {.padding = 1}},
    {"winograd without padding", {1, 41, 15, 32}, {3, 3, 32, 32}, {}},
    {"direct", {1, 37, 21, 12}, {5, 5, 12, 20}, {.padding = 2}},
    {"direct, strided", {1, 39, 31, 17}, {3, 3, 17, 50}, {.stride = 2, .padding = 1}},
    {"direct, more padding than window", {1, 9, 11, 5}, {3, 3, 5, 18}, {.padding = Padding(4, 5, 0, 1)}},
    {"pointwise", {1, 33, 13, 30}, {1, 1, 30, 40}, {}},
    {"dilated", {1, 31, 12, 8}, {3, 3, 8, 33}, {.padding = 3, .dilation = 3}},
    {"grouped", {1, 24, 15, 24}, {3, 3, 6, 20}, {.padding = 1, .groups = 4}},
    {"groups of four", {1, 34, 15, 64}, {3, 3, 4, 64}, {.padding = 1, .groups = 16}},
    {"depthwise", {1, 40, 29, 45}, {3, 3, 1, 45}, {.padding = 1, .groups = 45}},
    {"depthwise, strided", {1, 38, 19, 33}, {5, 5, 1, 33}, {.stride = 2, .padding = 2, .groups = 33}},
    {"one output", {1, 40, 37, 16}, {3, 3, 16, 1}, {.padding = 1}},
};

const PoolOptions kPoolings[] = {
    {.window = 2, .stride = 2},
    {.window = 3, .stride = 2, .padding = 1},
    {.window = 3, .stride = 1, .padding = 1},
    {.window = 3, .stride = 1, .mode = PoolMode::kAverage, .padding = 1},
    {.window = 3, .stride = 2, .mode = PoolMode::kAverage, .padding = 1, .count_include_pad = true},
    {.window = 7, .stride = 1, .mode = PoolMode::kMax, .padding = 3},
    {.window = 9, .stride = 2, .mode = PoolMode::kAverage},
    {.window = 2, .stride = 1, .mode = PoolMode::kLp, .dilation = 2},
    {.window = 50, .stride = 3, .padding = 20, .ceil_mode = true},
};

// A band of an image, between pages that may not be touched; and the image whose rows it has.
template <class T>
class Band {
 public:
  Band(const Shape<4>& image, const RowRange& rows, Flush flush)
      : rows_(rows), row_(image[2] * image[3]), buffer_(rows.count * row_, flush) {
    T* first = reinterpret_cast<T*>(reinterpret_cast<uintptr_t>(buffer_.data()) -
                                    static_cast<uintptr_t>(rows.first * row_) * sizeof(T));
    whole = {first, image};
  }
  void copy_from(const Tensor<T, 4>& image) {
    std::copy_n(image.data() + rows_.first * row_, rows_.count * row_, buffer_.data());
  }
  bool is_as_in(const Tensor<T, 4>& image) const {
    return std::memcmp(image.data() + rows_.first * row_, buffer_.data(), size_t(rows_.count * row_) * sizeof(T)) == 0;
  }

  View<T, 4> whole;

 private:
  RowRange rows_;
  int64_t row_;
  GuardedBuffer<T> buffer_;
};

// The bands of so many steps each.
std::vector<RowRange> bands_of(int64_t height, int64_t rows) {
  std::vector<RowRange> bands;
  for (int64_t first = 0; first < height; first += rows) bands.push_back({first, std::min(rows, height - first)});
  return bands;
}

template <class T>
class RowsTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }
};

using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(RowsTest, Types);

TYPED_TEST(RowsTest, OfConvolutionsHaveTheBitsOfTheWhole) {
  using T = TypeParam;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const NamedLayer& layer : kLayers) {
      const auto x = random_tensor<T, 4>(layer.input, 1);
      const auto w = random_tensor<T, 4>(layer.weights, 2);
      const auto b = random_tensor<T, 1>({layer.weights[3]}, 3);
      ConvOptions options = layer.options;
      options.activation = Activation::kRelu;
      const ConvPlan<T> plan(layer.input, w, b, options);
      const Shape<4> shape = plan.output_shape(1);
      const auto r = random_tensor<T, 4>(shape, 4);
      auto expected = Tensor<T, 4>::uninitialized(shape);
      plan.run(x, expected, r);
      ASSERT_LT(plan.row_step(), shape[1]) << layer.name;
      for (const int64_t steps : {1, 2, 3}) {
        for (const RowRange& rows : bands_of(shape[1], steps * plan.row_step())) {
          const Flush flush = steps % 2 ? Flush::kFront : Flush::kBack;
          Band<T> input(layer.input, plan.input_rows(rows), flush), residual(shape, rows, flush),
              output(shape, rows, flush);
          input.copy_from(x);
          residual.copy_from(r);
          plan.run_rows(rows, input.whole, output.whole, residual.whole, {.threads = steps});
          EXPECT_TRUE(output.is_as_in(expected)) << target << ", " << layer.name << ", rows from " << rows.first;
        }
      }
    }
  }
}

TYPED_TEST(RowsTest, OfPoolingsHaveTheBitsOfTheWhole) {
  using T = TypeParam;
  const Shape<4> image{1, 43, 39, 19};
  const auto x = random_tensor<T, 4>(image, 1);
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const PoolOptions& options : kPoolings) {
      const PoolPlan<T> plan(image, options);
      auto expected = Tensor<T, 4>::uninitialized(plan.output_shape(1));
      plan.run(x, expected);
      for (const int64_t count : {1, 2, 3, 7}) {
        for (const RowRange& rows : bands_of(expected.shape(1), count)) {
          const Flush flush = count % 2 ? Flush::kFront : Flush::kBack;
          Band<T> input(image, plan.input_rows(rows), flush), output(expected.shape(), rows, flush);
          input.copy_from(x);
          plan.run_rows(rows, input.whole, output.whole, {.threads = count});
          EXPECT_TRUE(output.is_as_in(expected)) << target << ", " << plan.describe() << ", rows from " << rows.first;
        }
      }
    }
  }
}

TEST(RowsOfLayersTest, OfBatchesAreThoseOfEachImage) {
  const auto x = random_tensor<float, 4>({3, 20, 17, 16}, 1);
  const auto w = random_tensor<float, 4>({3, 3, 16, 64}, 2);
  const ConvPlan<float> plan(x.shape(), w, {}, {.padding = 1});
  Tensor<float, 4> expected(plan.output_shape(3)), output = filled<float, 4>(expected.shape(), kPoison);
  plan.run(x, expected);
  for (const RowRange& rows : bands_of(20, plan.row_step())) plan.run_rows(rows, x, output);
  EXPECT_TRUE(std::equal(output.begin(), output.end(), expected.begin()));
}

TEST(RowsOfLayersTest, ThatAreNotThereAreRefused) {
  const auto x = random_tensor<float, 4>({1, 20, 17, 16}, 1);
  const auto w = random_tensor<float, 4>({3, 3, 16, 64}, 2);
  const ConvPlan<float> winograd(x.shape(), w, {}, {.padding = 1});
  ASSERT_GT(winograd.row_step(), 1);
  auto output = filled<float, 4>(winograd.output_shape(1), kPoison);
  const int64_t step = winograd.row_step();
  for (const RowRange& rows : {RowRange{0, 0}, {-1, step}, {0, 21}, {20, 1}, {1, step}, {0, step + 1}}) {
    EXPECT_THROW(winograd.run_rows(rows, x, output), ParameterError) << rows.first << ", " << rows.count;
  }
  expect_error<ParameterError>([&] { winograd.run_rows({1, step}, x, output); }, "rows");
  const ConvPlan<float> numpys(x.shape(), w, {}, {.padding = 1, .numerics = Numerics::kNumpy});
  EXPECT_EQ(numpys.row_step(), 20);
  EXPECT_THROW(numpys.run_rows({0, 10}, x, output), ParameterError);
  EXPECT_TRUE(is_untouched(output));
  numpys.run_rows({0, 20}, x, output);
  EXPECT_FALSE(is_untouched(output));
  const PoolPlan<float> pool(x.shape(), {.window = 2, .stride = 2});
  EXPECT_THROW(pool.input_rows({9, 2}), ParameterError);
  EXPECT_EQ(pool.input_rows({2, 3}), (RowRange{4, 6}));
}

}  // namespace
}  // namespace convstep
