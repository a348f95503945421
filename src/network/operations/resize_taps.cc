#include "network/operations/resize_taps.h"

#include <algorithm>
#include <cmath>

namespace convstep::network {
namespace {

using Mode = ResizeRule::Mode;
using Coordinates = ResizeRule::Coordinates;
using Nearest = ResizeRule::Nearest;

// The position in the input, between elements mostly, of element o of the output.
double position(Coordinates coordinates, const ResizedAxis& axis, int64_t o) {
  const double x = static_cast<double>(o), scale = axis.scale;
  const double input = static_cast<double>(axis.input), output = static_cast<double>(axis.output);
  switch (coordinates) {
    case Coordinates::kHalfPixel:
      return (x + 0.5) / scale - 0.5;
    case Coordinates::kHalfPixelSymmetric:  // the centre of the input stays that of the output
      return input / 2 - 0.5 + (x + 0.5 - output / 2) / scale;
    case Coordinates::kPytorchHalfPixel:
      return axis.output == 1 ? 0 : (x + 0.5) / scale - 0.5;
    case Coordinates::kAlignCorners:  // of an output that ends at its fraction, as in ONNX's own cases
      return o == 0 ? 0 : x * (input - 1) / (scale * input - 1);
    case Coordinates::kAsymmetric:
      return x / scale;
    case Coordinates::kTfCropAndResize:
      break;
  }
  if (axis.output == 1) return (axis.start + axis.end) * (input - 1) / 2;
  return axis.start * (input - 1) + x * (axis.end - axis.start) * (input - 1) / (output - 1);
}

double nearest(Nearest rule, double x) {
  const double below = std::floor(x), fraction = x - below;
  switch (rule) {
    case Nearest::kRoundPreferFloor:
      return fraction <= 0.5 ? below : below + 1;
    case Nearest::kRoundPreferCeil:
      return fraction < 0.5 ? below : below + 1;
    case Nearest::kFloor:
      return below;
    case Nearest::kCeil:
      break;
  }
  return std::ceil(x);
}

// The weight of an element at distance x.
double linear(double x) { return std::max(1 - std::abs(x), 0.0); }
double cubic(double x, double a) {
  x = std::abs(x);
  if (x <= 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  return x < 2 ? ((a * x - 5 * a) * x + 8 * a) * x - 4 * a : 0;
}

// Elements beyond the ends are as those at the ends.
void add_interpolated(const ResizeRule& rule, const ResizedAxis& axis, double x, std::vector<AxisTaps::Tap>& found,
                      AxisTaps& taps) {
  const double shrink = rule.antialias ? std::min(axis.scale, 1.0) : 1.0;
  const double reach = (rule.mode == Mode::kLinear ? 1 : 2) / shrink;
  const int64_t first = static_cast<int64_t>(std::floor(x - reach)) + 1;
  const int64_t last = static_cast<int64_t>(std::ceil(x + reach)) - 1;
  found.clear();
  double total = 0;
  for (int64_t i = first; i <= last; ++i) {
    const int64_t inside = std::clamp<int64_t>(i, 0, axis.input - 1);
    if (rule.exclude_outside && i != inside) continue;
    const double distance = (static_cast<double>(i) - x) * shrink;
    const double weight = rule.mode == Mode::kLinear ? linear(distance) : cubic(distance, rule.cubic_coeff_a);
    total += weight;
    if (!found.empty() && found.back().position == inside) {
      found.back().weight += weight;
    } else {
      found.push_back({inside, weight});
    }
  }
  if (rule.antialias || rule.exclude_outside) {
    for (AxisTaps::Tap& tap : found) tap.weight /= total;
  }
  if (found.size() > 1) std::erase_if(found, [](const AxisTaps::Tap& tap) { return tap.weight == 0; });
  taps.add(found);
}

}  // namespace

AxisTaps resize_taps(const ResizeRule& rule, const ResizedAxis& axis) {
  const double last = static_cast<double>(axis.input - 1);
  AxisTaps taps;
  std::vector<AxisTaps::Tap> found;
  for (int64_t o = 0; o < axis.output; ++o) {
    const double x = position(rule.coordinates, axis, o);
    if (rule.coordinates == Coordinates::kTfCropAndResize && (x < 0 || x > last)) {
      taps.add_outside();
    } else if (rule.mode == Mode::kNearest) {
      taps.add_copy(static_cast<int64_t>(std::clamp(nearest(rule.nearest, x), 0.0, last)));
    } else {
      add_interpolated(rule, axis, x, found, taps);
    }
  }
  return taps;
}

}  // namespace convstep::network
