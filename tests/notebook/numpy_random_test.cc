#include "notebook/numpy_random.h"

#include <gtest/gtest.h>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

TEST(NumpyRandom, DrawsTheUniformNumbersOfSeed1) {
  NumpyRandom random(1);
  EXPECT_EQ(random.random_sample(), 0.417022004702574);
  EXPECT_EQ(random.random_sample(), 0.7203244934421581);
  EXPECT_EQ(random.random_sample(), 0.00011437481734488664);
}

TEST(NumpyRandom, DrawsTheNormalNumbersOfSeed1) {
  NumpyRandom random(1);
  EXPECT_EQ(random.standard_normal(), 1.6243453636632417);
  EXPECT_EQ(random.standard_normal(), -0.6117564136500754);
  EXPECT_EQ(random.standard_normal(), -0.5281717522634557);
}

TEST(NumpyRandom, FillsTensorsInRowMajorOrderAndGoesOn) {
  NumpyRandom random(1), numbers(1);
  const Tensor<double, 3> first = random.randn(Shape<3>{3, 1, 1});
  const Tensor<double, 2> second = random.randn(Shape<2>{2, 2});
  for (int64_t i = 0; i < 3; ++i) EXPECT_EQ(first(i, 0, 0), numbers.standard_normal());
  for (int64_t i = 0; i < 4; ++i) EXPECT_EQ(second(i / 2, i % 2), numbers.standard_normal());
}

TEST(NumpyRandom, TakesSeedsOf32Bits) {
  EXPECT_NO_THROW(NumpyRandom(0));
  EXPECT_NO_THROW(NumpyRandom(4294967295));
  EXPECT_THROW(NumpyRandom(-1), ParameterError);
  EXPECT_THROW(NumpyRandom(4294967296), ParameterError);
}

}  // namespace
}  // namespace convstep::cli
