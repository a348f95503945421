#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <type_traits>

#include "layers/conv_checks.h"
#include "tests/fill.h"
#include "tests/fma_chain.h"
#include "tests/guarded_buffer.h"

namespace convstep {
namespace {

const ProgressCallback kSilent;

template <class T>
class ConvDepthwiseTest : public testing::Test {
 protected:
  static constexpr T kInfinity = std::numeric_limits<T>::infinity(), kNan = std::numeric_limits<T>::quiet_NaN();

  void TearDown() override { set_simd_target(""); }

  // A layer with random numbers and what it must give.
  void make_layer(const Shape<4>& input, const Size2& window, const ConvOptions& options) {
    const int64_t C = input[3];
    options_ = options;
    options_.groups = C;
    input_ = random_tensor<T, 4>(input, 1);
    weights_ = random_tensor<T, 4>({window.height, window.width, 1, C}, 2);
    bias_ = random_tensor<T, 1>({C}, 3);
    update();
  }
  void update() {
    problem_ = check_problem(input_.shape(), weights_.shape(), options_, kConvNames);
    expected_ = fma_chain<T>(problem_, input_, weights_, bias_, residual_);
    const auto magnitudes = [](auto tensor) {
      for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::abs(tensor.data()[i]);
      return tensor;
    };
    ConvProblem plain = problem_;
    plain.activation = Activation::kNone;
    magnitude_ = fma_chain<T>(plain, magnitudes(input_), magnitudes(weights_), magnitudes(bias_), {});
  }
  std::unique_ptr<const ConvMethod<T>> method() const {
    EXPECT_TRUE(depthwise_fits(problem_));
    return make_conv_depthwise<T>(problem_, {weights_, bias_});
  }

  // The bits of the chain, on targets that fuse multiply-adds; elsewhere within its error.
  void expect_right(View<const T, 4> output, const std::string& target, const std::string& what) const {
    const auto [N, OH, OW, O] = output.shape();
    const T unit = std::numeric_limits<T>::epsilon() / 2;
    const bool exact = target_fuses(target);
    const T gamma = 2 * static_cast<T>(problem_.window_size() + 2) * unit;
    for (int64_t n = 0, at = 0; n < N; ++n) {
      for (int64_t y = 0; y < OH; ++y) {
        for (int64_t x = 0; x < OW; ++x) {
          for (int64_t o = 0; o < O; ++o, ++at) {
            const T wanted = expected_.data()[at], got = output(n, y, x, o);
            const bool same = is_same(wanted, got);
            const bool right = same || (!exact && std::abs(wanted - got) <= gamma * (magnitude_.data()[at] + 2));
            ASSERT_TRUE(right) << what << ", " << target << ": " << got << " for " << wanted << " at (" << n << ", "
                               << y << ", " << x << ", " << o << ")";
          }
        }
      }
    }
  }
  void expect_runs_right(const std::string& target, const std::string& what, int threads = 1) const {
    ASSERT_NO_FATAL_FAILURE(expect_runs_right(input_, target, what, threads));
  }
  void expect_runs_right(View<const T, 4> input, const std::string& target, const std::string& what,
                         int threads = 1) const {
    auto output = filled<T, 4>(expected_.shape(), kPoison);
    method()->run({input, residual_, output, threads, kSilent});
    ASSERT_NO_FATAL_FAILURE(expect_right(output, target, what));
  }

  // Pixels that collide in the level-1 cache: the layer's input with its pixels 2 KB apart, and nothing behind the
  // last.
  static constexpr int64_t kCollidingStep = 2048 / sizeof(T), kLongestVector = 64 / sizeof(T);
  int64_t colliding_size() const { return (input_.size() / input_.shape(3) - 1) * kCollidingStep + input_.shape(3); }
  View<const T, 4> colliding_input(T* memory) const {
    const auto [N, H, W, C] = input_.shape();
    for (int64_t pixel = 0; pixel < N * H * W; ++pixel) {
      std::copy_n(input_.data() + pixel * C, C, memory + pixel * kCollidingStep);
    }
    return {memory, input_.shape(), {H * W * kCollidingStep, W * kCollidingStep, kCollidingStep, 1}};
  }

