// pool_case.h: one call of a pooling, and its comparison with the reference, bit by bit.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

#include "convstep/pool.h"
#include "core/window_axis.h"
#include "reference/lp_norm.h"
#include "reference/reference.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {

inline bool try_more() {
  const char* cases = std::getenv("CONVSTEP_CASES");
  return cases && std::string(cases) == "full";
}

enum class Values { kPlain, kSpecial, kZeros, kMinusInfinity };
enum class Layout { kDense, kGaps, kChannelsFirst, kBackwards };

struct PoolCase {
  Shape<4> input{1, 1, 1, 1};
  PoolOptions options{};
  bool with_indices = false;
  Values values = Values::kPlain;
  Layout input_layout = Layout::kDense, output_layout = Layout::kDense;
  Flush flush = Flush::kFront;
  unsigned seed = 0;

  std::string describe() const {
    const PoolOptions& o = options;
    const int64_t pads[] = {o.padding.top, o.padding.bottom, o.padding.left, o.padding.right};
    return simd_target() + " input " + to_string(input) + " window " + to_string(o.window) + " stride " +
           to_string(o.stride) + " dilation " + to_string(o.dilation) + " padding " + to_string(pads, 4) + " rule " +
           std::to_string(static_cast<int>(o.padding.rule)) + " ceil " + std::to_string(o.ceil_mode) + " mode " +
           std::to_string(static_cast<int>(o.mode)) + " p " + std::to_string(o.p) + " include " +
           std::to_string(o.count_include_pad) + " order " + std::to_string(static_cast<int>(o.numerics)) +
           " threads " + std::to_string(o.threads) + " indices " + std::to_string(with_indices) + " values " +
           std::to_string(static_cast<int>(values)) + " layouts " + std::to_string(static_cast<int>(input_layout)) +
           " " + std::to_string(static_cast<int>(output_layout)) + " flush " + std::to_string(static_cast<int>(flush)) +
           " seed " + std::to_string(seed);
  }
};

// An array between guard pages, laid out as asked, and its view.
template <class T>
class Guarded {
 public:
  Guarded(const Shape<4>& shape, Layout layout, Flush flush) : shape_(shape), buffer_(span(shape, layout), flush) {
    const auto [N, H, W, C] = shape;
    switch (layout) {
      case Layout::kDense:
        strides_ = {H * W * C, W * C, C, 1};
        break;
      case Layout::kGaps:
        strides_ = {H * (W * (C + 1) + 2), W * (C + 1) + 2, C + 1, 1};
        break;
      case Layout::kChannelsFirst:
        strides_ = {H * W * C, W, 1, H * W};
        break;
      case Layout::kBackwards:
        strides_ = {H * W * C, -W * C, -C, 1};
        first_ = N > 0 ? ((H - 1) * W + W - 1) * C : 0;
        break;
    }
  }
  View<T, 4> view() { return {buffer_.data() + first_, shape_, strides_}; }
  GuardedBuffer<T>& buffer() { return buffer_; }

 private:
  static int64_t span(const Shape<4>& shape, Layout layout) {
    const auto [N, H, W, C] = shape;
    if (layout != Layout::kGaps) return N * H * W * C;
    const int64_t row = W * (C + 1) + 2;
    return ((N - 1) * H + H - 1) * row + (W - 1) * (C + 1) + C;
  }

  Shape<4> shape_, strides_{};
  int64_t first_ = 0;
  GuardedBuffer<T> buffer_;
};

template <class T>
void fill(GuardedBuffer<T>& buffer, Values values, unsigned seed) {
  std::minstd_rand random(seed + 1);
  const T inf = std::numeric_limits<T>::infinity(), nan = std::numeric_limits<T>::quiet_NaN();
  const T special[] = {T(0), T(-0.0), inf, -inf, nan, std::copysign(nan, T(-1)), std::numeric_limits<T>::denorm_min()};
  for (T& x : buffer) {
    x = static_cast<T>(static_cast<double>(random()) / 1e9 - 1.07);
    if (values == Values::kSpecial && random() % 4 == 0) x = special[random() % 7];
    if (values == Values::kZeros) x = random() % 3 == 0 ? T(0) : T(-0.0);
    if (values == Values::kMinusInfinity) x = -inf;
  }
}

template <class T>
T term(T x, const PoolOptions& options) {
  if (options.mode == PoolMode::kAverage) return x;
  return options.p == 1 ? std::abs(x) : options.p == 2 ? x * x : std::pow(std::abs(x), static_cast<T>(options.p));
}

