// kernel.cc: planes, register tile, rows of tiles, block.
#include "conv/few_outputs/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/few_outputs/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include <utility>

#include "simd/activation-inl.h"
#include "simd/transpose-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// A tile is some vectors of pixels times up to 4 outputs. Two units with a latency of 4 want 8 sums under way. With 16
// registers, 8 or 9 sums, the vectors of a tap and a weight.
constexpr int kMaxOutputs = 4;
#if HWY_TARGET == HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr int kVectorsOf[kMaxOutputs] = {8, 6, 5, 4};
#elif HWY_TARGET == HWY_SCALAR
constexpr int kVectorsOf[kMaxOutputs] = {1, 1, 1, 1};  // for small code: few machines run it
#else
constexpr int kVectorsOf[kMaxOutputs] = {8, 4, 3, 2};
#endif

// Lanes that transposes work on at a time: those of 16 bytes.
template <class T>
constexpr int64_t kBlock = 16 / static_cast<int64_t>(sizeof(T));

#if HWY_TARGET != HWY_SCALAR

// In each block of the vector, kBlock channels of one pixel: that of block b is b * kBlock pixels further on.
template <class D, class T = hn::TFromD<D>>
HWY_INLINE hn::Vec<D> load_blocks(D d, const T* HWY_RESTRICT from, int64_t pixel_step) {
  const size_t block = kBlock<T>;
  auto v = hn::LoadDup128(d, from);
  for (size_t lane = block; lane < hn::Lanes(d); lane += block) {
    const auto before = hn::FirstN(d, lane);
    v = hn::IfThenElse(before, v, hn::LoadDup128(d, from + static_cast<int64_t>(lane) * pixel_step));
  }
  return v;
}

// A vector of pixels of each of four channels that lie side by side, or two.
HWY_INLINE void transpose(const float* HWY_RESTRICT from, int64_t pixel_step, float* HWY_RESTRICT to,
                          int64_t plane_step) {
  const hn::ScalableTag<float> d;
  const hn::Repartition<double, decltype(d)> wide;
  const auto a = load_blocks(d, from, pixel_step), b = load_blocks(d, from + pixel_step, pixel_step);
  const auto c = load_blocks(d, from + 2 * pixel_step, pixel_step);
  const auto e = load_blocks(d, from + 3 * pixel_step, pixel_step);
  const auto ab_low = hn::BitCast(wide, hn::InterleaveLower(d, a, b));
  const auto ab_high = hn::BitCast(wide, hn::InterleaveUpper(d, a, b));
  const auto ce_low = hn::BitCast(wide, hn::InterleaveLower(d, c, e));
  const auto ce_high = hn::BitCast(wide, hn::InterleaveUpper(d, c, e));
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(wide, ab_low, ce_low)), d, to);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(wide, ab_low, ce_low)), d, to + plane_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveLower(wide, ab_high, ce_high)), d, to + 2 * plane_step);
  hn::StoreU(hn::BitCast(d, hn::InterleaveUpper(wide, ab_high, ce_high)), d, to + 3 * plane_step);
}
HWY_INLINE void transpose(const double* HWY_RESTRICT from, int64_t pixel_step, double* HWY_RESTRICT to,
                          int64_t plane_step) {
  const hn::ScalableTag<double> d;
  const auto a = load_blocks(d, from, pixel_step), b = load_blocks(d, from + pixel_step, pixel_step);
  hn::StoreU(hn::InterleaveLower(d, a, b), d, to);
  hn::StoreU(hn::InterleaveUpper(d, a, b), d, to + plane_step);
}

#endif

// `pixels` pixels, one vector of channels side by side after the other, to a plane each.
template <class T>
HWY_NOINLINE void transpose_pixels(const T* from, int64_t pixel_step, int64_t pixels, int64_t channels, T* to,
                                   int64_t plane_step) {
  int64_t x = 0;
#if HWY_TARGET != HWY_SCALAR
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  if (channels >= kBlock<T>) {
    for (; x + lanes <= pixels; x += lanes) {
      for (int64_t c = 0; c < channels; c += kBlock<T>) {
        const int64_t start = HWY_MIN(c, channels - kBlock<T>);  // the last ones twice rather than one by one
        transpose(from + x * pixel_step + start, pixel_step, to + start * plane_step + x, plane_step);
      }
    }
  }
#endif
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t k = x; k < pixels; ++k) to[c * plane_step + k] = from[k * pixel_step + c];
  }
}

