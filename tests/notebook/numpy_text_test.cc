#include "notebook/numpy_text.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

template <class T>
std::string print(const std::vector<T>& elements, const std::vector<int64_t>& shape, const PrintOptions& options = {}) {
  return numpy_text<T>(elements, shape, options);
}

TEST(NumpyText, AlignsThePointsOfAColumn) {
  EXPECT_EQ(print<double>({1.5, -0.25, 3, 10}, {2, 2}), "[[ 1.5  -0.25]\n [ 3.   10.  ]]");
}

TEST(NumpyText, SeparatesAxesByLines) {
  EXPECT_EQ(print<int64_t>({1, 2, 3, -40}, {2, 1, 2}), "[[[  1   2]]\n\n [[  3 -40]]]");
}

TEST(NumpyText, TurnsScientific) {
  EXPECT_EQ(print<double>({1e-5, 2}, {2}), "[1.e-05 2.e+00]");
  EXPECT_EQ(print<double>({1e8}, {1}), "[1.e+08]");
  EXPECT_EQ(print<double>({1, 1001}, {2}), "[1.000e+00 1.001e+03]");
  EXPECT_EQ(print<double>({1, 1000}, {2}), "[   1. 1000.]");
  EXPECT_EQ(print<float>({1e6F}, {1}), "[1.e+06]");
  EXPECT_EQ(print<double>({1e-5, 2}, {2}, {.precision = 3, .suppress = true}), "[0. 2.]");
}

TEST(NumpyText, MakesRoomForNonFiniteNumbers) {
  EXPECT_EQ(print<double>({1, kNan, -kInfinity}, {3}), "[  1.  nan -inf]");
  EXPECT_EQ(print<double>({kNan, kInfinity}, {2}), "[nan inf]");
}

TEST(NumpyText, RoundsTheExactValueToEven) {
  EXPECT_EQ(print<double>({0.125, 0.375, 0.15}, {3}, {.precision = 2}), "[0.12 0.38 0.15]");
  EXPECT_EQ(print<double>({0.15}, {1}, {.precision = 1}), "[0.1]");  // it is 0.1499999...
}

TEST(NumpyText, SummarisesLongAxes) {
  std::vector<int64_t> numbers(1001);
  for (size_t i = 0; i < numbers.size(); ++i) numbers[i] = static_cast<int64_t>(i);
  EXPECT_EQ(print(numbers, {1001}), "[   0    1    2 ...  998  999 1000]");
}

TEST(NumpyText, PrintsEdgeCases) {
  EXPECT_EQ(print<double>({}, {0, 3}), "[]");
  EXPECT_EQ(print<double>({-6.999089450680221}, {}), "-6.999089450680221");
  const bool flags[] = {true, false};
  EXPECT_EQ(numpy_text<bool>(flags, std::vector<int64_t>{2}), "[ True False]");
}

TEST(NumpyText, PrintsPartsOfATensor) {
  Tensor<double, 2> tensor({2, 2});
  tensor(1, 0) = 0.5;
  EXPECT_EQ(numpy_text(tensor[1]), "[0.5 0. ]");
  EXPECT_EQ(numpy_text(tensor.view()), "[[0.  0. ]\n [0.5 0. ]]");
}

TEST(NumpyText, RejectsWhatDoesNotFit) {
  EXPECT_THROW(print<double>({1, 2}, {3}), ShapeError);
  const double numbers[] = {1, 2, 3, 4};
  EXPECT_THROW(numpy_text(View<const double, 1>(numbers, {2}, {2})), ParameterError);
  EXPECT_THROW(print<double>({1}, {1}, {.precision = -1}), ParameterError);
  EXPECT_THROW(print<double>({1}, {1}, {.edge_items = -1}), ParameterError);
}

TEST(NumpyScalarText, IsTheShortestThatReadsBack) {
  EXPECT_EQ(numpy_scalar_text(0.6923608807576933), "0.6923608807576933");
  EXPECT_EQ(numpy_scalar_text(1e-5), "1e-05");
  EXPECT_EQ(numpy_scalar_text(1.5e16), "1.5e+16");
  EXPECT_EQ(numpy_scalar_text(1e15), "1000000000000000.0");
  EXPECT_EQ(numpy_scalar_text(-0.0), "-0.0");
  EXPECT_EQ(numpy_scalar_text(kNan), "nan");
  EXPECT_EQ(numpy_scalar_text(-kInfinity), "-inf");
  EXPECT_EQ(numpy_scalar_text(0.1F), "0.1");
  EXPECT_EQ(numpy_scalar_text(1e6F), "1e+06");
  EXPECT_EQ(numpy_scalar_text(std::numeric_limits<uint64_t>::max()), "18446744073709551615");
  EXPECT_EQ(numpy_scalar_text(int64_t{-3}), "-3");
  EXPECT_EQ(numpy_scalar_text(true), "True");
}

}  // namespace
}  // namespace convstep::cli
