// function_kernel_test.cc: functions on every SIMD target: how far from the true value, and whether a value depends on
// where it stands. CONVSTEP_CASES=full tries every float.
#include "pointwise/function_kernel.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstring>
#include <random>

#include "convstep/runtime.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

using kernels::Function;

bool try_more() {
  const char* cases = std::getenv("CONVSTEP_CASES");
  return cases && std::string(cases) == "full";
}

struct Case {
  Function function;
  const char* name;
  long double (*truth)(long double x);
  kernels::FunctionParameters parameters;
  double most_ulps;         // of the true value
  double most_of_x = 0;     // and so many units of x, where a formula cancels
  bool is_product = false;  // of x and a number that may lie below the normal ones, which have fewer digits
};

long double sigmoid(long double x) { return x >= 0 ? 1 / (1 + std::exp(-x)) : std::exp(x) / (1 + std::exp(x)); }
long double softplus(long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); }
long double between(long double x) { return std::isnan(x) ? x : std::min(std::max(x, 0.0L), 1.0L); }

const long double kRootOfTwoByPi = std::sqrt(2 / 3.14159265358979323846264338L);
const Case kCases[] = {
    {Function::kElu,
     "elu",
     [](long double x) { return 2 * (x > 0 ? x : 1.5L * std::expm1(0.5L * x)); },
     {1.5, 2, 0.5},
     4},
    {Function::kErf, "erf", [](long double x) { return std::erf(x); }, {}, 3.5},
    {Function::kExp, "exp", [](long double x) { return std::exp(x); }, {}, 3.5},
    {Function::kGelu, "gelu", [](long double x) { return x / 2 * (1 + std::erf(x / std::sqrt(2.0L))); }, {}, 4, 1},
    {Function::kGeluByTanh,
     "gelu_by_tanh",
     [](long double x) { return x * sigmoid(2 * kRootOfTwoByPi * (x + 0.044715L * x * x * x)); },
     {},
     4,
     1,
     true},
    {Function::kHardSigmoid, "hard_sigmoid", [](long double x) { return between(0.25L * x + 0.5L); }, {0.25, 0.5}, 1},
    {Function::kHardSwish, "hard_swish", [](long double x) { return x * between(0.25L * x + 0.5L); }, {0.25, 0.5}, 2},
    {Function::kMish, "mish", [](long double x) { return x * std::tanh(softplus(x)); }, {}, 6, 0, true},
    {Function::kSoftplus, "softplus", softplus, {}, 3.5},
    {Function::kSwish, "swish", [](long double x) { return x * sigmoid(x); }, {1}, 5, 0, true},
};

template <class T>
double unit_of(long double x) {
  const int exponent =
      x == 0 ? std::numeric_limits<T>::min_exponent : std::max(std::ilogb(x), std::numeric_limits<T>::min_exponent - 1);
  return std::ldexp(1.0, std::max(exponent - std::numeric_limits<T>::digits + 1, -1074));
}

// How far from the true value, as a share of what is allowed.
template <class T>
double error_of(const Case& one, T x, T value, long double truth) {
  if (std::isnan(truth)) return std::isnan(value) ? 0 : INFINITY;
  if (static_cast<T>(truth) == value) return 0;
  if (std::isinf(static_cast<T>(truth)) != std::isinf(value)) {  // only where it is about to overflow
    return std::abs(truth) > std::numeric_limits<T>::max() * 0.99999L ? 1 : INFINITY;
  }
  const long double least = one.is_product ? std::numeric_limits<T>::denorm_min() : 0;
  const long double allowed = one.most_ulps * unit_of<T>(truth) + one.most_of_x * unit_of<T>(x) +
                              2 * least * std::abs(static_cast<long double>(x));
  return static_cast<double>(std::abs(static_cast<long double>(value) - truth) / allowed);
}

template <class T>
void expect_accurate(const std::vector<T>& x) {
  std::vector<T> y(x.size());
  for (const Case& one : kCases) {
    std::vector<long double> truth(x.size());
    for (size_t i = 0; i < x.size(); ++i) truth[i] = one.truth(x[i]);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      kernels::function_run(kernels::chosen_target(), x.data(), y.data(), static_cast<int64_t>(x.size()), one.function,
                            one.parameters);
      double worst = 0;
      for (size_t i = 0; i < x.size(); ++i) {
        const double error = error_of(one, x[i], y[i], truth[i]);
        worst = std::max(worst, error);
        ASSERT_LE(error, 1) << target << " " << one.name << " of " << x[i] << ": " << y[i];
      }
      if (worst > 0.9) testing::Test::RecordProperty(std::string(one.name) + "_" + target, std::to_string(worst));
    }
  }
}

