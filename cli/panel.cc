#include "cli/panel.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

// Either enlarge or reduce is 1.
struct Zoom {
  int64_t enlarge = 1;
  int64_t reduce = 1;
};

int64_t divide_up(int64_t dividend, int64_t divisor) { return (dividend + divisor - 1) / divisor; }

Zoom zoom_of(const Panel& panel, int64_t max_side) {
  const int64_t longer_side = std::max(panel.pixels.shape(0), panel.pixels.shape(1));
  if (longer_side > max_side) return {.reduce = divide_up(longer_side, max_side)};
  return {.enlarge = std::max<int64_t>(1, kEnlargedSide / longer_side)};
}

GreyRange finite_range(const Tensor<float, 3>& pixels) {
  GreyRange range{std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity()};
  for (int64_t i = 0; i < pixels.size(); ++i) {
    const float value = pixels.data()[i];
    if (!std::isfinite(value)) continue;
    range.black = std::min(range.black, value);
    range.white = std::max(range.white, value);
  }
  return range.black <= range.white ? range : GreyRange{};
}

GreyRange range_of(const Panel& panel) {
  if (panel.pixels.shape(2) == 3) return {0, 1};
  return panel.range ? *panel.range : finite_range(panel.pixels);
}

// From 0, black, to 1, white; NaN stays NaN. In double, because the difference of two floats may be infinite.
double brightness(float value, const GreyRange& range) {
  if (value <= range.black) return 0;
  if (value >= range.white) return 1;
  return (double{value} - range.black) / (double{range.white} - range.black);
}

// The average colour of the elements of the box that exist.
Colour colour_of(const Tensor<float, 3>& pixels, const GreyRange& range, const Box& box) {
  const int64_t bottom = std::min(box.top + box.height, pixels.shape(0));
  const int64_t right = std::min(box.left + box.width, pixels.shape(1));
  const auto count = static_cast<double>((bottom - box.top) * (right - box.left));
  const int64_t channels = pixels.shape(2);
  Colour colour{};
  for (int64_t c = 0; c < channels; ++c) {
    double sum = 0;
    for (int64_t y = box.top; y < bottom; ++y) {
      for (int64_t x = box.left; x < right; ++x) sum += brightness(pixels(y, x, c), range);
    }
    if (std::isnan(sum)) return kNanColour;
    colour[c] = static_cast<float>(sum / count);
  }
  return channels == 1 ? Colour{colour[0], colour[0], colour[0]} : colour;
}

}  // namespace

void check_panel(const Panel& panel) {
  const Shape<3>& shape = panel.pixels.shape();
  if (shape[0] < 1 || shape[1] < 1 || (shape[2] != 1 && shape[2] != 3)) {
    throw ShapeError("panel '" + panel.title + "'", to_string(shape), "(H, W, 1) for grey or (H, W, 3) for RGB");
  }
  if (!panel.range) return;
  const auto [black, white] = *panel.range;
  if (!std::isfinite(black) || !std::isfinite(white) || black > white) {
    throw ParameterError("range", fmt::format("{} to {}", black, white), "finite values, black at most white");
  }
}

Size2 drawn_size(const Panel& panel, int64_t max_side) {
  const Zoom zoom = zoom_of(panel, max_side);
  return {divide_up(panel.pixels.shape(0), zoom.reduce) * zoom.enlarge,
          divide_up(panel.pixels.shape(1), zoom.reduce) * zoom.enlarge};
}

void draw_panel(const Canvas& canvas, int64_t top, int64_t left, const Panel& panel, int64_t max_side) {
  const auto [enlarge, reduce] = zoom_of(panel, max_side);
  const GreyRange range = range_of(panel);
  for (int64_t y = 0; y * reduce < panel.pixels.shape(0); ++y) {
    for (int64_t x = 0; x * reduce < panel.pixels.shape(1); ++x) {
      const Colour colour = colour_of(panel.pixels, range, {y * reduce, x * reduce, reduce, reduce});
      fill(canvas, {top + y * enlarge, left + x * enlarge, enlarge, enlarge}, colour);
    }
  }
}

}  // namespace convstep::cli
