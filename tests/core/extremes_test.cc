// extremes_test.cc: random calls with parameters of any size over small arrays, beside plain loops that compute indices
// with 128 bits. A call gives what these give, or says that its parameters are out of range; never anything else. The
// layers are compiled with checks for undefined behaviour (tests/CMakeLists.txt).
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <optional>
#include <random>

#include "convstep/conv.h"
#include "convstep/error.h"
#include "convstep/pad.h"
#include "convstep/pool.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

__extension__ using Wide = __int128;

constexpr int64_t kMostOutputs = 40;             // along an axis, of calls that are run
constexpr int64_t kModerate = int64_t{1} << 20;  // calls with no larger number must not be refused

// One axis of a call, and where its windows lie by definition.
struct Axis {
  int64_t input, window, stride, dilation, before, after;

  Wide reach() const { return Wide{window - 1} * dilation + 1; }
  // 0 where the window does not fit.
  Wide outputs(bool ceil) const {
    const Wide room = Wide{input} + before + after - reach();
    if (!ceil) return room < 0 ? 0 : room / stride + 1;
    if (room <= -Wide{stride}) return 0;
    const Wide outputs = (room + stride - 1) / stride + 1;
    return (outputs - 1) * stride >= Wide{input} + before ? outputs - 1 : outputs;
  }
  Wide start(int64_t o) const { return Wide{o} * stride - before; }
  // Does a tap of the window at o lie there?
  bool reads(int64_t o, int64_t index) const {
    const Wide way = index - start(o);
    return way >= 0 && way % dilation == 0 && way / dilation < window;
  }
  // Taps that lie on the input and its padding.
  Wide count(int64_t o) const {
    const Wide left = Wide{input} + after - start(o);  // elements from the start on; no window starts before padding
    return std::min<Wide>(window, left <= 0 ? 0 : (left - 1) / dilation + 1);
  }
  bool is_moderate() const { return std::max({input, window, stride, dilation, before, after}) <= kModerate; }
};

class Draw {
 public:
  explicit Draw(uint32_t seed) : generator_(seed) {}

  int64_t from(int64_t low, int64_t high) { return std::uniform_int_distribution<int64_t>(low, high)(generator_); }
  bool chance(int percent) { return from(1, 100) <= percent; }
  // Small, or near a power of two, or near a number that was drawn before: windows fit their padding only if the two
  // are about as large.
  int64_t size(int64_t least) {
    int64_t value = from(least, 4);
    if (chance(35)) value = (int64_t{1} << from(3, 62)) + from(-3, 3);
    if (chance(45)) value = last_ / from(1, 3) + from(-4, 3);
    if (chance(1)) value = INT64_MAX;
    value = std::max(value, least);
    if (value > 8) last_ = std::min(value, INT64_MAX - 4);
    return value;
  }
  Axis axis(bool is_pool) {
    last_ = 2;
    Axis axis{from(1, 6), is_pool ? size(1) : from(1, 4), size(1), chance(60) ? 1 : size(1), 0, 0};
    if (chance(70)) axis.before = size(0);
    if (chance(70)) axis.after = size(0);
    return axis;
  }

 private:
  std::mt19937_64 generator_;
  int64_t last_ = 2;
};

// An array in one of several layouts; the strides of axes of length 1 are any numbers.
template <class T>
struct Placed {
  Placed(const Shape<4>& shape, Draw& draw) {
    int order[4] = {0, 1, 2, 3};
    if (draw.chance(30)) std::swap(order[1], order[3]);
    if (draw.chance(30)) std::swap(order[2], order[3]);
    Shape<4> strides;
    int64_t step = draw.chance(20) ? 2 : 1;
    for (int i = 3; i >= 0; --i) {
      const size_t axis = static_cast<size_t>(order[i]);
      strides[axis] = step;
      step *= std::max<int64_t>(shape[axis], 1);
      if (shape[axis] == 1 && draw.chance(50)) {
        strides[axis] = draw.chance(50) ? draw.size(0) : -draw.size(0);
      }
    }
    memory.assign(static_cast<size_t>(step), T(-77));
    view = View<T, 4>(memory.data(), shape, strides);
  }
  void fill(Draw& draw) {
    for (T& value : memory) value = static_cast<T>(draw.from(-8, 8));
  }
  std::vector<T> memory;
  View<T, 4> view;
};

// What a call that is not refused must give: the size of its output, then its values.
void expect_call(const std::string& what, const Axis& height, const Axis& width, bool ceil, bool is_valid,
                 const std::function<Shape<4>()>& shape, const std::function<void()>& run) {
  SCOPED_TRACE(what);
  const Wide OH = height.outputs(ceil), OW = width.outputs(ceil);
  const bool fits = OH > 0 && OW > 0 && is_valid;
  try {
    const Shape<4> got = shape();
    ASSERT_TRUE(fits) << "nothing was thrown";
    ASSERT_TRUE(got[1] == OH && got[2] == OW) << to_string(got);
    if (OH <= kMostOutputs && OW <= kMostOutputs) run();
  } catch (const ArgumentError& e) {
    ASSERT_FALSE(fits && OH <= kMostOutputs && OW <= kMostOutputs && height.is_moderate() && width.is_moderate())
        << e.what();
  }
}

