// pad_kernel_test.cc: zero padding through every kind of view, between guard pages, against the reference.
#include <gtest/gtest.h>

#include <random>

#include "convstep/pad.h"
#include "reference/reference.h"
#include "tests/support/fill.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

// Strides of a view that fills its memory: dense, planes of channels, or rows of planes.
Shape<4> strides_of(const Shape<4>& shape, int layout) {
  const auto [N, H, W, C] = shape;
  if (layout == 0) return {H * W * C, W * C, C, 1};
  if (layout == 1) return {C * H * W, W, 1, H * W};
  return {H * W * C, W * C, 1, W};
}

template <class T>
void check(const Shape<4>& shape, const Padding& padding, int from_layout, int to_layout, Flush flush) {
  const Shape<4> padded = pad_output_shape(shape, padding);
  GuardedBuffer<T> from(shape[0] * shape[1] * shape[2] * shape[3], flush);
  GuardedBuffer<T> to(padded[0] * padded[1] * padded[2] * padded[3], flush);
  for (int64_t i = 0; i < from.size(); ++i) from.data()[i] = static_cast<T>(i + 1);
  for (T& x : to) x = static_cast<T>(kPoison);
  const View<const T, 4> input(from.data(), shape, strides_of(shape, from_layout));
  const View<T, 4> output(to.data(), padded, strides_of(padded, to_layout));
  Tensor<T, 4> expected(padded);
  reference::zero_pad<T>(input, padding.top, padding.left, expected, {});
  zero_pad(input, output, padding);
  for (int64_t i = 0; i < expected.size(); ++i) {
    const int64_t C = padded[3], W = padded[2], H = padded[1];
    const int64_t c = i % C, x = i / C % W, y = i / C / W % H, n = i / C / W / H;
    ASSERT_EQ(output(n, y, x, c), expected.data()[i])
        << to_string(shape) << " " << from_layout << to_layout << " at " << n << " " << y << " " << x << " " << c;
  }
}

template <class T>
class PadKernelTest : public testing::Test {
 protected:
  ~PadKernelTest() override { set_num_threads(0); }
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PadKernelTest, Types);

TYPED_TEST(PadKernelTest, EqualsTheReferenceForEveryLayout) {
  std::minstd_rand random(11);
  const auto pick = [&random](int64_t most) { return static_cast<int64_t>(random() % (most + 1)); };
  for (int i = 0; i < 2000; ++i) {
    const Shape<4> shape{1 + pick(1), 1 + pick(5), 1 + pick(5), 1 + pick(36)};
    check<TypeParam>(shape, {pick(3), pick(3), pick(3), pick(3)}, static_cast<int>(pick(2)), static_cast<int>(pick(2)),
                     pick(1) ? Flush::kFront : Flush::kBack);
    if (this->HasFatalFailure()) return;
  }
}

TYPED_TEST(PadKernelTest, AnyNumberOfThreads) {
  for (const int threads : {1, 2, 3, 8}) {
    set_num_threads(threads);
    check<TypeParam>({3, 65, 67, 40}, Padding::all(3), 0, 0, Flush::kFront);
    check<TypeParam>({3, 65, 67, 40}, {0, 1, 2, 0}, 1, 1, Flush::kBack);
  }
}

}  // namespace
}  // namespace convstep