class FunctionKernelTest : public testing::Test {
 protected:
  ~FunctionKernelTest() override { set_simd_target(""); }
};

TEST_F(FunctionKernelTest, FloatsAreAccurateOverTheirWholeRange) {
  const uint64_t step = try_more() ? 1 : 16384 - 1;  // odd, so that the last bits vary
  for (uint64_t bits = 0; bits < (uint64_t{1} << 32);) {
    std::vector<float> x;
    for (; x.size() < (1 << 16) && bits < (uint64_t{1} << 32); bits += step) {
      x.push_back(std::bit_cast<float>(static_cast<uint32_t>(bits)));
    }
    expect_accurate(x);
  }
}

template <class T>
std::vector<T> random_numbers(int count, T far) {
  std::minstd_rand random(3);
  std::vector<T> x;
  std::uniform_real_distribution<T> near(-1, 1);
  std::uniform_real_distribution<double> exponent(std::numeric_limits<T>::min_exponent - 50,
                                                  std::numeric_limits<T>::max_exponent - 1);
  for (int i = 0; i < count; ++i) {
    x.push_back(near(random) * 2);
    x.push_back(near(random) * 30);
    x.push_back(near(random) * far);
    x.push_back(static_cast<T>(std::exp2(exponent(random)) * (random() % 2 ? 1 : -1)));
  }
  for (const double special : {0.0, -0.0, double(INFINITY), -double(INFINITY), double(NAN)}) {
    x.push_back(static_cast<T>(special));
  }
  return x;
}

TEST_F(FunctionKernelTest, FloatsAreAccurateWhereTheyMatter) { expect_accurate(random_numbers<float>(20000, 110)); }
TEST_F(FunctionKernelTest, DoublesAreAccurate) {
  expect_accurate(random_numbers<double>(try_more() ? 1000000 : 20000, 760));
}

// The same value gives the same bits in every lane and in tails, which read and write nothing beyond their ends.
template <class T>
void expect_position_does_not_matter() {
  for (const Case& one : kCases) {
    for (const T value : {T(-3.3), T(0.7), T(-0.0), T(1e-30), T(88), T(-103.5), T(NAN)}) {
      T alone = value;
      kernels::function_run(kernels::chosen_target(), &alone, &alone, 1, one.function, one.parameters);
      for (int64_t n = 1; n <= 40; ++n) {
        for (const Flush flush : {Flush::kFront, Flush::kBack}) {
          GuardedBuffer<T> from(n, flush), to(n, flush);
          for (T& x : from) x = value;
          kernels::function_run(kernels::chosen_target(), from.data(), to.data(), n, one.function, one.parameters);
          for (const T& y : to) {
            ASSERT_TRUE(std::isnan(alone) ? std::isnan(y) : std::memcmp(&y, &alone, sizeof(T)) == 0)
                << one.name << value << " " << n;
          }
        }
      }
    }
  }
}

TEST_F(FunctionKernelTest, PositionDoesNotMatter) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    expect_position_does_not_matter<float>();
    expect_position_does_not_matter<double>();
  }
}

// Those with fused multiply-add give the same bits.
TEST_F(FunctionKernelTest, TargetsAgree) {
  const std::vector<double> x = random_numbers<double>(500, 100);
  for (const Case& one : kCases) {
    std::vector<double> first;
    for (const std::string& target : simd_targets()) {
      if (target == "sse4" || target == "emulated" || target == "scalar") continue;
      set_simd_target(target);
      std::vector<double> y = x;
      kernels::function_run(kernels::chosen_target(), y.data(), y.data(), static_cast<int64_t>(y.size()), one.function,
                            one.parameters);
      y.pop_back();  // of NaN
      if (first.empty()) first = y;
      for (size_t i = 0; i < y.size(); ++i) {
        ASSERT_TRUE(y[i] == first[i] || std::isnan(y[i])) << one.name << target << " of " << x[i];
      }
    }
  }
}

}  // namespace
}  // namespace convstep
