// panel.h: one array as a picture.
#pragma once

#include <string>

#include "convstep/shape.h"
#include "picture/scale.h"

namespace convstep::cli {

// An array with its title: pixels [H,W,1], drawn by a scale, or [H,W,3] as RGB with values from 0 to 1, clamped, where
// one NaN channel is enough for kNanColour.
struct Panel {
  std::string title;
  Tensor<float, 3> pixels;
};

// A small array is enlarged: each element becomes a square block, as large as keeps the longer side at or below this.
inline constexpr int64_t kEnlargedSide = 160;
// A longer side above this is reduced by the smallest whole factor that fits, each pixel the average of its block (or
// kNanColour, if one of them is).
inline constexpr int64_t kMaxPanelSide = 512;

// Throws ShapeError for an axis of 0 or channels other than 1 and 3.
void check_panel(const Panel& panel);

// The size in which a checked panel is drawn, its longer side at most max_side, which is kEnlargedSide or more.
Size2 drawn_size(const Panel& panel, int64_t max_side);

// Draws a checked panel in that size, its upper left corner at (top, left) of the canvas.
void draw_panel(Canvas& canvas, int64_t top, int64_t left, const Panel& panel, int64_t max_side, const Scale& scale);

}  // namespace convstep::cli
