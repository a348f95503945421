// conv_bits_test.cc: what a layer gives depends on its geometry and its numbers alone: not on the number of threads,
// the size of the batch and the place in it, the alignment and strides of the views, or the target (of those that fuse
// multiply-adds); and NaN and infinity go where the definition sends them.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "runtime/threads.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"

namespace convstep {
namespace {

struct Layer {
  const char* name;
  Shape<4> input, weights;
  ConvOptions options;
  const char* method;  // how its description begins
};

// One of each method, with blocks, panels, strips and tiles that do not come out even.
const Layer kLayers[] = {
    {"winograd", {3, 23, 19, 40}, {3, 3, 40, 72}, {.padding = Padding::all(1)}, "winograd"},
    {"winograd of a small map", {3, 7, 7, 64}, {3, 3, 64, 96}, {.padding = Padding::all(1)}, "winograd"},
    {"direct, strided", {3, 29, 31, 37}, {3, 3, 37, 50}, {.stride = {2, 2}, .padding = Padding::all(1)}, "direct"},
    {"direct, few channels", {3, 50, 41, 3}, {7, 7, 3, 21}, {.stride = {2, 2}, .padding = Padding::all(3)}, "direct"},
    {"pointwise", {3, 17, 13, 70}, {1, 1, 70, 130}, {}, "direct"},
    {"pointwise, lines of one set", {3, 6, 11, 1024}, {1, 1, 1024, 130}, {}, "direct"},
    {"pointwise, strided", {3, 12, 29, 512}, {1, 1, 512, 132}, {.stride = {3, 2}}, "direct"},
    {"direct, lines of one set",
     {3, 9, 21, 512},
     {3, 3, 512, 40},
     {.stride = {2, 2}, .padding = Padding::all(1)},
     "direct"},
    {"dilated", {3, 21, 22, 16}, {3, 3, 16, 33}, {.padding = Padding::all(2), .dilation = {2, 2}}, "direct"},
    {"grouped", {3, 14, 15, 24}, {3, 3, 6, 20}, {.padding = Padding::all(1), .groups = 4}, "few-outputs"},
    {"groups of four", {3, 14, 15, 64}, {3, 3, 4, 64}, {.padding = Padding::all(1), .groups = 16}, "groups-of-four"},
    {"depthwise", {3, 30, 29, 45}, {3, 3, 1, 45}, {.padding = Padding::all(1), .groups = 45}, "depthwise"},
    {"depthwise 5x5", {3, 18, 19, 33}, {5, 5, 1, 33}, {.stride = {2, 2}, .groups = 33}, "depthwise"},
    {"one output", {3, 40, 37, 16}, {3, 3, 16, 1}, {.padding = Padding::all(1)}, "few-outputs"},
    {"a window larger than the workspace", {2, 150, 150, 16}, {149, 149, 16, 3}, {}, "direct, one pixel"},
};

template <class T>
Tensor<T, 4> run(View<const T, 4> input, View<const T, 4> weights, View<const T, 1> bias, const ConvOptions& options) {
  auto output = Tensor<T, 4>::uninitialized(conv_output_shape(input.shape(), weights.shape(), options));
  conv_forward(input, weights, bias, output, options);
  return output;
}

template <class T>
bool same_bits(const View<const T, 4>& a, const View<const T, 4>& b) {
  return a.shape() == b.shape() && std::memcmp(a.data(), b.data(), static_cast<size_t>(a.size()) * sizeof(T)) == 0;
}

// An array like the given one, whose elements lie otherwise: `gap` more values between pixels, `shift` off alignment.
template <class T>
struct Elsewhere {
  Elsewhere(const Tensor<T, 4>& from, int64_t gap, int64_t shift)
      : memory(std::vector<T>(static_cast<size_t>(from.size() / from.shape(3) * (from.shape(3) + gap) + shift))) {
    const auto [N, H, W, C] = from.shape();
    const int64_t pixel = C + gap;
    view = {memory.data() + shift, from.shape(), {H * W * pixel, W * pixel, pixel, 1}};
    for (int64_t i = 0; i < from.size(); ++i) view(i / C / W / H, i / C / W % H, i / C % W, i % C) = from.data()[i];
  }
  std::vector<T> memory;
  View<T, 4> view;
};

template <class T>
class ConvBitsTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  void make(const Layer& layer) {
    x_ = random_tensor<T, 4>(layer.input, 1);
    w_ = random_tensor<T, 4>(layer.weights, 2);
    b_ = random_tensor<T, 1>({layer.weights[3]}, 3);
    options_ = layer.options;
    options_.activation = Activation::kLeakyRelu;
    expected_ = run<T>(x_, w_, b_, options_);
  }

  Tensor<T, 4> x_, w_, expected_;
  Tensor<T, 1> b_;
  ConvOptions options_;
};

using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvBitsTest, Types);

