// conv_sweep_test.cc: every small convolution, on every SIMD target, with 1, 2, 3 and 8 threads, between pages that may
// not be touched. A part of them; all under `make test-full` (CONVSTEP_CASES=full).
//
// Where the target fuses multiply-adds, the bits must be those of the chain that conv.h promises, whatever the method,
// the number of threads, the strides and the alignment of the views. Elsewhere whole numbers must come out exactly, and
// other numbers within the chain's error. Each direct method must have been among those that were chosen.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "conv/checks.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"
#include "tests/support/fma_chain.h"
#include "tests/support/guarded_buffer.h"
#include "tests/support/small_layers.h"

namespace convstep {
namespace {

bool fits(const Layer& layer) {
  const Padding& p = layer.options.padding;
  const Size2& d = layer.options.dilation;
  return layer.input[1] + p.top + p.bottom > d.height * (layer.weights[0] - 1) &&
         layer.input[2] + p.left + p.right > d.width * (layer.weights[1] - 1);
}

// The same array in another order of memory: dense; with a gap between pixels; channels outermost; rows upside down.
constexpr int kOrders = 4;
template <class T>
View<T, 4> view_in_order(T* first, T* end, const Shape<4>& shape, int order) {
  const auto [N, H, W, C] = shape;
  switch (order) {
    case 1:
      return {first, shape, {H * W * (C + 1), W * (C + 1), C + 1, 1}};
    case 2:
      return {first, shape, {C * H * W, W, 1, H * W}};
    case 3:
      return {end - W * C, shape, {-H * W * C, -W * C, C, 1}};
    default:
      return {first, shape};
  }
}
int64_t values_in_order(const Shape<4>& shape, int order) {
  const int64_t pixels = shape[0] * shape[1] * shape[2];
  return order == 1 ? pixels * (shape[3] + 1) - 1 : pixels * shape[3];
}

// Room between two forbidden pages, used again and again for arrays flush against one of them.
template <class T>
class Room {
 public:
  View<T, 4> array(const Shape<4>& shape, int order, Flush flush) {
    const int64_t count = values_in_order(shape, order);
    T* first = flush == Flush::kFront ? buffer_.data() : buffer_.data() + buffer_.size() - count;
    return view_in_order(first, first + count, shape, order);
  }

 private:
  GuardedBuffer<T> buffer_{int64_t{1} << 15, Flush::kFront};  // whole pages: both ends lie against a forbidden one
};

template <class T>
void copy(View<const T, 4> from, View<T, 4> to) {
  const auto [N, H, W, C] = from.shape();
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < H; ++y) {
      for (int64_t x = 0; x < W; ++x) {
        for (int64_t c = 0; c < C; ++c) to(n, y, x, c) = from(n, y, x, c);
      }
    }
  }
}

template <class T, int Rank>
Tensor<T, Rank> whole_numbers(const Shape<Rank>& shape, uint32_t seed) {
  auto tensor = random_tensor<T, Rank>(shape, seed);
  for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::round(8 * tensor.data()[i]);
  return tensor;
}

template <class T>
class ConvSweepTest : public testing::Test {
 protected:
  void SetUp() override { set_all_work_worth_threads(true); }
  void TearDown() override {
    set_all_work_worth_threads(false);
    set_simd_target("");
  }

  // What the methods that were chosen are called.
  const std::set<std::string>& methods() const { return methods_; }

  // Every target, for one layer with numbers that depend on `number`.
  void check(const Layer& layer, int64_t number, int threads) {
    const uint32_t seed = static_cast<uint32_t>(number);
    is_whole_ = number % 3 == 0;
    const auto x = numbers<4>(layer.input, seed + 1), w = numbers<4>(layer.weights, seed + 2);
    const auto b = numbers<1>({layer.weights[3]}, seed + 3);
    ConvOptions options = layer.options;
    options.algorithm = ConvAlgorithm::kDirect;
    options.threads = threads;
    const Activation activations[] = {Activation::kNone, Activation::kRelu, Activation::kRelu6, Activation::kLeakyRelu};
    options.activation = activations[number / 5 % 4];
    const ConvProblem problem = check_problem(layer.input, layer.weights, options);
    const auto residual =
        number % 4 == 1 ? numbers<4>(output_shape(layer.input[0], problem), seed + 4) : Tensor<T, 4>();
    expected_ = fma_chain<T>(problem, x, w, b, residual);
    const std::string description = ConvPlan<T>(layer.input, w, b, options).describe();
    methods_.insert(description.substr(0, description.find_first_of(" ,")));
    ConvProblem plain = problem;
    plain.activation = Activation::kNone;
    magnitude_ = fma_chain<T>(plain, absolute(x), absolute(w), absolute(b), {});

    const Flush flush = (number + threads) % 2 ? Flush::kFront : Flush::kBack;
    const int order = static_cast<int>((number / 7 + threads) % kOrders);
    for (const std::string& target : simd_targets()) {
      set_simd_target(target);
      run(x, w, b, residual, options, flush, order, target);
      if (HasFatalFailure()) return;
    }
  }