std::string text(const Axis& axis) {
  const int64_t numbers[] = {axis.input, axis.window, axis.stride, axis.dilation, axis.before, axis.after};
  return to_string(numbers, 6);
}

template <class T>
void pool_once(uint32_t seed) {
  Draw draw(seed);
  const Axis height = draw.axis(true), width = draw.axis(true);
  const int64_t C = draw.chance(70) ? draw.from(1, 4) : draw.from(15, 40), N = draw.from(0, 2);
  PoolOptions options{.window = {height.window, width.window},
                      .stride = {height.stride, width.stride},
                      .mode = static_cast<PoolMode>(draw.from(0, 2)),
                      .padding = {height.before, height.after, width.before, width.after},
                      .dilation = {height.dilation, width.dilation},
                      .ceil_mode = draw.chance(40),
                      .count_include_pad = draw.chance(50),
                      .p = double(draw.from(1, 3)),
                      .numerics = static_cast<Numerics>(draw.from(0, 1)),
                      .threads = 1};
  const Wide OH = height.outputs(options.ceil_mode), OW = width.outputs(options.ceil_mode);
  // Of few windows each is looked at, of many only the first, the last and the middle.
  bool reads = true;
  const auto has_tap = [](const Axis& axis, int64_t o) {
    for (int64_t i = 0; i < axis.input; ++i) {
      if (axis.reads(o, i)) return true;
    }
    return false;
  };
  const auto look = [&](const Axis& axis, Wide outputs) {
    for (int64_t o = 0; o < std::min<Wide>(outputs, kMostOutputs); ++o) reads &= has_tap(axis, o);
    if (outputs > 0) reads &= has_tap(axis, static_cast<int64_t>(outputs - 1));
  };
  look(height, OH);
  look(width, OW);
  const bool is_known = OH <= kMostOutputs && OW <= kMostOutputs;
  const Shape<4> shape{N, height.input, width.input, C};
  const auto run = [&] {
    Placed<T> x(shape, draw), y(pool_output_shape(shape, options), draw);
    Placed<int64_t> where(y.view.shape(), draw);
    x.fill(draw);
    const View<const T, 4> input = x.view;
    const bool with_indices = options.mode == PoolMode::kMax && draw.chance(50);
    with_indices ? pool_forward(input, y.view, where.view, options) : pool_forward(input, y.view, options);
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t i = 0; i < OH; ++i) {
        for (int64_t j = 0; j < OW; ++j) {
          for (int64_t c = 0; c < C; ++c) {
            T best = -100;
            int64_t place = -1;
            double sum = 0;
            for (int64_t r = 0; r < height.input; ++r) {
              for (int64_t q = 0; q < width.input; ++q) {
                if (!height.reads(i, r) || !width.reads(j, q)) continue;
                const T value = input(n, r, q, c);
                if (value > best) best = value, place = r * width.input + q;
                sum +=
                    options.mode == PoolMode::kAverage ? double(value) : std::pow(std::abs(double(value)), options.p);
              }
            }
            double wanted = best;
            if (options.mode == PoolMode::kLp) wanted = std::pow(sum, 1 / options.p);
            if (options.mode == PoolMode::kAverage) {
              double count = 0;
              if (options.count_include_pad) {
                count = double(height.count(i)) * double(width.count(j));
              } else {
                int64_t rows = 0, columns = 0;
                for (int64_t r = 0; r < height.input; ++r) rows += height.reads(i, r);
                for (int64_t q = 0; q < width.input; ++q) columns += width.reads(j, q);
                count = double(rows * columns);
              }
              wanted = sum / count;
            }
            ASSERT_NEAR(double(y.view(n, i, j, c)), wanted, 1e-5 * std::abs(wanted)) << i << " " << j << " " << c;
            if (!with_indices) continue;
            ASSERT_EQ(where.view(n, i, j, c), place) << i << " " << j << " " << c;
          }
        }
      }
    }
  };
  if (!is_known) {  // of so many windows some may read nothing
    try {
      pool_output_shape(shape, options);
    } catch (const ArgumentError&) {
    }
    return;
  }
  expect_call(
      "pool, seed " + std::to_string(seed) + " " + text(height) + " " + text(width), height, width, options.ceil_mode,
      reads, [&] { return pool_output_shape(shape, options); }, run);
}

