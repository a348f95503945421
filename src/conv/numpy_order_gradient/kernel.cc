#include "conv/numpy_order_gradient/kernel.h"

#include <utility>

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/numpy_order_gradient/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "simd/vectors-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// Sums that are under way at a time. Two units with a latency of 4 want 8 of them; registers hold them besides a
// product and what it is made of. Chains also want a pointer and a mask each.
#if HWY_TARGET == HWY_SCALAR
constexpr int kMostChains = 2, kMostValues = 2;
#elif HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kMostChains = 6, kMostValues = 14;
#else
constexpr int kMostChains = 6, kMostValues = 8;
#endif

// `count` as the sum of as few numbers of at most `most` as can be, as equal as can be: calls visit(first, number).
template <class Visit>
HWY_INLINE void for_equal_parts(int64_t count, int64_t most, const Visit& visit) {
  int64_t first = 0;
  for (int64_t left = (count + most - 1) / most; left > 0; --left) {
    const int64_t now = (count - first + left - 1) / left;
    visit(first, now);
    first += now;
  }
}

// A vector of one line: its place under the first window, the weights of the first output, and how many of its lanes
// there are.
template <class T>
struct Chain {
  T* input_grad;
  const T* weights;
  size_t lanes;
};

// Loads and stores the lanes of each chain. Where there are masked ones, the masks are worked out once.
template <class T, int kChains>
class PartVectors {
  using D = hn::ScalableTag<T>;
  using V = hn::Vec<D>;

 public:
#if HWY_TARGET == HWY_SCALAR || HWY_MEM_OPS_MIGHT_FAULT
  HWY_INLINE explicit PartVectors(const Chain<T>* chains) : chains_(chains) {}
  HWY_INLINE V load(int k, const T* from) const { return load_n(D(), from, chains_[k].lanes); }
  HWY_INLINE void store(int k, V sum, T* to) const { store_n(sum, D(), to, chains_[k].lanes); }

 private:
  const Chain<T>* chains_;
#else
  HWY_INLINE explicit PartVectors(const Chain<T>* chains) {
    HWY_UNROLL(8)
    for (int k = 0; k < kChains; ++k) mask_[k] = hn::FirstN(D(), chains[k].lanes);
  }
  HWY_INLINE V load(int k, const T* from) const { return hn::MaskedLoad(mask_[k], D(), from); }
  HWY_INLINE void store(int k, V sum, T* to) const { hn::BlendedStore(sum, mask_[k], D(), to); }

 private:
  hn::Mask<D> mask_[kChains];
#endif
};

// Not MulAdd: the products are rounded, as NumPy's are. Images take turns, for a window waits for the one before it,
// which it may overlap.
template <class T, int kChains>
HWY_NOINLINE void input_tile(const InputGradientBlock<T>& block, const Chain<T>* chains) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  const int64_t step = block.weights_output_step, grad_step = block.grad_output_step;
  const T* HWY_RESTRICT weights[kChains];
  HWY_UNROLL(8)
  for (int k = 0; k < kChains; ++k) weights[k] = chains[k].weights;
  const PartVectors<T, kChains> parts(chains);
  for (int64_t x = 0; x < block.pixels; ++x) {
    for (int64_t n = 0; n < block.images; ++n) {
      const int64_t place = n * block.image_step + x * block.pixel_step;
      const T* HWY_RESTRICT grad = block.grad + n * block.grad_image_step + x * block.grad_pixel_step;
      V sum[kChains];
      HWY_UNROLL(8)
      for (int k = 0; k < kChains; ++k) sum[k] = parts.load(k, chains[k].input_grad + place);
      HWY_UNROLL(1)
      for (int64_t o = 0, w = 0; o < block.outputs; ++o, grad += grad_step, w += step) {
        const V factor = hn::Set(d, *grad);
        HWY_UNROLL(8)
        for (int k = 0; k < kChains; ++k) sum[k] = hn::Add(sum[k], hn::Mul(hn::Load(d, weights[k] + w), factor));
      }
      HWY_UNROLL(8)
      for (int k = 0; k < kChains; ++k) parts.store(k, sum[k], chains[k].input_grad + place);
    }
  }
}

template <class T>
using InputTileFunction = void (*)(const InputGradientBlock<T>& block, const Chain<T>* chains);

// The n-th takes n + 1 chains.
template <class T, int... kIndex>
HWY_INLINE const InputTileFunction<T>* input_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr InputTileFunction<T> kTiles[] = {&input_tile<T, kIndex + 1>...};
  return kTiles;
}

