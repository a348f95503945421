// conv_depthwise_memory_test.cc: depthwise convolution of arrays however they lie in memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "conv/methods.h"
#include "tests/conv/depthwise_layer.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {
namespace {

template <class T>
class ConvDepthwiseMemoryTest : public DepthwiseLayer<T> {};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvDepthwiseMemoryTest, Types);

// Views into larger arrays: crops, channel ranges, NCHW order, reversed axes.
TYPED_TEST(ConvDepthwiseMemoryTest, OddStridesOfInputOutputAndResidual) {
  using T = TypeParam;
  for (const int64_t window : {3, 5}) {
    for (const int64_t C : {5, 37}) {
      this->residual_ = {};  // that of the turn before is gone
      this->make_layer({2, 8, 10, C}, {window, window}, {.padding = Padding::all(window / 2)});
      const Shape<4> shape = this->input_.shape();
      auto residual = random_tensor<T, 4>(shape, 5);
      this->residual_ = residual;
      this->update();
      const auto place = [&](int kind, Tensor<T, 1>& memory) -> View<T, 4> {
        const auto [N, H, W, channels] = shape;
        memory = filled<T, 1>({N * (H + 2) * (W + 3) * (channels + 5)}, kPoison);
        if (kind == 0) return {memory.data(), shape};
        if (kind == 1) {  // a crop of a channel range
          const int64_t pixel = channels + 5, row = pixel * (W + 3);
          return {memory.data() + row + pixel + 2, shape, {row * (H + 2), row, pixel, 1}};
        }
        if (kind == 2) return {memory.data(), shape, {channels * H * W, W, 1, H * W}};  // NCHW
        return {memory.data() + N * H * W * channels - 1, shape, {-H * W * channels, -W * channels, -channels, -1}};
      };
      const auto copy = [&](const Tensor<T, 4>& from, View<T, 4> to) {
        const T* data = from.data();
        const auto [N, H, W, channels] = shape;
        for (int64_t n = 0; n < N; ++n) {
          for (int64_t y = 0; y < H; ++y) {
            for (int64_t x = 0; x < W; ++x) {
              for (int64_t c = 0; c < channels; ++c) to(n, y, x, c) = *data++;
            }
          }
        }
      };
      Tensor<T, 1> input_memory, output_memory, residual_memory;
      for (int kinds = 0; kinds < 4 * 4 * 4; ++kinds) {
        const auto input = place(kinds % 4, input_memory), output = place(kinds / 4 % 4, output_memory);
        const auto addend = place(kinds / 16, residual_memory);
        copy(this->input_, input);
        copy(residual, addend);
        this->method()->run({input, addend, output, 1, kSilent, this->all_rows()});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(output, simd_target(), "kinds " + std::to_string(kinds)));
        int64_t untouched = 0;
        for (int64_t i = 0; i < output_memory.size(); ++i) untouched += output_memory(i) == static_cast<T>(kPoison);
        ASSERT_EQ(untouched, output_memory.size() - this->expected_.size()) << "wrote beside the output";
      }
    }
  }
  this->residual_ = {};
}

TYPED_TEST(ConvDepthwiseMemoryTest, NothingIsReadOrWrittenBesideTheArrays) {
  using T = TypeParam;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t C : {3, 16, 21}) {
      for (const int64_t window : {2, 3, 5}) {
        for (const int64_t stride : {1, 2}) {
          this->make_layer({1, 6, 9, C}, {window, window}, {.stride = {stride, stride}, .padding = Padding::all(1)});
          for (const Flush flush : {Flush::kFront, Flush::kBack}) {
            GuardedBuffer<T> input(this->input_.size(), flush), output(this->expected_.size(), flush);
            std::copy_n(this->input_.data(), this->input_.size(), input.data());
            const View<T, 4> to(output.data(), this->expected_.shape());
            this->method()->run(
                {View<const T, 4>(input.data(), this->input_.shape()), {}, to, 1, kSilent, this->all_rows()});
            ASSERT_NO_FATAL_FAILURE(this->expect_right(to, target, "window " + std::to_string(window)));
          }
        }
      }
    }
  }
}

