// canvas_support.h: what tests ask of a rendered picture [1,H,W,3].
#pragma once

#include <cmath>
#include <cstdlib>

#include "picture/canvas.h"

namespace convstep::cli {

// From 0 to 255, which is all that a canvas keeps of a colour.
using Bytes = std::array<int, 3>;

inline Bytes bytes_of(const Colour& colour) {
  Bytes bytes;
  for (size_t c = 0; c < 3; ++c) bytes[c] = static_cast<int>(std::lround(colour[c] * 255));
  return bytes;
}

inline Bytes bytes_at(const Tensor<float, 4>& picture, int64_t y, int64_t x) {
  return bytes_of({picture(0, y, x, 0), picture(0, y, x, 1), picture(0, y, x, 2)});
}

// Is the whole box, which lies on the picture, of this colour?
inline bool is_plain(const Tensor<float, 4>& picture, const Box& box, const Colour& colour) {
  for (int64_t y = box.top; y < box.top + box.height; ++y) {
    for (int64_t x = box.left; x < box.left + box.width; ++x) {
      if (bytes_at(picture, y, x) != bytes_of(colour)) return false;
    }
  }
  return true;
}

// Does the picture hold this text on white at the place, as a canvas writes it?
inline bool is_written(const Tensor<float, 4>& picture, int64_t top, int64_t left, const std::string& text,
                       const TextStyle& style) {
  const Box box{top, left, style.line_height(), text_width(text, style)};
  Canvas expected(box.height, box.width);
  expected.write(text, 0, 0, style);
  const Tensor<float, 4> written = expected.picture();
  for (int64_t y = 0; y < box.height; ++y) {
    for (int64_t x = 0; x < box.width; ++x) {
      if (bytes_at(picture, top + y, left + x) != bytes_at(written, y, x)) return false;
    }
  }
  return !is_plain(picture, box, kWhite);
}

}  // namespace convstep::cli
