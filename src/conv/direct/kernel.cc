// kernel.cc: rows of tiles, parts of a block, block. (The tiles are in tile-inl.h.)
#include "conv/direct/kernel.h"

#include "simd/dispatch.h"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "conv/direct/kernel.cc"
#include <hwy/foreach_target.h>
// After foreach_target.
#include "conv/direct/tile-inl.h"

HWY_BEFORE_NAMESPACE();
namespace convstep::kernels::HWY_NAMESPACE {
namespace {

// What a part of the output and a block have in common.
template <class T>
struct BlockPart {
  const T* input;
  T* output;
  const T* residual;  // or null
  int64_t rows, pixels;
};

// Its rows, two by two, each cut into strips that differ by one pixel at most: 13 pixels are
// 7 + 6. A last row without a partner pairs its own strips.
template <class T>
class PanelRows {
 public:
  PanelRows(const DirectBlock<T>& block, const BlockPart<T>& part, const Tile<T>& tile, int64_t outputs)
      : block_(block),
        part_(part),
        tile_(tile),
        single_(tiles_for<T, 1>(outputs)),
        pair_(tiles_for<T, 2>(outputs)),
        strips_(divide_up(part.pixels, kMaxPixels)),
        pixels_(part.pixels / strips_),
        longer_(part.pixels % strips_) {}

  void run() const {
    const int64_t rows = block_.images * part_.rows;
    int64_t y = 0;
    for (; y + 2 <= rows; y += 2) two_rows(y);
    if (y < rows) last_row(y);
  }

 private:
  // The first pixel of row y, counted through all images.
  Strip<T> start_of(int64_t y) const {
    const int64_t image = y < part_.rows ? 0 : y / part_.rows;
    y -= image * part_.rows;
    return {part_.input + image * block_.image_step + y * block_.row_step,
            part_.output + image * block_.output_image_step + y * block_.output.row_step,
            part_.residual ? part_.residual + image * block_.residual_image_step + y * block_.epilogue.residual_row_step
                           : nullptr};
  }
  void two_rows(int64_t y) const {
    Strip<T> upper = start_of(y), lower = start_of(y + 1);
    if (longer_ > 0) {
      pair_[pixels_](tile_, upper, lower, longer_, pixels_ + 1);
      advance(tile_, longer_ * (pixels_ + 1), upper);
      advance(tile_, longer_ * (pixels_ + 1), lower);
    }
    pair_[pixels_ - 1](tile_, upper, lower, strips_ - longer_, pixels_);
  }
  void last_row(int64_t y) const {
    Strip<T> strip = start_of(y);
    if (longer_ > 0) strips_of_a_row(longer_, pixels_ + 1, strip);
    strips_of_a_row(strips_ - longer_, pixels_, strip);
  }
  // Two by two, and a last one by itself; moves on behind them.
  void strips_of_a_row(int64_t count, int64_t pixels, Strip<T>& strip) const {
    if (count >= 2) {
      Strip<T> right = strip;
      advance(tile_, pixels, right);
      pair_[pixels - 1](tile_, strip, right, count / 2, 2 * pixels);
      advance(tile_, count / 2 * 2 * pixels, strip);
    }
    if (count % 2 == 0) return;
    single_[pixels - 1](tile_, strip, strip, 1, pixels);
    advance(tile_, pixels, strip);
  }