// How the planes lie in the workspace.
struct Planes {
  int64_t phases, width;
  int64_t plane_step, row_step;  // from a channel to the next; from a row
};

// One row of the input, in all phases. `row` may be off the image.
template <class T>
HWY_NOINLINE void fill_row(const FewOutputsBlock<T>& block, const Planes& planes, int64_t row, T* to) {
  const WindowAxis& width = block.width;
  const int64_t channels = block.groups * block.channels;
  if (!block.height.is_inside(row)) {
    std::fill_n(to, planes.row_step, T(0));
    return;
  }
  for (int64_t phase = 0; phase < planes.phases; ++phase, to += planes.width) {
    // Columns of the image are those at positions first to end - 1.
    const int64_t column = width.source(0, 0) + phase, stride = width.stride;
    const int64_t first = HWY_MIN(column >= 0 ? 0 : divide_up(-column, stride), planes.width);
    const int64_t inside = column < width.input ? divide_up(width.input - column, stride) : 0;
    const int64_t end = HWY_MAX(HWY_MIN(inside, planes.width), first);
    for (int64_t c = 0; c < channels; ++c) {
      std::fill_n(to + c * planes.plane_step, first, T(0));
      std::fill(to + c * planes.plane_step + end, to + c * planes.plane_step + planes.width, T(0));
    }
    if (end == first) continue;
    const T* from = block.input + row * block.input_row_step + (column + first * stride) * block.input_pixel_step;
    const int64_t step = stride * block.input_pixel_step;
    if (block.input_channel_step == 1 && channels > 1) {
      transpose_pixels(from, step, end - first, channels, to + first, planes.plane_step);
      continue;
    }
    for (int64_t c = 0; c < channels; ++c) {
      T* plane = to + c * planes.plane_step + first;
      const T* channel = from + c * block.input_channel_step;
      if (step == 1) {
        std::copy_n(channel, end - first, plane);
      } else {
        for (int64_t x = 0; x < end - first; ++x) plane[x] = channel[x * step];
      }
    }
  }
}

// Vectors of pixels, vector_step apart in the planes, of up to kMaxOutputs outputs.
template <class T>
struct FewOutputsTile {
  const T* planes;  // where the first vector's window begins
  int64_t vector_step;
  int64_t window_rows, window_row_step, window_columns, phases_on, shift_on, stride, plane_width, channels, plane_step;
  const T* weights;
  int64_t weight_step;
  const T* bias;
};

template <class T, int kOutputs, int kVectors>
HWY_NOINLINE void few_outputs_tile(const FewOutputsTile<T>& tile, T* HWY_RESTRICT sums) {
  const hn::ScalableTag<T> d;
  using V = hn::Vec<decltype(d)>;
  V sum[kOutputs][kVectors];
  HWY_UNROLL(4)
  for (int o = 0; o < kOutputs; ++o) {
    HWY_UNROLL(8)
    for (int v = 0; v < kVectors; ++v) sum[o][v] = hn::Set(d, tile.bias[o]);
  }
  const T* HWY_RESTRICT w = tile.weights;
  const int64_t step = tile.vector_step, plane_step = tile.plane_step, weight_step = tile.weight_step;
  for (int64_t i = 0; i < tile.window_rows; ++i) {
    const T* row = tile.planes + i * tile.window_row_step;
    int64_t phase = 0, shift = 0;  // of column j * dilation: it is shift * stride + phase
    for (int64_t j = 0; j < tile.window_columns; ++j) {
      const T* HWY_RESTRICT x = row + phase * tile.plane_width + shift;
      HWY_UNROLL(1)
      for (int64_t c = tile.channels; c > 0; --c, x += plane_step, w += weight_step) {
        V value[kVectors];
        HWY_UNROLL(8)
        for (int v = 0; v < kVectors; ++v) value[v] = hn::LoadU(d, x + v * step);
        HWY_UNROLL(4)
        for (int o = 0; o < kOutputs; ++o) {
          const V weight = hn::Set(d, w[o]);
          HWY_UNROLL(8)
          for (int v = 0; v < kVectors; ++v) sum[o][v] = hn::MulAdd(value[v], weight, sum[o][v]);
        }
      }
      phase += tile.phases_on;
      shift += tile.shift_on;
      if (phase >= tile.stride) {
        phase -= tile.stride;
        ++shift;
      }
    }
  }
  HWY_UNROLL(4)
  for (int o = 0; o < kOutputs; ++o) {
    HWY_UNROLL(8)
    for (int v = 0; v < kVectors; ++v) hn::Store(sum[o][v], d, sums + (o * kVectors + v) * hn::Lanes(d));
  }
}

