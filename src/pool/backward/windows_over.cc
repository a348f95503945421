#include "pool/backward/windows_over.h"

#include <algorithm>
#include <cstdint>
#include <numeric>

namespace convstep {
namespace {

// Of a quotient that may be negative.
int64_t divide_down(int64_t value, int64_t divisor) { return value / divisor - (value % divisor < 0 ? 1 : 0); }

// The element where the part of position o begins; the first part begins with the input, and the last one ends with it.
int64_t part_begin(const WindowAxis& axis, int64_t o) {
  if (o == 0) return 0;
  return o == axis.output ? axis.input : std::clamp<int64_t>(axis.source(o, 0), 0, axis.input);
}

bool has_small_numbers(const WindowAxis& axis) {
  return std::max({axis.input, axis.window, axis.stride, axis.dilation, axis.before, -axis.before}) <= INT32_MAX &&
         axis.reach() <= INT32_MAX;
}

}  // namespace

bool has_small_numbers(const WindowGeometry& geometry) {
  return has_small_numbers(geometry.height) && has_small_numbers(geometry.width) &&
         geometry.height.input <= INT32_MAX / geometry.width.input;
}

Sharing::Sharing(const WindowAxis& axis) {
  const int64_t common = axis.dilation == 1 ? 1 : std::gcd(axis.dilation, axis.stride);
  windows = axis.dilation / common;
  taps = axis.stride / common;
}

WindowSequence windows_over(const WindowAxis& axis, int64_t element) {
  const Sharing sharing(axis);
  const int64_t place = element + axis.before;  // = o * stride + i * dilation
  const auto rest = [&](int64_t tap) { return (place - tap * axis.dilation) % axis.stride; };
  int64_t tap = axis.dilation == 1 ? place - divide_down(place, axis.stride) * axis.stride : 0;
  const int64_t end = std::min(sharing.taps, axis.window);  // then the rests repeat themselves
  while (tap < end && rest(tap) != 0) ++tap;
  if (tap >= end) return {0, 0, sharing.windows};
  // The last window is the one that reads it first.
  const int64_t last = (place - tap * axis.dilation) / axis.stride;
  const int64_t beyond = std::max<int64_t>(divide_up(std::max<int64_t>(last - axis.output + 1, 0), sharing.windows), 0);
  const int64_t before = std::min((axis.window - 1 - tap) / sharing.taps, divide_down(last, sharing.windows));
  if (before < beyond) return {0, 0, sharing.windows};
  return {last - before * sharing.windows, before - beyond + 1, sharing.windows};
}

int64_t windows_alike(const WindowAxis& axis, int64_t o, int64_t end) {
  if (axis.taps_on_input(o).count() < axis.window) return 1;
  const int64_t last_whole = (axis.input - axis.reach() + axis.before) / axis.stride;
  return std::min(last_whole + 1, end) - o;
}

AxisPart::AxisPart(const WindowAxis& axis, int64_t first_output, int64_t outputs)
    : first(part_begin(axis, first_output)), end(part_begin(axis, first_output + outputs)) {
  first_window = std::max<int64_t>(divide_down(first + axis.before - axis.reach(), axis.stride) + 1, 0);
  end_window = std::min(divide_down(end - 1 + axis.before, axis.stride) + 1, axis.output);
  end_window = std::max(end_window, first_window);
}

int64_t PartSizes::elements(int64_t outputs) const {
  if (outputs == axis.output) return axis.input;
  const int64_t at_the_end = axis.input - part_begin(axis, axis.output - outputs);
  const int64_t at_the_start = std::max<int64_t>(axis.source(outputs, 0), 0);
  return std::min(std::max({at_the_start, outputs * axis.stride, at_the_end}), axis.input);
}

}  // namespace convstep