  ConvOptions options_;
  ConvProblem problem_{};
  Tensor<T, 4> input_, weights_, expected_, magnitude_;
  Tensor<T, 1> bias_;
  View<const T, 4> residual_;
};
using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvDepthwiseTest, Types);

std::string describe(const Shape<4>& input, const Size2& window, const ConvOptions& options) {
  const Padding& p = options.padding;
  return to_string(input) + " window " + to_string(window) + " stride " + to_string(options.stride) + " dilation " +
         to_string(options.dilation) + " padding " + to_string(Shape<4>{p.top, p.bottom, p.left, p.right});
}

bool exists(const Shape<4>& input, const Size2& window, const ConvOptions& options) {
  const Padding& p = options.padding;
  return input[1] + p.top + p.bottom >= (window.height - 1) * options.dilation.height + 1 &&
         input[2] + p.left + p.right >= (window.width - 1) * options.dilation.width + 1;
}

TYPED_TEST(ConvDepthwiseTest, ChannelsFromOneToMoreThanTwoVectors) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (int64_t C = 2; C <= 35; ++C) {
      for (const int64_t stride : {1, 2}) {
        const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(1)};
        const Shape<4> shape{1, 4, 9, C};
        this->make_layer(shape, {3, 3}, options);
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, {3, 3}, options)));
        this->make_layer(shape, {2, 3}, options);
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, {2, 3}, options)));
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, SlidingWindowsOnAllSmallImages) {
  const Padding paddings[] = {{}, Padding::all(1), {0, 1, 0, 1}, {1, 0, 1, 0}, {3, 2, 1, 1}, {1, 1, 2, 0}};
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    const int64_t C = target == "scalar" ? 2 : 17;
    for (int64_t H = 1; H <= 12; ++H) {
      for (int64_t W = 1; W <= 17; W += H < 6 ? 1 : 5) {
        for (const Padding& padding : paddings) {
          for (const int64_t stride : {1, 2}) {
            const ConvOptions options{.stride = {stride, stride}, .padding = padding};
            const Shape<4> shape{1, H, W, C};
            if (!exists(shape, {3, 3}, options)) continue;
            this->make_layer(shape, {3, 3}, options);
            ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, {3, 3}, options)));
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, WindowsStridesAndDilations) {
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const Size2& window : {Size2{1, 1}, {1, 3}, {5, 5}, {7, 7}, {2, 4}, {3, 3}}) {
      for (const Size2& stride : {Size2{1, 1}, {2, 2}, {1, 2}, {3, 3}, {65536, 1}}) {
        for (const Size2& dilation : {Size2{1, 1}, {2, 2}, {1, 3}}) {
          for (const Padding& padding : {Padding{}, Padding::all(2), Padding{0, 1, 3, 0}}) {
            const ConvOptions options{.stride = stride, .padding = padding, .dilation = dilation};
            const Shape<4> shape{1, 9, 11, 19};
            if (!exists(shape, window, options)) continue;
            this->make_layer(shape, window, options);
            ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(target, describe(shape, window, options)));
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, ThreadsAndBatchesChangeNoBit) {
  for (const Size2& window : {Size2{3, 3}, {5, 5}}) {
    for (const int64_t stride : {1, 2}) {
      const ConvOptions options{.stride = {stride, stride}, .padding = Padding::all(window.height / 2)};
      this->make_layer({3, 40, 40, 71}, window, options);
      for (const int threads : {1, 2, 3, 8}) {
        ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "threads " + std::to_string(threads), threads));
      }
    }
  }
  // Pixels of 4 KB.
  const int64_t C = 2 * this->kCollidingStep;
  this->make_layer({2, 28, 28, C}, {3, 3}, {.stride = {2, 2}, .padding = Padding::all(1)});
  for (const int threads : {1, 2, 3, 8}) {
    ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "4 KB, " + std::to_string(threads), threads));
  }
}