// Images larger than a level-2 cache, whose next rows tiles may fetch ahead.
TYPED_TEST(ConvDepthwiseMemoryTest, LargeImagesBetweenForbiddenPages) {
  using T = TypeParam;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t stride : {1, 2}) {
      const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(1)};
      const Shape<4> shape{1, 61, 60, 85};
      this->make_layer(shape, {3, 3}, options);
      for (const Flush flush : {Flush::kFront, Flush::kBack}) {
        GuardedBuffer<T> input(this->input_.size(), flush), output(this->expected_.size(), flush);
        std::copy_n(this->input_.data(), this->input_.size(), input.data());
        const View<T, 4> to(output.data(), this->expected_.shape());
        this->method()->run(
            {View<const T, 4>(input.data(), this->input_.shape()), {}, to, 1, kSilent, this->all_rows()});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(to, target, describe(shape, {3, 3}, options)));
      }
    }
  }
}

// A batch that lies in memory rather than in a cache is worked on in another order. Here all its images are one, and
// all its outputs.
TYPED_TEST(ConvDepthwiseMemoryTest, LargeBatchesBetweenForbiddenPages) {
  using T = TypeParam;
  constexpr int64_t kValues = (int64_t{20} << 20) / sizeof(T);
  const auto repeated = [](auto* data, const Shape<4>& shape, int64_t images) {
    const auto [N, H, W, C] = shape;
    return View<std::remove_pointer_t<decltype(data)>, 4>(data, {images, H, W, C}, {0, W * C, C, 1});
  };
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t C = 2; C <= 35; C += C < 15 ? 6 : 1) {
      for (const int64_t stride : {1, 2}) {
        const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(1)};
        const Shape<4> shape{1, 5, 1 + (5 * C + stride) % 17, C};
        this->residual_ = {};
        this->make_layer(shape, {3, 3}, options);
        const auto residual = random_tensor<T, 4>(this->expected_.shape(), 4);
        if (C % 4 == 0) this->residual_ = residual;
        this->update();
        const Flush flush = C % 2 ? Flush::kFront : Flush::kBack;
        GuardedBuffer<T> input(this->input_.size(), flush), output(this->expected_.size(), flush);
        std::copy_n(this->input_.data(), this->input_.size(), input.data());
        std::fill(output.begin(), output.end(), T(kPoison));
        const int64_t images = kValues / (input.size() + output.size()) + 1;
        const View<T, 4> from = repeated(input.data(), shape, images);
        const View<T, 4> to = repeated(output.data(), this->expected_.shape(), images);
        View<const T, 4> added;
        if (C % 4 == 0) added = repeated(residual.data(), residual.shape(), images);
        this->method()->run({from, added, to, 1, kSilent, this->all_rows()});
        const View<T, 4> one(output.data(), this->expected_.shape());
        ASSERT_NO_FATAL_FAILURE(this->expect_right(one, target, describe(shape, {3, 3}, options)));
      }
    }
  }
}