 private:
  template <int Rank>
  Tensor<T, Rank> numbers(const Shape<Rank>& shape, uint32_t seed) const {
    return is_whole_ ? whole_numbers<T, Rank>(shape, seed) : random_tensor<T, Rank>(shape, seed);
  }

  template <int Rank>
  static Tensor<T, Rank> absolute(Tensor<T, Rank> tensor) {
    for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = std::abs(tensor.data()[i]);
    return tensor;
  }

  void run(const Tensor<T, 4>& x, const Tensor<T, 4>& w, const Tensor<T, 1>& b, const Tensor<T, 4>& residual,
           const ConvOptions& options, Flush flush, int order, const std::string& target) {
    const View<T, 4> input = input_.array(x.shape(), order, flush), weights = weights_.array(w.shape(), 0, flush);
    const View<T, 4> bias = bias_.array({1, 1, 1, b.size()}, 0, flush);
    const View<T, 4> output = output_.array(expected_.shape(), (order + 1) % kOrders, flush);
    copy<T>(x, input);
    copy<T>(w, weights);
    std::copy_n(b.data(), b.size(), bias.data());
    View<const T, 4> added;
    if (residual.data()) {
      const View<T, 4> room = residual_.array(residual.shape(), order, flush);
      copy<T>(residual, room);
      added = room;
    }
    copy<T>(filled<T, 4>(expected_.shape(), T(kPoison)), output);

    conv_forward(input, weights, View<const T, 1>(bias.data(), {b.size()}), output, options, added);
    compare(output, target, x, w, options);
  }

  void compare(const View<T, 4>& output, const std::string& target, const Tensor<T, 4>& x, const Tensor<T, 4>& w,
               const ConvOptions& options) const {
    const bool exact = is_whole_ || target_fuses(target);
    const T gamma = 2 * static_cast<T>(w.size() / w.shape(3) + 2) * std::numeric_limits<T>::epsilon() / 2;
    const auto [N, OH, OW, O] = output.shape();
    const T* wanted = expected_.data();
    const T* magnitude = magnitude_.data();
    for (int64_t n = 0; n < N; ++n) {
      for (int64_t y = 0; y < OH; ++y) {
        for (int64_t at = 0; at < OW * O; ++at, ++wanted, ++magnitude) {
          const T got = output(n, y, at / O, at % O);
          const bool right = exact ? got == *wanted : std::abs(got - *wanted) <= gamma * (*magnitude + 2);
          ASSERT_TRUE(right) << target << ", " << options.threads << " threads: " << got << " for " << *wanted
                             << " at (" << n << ", " << y << ", " << at / O << ", " << at % O << "); input "
                             << to_string(x.shape()) << ", weights " << to_string(w.shape()) << ", stride "
                             << to_string(options.stride) << ", padding " << options.padding.top << " "
                             << options.padding.bottom << " " << options.padding.left << " " << options.padding.right
                             << ", dilation " << to_string(options.dilation) << ", groups " << options.groups;
        }
      }
    }
  }

  Room<T> input_, weights_, bias_, residual_, output_;
  Tensor<T, 4> expected_, magnitude_;
  bool is_whole_ = false;
  std::set<std::string> methods_;
};

using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(ConvSweepTest, Types);

TYPED_TEST(ConvSweepTest, EverySmallLayer) {
  const char* cases = std::getenv("CONVSTEP_CASES");
  const int64_t step = cases && std::string(cases) == "full" ? 1 : 41;  // shares no factor with any base
  // All layers with one number of threads, then with the next: to change it takes longer than such a layer.
  for (const int threads : {1, 2, 3, 8}) {
    int64_t checked = 0;
    for (int64_t number = 0; number < kLayers; number += step) {
      const Layer layer = layer_of(number);
      if (!fits(layer)) continue;
      this->check(layer, number, threads);
      if (this->HasFatalFailure()) FAIL() << "layer " << number;
      ++checked;
    }
    EXPECT_GT(checked * step, 100'000);
  }
  EXPECT_THAT(this->methods(), testing::ElementsAre("depthwise", "direct", "few-outputs", "groups-of-four"));
}

}  // namespace
}  // namespace convstep
