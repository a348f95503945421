// Data of any range: every output of Winograd's method is as exact as the inputs in its own window let it be.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "conv/winograd/outliers.h"
#include "convstep/conv.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

constexpr int64_t kOutputs = 19;

template <class T, int Rank>
bool same_bits(const Tensor<T, Rank>& a, const Tensor<T, Rank>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(T)) == 0;
}

template <class T, int Rank>
Tensor<T, Rank> normals(const Shape<Rank>& shape, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Tensor<T, Rank> tensor(shape);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = static_cast<T>(normal(generator));
  return tensor;
}

template <class T>
using Change = std::function<void(Tensor<T, 4>& x, Tensor<T, 4>& w)>;

// All tiles, F(4,3), F(2,3) and F(2,5), with tiles cut short at the end of the image.
struct Layer {
  Shape<4> input;
  int64_t window;
};
const Layer kLayers[] = {{{2, 15, 14, 24}, 3}, {{1, 5, 6, 800}, 3}, {{2, 9, 8, 24}, 5}};

template <class T>
struct Data {
  Data(const Layer& layer, const Change<T>& change)
      : window(layer.window),
        options{.padding = Padding::all(window / 2), .algorithm = ConvAlgorithm::kWinograd},
        x(normals<T, 4>(layer.input, 1)),
        w(normals<T, 4>({window, window, layer.input[3], kOutputs}, 2)),
        b(normals<T, 1>({kOutputs}, 3)) {
    change(x, w);
  }
  Tensor<T, 4> run(Count threads = 0) const {
    ConvOptions with_threads = options;
    with_threads.threads = threads;
    auto y = Tensor<T, 4>::uninitialized({x.shape(0), x.shape(1), x.shape(2), kOutputs});
    conv_forward(x, w, b, y, with_threads);
    return y;
  }
  int64_t m() const {  // of "winograd 4x4, ..."
    return std::stoll(ConvPlan<T>(x.shape(), w, b, options).describe().substr(9));
  }
  Tensor<T, 4> chain() const {
    const int64_t pad = window / 2;
    const WindowAxis height{x.shape(1), window, 1, 1, pad, pad, x.shape(1)},
        width{x.shape(2), window, 1, 1, pad, pad, x.shape(2)};
    return fma_chain<T>({{height, width}, x.shape(3), kOutputs, 1, Activation::kNone, 0}, x, w, b, {});
  }

  // The largest magnitude in a rectangle of the input.
  T largest(int64_t n, int64_t top, int64_t left, int64_t rows, int64_t columns) const {
    T most = 0;
    for (int64_t row = std::max<int64_t>(top, 0); row < std::min(top + rows, x.shape(1)); ++row) {
      for (int64_t column = std::max<int64_t>(left, 0); column < std::min(left + columns, x.shape(2)); ++column) {
        for (int64_t c = 0; c < x.shape(3); ++c) most = std::max(most, std::abs(x(n, row, column, c)));
      }
    }
    return most;
  }

  int64_t window;
  ConvOptions options;
  Tensor<T, 4> x, w;
  Tensor<T, 1> b;
};

// The promise of docs/architecture.md, of every output:
//   |error| <= gamma(n) * (growth * kWinogradRange * W * S + |b|)
// growth is the most that the transforms together enlarge magnitudes; n counts roundings as in
// tests/conv/winograd_bound.h. Numbers below the smallest normal count as it. Where the direct chain computes the
// output, it has the chain's bits.
template <class T>
void expect_promise(const Data<T>& data, const Tensor<T, 4>& y, bool fuses, const std::string& where) {
  constexpr double kGrowth = 176;
  const long double u = std::numeric_limits<T>::epsilon() / 2, smallest = std::numeric_limits<T>::min();
  const auto [N, H, W, C] = data.x.shape();
  const int64_t window = data.window, before = window / 2;
  const long double n_u = static_cast<long double>(2 * C + (window == 3 ? 74 : 82)) * u, gamma = n_u / (1 - n_u);
  const int64_t m = data.m();
  const Tensor<T, 4> chain = data.chain();
  std::vector<long double> size(kOutputs);  // S
  for (int64_t i = 0; i < data.w.size(); ++i) size[static_cast<size_t>(i % kOutputs)] += std::abs(data.w.data()[i]);
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t row = 0; row < H; ++row) {
      for (int64_t column = 0; column < W; ++column) {
        const int64_t top = row / m * m, left = column / m * m;
        const T all = data.largest(n, top - before, left - before, std::min(m, H - top) + window - 1,
                                   std::min(m, W - left) + window - 1);
        const T own = data.largest(n, row - before, column - before, window, window);
        const bool spoilt = all > kWinogradRange * own;
        for (int64_t o = 0; o < kOutputs; ++o) {
          const T got = y(n, row, column, o), direct = chain(n, row, column, o);
          const std::string at = where + " at " + std::to_string(row) + " " + std::to_string(column);
          if (spoilt && fuses) {
            ASSERT_EQ(std::memcmp(&got, &direct, sizeof(T)), 0) << at << ": " << got << ", " << direct;
          }
          long double exact = data.b(o);
          for (int64_t k = 0; k < window * window; ++k) {
            const int64_t r = row + k / window - before, s = column + k % window - before;
            if (r < 0 || r >= H || s < 0 || s >= W) continue;
            for (int64_t c = 0; c < C; ++c) {
              exact += static_cast<long double>(data.x(n, r, s, c)) * data.w(k / window, k % window, c, o);
            }
          }
          const long double S = std::max(size[static_cast<size_t>(o)], smallest);
          if (own * S > std::numeric_limits<T>::max()) continue;  // sums on the way may overflow
          const long double bound = gamma * (kGrowth * kWinogradRange * std::max<long double>(own, smallest) * S +
                                             std::abs(data.b(o)) + smallest);
          ASSERT_LE(std::abs(got - exact), bound) << at << ": " << got << ", expected " << exact;
        }
      }
    }
  }
}