TYPED_TEST(ConvDepthwiseTest, ResidualsApartAndInPlaceWithEveryActivation) {
  using T = TypeParam;
  for (const std::string& target : simd_targets()) {
    set_simd_target(target);
    for (const int64_t C : {3, 16, 21}) {
      for (const int64_t window : {3, 5}) {
        for (const Activation activation : {Activation::kNone, Activation::kRelu, Activation::kRelu6,
                                            Activation::kLeakyRelu, Activation::kSigmoid, Activation::kTanh}) {
          this->residual_ = {};
          this->make_layer({1, 7, 9, C}, {window, window}, {.padding = Padding::all(1), .activation = activation});
          // The exponential of a vector and that of the C library differ in the last bits.
          const bool is_exact = activation < Activation::kSigmoid;
          const std::string kind = is_exact ? target : "sse4";
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(kind, "no residual, " + target));
          auto residual = random_tensor<T, 4>(this->expected_.shape(), 4);
          this->residual_ = residual;
          this->update();
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(kind, "residual apart, " + target));
          this->method()->run({this->input_, residual.view(), residual.view(), 1, kSilent});
          ASSERT_NO_FATAL_FAILURE(this->expect_right(residual, kind, "residual in place, " + target));
        }
      }
    }
  }
  this->residual_ = {};
}

// Views into larger arrays: crops, channel ranges, NCHW order, reversed axes.
TYPED_TEST(ConvDepthwiseTest, OddStridesOfInputOutputAndResidual) {
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
        this->method()->run({input, addend, output, 1, kSilent});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(output, simd_target(), "kinds " + std::to_string(kinds)));
        int64_t untouched = 0;
        for (int64_t i = 0; i < output_memory.size(); ++i) untouched += output_memory(i) == static_cast<T>(kPoison);
        ASSERT_EQ(untouched, output_memory.size() - this->expected_.size()) << "wrote beside the output";
      }
    }
  }
  this->residual_ = {};
}

TYPED_TEST(ConvDepthwiseTest, NothingIsReadOrWrittenBesideTheArrays) {
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
            this->method()->run({View<const T, 4>(input.data(), this->input_.shape()), {}, to, 1, kSilent});
            ASSERT_NO_FATAL_FAILURE(this->expect_right(to, target, "window " + std::to_string(window)));
          }
        }
      }
    }
  }
}

// Images larger than a level-2 cache, whose next rows tiles may fetch ahead.
TYPED_TEST(ConvDepthwiseTest, LargeImagesBetweenForbiddenPages) {
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
        this->method()->run({View<const T, 4>(input.data(), this->input_.shape()), {}, to, 1, kSilent});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(to, target, describe(shape, {3, 3}, options)));
      }
    }
  }
}

// A batch that lies in memory rather than in a cache is worked on in another order. Here all its images are one, and
// all its outputs.
TYPED_TEST(ConvDepthwiseTest, LargeBatchesBetweenForbiddenPages) {
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
        this->method()->run({from, added, to, 1, kSilent});
        const View<T, 4> one(output.data(), this->expected_.shape());
        ASSERT_NO_FATAL_FAILURE(this->expect_right(one, target, describe(shape, {3, 3}, options)));
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  for (const int64_t window : {3, 4}) {
    for (const int64_t stride : {1, 2}) {
      this->make_layer({1, 5, 6, 18}, {window, window}, {.stride = {stride, stride}, .padding = Padding::all(1)});
      for (const T bad : {this->kNan, this->kInfinity}) {
        for (int64_t i = 0; i < this->input_.size();
             i += 7) {  // 7 and 18 share no factor: all channels have their turn
          T& value = this->input_.data()[i];
          const T good = std::exchange(value, bad);
          this->update();
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "input " + std::to_string(i)));
          value = good;
        }
        for (int64_t i = 0; i < this->weights_.size(); ++i) {
          T& value = this->weights_.data()[i];
          const T good = std::exchange(value, bad);
          this->update();
          ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "weight " + std::to_string(i)));
          value = good;
        }
      }
    }
  }
}