TYPED_TEST(ConvBitsTest, DoNotDependOnThreads) {
  for (const Layer& layer : kLayers) {
    this->make(layer);
    for (const int threads : {1, 2, 3, 8}) {
      this->options_.threads = threads;
      EXPECT_TRUE(same_bits<TypeParam>(this->expected_, run<TypeParam>(this->x_, this->w_, this->b_, this->options_)))
          << layer.name << ", " << threads << " threads";
    }
  }
}

TYPED_TEST(ConvBitsTest, DoNotDependOnTheTarget) {
  const std::vector<std::string> targets = simd_targets();
  if (std::count_if(targets.begin(), targets.end(), target_fuses) < 2)
    GTEST_SKIP() << "one target that fuses: nothing to compare";
  for (const Layer& layer : kLayers) {
    this->make(layer);
    for (const std::string& target : simd_targets()) {
      if (!target_fuses(target)) continue;
      set_simd_target(target);
      EXPECT_TRUE(same_bits<TypeParam>(this->expected_, run<TypeParam>(this->x_, this->w_, this->b_, this->options_)))
          << layer.name << ", " << target;
    }
    set_simd_target("");
  }
}

TYPED_TEST(ConvBitsTest, DoNotDependOnTheBatch) {
  using T = TypeParam;
  for (const Layer& layer : kLayers) {
    this->make(layer);
    for (int64_t n = 0; n < layer.input[0]; ++n) {
      const auto one = [n]<class U>(const View<U, 4>& batch) {
        const auto [N, H, W, C] = batch.shape();
        return View<U, 4>(batch.data() + n * batch.stride(0), {1, H, W, C}, batch.strides());
      };
      const View<const T, 4> x = this->x_.view(), y = this->expected_.view();
      EXPECT_TRUE(same_bits<T>(one(y), run<T>(one(x), this->w_, this->b_, this->options_))) << layer.name << ", " << n;
    }
  }
}

TYPED_TEST(ConvBitsTest, DoNotDependOnAlignmentAndStrides) {
  using T = TypeParam;
  for (const Layer& layer : kLayers) {
    this->make(layer);
    for (const int64_t gap : {0, 3}) {
      for (const int64_t shift : {1, 5}) {
        const Elsewhere<T> x(this->x_, gap, shift), w(this->w_, gap, shift), y(this->expected_, gap, shift);
        for (T& value : const_cast<std::vector<T>&>(y.memory)) value = 7;
        conv_forward(x.view, w.view, this->b_, y.view, this->options_);
        const Elsewhere<T> expected(this->expected_, gap, shift);
        const auto [N, H, W, C] = this->expected_.shape();
        int64_t different = 0;
        for (int64_t i = 0; i < this->expected_.size(); ++i) {
          different += !is_same(this->expected_.data()[i], y.view(i / C / W / H, i / C / W % H, i / C % W, i % C));
        }
        EXPECT_EQ(different, 0) << layer.name << ", gap " << gap << ", shift " << shift;
      }
    }
  }
}

// Layers whose windows lie partly on padding, and of fewer and more channels than a vector has lanes.
const Layer kPaddedLayers[] = {
    {"depthwise 3x3", {2, 6, 7, 21}, {3, 3, 1, 21}, {.padding = Padding::all(1), .groups = 21}, "depthwise"},
    {"depthwise 5x5", {2, 6, 7, 21}, {5, 5, 1, 21}, {.padding = Padding::all(4), .groups = 21}, "depthwise"},
    {"depthwise 5x5 of stride 2",
     {2, 6, 7, 9},
     {5, 5, 1, 9},
     {.stride = {2, 2}, .padding = Padding::all(2), .groups = 9},
     "depthwise"},
    {"depthwise 7x7", {2, 6, 7, 12}, {7, 7, 1, 12}, {.padding = Padding::all(3), .groups = 12}, "depthwise"},
    {"depthwise 7x7, dilated rows",
     {2, 6, 7, 12},
     {7, 7, 1, 12},
     {.padding = {6, 6, 3, 3}, .dilation = {2, 1}, .groups = 12},
     "depthwise"},
    {"depthwise 4x3", {2, 6, 7, 12}, {4, 3, 1, 12}, {.padding = Padding::all(2), .groups = 12}, "depthwise"},
    {"direct",
     {2, 6, 7, 5},
     {3, 3, 5, 21},
     {.padding = Padding::all(2), .algorithm = ConvAlgorithm::kDirect},
     "direct"},
    {"direct, strided", {2, 6, 7, 3}, {5, 5, 3, 20}, {.stride = {2, 2}, .padding = Padding::all(2)}, "direct"},
    {"grouped", {2, 6, 7, 24}, {3, 3, 6, 20}, {.padding = Padding::all(1), .groups = 4}, "few-outputs"},
    {"groups of four", {2, 6, 7, 64}, {3, 3, 4, 64}, {.padding = Padding::all(1), .groups = 16}, "groups-of-four"},
    {"winograd", {2, 6, 7, 40}, {3, 3, 40, 72}, {.padding = Padding::all(1)}, "winograd"},
    {"one output", {2, 6, 7, 4}, {3, 3, 4, 1}, {.padding = Padding::all(2)}, "few-outputs"},
    {"notebook",
     {2, 6, 7, 5},
     {3, 3, 5, 9},
     {.padding = Padding::all(2), .numerics = Numerics::kNumpy},
     "sums in NumPy's order"},
};