  const DirectBlock<T>& block_;
  const BlockPart<T>& part_;
  const Tile<T>& tile_;
  const TilesFunction<T>*const single_, *const pair_;
  const int64_t strips_, pixels_, longer_;  // the first `longer_` strips have one pixel more than the others
};

template <class T>
void conv_part(const DirectBlock<T>& block, int64_t panel, const DirectPart& part) {
  const DirectPanels& panels = block.panels;
  const int64_t row = HWY_MAX(part.first_row, block.first_row), column = HWY_MAX(part.first_column, block.first_column);
  const int64_t rows = HWY_MIN(part.end_row, block.end_row) - row;
  const int64_t pixels = HWY_MIN(part.end_column, block.end_column) - column;
  if (rows <= 0 || pixels <= 0) return;

  const int64_t first = panels.first_vector(panel), vectors = panels.first_vector(panel + 1) - first;
  const int64_t packed = first * panels.lanes;  // the panel's place among the weights
  const int64_t first_output = packed - panels.first_vector(block.first_panel) * panels.lanes;
  const int64_t outputs = HWY_MIN(block.outputs - first_output, vectors * panels.lanes);
  // Taps that lie side by side are one run. Where all lie on padding, it is empty.
  const bool is_empty = part.tap_rows == 0 || part.tap_columns == 0;
  const bool is_one_run = is_empty || block.tap_step == block.channels;
  const int64_t run = is_empty ? 0 : is_one_run ? part.tap_columns * block.channels : block.channels;
  const int64_t width = vectors * panels.lanes, window_row = block.window_columns * block.channels * width;
  const int64_t tile_products =
      2 * kMaxPixels * vectors * HWY_MAX(part.tap_rows * part.tap_columns * block.channels, 1);
  const T* weights = block.weights + packed * block.window_rows * block.window_columns * block.channels;
  const Tile<T> tile{block.pixel_step,
                     is_empty ? 1 : part.tap_rows,
                     block.tap_row_step,
                     is_one_run && run > 0 ? kMaxPixels * block.pixel_step / run + 1 : 0,
                     block.prefetches_output,
                     block.prefetches_output ? kAnswerProducts / tile_products : 0,
                     is_one_run ? 1 : part.tap_columns,
                     block.tap_step,
                     run,
                     weights + part.first_tap_row * window_row + part.first_tap_column * block.channels * width,
                     window_row - part.tap_columns * block.channels * width,
                     block.bias + packed,
                     block.output.pixel_step,
                     block.epilogue.residual_pixel_step,
                     static_cast<size_t>(outputs - (vectors - 1) * panels.lanes),
                     block.epilogue.activation,
                     block.epilogue.slope};

  const int64_t down = row - block.first_row, right = column - block.first_column;
  const int64_t input = block.offset + down * block.row_step + right * block.pixel_step +
                        part.first_tap_row * block.tap_row_step + part.first_tap_column * block.tap_step;
  const int64_t output = down * block.output.row_step + right * block.output.pixel_step + first_output;
  const Epilogue<T>& epilogue = block.epilogue;
  const int64_t residual = down * epilogue.residual_row_step + right * epilogue.residual_pixel_step + first_output;
  PanelRows<T>(block,
               {block.input + input, block.output.data + output,
                epilogue.residual ? epilogue.residual + residual : nullptr, rows, pixels},
               tile, outputs)
      .run();
}

template <class T>
void conv_block(const DirectBlock<T>& block) {
  for (int64_t panel = block.first_panel; panel < block.end_panel; ++panel) {
    for (int64_t i = 0; i < block.part_count; ++i) conv_part(block, panel, block.parts[i]);
  }
}

template <class T>
const DirectKernel<T>* kernel_of() {
  const hn::ScalableTag<T> d;
  static constexpr DirectKernel<T> kernel{static_cast<int64_t>(hn::MaxLanes(d)), kMaxVectors, kHasHalves, kMaxPixels,
                                          &conv_block<T>};
  return &kernel;
}
const DirectKernel<float>* direct_float() { return kernel_of<float>(); }
const DirectKernel<double>* direct_double() { return kernel_of<double>(); }

}  // namespace
// NOLINTNEXTLINE(google-readability-namespace-comments)
}  // namespace convstep::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace convstep::kernels {

HWY_EXPORT(direct_float);
HWY_EXPORT(direct_double);

template <>
const DirectKernel<float>& direct_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(direct_float, target)();
}
template <>
const DirectKernel<double>& direct_kernel(const Target& target) {
  return *CONVSTEP_KERNEL(direct_double, target)();
}

}  // namespace convstep::kernels
#endif
