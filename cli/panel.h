// panel.h: one array as a picture.
#pragma once

#include <optional>
#include <string>

#include "cli/canvas.h"

namespace convstep::cli {

// The values drawn black and white; what lies between is grey in proportion, what lies beyond is clamped.
struct GreyRange {
  float black = 0;
  float white = 1;
};

// An array with its title: pixels [H,W,1] in grey, or [H,W,3] as RGB with values from 0 to 1, clamped.
//
// A grey panel without a range of its own runs from its smallest finite value, black, to its largest, white, and where
// all are equal it is black: as matplotlib's imshow draws with cmap="gray". Infinities take the end colours and leave
// the range alone. NaN is kNanColour, which no grey panel holds otherwise; in RGB one NaN channel is enough.
struct Panel {
  std::string title;
  Tensor<float, 3> pixels;
  std::optional<GreyRange> range{};  // grey panels only
};

inline constexpr Colour kNanColour{1, 0, 1};  // magenta

// A small array is enlarged: each element becomes a square block, as large as keeps the longer side at or below this.
inline constexpr int64_t kEnlargedSide = 160;
// A longer side above this is reduced by the smallest whole factor that fits, each pixel the average of its block (or
// kNanColour, if one of them is).
inline constexpr int64_t kMaxPanelSide = 512;

// Throws ShapeError for an axis of 0 or channels other than 1 and 3, ParameterError for a range that is not finite or
// runs from high to low.
void check_panel(const Panel& panel);

// The size in which a checked panel is drawn, its longer side at most max_side, which is kEnlargedSide or more.
Size2 drawn_size(const Panel& panel, int64_t max_side);

// Draws a checked panel in that size, its upper left corner at (top, left) of the canvas.
void draw_panel(const Canvas& canvas, int64_t top, int64_t left, const Panel& panel, int64_t max_side);

}  // namespace convstep::cli
