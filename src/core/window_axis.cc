#include "core/window_axis.h"

#include <algorithm>
#include <utility>

#include "convstep/error.h"

namespace convstep {
namespace {

constexpr const char* kTooLarge = "sizes whose sums and products fit in 63 bits";

void check_at_least_one(const char* argument, const Size2& size) {
  if (size.height < 1 || size.width < 1) throw ParameterError(argument, to_string(size), "1 or more, high and wide");
}

// The number of elements from the first tap of a window to its last, both included.
int64_t extent(int64_t window, int64_t dilation) {
  int64_t reach;
  if (__builtin_mul_overflow(window - 1, dilation, &reach) || __builtin_add_overflow(reach, 1, &reach)) {
    throw ShapeError("dilation", std::to_string(dilation), kTooLarge, "the window is " + std::to_string(window));
  }
  return reach;
}

// The SAME rules: as many positions as the stride fits into the input, and just enough padding for them.
WindowAxis resolve_same(WindowAxis axis, const char* window_argument, Padding::Rule rule) {
  axis.output = (axis.input - 1) / axis.stride + 1;
  int64_t last_end;
  if (__builtin_add_overflow((axis.output - 1) * axis.stride,  // less than the input
                             extent(axis.window, axis.dilation), &last_end)) {
    throw ShapeError(window_argument, std::to_string(axis.window), kTooLarge);
  }
  const int64_t total = std::max<int64_t>(last_end - axis.input, 0);
  axis.before = rule == Padding::Rule::kSameUpper ? total / 2 : total - total / 2;
  axis.after = total - axis.before;
  return axis;
}

// Explicit padding. Sets output to 0 where the window does not fit at all.
WindowAxis resolve_explicit(WindowAxis axis, Rounding rounding) {
  int64_t padded, window_end;  // the end of a window that starts on the input's last element, if ceil_mode adds it
  if (__builtin_add_overflow(axis.input, axis.before, &padded) || __builtin_add_overflow(padded, axis.after, &padded) ||
      __builtin_add_overflow(padded, axis.input, &window_end)) {
    throw ShapeError("padding", std::to_string(axis.before) + " and " + std::to_string(axis.after), kTooLarge);
  }
  const int64_t room = padded - extent(axis.window, axis.dilation);  // how far the window can move
  if (rounding == Rounding::kFloor) {
    axis.output = room >= 0 ? room / axis.stride + 1 : 0;
    return axis;
  }
  // The ceiling, one up from a remainder; a room of -stride + 1 .. -1 is one window that hangs over. Then without the
  // last window where it would start beyond input and leading padding.
  if (room >= 0) {
    axis.output = room / axis.stride + 1 + (room % axis.stride != 0);
  } else {
    axis.output = -room < axis.stride ? 1 : 0;
  }
  if (axis.output > 0 && axis.output - 1 > (axis.input + axis.before - 1) / axis.stride) --axis.output;
  return axis;
}

// A window that stays where it is has a stride that means nothing, one of a single tap a dilation, and these may be as
// large as 2^63 - 1.
WindowGeometry with_used_steps(WindowGeometry geometry) {
  for (WindowAxis* axis : {&geometry.height, &geometry.width}) {
    if (axis->output == 1) axis->stride = 1;
    if (axis->window == 1) axis->dilation = 1;
  }
  return geometry;
}

__extension__ using Wide = unsigned __int128;

// The sum of floor((step * o + start) / divisor) over o = 0 .. count - 1, modulo 2^128, by Euclid's algorithm. All
// but `start` are below 2^63.
Wide sum_of_quotients(uint64_t count, uint64_t divisor, uint64_t step, uint64_t start) {
  Wide sum = 0;
  while (count > 0) {
    sum += Wide{count} * (count - 1) / 2 * (step / divisor) + Wide{count} * (start / divisor);
    step %= divisor;
    start %= divisor;
    // What is left are the points below a line; counted along the other axis, whose lines are its quotients.
    const Wide end = Wide{step} * count + start;
    count = static_cast<uint64_t>(end / divisor);
    start = static_cast<uint64_t>(end % divisor);
    std::swap(step, divisor);
  }
  return sum;
}

// Does (step * o + start) mod divisor reach `least` or more for some o = 0 .. count - 1? 0 <= least < divisor.
bool some_remainder_reaches(uint64_t count, uint64_t divisor, uint64_t step, uint64_t start, uint64_t least) {
  return sum_of_quotients(count, divisor, step, start + (divisor - least)) !=
         sum_of_quotients(count, divisor, step, start);
}

}  // namespace

WindowAxis::Taps WindowAxis::some_taps_between(int64_t start, int64_t first_index, int64_t end_index) const {
  const int64_t first = start >= first_index ? 0 : (first_index - start - 1) / dilation + 1;
  const int64_t end = start >= end_index ? 0 : std::min((end_index - start - 1) / dilation + 1, window);
  return {first, std::max(first, end)};
}

WindowAxis without_taps_on_padding(WindowAxis axis) {
  // A window reads the earlier taps the further on it is.
  const int64_t first = axis.taps_on_input(axis.output - 1).first, end = axis.taps_on_input(0).end;
  axis.before -= first * axis.dilation;
  axis.window = end - first;
  if (axis.window == 1) axis.dilation = 1;
  return axis;
}

void check_padding(const Padding& padding) {
  const int64_t sides[] = {padding.top, padding.bottom, padding.left, padding.right};
  const auto [least, most] = std::minmax_element(sides, sides + 4);
  if (*least < 0) throw ParameterError("padding", to_string(sides, 4), "0 or more on every side");
  if (padding.rule < Padding::Rule::kExplicit || padding.rule > Padding::Rule::kSameLower) {
    throw ParameterError("padding", std::to_string(static_cast<int>(padding.rule)), "a value of Padding::Rule");
  }
  if (padding.rule != Padding::Rule::kExplicit && *most > 0) {
    throw ParameterError("padding", to_string(sides, 4), "either four numbers or a SAME rule, not both");
  }
}

WindowGeometry resolve_geometry(const Size2& image, const Size2& window, const char* window_argument,
                                const Size2& stride, const Size2& dilation, const Padding& padding, Rounding rounding) {
  check_at_least_one(window_argument, window);
  check_at_least_one("stride", stride);
  check_at_least_one("dilation", dilation);
  check_padding(padding);

  WindowGeometry geometry{
      .height = {image.height, window.height, stride.height, dilation.height, padding.top, padding.bottom, 0},
      .width = {image.width, window.width, stride.width, dilation.width, padding.left, padding.right, 0}};
  if (padding.rule != Padding::Rule::kExplicit) {
    return with_used_steps({resolve_same(geometry.height, window_argument, padding.rule),
                            resolve_same(geometry.width, window_argument, padding.rule)});
  }
  geometry = {resolve_explicit(geometry.height, rounding), resolve_explicit(geometry.width, rounding)};
  if (geometry.height.output == 0 || geometry.width.output == 0) {
    const Size2 reach{extent(window.height, dilation.height), extent(window.width, dilation.width)};
    const Size2 padded{image.height + padding.top + padding.bottom, image.width + padding.left + padding.right};
    const std::string dilated = dilation == Size2{1, 1} ? "" : ", dilated to " + to_string(reach) + ",";
    throw ShapeError(
        window_argument, to_string(window), "a window that fits into the padded input",
        "the window " + to_string(window) + dilated + " is larger than the padded input " + to_string(padded));
  }
  return with_used_steps(geometry);
}

void check_no_empty_window(const WindowAxis& axis, const char* axis_name) {
  const auto reads_input = [&](int64_t o) { return axis.taps_on_input(o).count() > 0; };
  bool all_read = reads_input(0) && reads_input(axis.output - 1);
  // Where the taps lie further apart than the input is long, a window that starts before the input can also step over
  // it: its first tap that is not before the input lies where the window starts, modulo the dilation.
  if (all_read && axis.dilation > axis.input) {
    const uint64_t starting_before = static_cast<uint64_t>(std::min(axis.output, axis.before / axis.stride + 1));
    const uint64_t dilation = static_cast<uint64_t>(axis.dilation);
    const uint64_t start = (dilation - static_cast<uint64_t>(axis.before) % dilation) % dilation;
    all_read = !some_remainder_reaches(starting_before, dilation, static_cast<uint64_t>(axis.stride), start,
                                       static_cast<uint64_t>(axis.input));
  }
  if (!all_read) {
    const int64_t sides[] = {axis.before, axis.after};
    throw ParameterError("padding", to_string(sides, 2) + " along the " + axis_name,
                         "padding that leaves every window at least one element of the input",
                         "the window of " + std::to_string(axis.window) + " with dilation " +
                             std::to_string(axis.dilation) + " would lie wholly on padding");
  }
}

}  // namespace convstep
