// pool_backward_case.h: one call of a pooling's gradient, and its comparison with the reference, bit by bit.
#pragma once

#include <string>
#include <vector>

#include "tests/pool/pool_case.h"

namespace convstep {

enum class Indices { kNone, kOfMaxima, kOfAnyElement };

struct PoolBackwardCase {
  PoolCase pooling;  // the layout of the output is that of its gradient and of the indices, too
  Layout result_layout = Layout::kDense;
  Indices indices = Indices::kNone;
  PoolTies ties = PoolTies::kFirst;
  bool accumulate = false;
  std::vector<int64_t> threads{1, 2, 3, 4};

  std::string describe() const {
    return pooling.describe() + " result " + std::to_string(static_cast<int>(result_layout)) + " indices " +
           std::to_string(static_cast<int>(indices)) + " ties " + std::to_string(static_cast<int>(ties)) +
           " accumulate " + std::to_string(accumulate);
  }
};

// Between guard pages: every element has the bits of the plain loops, and what lies between elements is untouched.
template <class T>
void expect_bits_of_the_reference(const PoolBackwardCase& test) {
  SCOPED_TRACE(test.describe());
  const PoolCase& pooling = test.pooling;
  const PoolOptions& options = pooling.options;
  const WindowGeometry geometry =
      resolve_geometry({pooling.input[1], pooling.input[2]}, options.window, "window", options.stride, options.dilation,
                       options.padding, options.ceil_mode ? Rounding::kCeil : Rounding::kFloor);
  const Shape<4> shape = pool_output_shape(pooling.input, options);
  Guarded<T> x(pooling.input, pooling.input_layout, pooling.flush), g(shape, pooling.output_layout, pooling.flush);
  Guarded<T> dx(pooling.input, test.result_layout, pooling.flush);
  Guarded<int64_t> where(shape, pooling.output_layout, pooling.flush);
  fill(x.buffer(), pooling.values, pooling.seed);
  fill(g.buffer(), pooling.seed % 4 == 0 ? Values::kSpecial : Values::kPlain, pooling.seed + 1);
  View<const int64_t, 4> indices;
  if (test.indices != Indices::kNone) {
    Tensor<T, 4> pooled(shape);
    pool_forward(x.view(), pooled.view(), where.view(), options);
    std::minstd_rand random(pooling.seed + 2);
    const int64_t pixels = pooling.input[1] * pooling.input[2];
    for (int64_t& index : where.buffer()) {
      if (test.indices == Indices::kOfAnyElement && random() % 4 == 0) index = static_cast<int64_t>(random()) % pixels;
    }
    indices = where.view();
  }
  const T gap = static_cast<T>(kPoison);
  const T before = !test.accumulate ? gap : pooling.seed % 2 == 0 ? static_cast<T>(-0.0) : static_cast<T>(0.3);
  Tensor<T, 4> expected(pooling.input);
  expected.fill(before);
  reference::pool_backward<T>({g.view(), x.view(), indices, expected}, geometry, options, test.ties, test.accumulate);
  for (const int64_t threads : test.threads) {
    PoolOptions run = options;
    run.threads = threads;
    const View<T, 4> result = dx.view();
    for (T& value : dx.buffer()) value = gap;
    for (int64_t n = 0; n < result.shape(0); ++n) {
      for (int64_t i = 0; i < result.size() / result.shape(0); ++i) {
        const int64_t C = result.shape(3), W = result.shape(2);
        result(n, i / C / W, i / C % W, i % C) = before;
      }
    }
    if (indices) {
      pool_backward(g.view(), indices, result, run, test.accumulate);
    } else {
      pool_backward(g.view(), x.view(), result, run, test.ties, test.accumulate);
    }
    const Tensor<T, 4> got{View<const T, 4>(result)};
    for (int64_t i = 0; i < got.size(); ++i) {
      ASSERT_PRED2(same<T>, got.data()[i], expected.data()[i]) << threads << " threads, element " << i;
    }
    int64_t untouched = 0, written = 0;
    for (const T& value : dx.buffer()) untouched += value == gap;
    for (int64_t i = 0; i < got.size(); ++i) written += got.data()[i] == gap;
    ASSERT_EQ(untouched - written, dx.buffer().size() - got.size()) << "a gap was written";
  }
}

}  // namespace convstep
