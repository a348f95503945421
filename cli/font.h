// font.h: the small bitmap font of the titles, printable ASCII with true descenders.
#pragma once

#include <string>
#include <string_view>

#include "cli/canvas.h"

namespace convstep::cli {

// A glyph is 5 pixels wide and 9 high: capitals fill rows 0 to 6, small letters rows 2 to 6, tails reach row 8. One
// empty column follows it.
inline constexpr int64_t kGlyphWidth = 5;
inline constexpr int64_t kGlyphHeight = 9;
inline constexpr int64_t kGlyphAdvance = kGlyphWidth + 1;

// Is this pixel of the glyph ink? Characters that are not printable ASCII (32 to 126) look like '?'.
bool is_ink(char character, int64_t row, int64_t column);

// The text as the font can show it: every character (in UTF-8, of one or more bytes) outside printable ASCII becomes
// one '?'.
std::string printable(std::string_view text);

// In pixels, from the first column of the first glyph to the last column of the last one; a font pixel is a square of
// `scale` by `scale` picture pixels.
int64_t text_width(std::string_view text, int64_t scale);

// The printable text, its end replaced by "..." where it is wider than `width`; never wider than that.
std::string fit_text(std::string_view text, int64_t width, int64_t scale);

struct TextStyle {
  int64_t scale = 2;
  Colour colour = kInk;
};

// Draws one line of text, its upper left corner at (top, left). Whatever falls off the canvas is left out.
void draw_text(const Canvas& canvas, int64_t top, int64_t left, std::string_view text, const TextStyle& style);

}  // namespace convstep::cli
