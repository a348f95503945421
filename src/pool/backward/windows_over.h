// windows_over.h: which windows read which elements of an axis.
#pragma once

#include "core/window_axis.h"

namespace convstep {

// Do all lengths, and the positions in an image, fit in 31 bits? Then products of two of them do no harm.
bool has_small_numbers(const WindowGeometry& geometry);

// Windows first, first + step, ..., so many of them.
struct WindowSequence {
  int64_t first, count, step;
};
// Those that read an element of the input.
WindowSequence windows_over(const WindowAxis& axis, int64_t element);

// How many windows from o on, but none beyond end - 1, read the same taps: those with all taps on the input, or one
// alone.
int64_t windows_alike(const WindowAxis& axis, int64_t o, int64_t end);

// From a window that reads an element to the next one that does, and how many taps earlier it reads it.
struct Sharing {
  explicit Sharing(const WindowAxis& axis);
  int64_t windows, taps;
};

// The elements of the input, first to end - 1, that belong to some output positions, as each element belongs to one;
// and the windows that read any of them, which may be those of other positions, too.
struct AxisPart {
  AxisPart(const WindowAxis& axis, int64_t first_output, int64_t outputs);
  int64_t count() const { return end - first; }
  int64_t windows() const { return end_window - first_window; }
  int64_t first, end, first_window, end_window;
};

// What is known of parts of an axis by the number of their positions.
struct PartSizes {
  explicit PartSizes(const WindowAxis& whole) : axis(whole), more_windows(divide_up(axis.reach(), axis.stride) - 1) {}
  // The most elements that belong to so many neighbouring positions, and the most windows that read them.
  int64_t elements(int64_t outputs) const;
  int64_t windows(int64_t outputs) const { return std::min(outputs + more_windows, axis.output); }

  const WindowAxis& axis;
  int64_t more_windows;  // of other positions
};

}  // namespace convstep
