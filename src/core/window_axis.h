// window_axis.h: where windows lie. Height and width are worked out apart, each as one WindowAxis.
#pragma once

#include <algorithm>

#include "convstep/shape.h"

namespace convstep {

// A window of `window` taps, `dilation` apart, that moves `stride` elements at a time over an axis of `input` elements
// with `before` and `after` elements of padding around it, and stops at `output` positions.
struct WindowAxis {
  int64_t input, window, stride, dilation, before, after, output;

  // The index in the input that tap i of the window at position o reads; outside 0..input-1 it reads padding. (In this
  // order the sums stay within 63 bits, however large padding and window.)
  int64_t source(int64_t o, int64_t i) const { return o * stride - before + i * dilation; }
  bool is_inside(int64_t index) const { return 0 <= index && index < input; }
  // The elements from the first that a window reads to the last.
  int64_t reach() const { return (window - 1) * dilation + 1; }
  // The elements from the first that `count` neighbouring windows read to the last.
  int64_t reach_of(int64_t count) const { return (count - 1) * stride + reach(); }
  // The part at output positions first, ..., first + count - 1, counted from there.
  WindowAxis part(int64_t first, int64_t count) const {
    return {input, window, stride, dilation, before - first * stride, after, count};
  }
  // From one window's first tap to its last on the input, dilation included; never more than the input is long.
  int64_t reach_on_input() const { return window - 1 > (input - 1) / dilation ? input : reach(); }
  // The elements of the input that the windows at these positions can read, from the first to the last.
  RowRange read_by(const RowRange& outputs) const {
    const int64_t on_input = reach_on_input(), first = std::clamp<int64_t>(source(outputs.first, 0), 0, input);
    const int64_t end = on_input >= input ? input : std::min(source(outputs.end() - 1, 0) + on_input, input);
    return {first, std::max<int64_t>(end - first, 0)};
  }
  // The elements from the first of the input and all windows to the last, which may exceed 63 bits.
  double span() const {
    const double last = double(output - 1) * double(stride) - double(before) + double(window - 1) * double(dilation);
    return std::max(double(input) - 1, last) + double(std::max<int64_t>(before, 0)) + 1;
  }
  // Does some window read padding at all?
  bool reads_padding() const { return source(0, 0) < 0 || source(output - 1, window - 1) >= input; }

  // The taps of the window at position o, first to end - 1, that lie on the input; on the input and its padding. Worked
  // out without a loop over the window, which may be much larger than the input.
  struct Taps {
    int64_t first, end;
    int64_t count() const { return end - first; }
  };
  Taps taps_on_input(int64_t o) const { return taps_between(o, 0, input); }
  Taps taps_on_padded_input(int64_t o) const { return taps_between(o, -before, input + after); }

 private:
  Taps taps_between(int64_t o, int64_t first_index, int64_t end_index) const {
    const int64_t start = source(o, 0);
    const bool has_all = start >= first_index && end_index - start >= reach();
    return has_all ? Taps{0, window} : some_taps_between(start, first_index, end_index);
  }
  Taps some_taps_between(int64_t start, int64_t first_index, int64_t end_index) const;
};

// Bit n, for n < count: index first + n is not among 0 .. length - 1. For at most 31 of them.
inline uint32_t bits_outside(int64_t first, int64_t count, int64_t length) {
  const int64_t low = std::clamp<int64_t>(-first, 0, count), high = std::clamp(length - first, low, count);
  return ((uint32_t{1} << count) - 1) & ~((uint32_t{1} << high) - (uint32_t{1} << low));
}

struct WindowGeometry {
  WindowAxis height, width;

  bool reads_padding() const { return height.reads_padding() || width.reads_padding(); }
  // Can the values be counted of an image with all padding that is read? Strides and padding may be as large as 2^62,
  // but only where this is so may an index of a position be multiplied with a step. 2^56 values are more than any
  // memory holds, and leave room for the bytes of a value and for what blocks are rounded up to.
  bool is_countable(int64_t channels) const {
    return height.span() * width.span() * static_cast<double>(channels) < static_cast<double>(int64_t{1} << 56);
  }
};

// The least whole number of `divisor`s that holds `value`, and the least multiple that does. Neither may be negative.
constexpr int64_t divide_up(int64_t value, int64_t divisor) { return (value + divisor - 1) / divisor; }
constexpr int64_t round_up(int64_t value, int64_t multiple) { return divide_up(value, multiple) * multiple; }

enum class Rounding { kFloor, kCeil };

// Checks window, stride, dilation and padding, resolves SAME padding and computes the output size of both axes. The
// stride of an axis with one output is 1 whatever was asked for, and so is the dilation of a window of one tap.
// `image` is {H, W}; `window_argument` names the window in messages. Throws ShapeError, ParameterError.
WindowGeometry resolve_geometry(const Size2& image, const Size2& window, const char* window_argument,
                                const Size2& stride, const Size2& dilation, const Padding& padding, Rounding rounding);

// Throws ParameterError where some window of the axis reads nothing but padding. Such a window has no maximum and no
// mean.
void check_no_empty_window(const WindowAxis& axis, const char* axis_name);

// The same windows without the taps, first and last ones, that lie on padding wherever the window is. No window may be
// empty.
WindowAxis without_taps_on_padding(WindowAxis axis);

// `padding` with non-negative numbers and a rule that exists, zeros for the SAME rules; else throws ParameterError.
void check_padding(const Padding& padding);

}  // namespace convstep
