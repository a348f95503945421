// canvas.h: an RGB picture in memory, rectangles of one colour and lines of text on it. Text is Cairo's, in the
// system's sans-serif font.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "convstep/tensor.h"

using cairo_t = struct _cairo;

namespace convstep::cli {

using Colour = std::array<float, 3>;  // red, green, blue, from 0 to 1

inline constexpr Colour kWhite{1, 1, 1};
inline constexpr Colour kInk{0, 0, 0};

struct Box {
  int64_t top = 0;
  int64_t left = 0;
  int64_t height = 0;
  int64_t width = 0;
};

struct TextStyle {
  int64_t size = 14;  // of the font, in pixels
  Colour colour = kInk;
  // Of a line: its letters reach neither above nor below it, nor do those of the next line touch them.
  constexpr int64_t line_height() const { return size + size / 2; }
};

// In pixels, from the start of the first letter to where a next one would start.
int64_t text_width(const std::string& text, const TextStyle& style);

// The text as it can be shown in one line: bytes that are not UTF-8 and control characters are U+FFFD, and where it is
// wider than `width` its end is replaced by "...".
std::string fit_text(const std::string& text, int64_t width, const TextStyle& style);

// All white at first.
class Canvas {
 public:
  Canvas(int64_t height, int64_t width);  // throws std::bad_alloc

  // Paints the part of the box that lies on the canvas, in steps of 1/255.
  void fill(const Box& box, const Colour& colour);
  // Writes one line of a text that fit_text gave, its upper left corner at (top, left).
  void write(const std::string& text, int64_t top, int64_t left, const TextStyle& style);

  // [1,H,W,3], values from 0 to 1 in steps of 1/255: what save_png takes.
  Tensor<float, 4> picture() const;

 private:
  struct Destroy {
    void operator()(cairo_t* context) const;
  };

  uint32_t* row(int64_t y) const;  // 0xRRGGBB each

  int64_t height_, width_;
  std::unique_ptr<cairo_t, Destroy> context_;
};

}  // namespace convstep::cli