// pool.h, Numerics: sums by column, one output; `scaled` where a norm leaves the range of its powers.
template <class T>
T sum_by_column(View<const T, 4> input, const WindowGeometry& geometry, const PoolOptions& options, int64_t n,
                int64_t y, int64_t x, int64_t c, T scaled) {
  const auto rows = geometry.height.taps_on_input(y), columns = geometry.width.taps_on_input(x);
  T sum = T(-0.0);
  for (int64_t j = columns.first; j < columns.end; ++j) {
    T column = T(-0.0);
    for (int64_t i = rows.first; i < rows.end; ++i) {
      column += term(input(n, geometry.height.source(y, i), geometry.width.source(x, j), c), options);
    }
    sum += column;
  }
  if (options.mode == PoolMode::kLp) {
    const T p = static_cast<T>(options.p), norm = reference::lp_root(sum, p);
    return reference::SoundNorms<T>(p).contain(norm) || std::isnan(norm) ? norm : scaled;
  }
  const auto count = [&options](const WindowAxis& axis, int64_t o) {
    return (options.count_include_pad ? axis.taps_on_padded_input(o) : axis.taps_on_input(o)).count();
  };
  return (0 + sum) / static_cast<T>(count(geometry.height, y) * count(geometry.width, x));
}

template <class T>
bool same(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
  return a == b && std::signbit(a) == std::signbit(b);
}

template <class T>
bool is_by_column(const PoolOptions& options, const WindowGeometry& geometry, int64_t channels) {
  const auto fits = [](const WindowAxis& axis) {
    return (axis.window + 3 * axis.stride) * static_cast<int64_t>(sizeof(T)) <= 1 << 17;
  };
  if (!fits(geometry.height) || !fits(geometry.width)) return false;
  if (options.mode == PoolMode::kMax || options.numerics == Numerics::kNumpy || options.dilation != Size2{1, 1}) {
    return false;
  }
  const bool is_small_average = options.mode == PoolMode::kAverage && options.window == Size2{3, 3} &&
                                options.stride == Size2{1, 1} && channels >= 16;
  return is_small_average ||
         (geometry.width.output > 1 && options.window.height >= 5 && options.window.width >= 5 * options.stride.width);
}

template <class T>
void check(const PoolCase& test) {
  SCOPED_TRACE(test.describe());
  const PoolOptions& options = test.options;
  const WindowGeometry geometry =
      resolve_geometry({test.input[1], test.input[2]}, options.window, "window", options.stride, options.dilation,
                       options.padding, options.ceil_mode ? Rounding::kCeil : Rounding::kFloor);
  const Shape<4> shape = pool_output_shape(test.input, options);
  Guarded<T> x(test.input, test.input_layout, test.flush), y(shape, test.output_layout, test.flush);
  Guarded<int64_t> where(shape, test.output_layout, test.flush);
  fill(x.buffer(), test.values, test.seed);
  for (T& value : y.buffer()) value = static_cast<T>(kPoison);
  for (int64_t& value : where.buffer()) value = -7;
  Tensor<T, 4> expected(shape);
  Tensor<int64_t, 4> expected_where(shape);
  const View<const T, 4> input = x.view();
  const View<T, 4> output = y.view();
  const View<int64_t, 4> indices = where.view();
  reference::pool_forward<T>({input, expected, expected_where.view()}, geometry, options);
  if (test.with_indices) {
    pool_forward(input, output, indices, options);
  } else {
    pool_forward(input, output, options);
  }
  const bool by_column = is_by_column<T>(options, geometry, test.input[3]);
  const auto [N, OH, OW, C] = shape;
  int64_t poisoned = 0;
  for (const T& value : y.buffer()) poisoned += value == static_cast<T>(kPoison);
  ASSERT_EQ(poisoned, y.buffer().size() - output.size()) << "an output was left out, or a gap written";
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t i = 0; i < OH; ++i) {
      for (int64_t j = 0; j < OW; ++j) {
        for (int64_t c = 0; c < C; ++c) {
          const T right = by_column ? sum_by_column(input, geometry, options, n, i, j, c, expected(n, i, j, c))
                                    : expected(n, i, j, c);
          ASSERT_PRED2(same<T>, output(n, i, j, c), right) << "at " << n << " " << i << " " << j << " " << c;
          if (test.with_indices) {
            ASSERT_EQ(indices(n, i, j, c), expected_where(n, i, j, c)) << n << " " << i << " " << j << " " << c;
          }
        }
      }
    }
  }
}

// One axis: does some window read nothing but padding?
inline bool is_valid(const PoolCase& test) {
  try {
    pool_output_shape(test.input, test.options);
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace convstep