// Numbers whose sums and products are zeros of either sign, for those that are too small for the type come to zero,
// too.
template <class T, int Rank>
Tensor<T, Rank> tiny_tensor(const Shape<Rank>& shape, uint32_t seed) {
  const T tiny = std::numeric_limits<T>::min(), least = std::numeric_limits<T>::denorm_min();
  const T values[] = {0, T(-0.0), tiny, -tiny, least, -least, 0, T(-0.0)};
  Tensor<T, Rank> tensor(shape);
  std::mt19937 generator(seed);
  // Those of one channel mostly have one sign, as otherwise hardly a sum would be -0.
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const int64_t channel = i % shape[Rank - 1];
    const T value = values[generator() % 8];
    tensor.data()[i] = channel % 3 == 0 ? value : std::copysign(value, T(channel % 3 == 1 ? 1 : -1));
  }
  return tensor;
}

// Values (N, C, H, W) in memory, seen as (N, H, W, C).
template <class T>
struct Planes {
  explicit Planes(const Shape<4>& shape) : memory({shape[0], shape[3], shape[1], shape[2]}) {
    const auto [n, c, h, w] = memory.view().strides();
    view = View<T, 4>(memory.data(), shape, {n, h, w, c});
  }
  explicit Planes(const Tensor<T, 4>& from) : Planes(from.shape()) {
    const auto [N, H, W, C] = from.shape();
    for (int64_t i = 0; i < from.size(); ++i) view(i / C / W / H, i / C / W % H, i / C % W, i % C) = from.data()[i];
  }
  Tensor<T, 4> memory;
  View<T, 4> view;
};

TYPED_TEST(ConvBitsTest, SignsOfZerosDependOnNeitherTargetNorLayout) {
  using T = TypeParam;
  for (const Layer& layer : kPaddedLayers) {
    for (uint32_t seed = 0; seed < 8; ++seed) {
      const auto x = tiny_tensor<T, 4>(layer.input, seed), w = tiny_tensor<T, 4>(layer.weights, seed + 100);
      const auto b = filled<T, 1>({layer.weights[3]}, T(-0.0));
      const Planes<T> planes(x);
      Tensor<T, 4> expected;
      for (const std::string& target : simd_targets()) {
        if (!target_fuses(target)) continue;
        set_simd_target(target);
        const Tensor<T, 4> y = run<T>(x, w, b, layer.options);
        if (expected.size() == 0) expected = y;
        ASSERT_TRUE(same_bits<T>(expected, y)) << layer.name << ", " << target << ", " << seed;
        ASSERT_TRUE(same_bits<T>(expected, run<T>(planes.view, w, b, layer.options)))
            << layer.name << ", " << target << ", planes, " << seed;
        Planes<T> scattered(expected.shape());
        conv_forward(x, w, b, scattered.view, layer.options);
        const Planes<T> wanted(expected);
        ASSERT_TRUE(same_bits<T>(wanted.memory, scattered.memory))
            << layer.name << ", " << target << ", to planes, " << seed;
      }
      set_simd_target("");
    }
  }
}

// Every order of the axes (KH, KW, C, O), as PyTorch's (O, C, KH, KW) and TensorFlow's depthwise filters have others.
TYPED_TEST(ConvBitsTest, WeightsLieInAnyOrder) {
  using T = TypeParam;
  for (const Layer& layer : kLayers) {
    if (layer.weights[0] > 100) continue;  // one window, which takes a second each time
    this->make(layer);
    const Tensor<T, 4> expected = run<T>(this->x_, this->w_, this->b_, layer.options);
    std::array<size_t, 4> axes = {0, 1, 2, 3};  // from the outermost
    do {
      Shape<4> shape, strides;
      for (size_t k = 0; k < 4; ++k) shape[k] = layer.weights[axes[k]];
      Tensor<T, 4> memory(shape);
      for (size_t k = 0; k < 4; ++k) strides[axes[k]] = memory.view().strides()[k];
      const View<T, 4> weights(memory.data(), layer.weights, strides);
      const auto [KH, KW, C, O] = layer.weights;
      for (int64_t i = 0; i < this->w_.size(); ++i) {
        weights(i / O / C / KW, i / O / C % KW, i / O % C, i % O) = this->w_.data()[i];
      }
      for (const std::string& target : simd_targets()) {
        if (!target_fuses(target)) continue;
        set_simd_target(target);
        ASSERT_TRUE(same_bits<T>(expected, run<T>(this->x_, weights, this->b_, layer.options)))
            << layer.name << ", " << target << ", weights of strides " << to_string(strides);
      }
      set_simd_target("");
    } while (std::next_permutation(axes.begin(), axes.end()));
  }
}

