// Array, the type in which files are read and written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "convstep/error.h"
#include "convstep/npy.h"
#include "tests/support/array_bytes.h"

namespace convstep {
namespace {

using test::array_of;
using test::bytes_of;
using test::raw;
using testing::ElementsAre;

template <class T>
void expect_converted(Dtype dtype, std::initializer_list<T> values) {
  const auto count = static_cast<int64_t>(values.size());
  const Array array = array_of<T>(dtype, {count}, values);
  const Tensor<float, 1> floats = array.flat<float>();
  const Tensor<double, 1> doubles = array.to<double, 1>("x");
  for (int64_t i = 0; i < count; ++i) {
    EXPECT_EQ(floats(i), static_cast<float>(values.begin()[i])) << dtype_name(dtype);
    EXPECT_EQ(doubles(i), static_cast<double>(values.begin()[i])) << dtype_name(dtype);
  }
}

TEST(Array, ConvertsEveryDtype) {
  expect_converted<int8_t>(Dtype::kInt8, {-128, 0, 127});
  expect_converted<int16_t>(Dtype::kInt16, {-32768, 0, 32767});
  expect_converted<int32_t>(Dtype::kInt32, {INT32_MIN, 16777217, INT32_MAX});
  expect_converted<int64_t>(Dtype::kInt64, {INT64_MIN, (1LL << 53) + 1, (1LL << 53) + 3, INT64_MAX});
  expect_converted<uint8_t>(Dtype::kUint8, {0, 255});
  expect_converted<uint16_t>(Dtype::kUint16, {0, 65535});
  expect_converted<uint32_t>(Dtype::kUint32, {0, UINT32_MAX});
  expect_converted<uint64_t>(Dtype::kUint64, {0, (1ULL << 63) + 1, UINT64_MAX});
  expect_converted<float>(Dtype::kFloat32, {-0.0F, 1e-45F, 3.4e38F, std::numeric_limits<float>::infinity()});
  expect_converted<double>(Dtype::kFloat64, {0.1, 1e-320, 1e300});
}

TEST(Array, RoundsToNearestAndKeepsNan) {
  const Array large = array_of<int64_t>(Dtype::kInt64, {2}, {(1LL << 53) + 1, (1LL << 53) + 3});
  EXPECT_EQ(large.flat<double>()(0), 9007199254740992.0);
  EXPECT_EQ(large.flat<double>()(1), 9007199254740996.0);
  // One rounding, not two: by way of a double this would be 2^24 * 2^30.
  const Array once = array_of<int64_t>(Dtype::kInt64, {1}, {(1LL << 54) + (1LL << 30) + 1});
  EXPECT_EQ(once.flat<float>()(0), std::ldexp(8388609.0F, 31));
  const Array nan = array_of<double>(Dtype::kFloat64, {2}, {std::nan(""), 1e300});
  EXPECT_TRUE(std::isnan(nan.flat<float>()(0)));
  EXPECT_EQ(nan.flat<float>()(1), std::numeric_limits<float>::infinity());
}

TEST(Array, ConvertsAnyByteButZeroToTrue) {
  const Array flags = array_of<unsigned char>(Dtype::kBool, {4}, {0, 1, 2, 255});
  const Tensor<float, 1> values = flags.flat<float>();
  EXPECT_EQ(values(0), 0);
  for (int64_t i = 1; i < 4; ++i) EXPECT_EQ(values(i), 1);
}

TEST(Array, NamesTheArgumentWhereTheRankIsWrong) {
  const Array array = array_of<float>(Dtype::kFloat32, {2, 3}, {1, 2, 3, 4, 5, 6});
  try {
    array.to<float, 4>("weights");
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(), "weights: got (2, 3), expected an array of 4 axes");
  }
  try {
    array.to<double, 1>("bias");
    FAIL();
  } catch (const ShapeError& error) {
    EXPECT_STREQ(error.what(),
                 "bias: got (2, 3), expected an array of 1 axis (flat() takes the elements of any shape)");
  }
  EXPECT_EQ((array.to<double, 2>("x")(1, 2)), 6);
}

TEST(Array, GoesToATensorAndBack) {
  const Tensor<float, 2> tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  const Array array = to_array(tensor);
  EXPECT_EQ(array.dtype, Dtype::kFloat32);
  EXPECT_THAT((array.to<float, 2>()), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT((to_array(Tensor<double, 5>({1, 1, 1, 2, 1}, {7, 8})).to<double, 5>()), ElementsAre(7, 8));
  EXPECT_EQ(to_array(Tensor<uint16_t, 1>({2})).dtype, Dtype::kUint16);
  EXPECT_EQ(to_array(Tensor<long long, 1>({2})).dtype, Dtype::kInt64);
  EXPECT_EQ(bytes_of(to_array(Tensor<int8_t, 1>({2}, {1, -1}))), "\1\xff");
}

TEST(Array, CopiesViews) {
  const float values[] = {1, 2, 3, 4, 5, 6};
  const Array dense = to_array(View<const float, 2>(values, {2, 3}));
  EXPECT_EQ(dense.dtype, Dtype::kFloat32);
  EXPECT_THAT(dense.shape, ElementsAre(2, 3));
  EXPECT_EQ(bytes_of(dense), raw<float>({1, 2, 3, 4, 5, 6}));
  const Array transposed = to_array(View<const float, 2>(values, {3, 2}, {1, 3}));
  EXPECT_EQ(bytes_of(transposed), raw<float>({1, 4, 2, 5, 3, 6}));
  const Array reversed = to_array(View<const float, 1>(values + 5, {6}, {-1}));
  EXPECT_EQ(bytes_of(reversed), raw<float>({6, 5, 4, 3, 2, 1}));
  const double one = 1;
  EXPECT_EQ(bytes_of(to_array(View<const double, 4>(&one, {1, 2, 1, 2}, {0, 0, 0, 0}))), raw<double>({1, 1, 1, 1}));
  const int64_t integers[] = {7, -8};
  EXPECT_EQ(to_array(View<const int64_t, 1>(integers, {2})).dtype, Dtype::kInt64);
  const bool flags[] = {true, false};
  EXPECT_EQ(bytes_of(to_array(View<const bool, 3>(flags, {1, 1, 2}))), std::string("\1\0", 2));
  EXPECT_EQ(to_array(View<const float, 2>(values, {0, 3})).bytes.size(), 0);
}

}  // namespace
}  // namespace convstep
