// activation_kernel_test.cc: activations on every SIMD target: how far from the true value, and whether a value depends
// on where it stands. CONVSTEP_CASES=full tries every float.
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "convstep/activation.h"
#include "convstep/runtime.h"
#include "reference/reference.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

constexpr double kMostUlps = 3.5;

bool try_more() {
  const char* cases = std::getenv("CONVSTEP_CASES");
  return cases && std::string(cases) == "full";
}

long double true_value(Activation activation, long double x) {
  return activation == Activation::kTanh ? std::tanh(x)
         : x >= 0                        ? 1 / (1 + std::exp(-x))
                                         : std::exp(x) / (1 + std::exp(x));
}
double true_value_of_float(Activation activation, double x) {
  return activation == Activation::kTanh ? std::tanh(x)
         : x >= 0                        ? 1 / (1 + std::exp(-x))
                                         : std::exp(x) / (1 + std::exp(x));
}

// The distance in units of the last place that the true value has.
template <class T, class Wide>
double ulps(T value, Wide truth) {
  if (std::isnan(truth)) return std::isnan(value) ? 0 : INFINITY;
  if (static_cast<T>(truth) == value) return 0;
  const int exponent = std::max(std::ilogb(truth), std::numeric_limits<T>::min_exponent - 1);
  return static_cast<double>(std::abs(static_cast<Wide>(value) - truth) /
                             std::ldexp(Wide(1), exponent - std::numeric_limits<T>::digits + 1));
}

template <class T>
void apply(std::vector<T>& x, Activation activation, double slope = 0.01) {
  const View<T, 4> view(x.data(), {1, 1, 1, static_cast<int64_t>(x.size())});
  activation_forward(view, view, activation, slope);
}

class ActivationKernelTest : public testing::Test {
 protected:
  ~ActivationKernelTest() override { set_simd_target(""); }
};

TEST_F(ActivationKernelTest, FloatsAreAccurateOverTheirWholeRange) {
  const uint64_t step = try_more() ? 1 : 256 + 1;  // one more, so that the last bits vary
  constexpr size_t kBlock = 1 << 16;
  for (const Activation activation : {Activation::kSigmoid, Activation::kTanh}) {
    std::vector<std::string> targets = simd_targets();
    std::vector<double> worst(targets.size(), 0);
    for (uint64_t bits = 0; bits < (uint64_t{1} << 32);) {
      std::vector<float> x;
      for (; x.size() < kBlock && bits < (uint64_t{1} << 32); bits += step) {
        x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
      }
      std::vector<double> truth(x.size());
      for (size_t i = 0; i < x.size(); ++i) truth[i] = true_value_of_float(activation, x[i]);
      for (size_t t = 0; t < targets.size(); ++t) {
        set_simd_target(targets[t]);
        std::vector<float> y = x;
        apply(y, activation);
        for (size_t i = 0; i < x.size(); ++i) {
          const double distance = ulps(y[i], truth[i]);
          worst[t] = std::max(worst[t], distance);
          ASSERT_LE(distance, kMostUlps) << targets[t] << " " << static_cast<int>(activation) << " of " << x[i];
        }
      }
    }
    for (size_t t = 0; t < targets.size(); ++t) {
      RecordProperty("float_" + targets[t] + (activation == Activation::kTanh ? "_tanh" : "_sigmoid"),
                     std::to_string(worst[t]));
    }
  }
}

TEST_F(ActivationKernelTest, DoublesAreAccurate) {
  std::minstd_rand random(3);
  std::vector<double> x;
  std::uniform_real_distribution<double> near(-45, 45), far(-760, 760), exponent(-1080, 1023);
  for (int i = 0; i < (try_more() ? 10000000 : 300000); ++i) {
    x.push_back(near(random));
    x.push_back(far(random));
    x.push_back(near(random) / 45);
    x.push_back(std::exp2(exponent(random)) * (random() % 2 ? 1 : -1));
  }
  for (const double special : {0.0, -0.0, double(INFINITY), -double(INFINITY), double(NAN)}) x.push_back(special);
  for (const Activation activation : {Activation::kSigmoid, Activation::kTanh}) {
    std::vector<long double> truth(x.size());
    for (size_t i = 0; i < x.size(); ++i) truth[i] = true_value(activation, x[i]);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      std::vector<double> y = x;
      apply(y, activation);
      double worst = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double distance = ulps(y[i], truth[i]);
        worst = std::max(worst, distance);
        ASSERT_LE(distance, kMostUlps) << target << " " << static_cast<int>(activation) << " of " << x[i];
      }
      RecordProperty("double_" + target + (activation == Activation::kTanh ? "_tanh" : "_sigmoid"),
                     std::to_string(worst));
    }
  }
}

// The same value gives the same bits in every lane, in tails, and through any strides.
template <class T>
void expect_position_does_not_matter() {
  const T values[] = {T(-3.3), T(0.7), T(-0.0), T(1e-30), T(88), T(-103.5), T(6.5), T(NAN)};
  for (int kind = 0; kind <= static_cast<int>(Activation::kTanh); ++kind) {
    const Activation activation = static_cast<Activation>(kind);
    for (const T value : values) {
      std::vector<T> alone{value};
      apply(alone, activation, 0.25);
      for (int64_t n = 1; n <= 40; ++n) {
        for (const Flush flush : {Flush::kFront, Flush::kBack}) {
          GuardedBuffer<T> from(2 * n * 3, flush), to(2 * n * 3, flush);
          for (T& x : from) x = value;
          const View<const T, 4> planes(from.data(), {1, 3, n, 2}, {6 * n, n, 1, 3 * n});
          activation_forward(planes, View<T, 4>(to.data(), {1, 3, n, 2}), activation, 0.25);
          for (const T& y : to) {
            ASSERT_TRUE(std::isnan(value) ? std::isnan(y) : std::memcmp(&y, &alone[0], sizeof(T)) == 0)
                << kind << value;
          }
          activation_forward(View<const T, 4>(from.data(), {1, 3, n, 2}), View<T, 4>(to.data(), {1, 3, n, 2}),
                             activation, 0.25);
          for (const T& y : to) {
            ASSERT_TRUE(std::isnan(value) ? std::isnan(y) : std::memcmp(&y, &alone[0], sizeof(T)) == 0)
                << kind << value;
          }
        }
      }
    }
  }
}

TEST_F(ActivationKernelTest, PositionDoesNotMatter) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    expect_position_does_not_matter<float>();
    expect_position_does_not_matter<double>();
  }
}

// Those that only compare and multiply equal the reference's bits; a large array takes several threads.
template <class T>
void expect_reference() {
  const Shape<4> shape{2, 61, 67, 33};
  Tensor<T, 4> x(shape), y(shape), expected(shape);
  std::minstd_rand random(5);
  for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<T>(random() % 200) / 10 - 10;
  for (const Activation activation :
       {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu}) {
    reference::activation_forward<T>(x, expected, activation, T(0.125));
    activation_forward(x, y, activation, 0.125);
    ASSERT_EQ(std::memcmp(y.data(), expected.data(), static_cast<size_t>(y.size()) * sizeof(T)), 0);
  }
}

TEST_F(ActivationKernelTest, EqualTheReference) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int threads : {1, 2, 3}) {
      set_num_threads(threads);
      expect_reference<float>();
      expect_reference<double>();
    }
  }
  set_num_threads(0);
}

}  // namespace
}  // namespace convstep
