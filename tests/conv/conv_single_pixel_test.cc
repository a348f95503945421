#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "conv/single_pixel/kernel.h"
#include "convstep/runtime.h"

namespace convstep {
namespace {

using kernels::SinglePixelImage;
using kernels::SinglePixelLayer;

template <class T>
std::vector<T> normals(int64_t count, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<T> normal;
  std::vector<T> values(static_cast<size_t>(count));
  for (T& value : values) value = normal(generator);
  return values;
}

// The chain as the header defines it, with std::fma.
template <class T>
T plain_chain(const SinglePixelLayer<T>& layer, const SinglePixelImage<T>& image, int64_t y, int64_t x, int64_t o) {
  const WindowAxis &height = layer.geometry.height, &width = layer.geometry.width;
  const int64_t C = layer.channels / layer.groups, first = o / (layer.outputs / layer.groups) * C;
  T sum = layer.bias ? layer.bias[o] : T(0);
  for (int64_t i = 0; i < height.window; ++i) {
    for (int64_t j = 0; j < width.window; ++j) {
      const int64_t row = height.source(y, i), column = width.source(x, j);
      const bool inside = height.is_inside(row) && width.is_inside(column);
      for (int64_t c = 0; c < C; ++c) {
        const T value =
            inside ? image.data[row * image.row_step + column * image.pixel_step + (first + c) * image.channel_step]
                   : T(0);
        sum = std::fma(value, layer.weights[((i * width.window + j) * C + c) * layer.outputs + o], sum);
      }
    }
  }
  return sum;
}

// The others round the product: Highway has no scalar fused form.
bool has_fma(const std::string& target) { return target != "sse4" && target != "emulated" && target != "scalar"; }

template <class T>
void expect_equal(T got, T expected, bool to_the_bit) {
  if (std::isnan(expected)) {
    EXPECT_TRUE(std::isnan(got));
  } else if (to_the_bit || std::isinf(expected)) {
    EXPECT_EQ(got, expected);
  } else {
    EXPECT_NEAR(got, expected, 1e3 * std::numeric_limits<T>::epsilon());
  }
}

// Every output pixel of a padded, strided, dilated layer of `outputs` channels, in `groups` groups, pixels reversed.
template <class T>
void check_layer(int64_t outputs, int64_t groups, T odd_weight) {
  const WindowGeometry geometry =
      resolve_geometry({6, 5}, {3, 2}, "weights", {2, 1}, {1, 2}, {1, 2, 3, 0}, Rounding::kFloor);
  const int64_t C = 3 * groups;
  const std::vector<T> x = normals<T>(6 * 5 * C, 1), bias = normals<T>(outputs, 2), residual = normals<T>(outputs, 3);
  std::vector<T> weights = normals<T>(3 * 2 * 3 * outputs, 4), out(static_cast<size_t>(outputs) + 1);
  weights[static_cast<size_t>(outputs) / 2] = odd_weight;
  const SinglePixelImage<T> image{x.data() + 4 * C, 5 * C, -C, 1};
  const SinglePixelLayer<T> layer{geometry, C, outputs, groups, weights.data(), outputs % 2 ? bias.data() : nullptr};
  const bool to_the_bit = has_fma(simd_target());
  for (int64_t y = 0; y < geometry.height.output; ++y) {
    for (int64_t column = 0; column < geometry.width.output; ++column) {
      const int64_t first = (y + column) % outputs, count = outputs - first;
      out[static_cast<size_t>(count)] = T(-77);
      kernels::single_pixel_kernel<T>(kernels::chosen_target())(
          layer, image, {y, column, first, count}, {residual.data() + first, 0, 0, Activation::kLeakyRelu, T(0.5)},
          out.data());
      for (int64_t k = 0; k < count; ++k) {
        const T sum = plain_chain(layer, image, y, column, first + k) + residual[static_cast<size_t>(first + k)];
        expect_equal(out[static_cast<size_t>(k)], sum < 0 ? T(0.5) * sum : sum, to_the_bit);
      }
      EXPECT_EQ(out[static_cast<size_t>(count)], T(-77));
    }
  }
}

template <class T>
class ConvSinglePixelTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvSinglePixelTest, Types);

TYPED_TEST(ConvSinglePixelTest, IsOneChainPerOutputOnEveryTarget) {
  for (const std::string& target : simd_targets()) {
    SCOPED_TRACE(target);
    set_simd_target(target);
    for (const int64_t outputs : {1, 3, 4, 7, 8, 9, 16, 17, 31, 65, 129, 150}) check_layer<TypeParam>(outputs, 1, 1);
    for (const int64_t outputs : {2, 34, 66}) check_layer<TypeParam>(outputs, 2, 1);
    check_layer<TypeParam>(5, 5, 1);
  }
}

TYPED_TEST(ConvSinglePixelTest, PaddingTimesInfinityIsNan) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    check_layer<TypeParam>(17, 1, std::numeric_limits<TypeParam>::infinity());
    check_layer<TypeParam>(17, 1, std::numeric_limits<TypeParam>::quiet_NaN());
  }
}

}  // namespace
}  // namespace convstep