// These have tiles of their own, of several vectors of channels: with AVX-512 at stride 2, with AVX2 at stride 1.
TYPED_TEST(ConvDepthwiseMemoryTest, PixelsThatCollideInTheCache) {
  using T = TypeParam;
  const int64_t L = this->kLongestVector;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t C : {4 * L - 1, 4 * L, 4 * L + 3, 5 * L, 8 * L, 9 * L + 5}) {
      for (int64_t W = 1; W <= 29; W += W < 17 ? 1 : 6) {
        for (const Padding& padding : {Padding::all(1), Padding{0, 1, 0, 1}, Padding{3, 0, 1, 0}}) {
          for (const int64_t stride : {1, 2}) {
            const ConvOptions options{.stride = {stride, stride}, .padding = padding};
            const Shape<4> shape{1, 1 + W % 6, W, C};
            if (!exists(shape, {3, 3}, options)) continue;
            this->make_layer(shape, {3, 3}, options);
            for (const Flush flush : {Flush::kFront, Flush::kBack}) {
              GuardedBuffer<T> input(this->colliding_size(), flush), output(this->expected_.size(), flush);
              const View<T, 4> to(output.data(), this->expected_.shape());
              this->method()->run({this->colliding_input(input.data()), {}, to, 1, kSilent, this->all_rows()});
              ASSERT_NO_FATAL_FAILURE(this->expect_right(to, target, describe(shape, {3, 3}, options)));
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseMemoryTest, PixelsThatCollideWithResidualsAndActivations) {
  using T = TypeParam;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const auto& [W, stride] : {Size2{8, 2}, {14, 2}, {9, 1}}) {
      for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                          Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh}) {
        this->residual_ = {};
        const Shape<4> shape{1, 9, W, 8 * this->kLongestVector + 5};
        this->make_layer(shape, {3, 3},
                         {.stride = {stride, stride}, .padding = Padding::all(1), .activation = activation});
        // Zeros of either sign, and sums beyond 6.
        for (int64_t i = 0; i < this->input_.size(); ++i) this->input_.data()[i] *= static_cast<T>(i % 5) * 4;
        this->update();
        Tensor<T, 1> memory({this->colliding_size()});
        const auto input = this->colliding_input(memory.data());
        const bool is_exact = activation < Activation::kSigmoid;
        const std::string kind = is_exact ? target : "sse4";
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(input, kind, "no residual, " + target));
        auto residual = random_tensor<T, 4>(this->expected_.shape(), 4);
        this->residual_ = residual;
        this->update();
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(input, kind, "residual apart, " + target));
        this->method()->run({input, residual.view(), residual.view(), 1, kSilent, this->all_rows()});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(residual, kind, "residual in place, " + target));
        this->residual_ = {};
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseMemoryTest, NanAndInfinityInPixelsThatCollide) {
  using T = TypeParam;
  const int64_t C = 4 * this->kLongestVector + 5;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t W : {8, 14}) {
      this->make_layer({1, 5, W, C}, {3, 3}, {.stride = {2, 2}, .padding = Padding::all(1)});
      Tensor<T, 1> memory({this->colliding_size()});
      const auto try_all = [&](T* values, int64_t count, int64_t step, const std::string& what) {
        for (const T bad : {this->kNan, this->kInfinity}) {
          for (int64_t i = 0; i < count; i += step) {
            const T good = std::exchange(values[i], bad);
            this->update();
            const auto input = this->colliding_input(memory.data());
            ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(input, target, what + std::to_string(i)));
            values[i] = good;
          }
        }
      };
      // A channel of every pixel, and of every tap, in turn another one.
      ASSERT_NO_FATAL_FAILURE(try_all(this->input_.data(), this->input_.size(), C - 2, "input "));
      ASSERT_NO_FATAL_FAILURE(try_all(this->weights_.data(), this->weights_.size(), 7, "weight "));
    }
  }
}

TYPED_TEST(ConvDepthwiseMemoryTest, WorkspaceStaysSmallOnLargeImages) {
  using T = TypeParam;
  const Tensor<T, 4> weights({6, 6, 1, 300});
  const ConvOptions options{.padding = Padding::all(2), .groups = 300};
  const ConvProblem problem = check_problem({1, 40000, 40000, 300}, weights.shape(), options);
  const size_t bytes = DepthwiseMethod<T>::kKind.make(problem, {weights, {}})->workspace_bytes();
  EXPECT_GT(bytes, 0u);
  EXPECT_LT(bytes, static_cast<size_t>(kWorkspaceLimit));
}

}  // namespace
}  // namespace convstep