// These have tiles of their own, of several vectors of channels: with AVX-512 at stride 2, with AVX2 at stride 1.
TYPED_TEST(ConvDepthwiseTest, PixelsThatCollideInTheCache) {
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
              this->method()->run({this->colliding_input(input.data()), {}, to, 1, kSilent});
              ASSERT_NO_FATAL_FAILURE(this->expect_right(to, target, describe(shape, {3, 3}, options)));
            }
          }
        }
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, PixelsThatCollideWithResidualsAndActivations) {
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
        this->method()->run({input, residual.view(), residual.view(), 1, kSilent});
        ASSERT_NO_FATAL_FAILURE(this->expect_right(residual, kind, "residual in place, " + target));
        this->residual_ = {};
      }
    }
  }
}

TYPED_TEST(ConvDepthwiseTest, NanAndInfinityInPixelsThatCollide) {
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

TYPED_TEST(ConvDepthwiseTest, WorkspaceStaysSmallOnLargeImages) {
  using T = TypeParam;
  const Tensor<T, 4> weights({6, 6, 1, 300});
  const ConvOptions options{.padding = Padding::all(2), .groups = 300};
  const ConvProblem problem = check_problem({1, 40000, 40000, 300}, weights.shape(), options, kConvNames);
  const size_t bytes = make_conv_depthwise<T>(problem, {weights, {}})->workspace_bytes();
  EXPECT_GT(bytes, 0u);
  EXPECT_LT(bytes, static_cast<size_t>(kWorkspaceLimit));
}

TYPED_TEST(ConvDepthwiseTest, WindowsFarIntoThePaddingSeeZeros) {
  const int64_t pad = int64_t{1} << 24;
  for (const int64_t window : {1, 3}) {
    this->make_layer({1, 1, 1, 20}, {window, window}, {.stride = {pad, pad}, .padding = Padding::all(pad)});
    ASSERT_NO_FATAL_FAILURE(this->expect_runs_right(simd_target(), "window " + std::to_string(window)));
  }
}

TYPED_TEST(ConvDepthwiseTest, ThePlanTakesIt) {
  using T = TypeParam;
  this->make_layer({2, 9, 9, 20}, {3, 3}, {.padding = Padding::all(1)});
  for (const ConvAlgorithm algorithm : {ConvAlgorithm::kAuto, ConvAlgorithm::kDirect}) {
    this->options_.algorithm = algorithm;
    const ConvPlan<T> plan(this->input_.shape(), this->weights_, this->bias_, this->options_);
    EXPECT_NE(plan.describe().find("depthwise"), std::string::npos) << plan.describe();
    Tensor<T, 4> output(this->expected_.shape());
    plan.run(this->input_, output);
    ASSERT_NO_FATAL_FAILURE(this->expect_right(output, simd_target(), "plan"));
  }
}

TEST(ConvDepthwiseFitsTest, OneFilterPerChannelAlone) {
  const auto problem = [](const Shape<4>& input, const Shape<4>& weights, int64_t groups, Size2 dilation = {}) {
    const ConvOptions options{.padding = Padding::all(1 << 20), .dilation = dilation, .groups = groups};
    return check_problem(input, weights, options, kConvNames);
  };
  EXPECT_TRUE(depthwise_fits(problem({1, 9, 9, 4}, {3, 3, 1, 4}, 4)));
  EXPECT_FALSE(depthwise_fits(problem({1, 9, 9, 4}, {3, 3, 1, 8}, 4)));
  EXPECT_FALSE(depthwise_fits(problem({1, 9, 9, 1}, {3, 3, 1, 1}, 1)));
  EXPECT_FALSE(depthwise_fits(problem({1, 9, 9, 4}, {3, 3, 2, 4}, 2)));
  EXPECT_FALSE(depthwise_fits(problem({1, 9, 9, 4}, {3, 3, 1, 4}, 4, {1000, 1000})));
}

}  // namespace
}  // namespace convstep
