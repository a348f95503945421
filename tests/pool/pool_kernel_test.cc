// pool_kernel_test.cc: pooling on every SIMD target against the reference, bit by bit. CONVSTEP_CASES=full tries more.
#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <string>

#include "runtime/threads.h"
#include "tests/pool/pool_case.h"

namespace convstep {
namespace {

template <class T>
class PoolKernelTest : public testing::Test {
 protected:
  PoolKernelTest() { set_all_work_worth_threads(true); }
  ~PoolKernelTest() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  int64_t pick(int64_t least, int64_t most) { return least + static_cast<int64_t>(random_() % (most - least + 1)); }

  // What a case leaves open.
  void choose_rest(PoolCase& test) {
    PoolOptions& options = test.options;
    constexpr double kPowers[] = {1, 2, 2, 3};
    const int64_t kind = pick(0, 9);
    options.mode = kind < 5 ? PoolMode::kMax : kind < 8 ? PoolMode::kAverage : PoolMode::kLp;
    test.with_indices = kind < 2;
    options.p = kPowers[pick(0, 3)];
    options.count_include_pad = pick(0, 2) == 0;
    options.numerics = pick(0, 1) ? Numerics::kFast : Numerics::kNumpy;
    options.ceil_mode = pick(0, 2) == 0;
    options.threads = static_cast<int>(pick(0, 1) ? 1 : pick(0, 1) ? 2 : pick(0, 1) ? 3 : 8);
    test.values = static_cast<Values>(pick(0, 5) < 3 ? pick(0, 1) : pick(0, 3));
    test.input_layout = static_cast<Layout>(pick(0, 1) ? 0 : pick(0, 3));
    test.output_layout = static_cast<Layout>(pick(0, 1) ? 0 : pick(0, 3));
    test.flush = pick(0, 1) ? Flush::kFront : Flush::kBack;
    test.seed = static_cast<unsigned>(pick(0, 1 << 20));
  }

  int64_t channels() {
    const int64_t lanes = 64 / static_cast<int64_t>(sizeof(T));  // of the widest vector
    return pick(0, 3) == 0 ? pick(2 * lanes, 10 * lanes) : pick(1, 2 * lanes + 1);
  }