// A layer of each method, small enough to try every position.
const Layer kSmallLayers[] = {
    {"winograd",
     {1, 7, 6, 3},
     {3, 3, 3, 5},
     {.padding = Padding::all(1), .algorithm = ConvAlgorithm::kWinograd},
     "winograd"},
    {"direct", {1, 7, 6, 3}, {3, 3, 3, 5}, {.padding = Padding::all(1), .algorithm = ConvAlgorithm::kDirect}, "direct"},
    {"strided", {1, 7, 6, 3}, {3, 2, 3, 5}, {.stride = {2, 2}, .padding = Padding::all(1)}, "direct"},
    {"depthwise", {1, 7, 6, 9}, {3, 3, 1, 9}, {.padding = Padding::all(1), .groups = 9}, "depthwise"},
    {"depthwise, dilated",
     {1, 7, 6, 9},
     {3, 2, 1, 9},
     {.padding = Padding::all(1), .dilation = {2, 1}, .groups = 9},
     "depthwise"},
    {"grouped", {1, 5, 6, 4}, {3, 3, 2, 6}, {.padding = Padding::all(1), .groups = 2}, "few-outputs"},
    {"groups of four", {1, 3, 4, 64}, {3, 2, 4, 64}, {.padding = Padding::all(1), .groups = 16}, "groups-of-four"},
    {"one output", {1, 7, 9, 4}, {3, 3, 4, 1}, {.padding = Padding::all(1)}, "few-outputs"},
    {"notebook",
     {1, 7, 6, 3},
     {3, 3, 3, 5},
     {.padding = Padding::all(1), .numerics = Numerics::kNumpy},
     "sums in NumPy's order"},
};

// The outputs that are finite, infinite, NaN in the reference are so here; the finite ones are near.
template <class T>
void expect_same_kind(const Tensor<T, 4>& expected, const Tensor<T, 4>& got, const std::string& what) {
  for (int64_t i = 0; i < expected.size(); ++i) {
    const T e = expected.data()[i], g = got.data()[i];
    const bool right = std::isfinite(e) ? std::abs(e - g) < T(1e-4) : is_same(e, g);
    ASSERT_TRUE(right) << what << ": " << g << " for " << e << " at " << i;
  }
}

// Every row is computed by the method that it names, and each table has all methods but those that need a huge window.
TYPED_TEST(ConvBitsTest, EveryMethodIsHere) {
  const auto expect_methods = [this](const auto& layers, std::set<std::string> methods) {
    for (const Layer& layer : layers) {
      this->make(layer);
      const std::string description = ConvPlan<TypeParam>(layer.input, this->w_, this->b_, layer.options).describe();
      EXPECT_TRUE(description.starts_with(layer.method)) << layer.name << ": " << description;
      methods.erase(layer.method);
    }
    EXPECT_TRUE(methods.empty()) << *methods.begin() << " is not here";
  };
  const std::set<std::string> methods = {"winograd", "direct", "depthwise", "groups-of-four", "few-outputs"};
  expect_methods(kLayers, methods);
  expect_methods(kPaddedLayers, methods);
  expect_methods(kSmallLayers, methods);
}

TYPED_TEST(ConvBitsTest, NanAndInfinityReachWhatReadsThem) {
  using T = TypeParam;
  constexpr T kSpecial[] = {std::numeric_limits<T>::infinity(), -std::numeric_limits<T>::infinity(),
                            std::numeric_limits<T>::quiet_NaN()};
  for (const Layer& layer : kSmallLayers) {
    this->make(layer);
    ConvOptions reference = layer.options;
    reference.algorithm = ConvAlgorithm::kReference;
    for (Tensor<T, 4>* tensor : {&this->x_, &this->w_}) {
      for (int64_t i = 0; i < tensor->size(); ++i) {
        const T before = std::exchange(tensor->data()[i], kSpecial[i % 3]);
        const auto expected = run<T>(this->x_, this->w_, this->b_, reference);
        for (const std::string& target : simd_targets()) {
          set_simd_target(target);
          expect_same_kind(expected, run<T>(this->x_, this->w_, this->b_, layer.options),
                           layer.name + (", " + target + ", position " + std::to_string(i)));
        }
        tensor->data()[i] = before;
      }
    }
    set_simd_target("");
  }
}

}  // namespace
}  // namespace convstep
