#include "convstep/tensor.h"

#include <gmock/gmock.h>

#include <cstdint>
#include <numeric>
#include <ranges>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/support/expect_error.h"

namespace convstep {
namespace {

static_assert(std::is_convertible_v<View<float, 4>, View<const float, 4>>);
static_assert(!std::is_convertible_v<View<const float, 4>, View<float, 4>>, "a view must not shed const");
static_assert(std::is_convertible_v<Tensor<float, 4>&, View<float, 4>>);
static_assert(std::is_convertible_v<const Tensor<float, 4>&, View<const float, 4>>);
static_assert(!std::is_convertible_v<const Tensor<float, 4>&, View<float, 4>>, "nor a const tensor");

// Braces with too few lengths are no shape, though std::array would make the missing ones 0.
template <class Array>
concept MadeOfTwoLengths = requires {
  Array({1, 2});
};
template <class Array, class... Strides>
concept SeesTwoLengths = requires(float* data) {
  Array(data, {1, 2});
};
static_assert(MadeOfTwoLengths<Tensor<float, 2>> && !MadeOfTwoLengths<Tensor<float, 4>>);
static_assert(SeesTwoLengths<View<float, 2>> && !SeesTwoLengths<View<const float, 3>>);
static_assert(!std::is_invocable_v<View<float, 2>, double, int> && !std::is_invocable_v<View<float, 2>, int>);
static_assert(!std::is_invocable_v<Tensor<float, 2>, int> && std::is_invocable_v<Tensor<float, 2>, int, size_t>);
static_assert(std::ranges::contiguous_range<Tensor<float, 2>>);

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

using testing::ElementsAre;

TEST(TensorTest, IsMadeOfValues) {
  const Tensor<float, 2> table({2, 3}, {1, 2, 3, 4, 5, 6});
  EXPECT_EQ(table.shape(), (Shape<2>{2, 3}));
  EXPECT_EQ(table(1, 0), 4);
  EXPECT_THAT((Tensor<double, 1>({2}, {0.5, 2})), ElementsAre(0.5, 2));
  const std::vector<float> numbers{1, 2, 3, 4, 5, 6};
  EXPECT_THAT((Tensor<float, 3>({1, 3, 2}, numbers)), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT((Tensor<float, 1>({2}, std::span(numbers).subspan(4))), ElementsAre(5, 6));
  EXPECT_THAT((Tensor<float, 1>({6}, table)), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_EQ((Tensor<float, 2>({0, 3}, {}).shape()), (Shape<2>{0, 3}));
  EXPECT_THAT((Tensor<float, 2>::full({1, 3}, 7)), ElementsAre(7, 7, 7));
}

TEST(TensorTest, RefusesMoreOrFewerValuesThanItHolds) {
  expect_error<ShapeError>(
      [] {
        Tensor<float, 2>({2, 3}, {1, 2, 3, 4, 5});
      },
      "values", "5 elements", "6 for the shape (2, 3)");
  const std::vector<double> one(1);
  expect_error<ShapeError>([&] { Tensor<double, 1>({0}, one); }, "values", "1 element", "0 for the shape (0,)");
  expect_error<ShapeError>([&] { Tensor<double, 1>({-1}, one); }, "shape", "(-1,)");
}

TEST(TensorTest, CopiesWhatAViewShows) {
  const Tensor<int, 3> all({2, 2, 3}, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11});
  EXPECT_THAT((Tensor<int, 2>(all[1])), ElementsAre(6, 7, 8, 9, 10, 11));
  EXPECT_THAT((Tensor<int, 3>(View<const int, 3>(all.data() + 1, {2, 2, 2}, {6, 3, 1}))),
              ElementsAre(1, 2, 4, 5, 7, 8, 10, 11));
  EXPECT_THAT((Tensor<int, 2>(View<const int, 2>(all.data() + 5, {3, 2}, {-1, 0}))), ElementsAre(5, 5, 4, 4, 3, 3));
  EXPECT_EQ((Tensor<int, 2>(View<const int, 2>()).data()), nullptr) << "none stays none";
}

TEST(TensorTest, IsARangeAndFills) {
  Tensor<float, 2> tensor({2, 2});
  for (float next = 0; float& element : tensor) element = next++;
  EXPECT_THAT(tensor, ElementsAre(0, 1, 2, 3));
  const std::span<const float> elements = tensor;
  EXPECT_EQ(elements.size(), 4u);
  tensor.fill(3);
  EXPECT_THAT(tensor, ElementsAre(3, 3, 3, 3));
  const Tensor<float, 2> none;
  EXPECT_EQ(none.begin(), none.end());
}

TEST(TensorTest, ReshapesInPlaceOrTakesTheMemoryAlong) {
  Tensor<int, 2> tensor({2, 3}, {0, 1, 2, 3, 4, 5});
  const View<int, 3> view = tensor.reshape<3>({3, -1, 1});
  EXPECT_EQ(view.shape(), (Shape<3>{3, 2, 1}));
  view(2, 1, 0) = 7;
  EXPECT_EQ(tensor(1, 2), 7);
  const Tensor<int, 2>& constant = tensor;
  static_assert(std::is_same_v<decltype(constant.reshape<1>({6})), View<const int, 1>>);
  static_assert(std::is_same_v<decltype(std::move(tensor).reshape<1>({6})), Tensor<int, 1>>);

  expect_error<ShapeError>([&] { std::move(tensor).reshape<1>({5}); }, "shape", "(5,)", "6 elements");
  EXPECT_EQ(tensor.size(), 6) << "an error leaves it alone";
  const int* memory = tensor.data();
  const Tensor<int, 1> moved = std::move(tensor).reshape<1>({-1});
  EXPECT_EQ(moved.data(), memory);
  EXPECT_THAT(moved, ElementsAre(0, 1, 2, 3, 4, 7));
  EXPECT_EQ(tensor.size(), 0);
  EXPECT_FALSE(tensor.view());
}

TEST(ViewTest, ReshapesOnlyWhatIsDense) {
  int data[12] = {};
  EXPECT_EQ((View<int, 2>(data, {3, 4}).reshape<1>({-1}).shape()), (Shape<1>{12}));
  expect_error<ShapeError>([&] { View<int, 2>(data, {3, 2}, {4, 1}).reshape<1>({6}); }, "reshape", "(4, 1)", "dense");
}

TEST(TensorTest, MovedFromIsEmptyAndSelfMoveKeeps) {
  Tensor<int, 1> tensor({2}, {1, 2});
  Tensor<int, 1>& same = tensor;
  tensor = std::move(same);
  EXPECT_THAT(tensor, ElementsAre(1, 2));
  const Tensor<int, 1> taken = std::move(tensor);
  EXPECT_EQ(tensor.size(), 0);
  EXPECT_EQ(tensor.shape(), Shape<1>{});
  EXPECT_FALSE(tensor.view());
  tensor = taken;
  EXPECT_THAT(tensor, ElementsAre(1, 2));
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