template <class T>
using FewOutputsTileFunction = void (*)(const FewOutputsTile<T>&, T*);

// The n-th computes n + 1 vectors.
template <class T, int kOutputs, int... kIndex>
HWY_INLINE const FewOutputsTileFunction<T>* few_outputs_tiles_of(std::integer_sequence<int, kIndex...>) {
  static constexpr FewOutputsTileFunction<T> kTiles[] = {&few_outputs_tile<T, kOutputs, kIndex + 1>...};
  return kTiles;
}
template <class T>
HWY_INLINE const FewOutputsTileFunction<T>* few_outputs_tiles_for(int64_t outputs) {
  if (outputs == 1) return few_outputs_tiles_of<T, 1>(std::make_integer_sequence<int, kVectorsOf[0]>());
  if (outputs == 2) return few_outputs_tiles_of<T, 2>(std::make_integer_sequence<int, kVectorsOf[1]>());
  if (outputs == 3) return few_outputs_tiles_of<T, 3>(std::make_integer_sequence<int, kVectorsOf[2]>());
  return few_outputs_tiles_of<T, 4>(std::make_integer_sequence<int, kVectorsOf[3]>());
}

// Some outputs of n pixels of a row, a row of sums for each, `step` apart: plus the residual, activated, stored.
template <class T>
HWY_INLINE void store_sums(const FewOutputsBlock<T>& block, int64_t y, int64_t x, int64_t first_output, int64_t outputs,
                           int64_t n, T* HWY_RESTRICT sums, int64_t step) {
  const Epilogue<T>& epilogue = block.epilogue;
  for (int64_t o = 0; o < outputs; ++o) {
    T* const row = sums + o * step;
    if (epilogue.residual) {
      const T* residual =
          epilogue.residual + y * epilogue.residual_row_step + x * epilogue.residual_pixel_step + first_output + o;
      for (int64_t k = 0; k < n; ++k) row[k] += residual[k * epilogue.residual_pixel_step];
    }
    if (epilogue.activation != Activation::kNone) {
      activate_row(row, static_cast<size_t>(n), epilogue.activation, epilogue.slope);
    }
  }
  T* output = block.output.data + y * block.output.row_step + x * block.output.pixel_step + first_output;
  if (block.output.pixel_step == 1) {
    std::copy_n(sums, n, output);
  } else {
    transpose_few_rows(sums, step, outputs, n, output, block.output.pixel_step);
  }
}

// Tiles of up to kMaxOutputs outputs, first_output and those that follow it: of one group, or of several whole ones.
// Vectors of a tile lie side by side where a row has enough of them; else one below the other.
template <class T>
class FewOutputsTiles {
 public:
  FewOutputsTiles(const FewOutputsBlock<T>& block, const Planes& planes, const T* data, int64_t first_output,
                  int64_t outputs)
      : block_(block),
        planes_(planes),
        data_(data),
        first_output_(first_output),
        outputs_(outputs),
        at_once_(HWY_MIN(outputs, block.outputs)) {}

  void run() const {
    const int64_t columns = block_.width.output, rows = block_.height.output;
    const int64_t vectors = divide_up(columns, lanes_), max = kVectorsOf[at_once_ - 1];
    const bool beside = 2 * vectors > max || vectors >= rows;
    const int64_t length = beside ? vectors : rows, tiles = divide_up(length, max);
    for (int64_t other = 0; other < (beside ? rows : vectors); ++other) {
      for (int64_t t = 0, at = 0; t < tiles; ++t) {
        const int64_t count = length / tiles + (t < length % tiles);
        if (beside) {
          tile(other, at, count, 0, 1);
        } else {
          tile(at, other, count, 1, 0);
        }
        at += count;
      }
    }
  }

