#include "convstep/tensor.h"

#include <cstdint>
#include <numeric>
#include <type_traits>
#include <vector>

#include "tests/expect_error.h"

namespace convstep {
namespace {

static_assert(std::is_convertible_v<View<float, 4>, View<const float, 4>>);
static_assert(!std::is_convertible_v<View<const float, 4>, View<float, 4>>, "a view must not shed const");
static_assert(std::is_convertible_v<Tensor<float, 4>&, View<float, 4>>);
static_assert(std::is_convertible_v<const Tensor<float, 4>&, View<const float, 4>>);
static_assert(!std::is_convertible_v<const Tensor<float, 4>&, View<float, 4>>, "nor a const tensor");

TEST(ViewTest, IsDenseInRowMajorOrder) {
  std::vector<double> data(2 * 3 * 4);
  std::iota(data.begin(), data.end(), 0);
  const View<double, 3> view(data.data(), {2, 3, 4});
  EXPECT_EQ(view.strides(), (Shape<3>{12, 4, 1}));
  EXPECT_EQ(view.size(), 24);
  EXPECT_TRUE(view.is_dense());
  EXPECT_EQ(view(1, 2, 3), 23);
  EXPECT_EQ(&view(1, 0, 2), &data[14]);
}

TEST(ViewTest, DefaultStandsForNone) {
  const View<float, 1> none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.size(), 0);
  float one = 0;
  EXPECT_TRUE((View<float, 1>(&one, {1})));
  EXPECT_TRUE((View<float, 1>(nullptr, {1}))) << "a missing array is not the same as none";
}

TEST(ViewTest, StridesMayBeNegativeZeroOrWide) {
  std::vector<int> data(24);
  std::iota(data.begin(), data.end(), 0);
  const View<int, 2> reversed(data.data() + 23, {4, 6}, {-6, -1});
  EXPECT_EQ(reversed(0, 0), 23);
  EXPECT_EQ(reversed(3, 5), 0);
  EXPECT_FALSE(reversed.is_dense());
  const View<int, 2> crop(data.data() + 7, {2, 2}, {6, 1});
  EXPECT_EQ(crop(1, 1), 14);
  EXPECT_FALSE(crop.is_dense());
  const View<int, 2> repeated(data.data() + 5, {3, 3}, {0, 0});
  EXPECT_EQ(repeated(2, 2), 5);
  EXPECT_FALSE(repeated.is_dense());
}

TEST(ViewTest, AxesOfLengthOneDoNotMatterForDensity) {
  int data[6] = {};
  EXPECT_TRUE((View<int, 3>(data, {1, 2, 3}, {999, 3, 1})).is_dense());
  EXPECT_TRUE((View<int, 3>(data, {2, 1, 3}, {3, -7, 1})).is_dense());
  EXPECT_TRUE((View<int, 3>(data, {0, 2, 3}, {5, 5, 5})).is_dense()) << "no elements are in any order";
  EXPECT_FALSE((View<int, 3>(data, {1, 2, 3}, {6, 1, 2})).is_dense());
}

TEST(ViewTest, IndexingGivesTheSubArray) {
  std::vector<int> data(24);
  std::iota(data.begin(), data.end(), 0);
  const View<int, 3> view(data.data(), {2, 3, 4});
  EXPECT_EQ(view[1].shape(), (Shape<2>{3, 4}));
  EXPECT_EQ(view[1](2, 3), 23);
  EXPECT_EQ(view[1][2](0), 20);
  const View<int, 3> backwards(data.data() + 12, {2, 3, 4}, {-12, 4, 1});
  EXPECT_EQ(backwards[1](0, 1), 1);
}

TEST(ViewTest, RefusesImpossibleShapes) {
  const int64_t large = int64_t{1} << 61;
  expect_error<ShapeError>([] { View<float, 2>(nullptr, {-1, 2}); }, "shape", "(-1, 2)", "0 or more");
  expect_error<ShapeError>([=] { View<float, 2>(nullptr, {0, large}); }, "shape", "(0, ", "2^63 bytes");
  expect_error<ShapeError>([=] { View<float, 2>(nullptr, {large, 4}, {0, 0}); }, "shape");
}

TEST(TensorTest, IsZeroAndAligned) {
  for (int64_t size = 1; size < 200; ++size) {
    const Tensor<float, 1> tensor({size});
    EXPECT_EQ(reinterpret_cast<uintptr_t>(tensor.data()) % 64, 0u);
    for (int64_t i = 0; i < size; ++i) ASSERT_EQ(tensor(i), 0.0f);
  }
}

TEST(TensorTest, CopiesAreDeepAndMovesKeepTheMemory) {
  Tensor<int, 2> original({2, 2});
  original(1, 1) = 7;
  Tensor<int, 2> copy = original;
  copy(1, 1) = 8;
  EXPECT_EQ(original(1, 1), 7);
  EXPECT_NE(copy.data(), original.data());

  const int* memory = original.data();
  Tensor<int, 2> moved = std::move(original);
  EXPECT_EQ(moved.data(), memory);
  EXPECT_EQ(moved(1, 1), 7);

  copy = moved;
  EXPECT_EQ(copy(1, 1), 7);
  EXPECT_NE(copy.data(), moved.data());
  copy = copy.view().data() ? Tensor<int, 2>({3, 1}) : copy;
  EXPECT_EQ(copy.shape(), (Shape<2>{3, 1}));
}

TEST(TensorTest, EmptyOnesCopyToo) {
  const Tensor<float, 2> none;
  const Tensor<float, 2> copy = none;
  EXPECT_EQ(copy.size(), 0);
  EXPECT_EQ(copy.data(), nullptr);
  const Tensor<float, 2> no_rows({0, 3});
  const Tensor<float, 2> copy_of_no_rows = no_rows;
  EXPECT_EQ(copy_of_no_rows.shape(), (Shape<2>{0, 3}));
  EXPECT_EQ(copy_of_no_rows.size(), 0);
}

TEST(TensorTest, RefusesWhatCannotExist) {
  expect_error<ShapeError>([] { Tensor<double, 2>({int64_t{1} << 40, int64_t{1} << 40}); }, "shape");
  expect_error<ShapeError>([] { Tensor<double, 2>({-1, 1}); }, "shape");
#if !defined(__SANITIZE_ADDRESS__)  // which ends the process where an allocation fails
  EXPECT_THROW((Tensor<char, 1>({INT64_MAX - 1000})), std::bad_alloc);
#endif
}

TEST(TensorTest, IndexingGivesViews) {
  Tensor<int, 3> tensor({2, 2, 2});
  tensor[1](0, 1) = 5;
  const Tensor<int, 3>& constant = tensor;
  EXPECT_EQ(constant(1, 0, 1), 5);
  EXPECT_EQ(constant[1](0, 1), 5);
  static_assert(std::is_same_v<decltype(constant[1]), View<const int, 2>>);
}

}  // namespace
}  // namespace convstep