template <class T>
class ConvWinogradRangeTest : public testing::Test {
 protected:
  void TearDown() override { set_simd_target(""); }

  // The promise on every target, and the bits of one thread and of one image in all ways to run the layer.
  void check(const Change<T>& change, const std::string& name) {
    for (const Layer& layer : kLayers) {
      const Data<T> data(layer, change);
      const Shape<4>& shape = layer.input;
      set_simd_target("");
      ASSERT_EQ(data.m(), layer.window == 3 && shape[3] < 100 ? 4 : 2);
      Tensor<T, 4> first;
      for (const std::string& target : simd_targets()) {
        set_simd_target(target);
        const Tensor<T, 4> y = data.run();
        expect_promise(data, y, target_fuses(target), name + ", " + target + ", " + to_string(shape));
        if (testing::Test::HasFatalFailure()) return;
        if (first.size() == 0) first = y;  // of the best target, which fuses if any does
        if (!target_fuses(target)) continue;
        ASSERT_TRUE(same_bits(y, first)) << name << ", " << target;
      }
      set_simd_target("");
      for (const int threads : {1, 2, 3, 4}) {
        ASSERT_TRUE(same_bits(data.run(threads), first)) << name << ", threads " << threads;
      }
      expect_same_alone(data, first, name);
      expect_same_in_nchw(data, first, name);
    }
  }

 private:
  void expect_same_alone(const Data<T>& data, const Tensor<T, 4>& all, const std::string& name) {
    const Shape<4> shape = data.x.shape();
    const ConvPlan<T> plan({1, shape[1], shape[2], shape[3]}, data.w, data.b, data.options);
    Tensor<T, 4> one({1, shape[1], shape[2], kOutputs});
    for (int64_t n = 0; n < shape[0]; ++n) {
      plan.run({&data.x(n, 0, 0, 0), {1, shape[1], shape[2], shape[3]}}, one);
      ASSERT_EQ(std::memcmp(one.data(), &all(n, 0, 0, 0), static_cast<size_t>(one.size()) * sizeof(T)), 0) << name;
    }
  }
  void expect_same_in_nchw(const Data<T>& data, const Tensor<T, 4>& expected, const std::string& name) {
    const auto [N, H, W, C] = data.x.shape();
    const Shape<4> strides{H * W * C, W, 1, H * W};
    Tensor<T, 1> memory({data.x.size()});
    const View<T, 4> x(memory.data(), data.x.shape(), strides);
    for (int64_t i = 0; i < data.x.size(); ++i)
      x(i / (H * W * C), i / (W * C) % H, i / C % W, i % C) = data.x.data()[i];
    auto y = expected;
    conv_forward(x, data.w, data.b, y, data.options);
    ASSERT_TRUE(same_bits(y, expected)) << name;
  }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvWinogradRangeTest, Types);

TYPED_TEST(ConvWinogradRangeTest, OneOutlier) {
  using T = TypeParam;
  for (const double size : {1e2, 1e4, -9999.0, 1e9, -1e20, 1e30, 1e38, -1e300}) {
    if (std::abs(size) > double(std::numeric_limits<T>::max())) continue;
    for (const Shape<2>& at : {Shape<2>{6, 3}, {0, 0}, {4, 5}, {6, 6}}) {
      this->check([=](auto& x, auto&) { x(0, at[0] % x.shape(1), at[1] % x.shape(2), 5) = static_cast<T>(size); },
                  std::to_string(size));
      if (this->HasFatalFailure()) return;
    }
  }
}