 private:
  // From vector `vector` of row y, `count` of them, the next one down rows below and right vectors to the right.
  void tile(int64_t y, int64_t vector, int64_t count, int64_t down, int64_t right) const {
    const int64_t row_step = block_.height.stride * planes_.row_step, step = count * lanes_;
    HWY_ALIGN T sums[kMaxOutputs * 8 * (HWY_MAX_BYTES / sizeof(T))];
    for (int64_t o = 0; o < outputs_; o += at_once_) {
      const int64_t output = first_output_ + o, channel = output / block_.outputs * block_.channels;
      few_outputs_tiles_for<T>(at_once_)[count - 1](
          {.planes = data_ + y * row_step + channel * planes_.plane_step + vector * lanes_,
           .vector_step = down * row_step + right * lanes_,
           .window_rows = block_.height.window,
           .window_row_step = block_.height.dilation * planes_.row_step,
           .window_columns = block_.width.window,
           .phases_on = phases_on_,
           .shift_on = shift_on_,
           .stride = block_.width.stride,
           .plane_width = planes_.width,
           .channels = block_.channels,
           .plane_step = planes_.plane_step,
           .weights = block_.weights + output,
           .weight_step = block_.weight_step,
           .bias = block_.bias + output},
          sums + o * step);
    }
    for (int64_t v = 0; v < count; ++v) {
      const int64_t x = (vector + v * right) * lanes_;
      store_sums(block_, y + v * down, x, first_output_, outputs_, HWY_MIN(lanes_, block_.width.output - x),
                 sums + v * lanes_, step);
    }
  }

  const FewOutputsBlock<T>& block_;
  const Planes& planes_;
  const T* data_;
  int64_t first_output_, outputs_, at_once_;
  int64_t phases_on_ = block_.width.dilation % block_.width.stride;  // from one tap to the next
  int64_t shift_on_ = block_.width.dilation / block_.width.stride;
  int64_t lanes_ = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
};

template <class T>
void few_outputs_block(const FewOutputsBlock<T>& block, T* data) {
  const auto& [height, width] = WindowGeometry{block.height, block.width};
  const int64_t lanes = static_cast<int64_t>(hn::Lanes(hn::ScalableTag<T>()));
  Planes planes{few_outputs_phases(width), few_outputs_plane_width(width, width.output, lanes), 0, 0};
  planes.plane_step = planes.phases * planes.width;
  planes.row_step = planes.plane_step * block.groups * block.channels;
  const int64_t rows = (height.output - 1) * height.stride + (height.window - 1) * height.dilation + 1;
  for (int64_t r = 0; r < rows; ++r) fill_row(block, planes, height.source(0, 0) + r, data + r * planes.row_step);
  const int64_t outputs = block.groups * block.outputs;
  const bool joins_groups = kMaxOutputs % block.outputs == 0;  // which a tile then has whole ones of
  for (int64_t o = 0; o < outputs;) {
    const int64_t left = (joins_groups ? outputs : round_up(o + 1, block.outputs)) - o;
    const int64_t some = HWY_MIN(left, int64_t{kMaxOutputs});
    FewOutputsTiles<T>(block, planes, data, o, some).run();
    o += some;
  }
}

template <class T>
const FewOutputsKernel<T>* kernel_of() {
  static constexpr FewOutputsKernel<T> kernel{static_cast<int64_t>(hn::MaxLanes(hn::ScalableTag<T>())),
                                              &few_outputs_block<T>};
  return &kernel;
}
const FewOutputsKernel<float>* few_outputs_float() { return kernel_of<float>(); }
const FewOutputsKernel<double>* few_outputs_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(few_outputs_float);
HWY_EXPORT(few_outputs_double);

template <>
const FewOutputsKernel<float>& few_outputs_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(few_outputs_float, target)();
}
template <>
const FewOutputsKernel<double>& few_outputs_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(few_outputs_double, target)();
}

}  // namespace convstep::kernels
#endif
