#include "picture/panel.h"

#include <algorithm>
#include <cmath>

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

bool is_nan(const Tensor<float, 3>& pixels, int64_t y, int64_t x) {
  const float* channels = &pixels(y, x, 0);
  return std::any_of(channels, channels + pixels.shape(2), [](float value) { return std::isnan(value); });
}

Colour colour_of(const Tensor<float, 3>& pixels, int64_t y, int64_t x, const Scale& scale) {
  if (pixels.shape(2) == 1) return scale.colour(pixels(y, x, 0));
  Colour colour;
  for (size_t c = 0; c < 3; ++c) colour[c] = std::clamp(pixels(y, x, c), 0.0f, 1.0f);
  return colour;
}

// The average colour of the elements of the box that exist.
Colour average_colour(const Tensor<float, 3>& pixels, const Box& box, const Scale& scale) {
  const int64_t bottom = std::min(box.top + box.height, pixels.shape(0));
  const int64_t right = std::min(box.left + box.width, pixels.shape(1));
  const auto count = static_cast<double>((bottom - box.top) * (right - box.left));
  std::array<double, 3> sum{};
  for (int64_t y = box.top; y < bottom; ++y) {
    for (int64_t x = box.left; x < right; ++x) {
      if (is_nan(pixels, y, x)) return kNanColour;
      const Colour colour = colour_of(pixels, y, x, scale);
      for (size_t c = 0; c < 3; ++c) sum[c] += double{colour[c]};
    }
  }
  return {static_cast<float>(sum[0] / count), static_cast<float>(sum[1] / count), static_cast<float>(sum[2] / count)};
}

}  // namespace

void check_panel(const Panel& panel) {
  const Shape<3>& shape = panel.pixels.shape();
  if (shape[0] < 1 || shape[1] < 1 || (shape[2] != 1 && shape[2] != 3)) {
    throw ShapeError("panel '" + panel.title + "'", to_string(shape), "(H, W, 1) for one channel or (H, W, 3) for RGB");
  }
}

Size2 drawn_size(const Panel& panel, int64_t max_side) {
  const Zoom zoom = zoom_of(panel, max_side);
  return {divide_up(panel.pixels.shape(0), zoom.reduce) * zoom.enlarge,
          divide_up(panel.pixels.shape(1), zoom.reduce) * zoom.enlarge};
}

void draw_panel(Canvas& canvas, int64_t top, int64_t left, const Panel& panel, int64_t max_side, const Scale& scale) {
  const auto [enlarge, reduce] = zoom_of(panel, max_side);
  for (int64_t y = 0; y * reduce < panel.pixels.shape(0); ++y) {
    for (int64_t x = 0; x * reduce < panel.pixels.shape(1); ++x) {
      const Colour colour = average_colour(panel.pixels, {y * reduce, x * reduce, reduce, reduce}, scale);
      canvas.fill({top + y * enlarge, left + x * enlarge, enlarge, enlarge}, colour);
    }
  }
}

}  // namespace convstep::cli
