// Planes to pixels and back, on every SIMD target: every small size, with gaps, in guarded memory.
#include "tiling/transpose_kernel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "convstep/runtime.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

template <class T>
class TransposeTest : public testing::Test {
 protected:
  ~TransposeTest() override { set_simd_target(""); }
};
using Types = testing::Types<float, double, int64_t>;
TYPED_TEST_SUITE(TransposeTest, Types);

constexpr int kGap = 3;

template <class T>
void check(int64_t rows, int64_t columns, Flush flush) {
  const int64_t from_step = columns + kGap, to_step = rows + kGap;
  GuardedBuffer<T> from((rows - 1) * from_step + columns, flush), to((columns - 1) * to_step + rows, flush);
  for (int64_t i = 0; i < from.size(); ++i) from.data()[i] = static_cast<T>(i + 1);
  std::fill(to.begin(), to.end(), T(-1));
  kernels::transpose(kernels::chosen_target(), from.data(), from_step, rows, columns, to.data(), to_step);
  for (int64_t i = 0; i < to.size(); ++i) {
    const int64_t row = i % to_step, column = i / to_step;
    ASSERT_EQ(to.data()[i], row < rows ? from.data()[row * from_step + column] : T(-1)) << row << ", " << column;
  }
}

TYPED_TEST(TransposeTest, AnySize) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t rows = 1; rows <= 19; ++rows) {
      for (int64_t columns = 1; columns <= 19; ++columns) {
        for (const Flush flush : {Flush::kFront, Flush::kBack}) {
          SCOPED_TRACE(target + ": " + std::to_string(rows) + " x " + std::to_string(columns));
          check<TypeParam>(rows, columns, flush);
          if (this->HasFatalFailure()) return;
        }
      }
    }
    check<TypeParam>(700, 45, Flush::kBack);  // some columns at a time
    check<TypeParam>(3, 3000, Flush::kBack);
  }
}

}  // namespace
}  // namespace convstep