  std::minstd_rand random_{7};
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(PoolKernelTest, Types);

// Every small axis, paired with another one.
TYPED_TEST(PoolKernelTest, SmallShapes) {
  const int64_t longest = try_more() ? 12 : 9;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t length = 1; length <= longest; ++length) {
      for (int64_t window = 1; window <= 7; ++window) {
        for (int64_t stride = 1; stride <= 3; ++stride) {
          for (int64_t before = 0; before < window; ++before) {
            for (int64_t variant = 0; variant < (try_more() ? 60 : 8); ++variant) {
              const int64_t dilation = 1 + variant % 2;
              PoolCase test;
              PoolOptions& options = test.options;
              this->choose_rest(test);
              test.input = {this->pick(1, 2), length, this->pick(1, 9), this->channels()};
              options.window = {window, this->pick(1, 6)};
              options.stride = {stride, this->pick(1, 3)};
              options.dilation = {dilation, this->pick(0, 3) ? 1 : 2};
              options.padding = {before, this->pick(0, window - 1), this->pick(0, options.window.width - 1),
                                 this->pick(0, options.window.width - 1)};
              if (this->pick(0, 1)) {  // the same along the other axis
                std::swap(test.input[1], test.input[2]);
                std::swap(options.window.height, options.window.width);
                std::swap(options.stride.height, options.stride.width);
                std::swap(options.dilation.height, options.dilation.width);
                std::swap(options.padding.top, options.padding.left);
                std::swap(options.padding.bottom, options.padding.right);
              }
              if (is_valid(test)) check<TypeParam>(test);
              if (this->HasFatalFailure()) return;
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(PoolKernelTest, LargerShapes) {
  const int cases = try_more() ? 1000 : 100;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < cases; ++i) {
      PoolCase test;
      this->choose_rest(test);
      test.input = {this->pick(1, 3), this->pick(1, 40), this->pick(1, 40), this->channels()};
      test.options.window = {this->pick(1, 15), this->pick(1, 15)};
      test.options.stride = {this->pick(1, 4), this->pick(0, 1) ? 1 : this->pick(1, 4)};
      if (this->pick(0, 1)) test.options.padding.rule = Padding::Rule::kSameUpper;
      if (is_valid(test)) check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// Windows of more taps than a kernel takes at once, and sums that are halved more than once.
TYPED_TEST(PoolKernelTest, LongWindows) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < (try_more() ? 200 : 24); ++i) {
      PoolCase test;
      this->choose_rest(test);
      test.input = {1, this->pick(1, 80), this->pick(30, 90), this->pick(1, 40)};
      const int64_t H = test.input[1], W = test.input[2];
      test.options.window = {H - this->pick(0, std::min<int64_t>(1, H - 1)), W - this->pick(0, 1)};
      test.options.stride = {this->pick(1, 2), this->pick(1, 2)};
      check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// Arrays whose columns lie side by side: small windows on wide maps.
TYPED_TEST(PoolKernelTest, SmallWindowsOfPlanes) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < (try_more() ? 1000 : 150); ++i) {
      PoolCase test;
      this->choose_rest(test);
      test.with_indices = test.with_indices && i % 8 == 0;
      test.input_layout = test.output_layout = Layout::kChannelsFirst;
      test.input = {this->pick(1, 2), this->pick(1, 12), this->pick(40, 250), this->pick(0, 1) ? 1 : this->channels()};
      PoolOptions& options = test.options;
      options.window = {this->pick(1, 7), this->pick(1, 7)};
      options.stride = {this->pick(1, 4), this->pick(0, 1) ? this->pick(1, 2) : this->pick(1, 9)};
      options.padding = {this->pick(0, options.window.height - 1), this->pick(0, options.window.height - 1),
                         this->pick(0, options.window.width - 1), this->pick(0, options.window.width - 1)};
      if (is_valid(test)) check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// Large windows that do not overlap, of planes or of a few channels.
TYPED_TEST(PoolKernelTest, LargeWindowsOfPlanes) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < (try_more() ? 400 : 60); ++i) {
      PoolCase test;
      this->choose_rest(test);
      test.with_indices = false;
      if (i % 2) test.input_layout = Layout::kChannelsFirst;
      test.input = {1, this->pick(1, 40), this->pick(16, 300), this->pick(1, i % 2 ? 20 : 4)};
      const Size2 window{this->pick(1, test.input[1]), this->pick(16, test.input[2])};
      test.options.window = window;
      test.options.stride = {window.height + this->pick(0, 2), window.width + this->pick(0, 2)};
      test.options.padding = {this->pick(0, window.height - 1), this->pick(0, window.height - 1),
                              this->pick(0, window.width - 1), this->pick(0, window.width - 1)};
      if (is_valid(test)) check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// Long windows that overlap: blocks of few channels, rows that are not copied first, maxima by doubling; and windows
// too long for a strip.
TYPED_TEST(PoolKernelTest, LongOverlappingWindows) {
  constexpr Size2 kWindows[] = {{1, 150}, {2, 2500}, {1, 4200}, {200, 200}, {5, 700}, {5, 33'000}, {33'000, 1}};
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < (try_more() ? 70 : 14); ++i) {
      PoolCase test;
      this->choose_rest(test);
      const Size2 window = test.options.window = kWindows[i % 7];
      const int64_t more = window.height * window.width < 3000 ? this->pick(1, 200) : this->pick(1, 9);
      test.input = {1, window.height + this->pick(0, 5), window.width + more,
                    window.height * window.width > 30'000 ? this->pick(1, 3) : this->pick(1, 40)};
      test.options.mode = i / 7 % 2 ? PoolMode::kAverage : PoolMode::kMax;
      test.options.stride = {1, this->pick(1, 2)};
      test.with_indices = false;
      check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// Windows so large that a strip of them is worked out in parts.
TYPED_TEST(PoolKernelTest, StripsInParts) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const PoolMode mode : {PoolMode::kMax, PoolMode::kAverage}) {
      for (const Layout layout : {Layout::kDense, Layout::kGaps}) {
        PoolCase test{.input = {1, 1100, 1101, 1}, .input_layout = layout};
        test.options = {.window = {1099, 1098}, .mode = mode, .threads = 1};
        check<TypeParam>(test);
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

// Every length of a pairwise sum around the limits of its blocks.
TYPED_TEST(PoolKernelTest, EveryLengthOfASum) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t n = 1; n <= 1100; n += n < 300 ? 1 : 37) {
      PoolCase test;
      test.input = {1, 1, n, 3};
      test.options = {.window = {1, n}, .mode = n % 2 ? PoolMode::kAverage : PoolMode::kLp};
      test.seed = static_cast<unsigned>(n);
      check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// 3x3 windows over every number of channels, heights and widths around what is done at once.
TYPED_TEST(PoolKernelTest, ThreeByThree) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t channels = 1; channels <= (try_more() ? 150 : 80); ++channels) {
      for (int i = 0; i < (try_more() ? 60 : 12); ++i) {
        PoolCase test;
        this->choose_rest(test);
        test.input = {this->pick(1, 2), this->pick(1, 9), this->pick(1, 9), channels};
        test.options.window = {3, 3};
        test.options.mode = i % 2 ? PoolMode::kAverage : PoolMode::kMax;
        test.with_indices = false;
        const int64_t stride = this->pick(1, 2);
        test.options.stride = {stride, stride};
        test.options.padding = {this->pick(0, 2), this->pick(0, 2), this->pick(0, 2), this->pick(0, 2)};
        if (is_valid(test)) check<TypeParam>(test);
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

// Images that are cut along their width, and channels beyond what pairs of rows take.
TYPED_TEST(PoolKernelTest, WideThreeByThree) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int i = 0; i < (try_more() ? 32 : 8); ++i) {
      PoolCase test;
      this->choose_rest(test);
      const bool is_wide = i % 4 < 3;
      test.input = {1, this->pick(3, 6), is_wide ? this->pick(300, 400) : 3, is_wide ? this->pick(60, 130) : 4100};
      test.options.window = {3, 3};
      test.options.mode = i % 2 ? PoolMode::kAverage : PoolMode::kMax;
      test.with_indices = false;
      test.options.stride = {1 + i / 4 % 2, 1 + i / 4 % 2};
      test.options.padding = Padding::all(1);
      check<TypeParam>(test);
      if (this->HasFatalFailure()) return;
    }
  }
}

// Rows longer than what is worked out at once where channels are fewer than a vector has lanes.
TYPED_TEST(PoolKernelTest, FewChannelsInLongRows) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t channels = 1; channels <= 17; ++channels) {
      for (int i = 0; i < (try_more() ? 40 : 6); ++i) {
        PoolCase test;
        this->choose_rest(test);
        test.input = {1, this->pick(2, 5), this->pick(1024 / channels - 2, 3000 / channels), channels};
        test.options.window = {this->pick(1, 4), this->pick(1, 4)};
        test.options.stride = {this->pick(1, 2), i < 3 ? 2 : this->pick(1, 17)};
        test.options.padding.left = this->pick(0, test.options.window.width - 1);
        if (is_valid(test)) check<TypeParam>(test);
        if (this->HasFatalFailure()) return;
      }
    }
  }
}

// A NaN, or a zero of the other sign, at each place of a window in turn.
TYPED_TEST(PoolKernelTest, SpecialValuesAtEveryPosition) {
  const TypeParam nan = std::numeric_limits<TypeParam>::quiet_NaN(), inf = std::numeric_limits<TypeParam>::infinity();
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t window : {2, 3, 5}) {
      for (const int64_t C : {1, 3, 16, 70}) {
        for (int64_t place = 0; place < window * window; ++place) {
          for (const auto& [rest, special] : {std::pair<TypeParam, TypeParam>{-1, nan},
                                              {1, -nan},
                                              {TypeParam(-0.0), TypeParam(0)},
                                              {TypeParam(0), TypeParam(-0.0)},
                                              {-inf, inf}}) {
            auto x = filled<TypeParam, 4>({1, window + 1, window + 1, C}, rest);
            for (int64_t c = 0; c < C; ++c) x(0, place / window, place % window, c) = special;
            const PoolOptions options{.window = {window, window}};
            Tensor<TypeParam, 4> output({1, 2, 2, C}), expected({1, 2, 2, C});
            pool_forward(x, output, options);
            const WindowGeometry geometry = resolve_geometry({window + 1, window + 1}, options.window, "window", {1, 1},
                                                             {1, 1}, {}, Rounding::kFloor);
            reference::pool_forward<TypeParam>({x, expected, {}}, geometry, options);
            for (int64_t i = 0; i < output.size(); ++i) {
              ASSERT_PRED2(same<TypeParam>, output.data()[i], expected.data()[i])
                  << target << " " << window << " " << C;
            }
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace convstep
