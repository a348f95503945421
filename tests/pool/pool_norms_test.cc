// pool_norms_test.cc: Lp pooling of numbers whose powers overflow or vanish, while the norm is a number of their size.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "convstep/pool.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

template <class T>
class PoolNormsTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolNormsTest, Types);

// The norm of the window at (y, x), in long double, divided by the largest magnitude.
template <class T>
long double norm_of(const Tensor<T, 4>& x, const PoolOptions& options, int64_t row, int64_t column, int64_t c) {
  long double largest = 0, sum = 0;
  for (const bool sums : {false, true}) {
    for (int64_t i = 0; i < options.window.height; ++i) {
      for (int64_t j = 0; j < options.window.width; ++j) {
        const long double value = std::abs(
            static_cast<long double>(x(0, row * options.stride.height + i, column * options.stride.width + j, c)));
        if (!sums) largest = std::max(largest, value);
        if (sums && largest > 0) sum += std::pow(value / largest, static_cast<long double>(options.p));
      }
    }
  }
  return largest > 0 ? largest * std::pow(sum, 1 / static_cast<long double>(options.p)) : 0;
}

template <class T>
void expect_norms(const Tensor<T, 4>& x, const PoolOptions& options, const std::string& what) {
  Tensor<T, 4> y(pool_output_shape(x.shape(), options));
  pool_forward(x, y, options);
  const auto [N, OH, OW, C] = y.shape();
  for (int64_t i = 0; i < OH; ++i) {
    for (int64_t j = 0; j < OW; ++j) {
      for (int64_t c = 0; c < C; ++c) {
        const long double right = norm_of(x, options, i, j, c);
        // Powers and their sum are good to some units; 1 / p is rounded, which costs the root |log(norm)| units.
        const long double units = 64 + (right > 0 ? std::abs(std::log(right)) : 0);
        const long double tolerance =
            units * std::numeric_limits<T>::epsilon() * right + std::numeric_limits<T>::denorm_min();
        ASSERT_LE(std::abs(y(0, i, j, c) - right), tolerance)
            << what << ", p " << options.p << ", at " << i << " " << j << " " << c << ": " << y(0, i, j, c);
      }
    }
  }
}

// Channel after channel of another size, from the least numbers to nearly the largest, and zeros.
TYPED_TEST(PoolNormsTest, NumbersOfAnySize) {
  using T = TypeParam;
  constexpr int kLeast = std::numeric_limits<T>::min_exponent - std::numeric_limits<T>::digits;
  constexpr int kMost = std::numeric_limits<T>::max_exponent - 8;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t channels : {1, 3, 70}) {
      for (const int64_t window : {2, 6}) {  // 6: sums by column
        auto x = Tensor<T, 4>({1, 13, 14, channels});
        for (int64_t i = 0; i < x.size(); ++i) {
          const int64_t c = i % channels, exponent = kLeast + (c * 7 + 5) % 71 * (kMost - kLeast) / 70;
          x.data()[i] = c % 9 == 8 ? T(0) : std::ldexp(T(i * 37 % 64 - 31) / 32, static_cast<int>(exponent));
        }
        for (const double p : {1.0, 1.5, 2.0, 3.0, 100.0, 1e6, 1e300}) {
          const PoolOptions options{.window = {window, window}, .mode = PoolMode::kLp, .p = p};
          expect_norms(x, options, target + ", " + std::to_string(channels) + " channels");
        }
      }
    }
  }
}

TYPED_TEST(PoolNormsTest, BitsDependOnNeitherTargetNorLayout) {
  using T = TypeParam;
  const T huge = std::sqrt(std::numeric_limits<T>::max());
  auto x = counting<T, 4>({1, 4, 4, 5});
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] *= i % 5 < 3 ? huge : 1 / huge;
  Tensor<T, 4> planes({1, 5, 4, 4});
  const View<T, 4> turned(planes.data(), x.shape(), {80, 4, 1, 16});
  for (int64_t i = 0; i < x.size(); ++i) turned(0, i / 20, i / 5 % 4, i % 5) = x.data()[i];
  for (const double p : {2.0, 3.0}) {
    const PoolOptions options{.window = {2, 2}, .stride = {2, 2}, .mode = PoolMode::kLp, .p = p};
    Tensor<T, 4> first(pool_output_shape(x.shape(), options));
    pool_forward(x, first, options);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      Tensor<T, 4> y(first.shape()), z(first.shape());
      pool_forward(x, y, options);
      pool_forward(View<const T, 4>(turned), z, options);
      for (int64_t i = 0; i < y.size(); ++i) {
        ASSERT_EQ(y.data()[i], first.data()[i]) << target;
        ASSERT_EQ(z.data()[i], first.data()[i]) << target;
      }
    }
  }
}

TYPED_TEST(PoolNormsTest, InfinityNanAndWhatIsTooLarge) {
  using T = TypeParam;
  const T inf = std::numeric_limits<T>::infinity(), most = std::numeric_limits<T>::max();
  const auto norm = [](T a, T b) {
    Tensor<T, 4> x({1, 1, 2, 1}), y({1, 1, 1, 1});
    x(0, 0, 0, 0) = a;
    x(0, 0, 1, 0) = b;
    pool_forward(x, y, {.window = {1, 2}, .mode = PoolMode::kLp});
    return y(0, 0, 0, 0);
  };
  EXPECT_EQ(norm(-inf, 1), inf);
  EXPECT_EQ(norm(most, most), inf);
  EXPECT_EQ(norm(most, 0), most);
  EXPECT_EQ(norm(0, T(-0.0)), 0);
  EXPECT_FALSE(std::signbit(norm(T(-0.0), T(-0.0))));
  EXPECT_TRUE(std::isnan(norm(NAN, most)));
  EXPECT_TRUE(std::isnan(norm(inf, NAN)));
}

}  // namespace
}  // namespace convstep
