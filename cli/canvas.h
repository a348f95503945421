// canvas.h: an RGB picture in memory, and rectangles of one colour on it.
#pragma once

#include <array>

#include "convstep/tensor.h"

namespace convstep::cli {

using Colour = std::array<float, 3>;  // red, green, blue, from 0 to 1
using Canvas = View<float, 3>;        // (height, width, 3)

inline constexpr Colour kWhite{1, 1, 1};
inline constexpr Colour kInk{0, 0, 0};

struct Box {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
};

// Paints the part of the box that lies on the canvas.
void fill(const Canvas& canvas, const Box& box, const Colour& colour);

}  // namespace convstep::cli
