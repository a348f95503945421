#include "picture/scale.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <limits>

#include "tests/picture/canvas_support.h"

namespace convstep::cli {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kMax = std::numeric_limits<float>::max();

Scale grey_of(const std::vector<float>& values) { return grey_scale({values}); }

void expect_range(const Scale& scale, float low, float high) {
  EXPECT_EQ(scale.low, low);
  EXPECT_EQ(scale.high, high);
}

// first, first + 1, ...
std::vector<float> counted(size_t count, float first) {
  std::vector<float> values(count);
  for (float& value : values) value = first++;
  return values;
}

TEST(Scale, RunsFromTheLeastToTheLargestFiniteValue) {
  expect_range(grey_of({-3, 1, 0, -1}), -3, 1);
  expect_range(grey_of({0, kInfinity, 1, -kInfinity, kNan}), 0, 1);
  expect_range(grey_of({kNan, kInfinity}), 0, 1);
  expect_range(grey_of({}), 0, 1);
  const std::vector<float> first{1, 2}, second{-5, 0};
  expect_range(grey_scale({first, second}), -5, 2);
}

TEST(Scale, GoesFromBlackToWhite) {
  const Scale scale{.low = -3, .high = 1};
  EXPECT_EQ(bytes_of(scale.colour(-3)), (Bytes{0, 0, 0}));
  EXPECT_EQ(bytes_of(scale.colour(-1)), (Bytes{128, 128, 128}));
  EXPECT_EQ(bytes_of(scale.colour(1)), (Bytes{255, 255, 255}));
  EXPECT_EQ(bytes_of(scale.colour(-kInfinity)), (Bytes{0, 0, 0}));
  EXPECT_EQ(bytes_of(scale.colour(7)), (Bytes{255, 255, 255}));
  EXPECT_EQ(scale.colour(kNan), kNanColour);
  const Scale constant{.low = 7, .high = 7};
  EXPECT_EQ(bytes_of(constant.colour(7)), (Bytes{0, 0, 0}));
  const Scale widest{.low = -kMax, .high = kMax};
  EXPECT_EQ(bytes_of(widest.colour(0)), (Bytes{128, 128, 128}));
}

TEST(Scale, AboutZeroIsWhiteThereWhateverTheOthersAre) {
  for (const std::vector<float>& values : {std::vector<float>{-1, 3}, {1, 3}, {-3, -1}, {-3, 0.5}}) {
    const Scale scale = scale_about_zero({values});
    expect_range(scale, -3, 3);
    EXPECT_EQ(bytes_of(scale.colour(0)), (Bytes{255, 255, 255}));
    const Colour blue = scale.colour(-2), red = scale.colour(2);
    EXPECT_GT(blue[2], blue[0]);
    EXPECT_GT(red[0], red[2]);
    EXPECT_LT(scale.colour(-3)[0], blue[0]);
  }
  EXPECT_EQ(bytes_of(scale_about_zero({std::vector<float>{0, 0}}).colour(0)), (Bytes{255, 255, 255}));
}

TEST(Scale, IsNotFlattenedByOutliers) {
  for (const float outlier : {-9999.0f, 1e9f, -kMax, 400.0f}) {
    for (const size_t count : {29, 99, 5000}) {
      std::vector<float> values = counted(count, 1);
      values.push_back(outlier);
      const Scale scale = grey_of(values);
      if (outlier == 400 && count == 5000) {  // one of many
        expect_range(scale, 1, 5000);
        continue;
      }
      EXPECT_EQ(scale.has_lower, outlier < 0);
      EXPECT_EQ(scale.has_higher, outlier > 0);
      EXPECT_GE(scale.low, 1);
      EXPECT_LE(scale.high, static_cast<float>(count));
      EXPECT_GE(scale.high - scale.low, 0.98f * static_cast<float>(count - 1));
    }
  }
}

TEST(Scale, KeepsValuesThatAreNoOutliers) {
  std::vector<float> few = counted(28, 1);
  few.push_back(1e6f);
  expect_range(grey_of(few), 1, 1e6f);  // a filter, say
  std::vector<float> near = counted(100, 0);
  near.push_back(140);
  expect_range(grey_of(near), 0, 140);
  std::vector<float> sparse(10000, 0.0f);
  sparse[17] = 5;
  expect_range(grey_of(sparse), 0, 5);
}

TEST(Scale, SaysItsEnds) {
  EXPECT_EQ(low_label({.low = -0.012345f, .high = 1}), "-0.0123");
  EXPECT_EQ(high_label({.low = 0, .high = 1234567}), "1.23e+06");
  EXPECT_EQ(low_label({.low = -3, .high = 3, .has_lower = true}), "<= -3");
  EXPECT_EQ(high_label({.low = -3, .high = 3, .has_higher = true}), ">= 3");
}

}  // namespace
}  // namespace convstep::cli