// Each tile goes through all pixels before the next one does. So where windows overlap, the vectors that are further to
// the right in theirs come first: what they add to comes from pixels further to the left.
template <class T>
void add_to_input(const InputGradientBlock<T>& block) {
  const InputTileFunction<T>* tiles = input_tiles_of<T>(std::make_integer_sequence<int, kMostChains>());
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  const int64_t vectors = (block.values + lanes - 1) / lanes;
  int64_t row = 0, line = block.lines - 1, vector = vectors - 1;
  for_equal_parts(block.rows * block.lines * vectors, kMostChains, [&](int64_t, int64_t count) {
    Chain<T> chains[kMostChains];
    for (int64_t k = 0; k < count; ++k) {
      const int64_t first = vector * lanes;
      chains[k] = {block.input_grad + row * block.row_step + line * block.line_step + first,
                   block.weights + row * block.weights_row_step + line * block.weights_line_step + first,
                   static_cast<size_t>(HWY_MIN(block.values - first, lanes))};
      if (++row < block.rows) continue;
      row = 0;
      if (--vector >= 0) continue;
      vector = vectors - 1;
      --line;
    }
    tiles[count - 1](block, chains);
  });
}

// Some values of a line, whose sums stay in registers over all outputs.
template <class T, int kValues>
HWY_NOINLINE void weights_tile(const WeightsGradientBlock<T>& block, const T* HWY_RESTRICT input, int64_t lane,
                               T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  constexpr int64_t kStep = kGradientLanes<T>;
  V sum[kValues];
  HWY_UNROLL(14)
  for (int v = 0; v < kValues; ++v) sum[v] = hn::Load(d, sums + v * kStep);
  const int64_t grad_step = block.grad_x_step, grad_gap = block.grad_y_step - block.width * grad_step;
  const int64_t grad_image_gap = block.grad_image_step - block.height * block.grad_y_step;
  const int64_t x_step = block.x_step, row_gap = block.y_step - block.width * x_step;
  const int64_t image_gap = block.image_step - block.height * block.y_step;
  const T* HWY_RESTRICT grad = block.grad + lane;
  for (int64_t n = block.images; n > 0; --n, input += image_gap, grad += grad_image_gap) {
    for (int64_t y = block.height; y > 0; --y, input += row_gap, grad += grad_gap) {
      HWY_UNROLL(1)
      for (int64_t x = block.width; x > 0; --x, input += x_step, grad += grad_step) {
        const V g = hn::LoadU(d, grad);
        HWY_UNROLL(14)
        for (int v = 0; v < kValues; ++v) sum[v] = hn::Add(sum[v], hn::Mul(hn::Set(d, input[v]), g));
      }
    }
  }
  HWY_UNROLL(14)
  for (int v = 0; v < kValues; ++v) hn::Store(sum[v], d, sums + v * kStep);
}

template <class T>
using WeightsTileFunction = void (*)(const WeightsGradientBlock<T>& block, const T* input, int64_t lane, T* sums);

// The n-th takes n + 1 values.
template <class T, int... kIndex>
HWY_INLINE const WeightsTileFunction<T>* weights_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr WeightsTileFunction<T> kTiles[] = {&weights_tile<T, kIndex + 1>...};
  return kTiles;
}

template <class T>
void add_to_weights(const WeightsGradientBlock<T>& block) {
  const WeightsTileFunction<T>* tiles = weights_tiles_of<T>(std::make_integer_sequence<int, kMostValues>());
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  for_equal_parts(block.values, kMostValues, [&](int64_t first, int64_t count) {
    for (int64_t lane = 0; lane < block.outputs; lane += lanes) {
      tiles[count - 1](block, block.input + first, lane, block.sums + first * kGradientLanes<T> + lane);
    }
  });
}

template <class T>
const NumpyOrderGradientKernel<T>* kernel_of() {
  static constexpr NumpyOrderGradientKernel<T> kernel{&add_to_input<T>, &add_to_weights<T>};
  return &kernel;
}
const NumpyOrderGradientKernel<float>* numpy_order_gradient_float() { return kernel_of<float>(); }
const NumpyOrderGradientKernel<double>* numpy_order_gradient_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(numpy_order_gradient_float);
HWY_EXPORT(numpy_order_gradient_double);

template <>
const NumpyOrderGradientKernel<float>& numpy_order_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(numpy_order_gradient_float, target)();
}
template <>
const NumpyOrderGradientKernel<double>& numpy_order_gradient_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(numpy_order_gradient_double, target)();
}

}  // namespace convstep::kernels
#endif