template <class T>
void conv_once(uint32_t seed) {
  Draw draw(seed);
  const Axis height = draw.axis(false), width = draw.axis(false);
  const bool is_depthwise = draw.chance(25);
  const int64_t groups = is_depthwise ? draw.from(2, 40) : draw.chance(20) ? 4 : 1;
  const int64_t in = is_depthwise ? 1 : draw.chance(10) ? 4 : draw.from(1, 3), C = groups * in;
  const int64_t O = groups * (is_depthwise ? 1 : draw.chance(10) ? 4 : draw.from(1, 20)), N = draw.from(0, 2);
  const auto numerics = static_cast<Numerics>(draw.from(0, 1));
  const auto last = numerics == Numerics::kNumpy ? ConvAlgorithm::kReference : ConvAlgorithm::kWinograd;
  const ConvOptions options{.stride = {height.stride, width.stride},
                            .padding = {height.before, height.after, width.before, width.after},
                            .dilation = {height.dilation, width.dilation},
                            .groups = groups,
                            .numerics = numerics,
                            .algorithm = static_cast<ConvAlgorithm>(draw.from(0, static_cast<int64_t>(last))),
                            .threads = 1};
  const Shape<4> shape{N, height.input, width.input, C}, weights_shape{height.window, width.window, in, O};
  const auto run = [&] {
    Placed<T> x(shape, draw), w(weights_shape, draw), y(conv_output_shape(shape, weights_shape, options), draw);
    x.fill(draw);
    w.fill(draw);
    const View<const T, 4> input = x.view, weights = w.view;
    const auto bias = counting<T, 1>({O});
    conv_forward(input, weights, bias, y.view, options);
    const auto [_, OH, OW, outputs] = y.view.shape();
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t i = 0; i < OH; ++i) {
        for (int64_t j = 0; j < OW; ++j) {
          for (int64_t o = 0; o < outputs; ++o) {
            double wanted = double(bias(o));
            for (int64_t r = 0; r < height.window; ++r) {
              for (int64_t q = 0; q < width.window; ++q) {
                const Wide row = height.start(i) + Wide{r} * height.dilation;
                const Wide column = width.start(j) + Wide{q} * width.dilation;
                if (row < 0 || row >= height.input || column < 0 || column >= width.input) continue;
                for (int64_t c = 0; c < in; ++c) {
                  wanted += double(input(n, static_cast<int64_t>(row), static_cast<int64_t>(column),
                                         o / (outputs / groups) * in + c)) *
                            double(weights(r, q, c, o));
                }
              }
            }
            ASSERT_NEAR(double(y.view(n, i, j, o)), wanted, 1e-2) << i << " " << j << " " << o;  // Winograd rounds
          }
        }
      }
    }
  };
  expect_call(
      "conv, seed " + std::to_string(seed) + " " + text(height) + " " + text(width), height, width, false, true,
      [&] { return conv_output_shape(shape, weights_shape, options); }, run);
}

template <class T>
void pad_once(uint32_t seed) {
  Draw draw(seed);
  const Axis height = draw.axis(true), width = draw.axis(true);
  const Shape<4> shape{draw.from(0, 2), height.input, width.input, draw.from(1, 5)};
  const Padding padding{height.before, height.after, width.before, width.after};
  SCOPED_TRACE("pad, seed " + std::to_string(seed) + " " + text(height) + " " + text(width));
  const Wide H = Wide{height.input} + height.before + height.after, W = Wide{width.input} + width.before + width.after;
  try {
    const Shape<4> padded = pad_output_shape(shape, padding);
    ASSERT_TRUE(padded[1] == H && padded[2] == W) << to_string(padded);
    if (H > kMostOutputs || W > kMostOutputs) return;
    Placed<T> x(shape, draw), y(padded, draw);
    x.fill(draw);
    const View<const T, 4> input = x.view;
    zero_pad(input, y.view, padding);
    for (int64_t i = 0; i < y.view.size(); ++i) {
      const int64_t c = i % padded[3], q = i / padded[3] % padded[2], r = i / padded[3] / padded[2] % padded[1];
      const int64_t n = i / padded[3] / padded[2] / padded[1], row = r - height.before, column = q - width.before;
      const bool inside = row >= 0 && row < height.input && column >= 0 && column < width.input;
      ASSERT_EQ(y.view(n, r, q, c), inside ? input(n, row, column, c) : T(0));
    }
  } catch (const ArgumentError& e) {
    ASSERT_FALSE(H <= kModerate && W <= kModerate) << e.what();
  }
}

template <class T>
class ExtremesTest : public testing::Test {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ExtremesTest, Types);

constexpr uint32_t kCalls = 20'000;

TYPED_TEST(ExtremesTest, Pooling) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) ASSERT_NO_FATAL_FAILURE(pool_once<TypeParam>(seed));
}
TYPED_TEST(ExtremesTest, Convolution) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) ASSERT_NO_FATAL_FAILURE(conv_once<TypeParam>(seed));
}
TYPED_TEST(ExtremesTest, ZeroPadding) {
  for (uint32_t seed = 0; seed < kCalls; ++seed) ASSERT_NO_FATAL_FAILURE(pad_once<TypeParam>(seed));
}

}  // namespace
}  // namespace convstep