template <class T, class Function>
void change_pixels(Tensor<T, 4>& x, const Function& function) {
  const auto [N, H, W, C] = x.shape();
  for (int64_t i = 0; i < x.size(); ++i) {
    x.data()[i] = static_cast<T>(function(i / (W * C) % H, i / C % W, i % C, x.data()[i]));
  }
}

TYPED_TEST(ConvWinogradRangeTest, RastersWithNodata) {
  this->check(
      [](auto& x, auto&) { change_pixels(x, [](auto i, auto j, auto, auto v) { return i + j < 9 ? -9999 : v; }); },
      "an area");
  this->check([](auto& x,
                 auto&) { change_pixels(x, [](auto i, auto j, auto, auto v) { return i < 2 || j == 5 ? -9999 : v; }); },
              "a border and a line");
  this->check(
      [](auto& x, auto&) {
        change_pixels(x, [](auto i, auto j, auto, auto v) { return (i * 5 + j * 3) % 11 ? v : -9999; });
      },
      "scattered pixels");
}

TYPED_TEST(ConvWinogradRangeTest, SparseMaps) {
  this->check(
      [](auto& x, auto&) {
        change_pixels(x, [](auto i, auto j, auto c, auto) { return (i * 7 + j * 3 + c) % 97 == 0; });
      },
      "one-hot");
  this->check(
      [](auto& x, auto&) { change_pixels(x, [](auto i, auto j, auto, auto v) { return i > 8 && j > 2 ? v : -0.0; }); },
      "a blank area");
  this->check([](auto& x, auto&) { change_pixels(x, [](auto, auto, auto, auto v) { return v > 0 ? v : 0; }); }, "ReLU");
}

TYPED_TEST(ConvWinogradRangeTest, TinyAndLargeNumbersSideBySide) {
  using T = TypeParam;
  constexpr T kSmallest = std::numeric_limits<T>::denorm_min(), kLargest = std::numeric_limits<T>::max();
  this->check(
      [=](auto& x, auto&) {
        change_pixels(x, [=](auto i, auto, auto, auto v) { return i < 4 ? v * 37 * kSmallest : v; });
      },
      "subnormal rows");
  this->check(
      [=](auto& x, auto&) {
        change_pixels(x, [=](auto, auto j, auto, auto v) { return j == 3 ? v * (kLargest / 32768) : v; });
      },
      "a large column");
  this->check(
      [](auto& x, auto& w) {
        x(0, 3, 3, 0) = 3000;
        for (int64_t i = 0; i < w.size(); ++i) w.data()[i] *= static_cast<T>(i % 3 == 0 ? 1e6 : i % 3 == 1 ? 1 : 1e-6);
      },
      "filters of different size");
}

TYPED_TEST(ConvWinogradRangeTest, BlankWindowsGiveTheBiasAndItsSign) {
  using T = TypeParam;
  Data<T> data(kLayers[0], [](auto& x, auto&) {
    for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = i % 2 ? T(0) : -T(0);
    x(0, 9, 9, 0) = 1;
  });
  for (const T bias : {T(0), -T(0), T(1)}) {
    for (int64_t o = 0; o < kOutputs; ++o) data.b(o) = o % 2 ? bias : T(0);
    for (const std::string& target : simd_targets()) {
      if (!target_fuses(target)) continue;
      set_simd_target(target);
      expect_promise(data, data.run(), true, target);
    }
  }
}

// Beside an outlier, too, and in windows that are blank otherwise; weights as well.
TYPED_TEST(ConvWinogradRangeTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNan = std::numeric_limits<T>::quiet_NaN();
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const T odd : {kNan, kInfinity, -kInfinity}) {
      for (const bool in_weights : {false, true}) {
        const Data<T> data(Layer{{1, 10, 11, 20}, 3}, [=](auto& x, auto& w) {
          change_pixels(x, [](auto i, auto j, auto, auto v) { return i > 6 ? v : j == 4 ? -9999 : 0; });
          (in_weights ? w(1, 1, 3, 2) : x(0, 2, 6, 7)) = odd;
        });
        const Tensor<T, 4> y = data.run(), chain = data.chain();
        for (int64_t i = 0; i < y.size(); ++i) {
          ASSERT_EQ(std::isnan(y.data()[i]), std::isnan(chain.data()[i])) << target << ", " << odd << ", " << i;
          const auto infinity_of = [](T value) { return std::isinf(value) ? value : T(0); };
          ASSERT_EQ(infinity_of(y.data()[i]), infinity_of(chain.data()[i])) << target << ", " << odd << ", " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace convstep
