#include "cli/font.h"

#include <algorithm>

namespace convstep::cli {
namespace {

constexpr char kFirstGlyph = ' ';
constexpr char kLastGlyph = '~';
constexpr int kGlyphsPerBand = 16;
constexpr int kBands = 6;

// The glyphs as they look, sixteen to a band; the comment over a band names them. The last place, 127, stays empty.
constexpr std::string_view kGlyphs[kBands * kGlyphHeight] = {
    //        !     "     #     $     %     &     '     (     )     *     +     ,     -     .     /
    "        #    # #   # #    #   ##  #  ##     #      #   #                                      # ",
    "        #    # #   # #   #### ##  # #  #    #     #     #     #     #                         # ",
    "        #    # #  ##### # #      #  # #     #    #       #  # # #   #                        #  ",
    "        #          # #   ###    #    #           #       #   ###  #####        ###          #   ",
    "        #         #####   # #  #    # # #        #       #  # # #   #                      #    ",
    "                   # #  ####  #  ## #  #         #       #    #     #    ##          ##   #     ",
    "        #          # #    #   #  ##  ## #        #       #               ##          ##   #     ",
    "                                                  #     #                 #                     ",
    "                                                   #   #                 #                      ",
    //  0     1     2     3     4     5     6     7     8     9     :     ;     <     =     >     ?
    " ###    #    ###   ###     #  #####   ##  #####  ###   ###                                 ###  ",
    "#   #  ##   #   # #   #   ##  #      #        # #   # #   #                 #       #     #   # ",
    "#   # # #       #     #  # #  ####  #        #  #   # #   #  ##    ##     ##  #####  ##       # ",
    "# # #   #      #    ##  #  #      # ####     #   ###   ####  ##    ##   ##             ##    #  ",
    "#   #   #     #       # #####     # #   #   #   #   #     #               ##  #####  ##     #   ",
    "#   #   #    #    #   #    #  #   # #   #   #   #   #    #   ##    ##       #       #           ",
    " ###  ##### #####  ###     #   ###   ###    #    ###   ##    ##    ##                       #   ",
    "                                                                    #                           ",
    "                                                                   #                            ",
    //  @     A     B     C     D     E     F     G     H     I     J     K     L     M     N     O
    " ###    #   ####   ###  ####  ##### #####  ###  #   #  ###    ### #   # #     #   # #   #  ###  ",
    "#   #  # #  #   # #   # #   # #     #     #   # #   #   #      #  #  #  #     ## ## #   # #   # ",
    "# ### #   # #   # #     #   # #     #     #     #   #   #      #  # #   #     # # # ##  # #   # ",
    "# # # #   # ####  #     #   # ####  ####  # ### #####   #      #  ##    #     # # # # # # #   # ",
    "# ### ##### #   # #     #   # #     #     #   # #   #   #      #  # #   #     #   # #  ## #   # ",
    "#     #   # #   # #   # #   # #     #     #   # #   #   #   #  #  #  #  #     #   # #   # #   # ",
    " #### #   # ####   ###  ####  ##### #      ###  #   #  ###   ##   #   # ##### #   # #   #  ###  ",
    "                                                                                                ",
    "                                                                                                ",
    //  P     Q     R     S     T     U     V     W     X     Y     Z     [     \     ]     ^     _
    "####   ###  ####   #### ##### #   # #   # #   # #   # #   # #####  ###  #      ###    #         ",
    "#   # #   # #   # #       #   #   # #   # #   # #   # #   #     #  #    #        #   # #        ",
    "#   # #   # #   # #       #   #   # #   # #   #  # #   # #     #   #     #       #  #   #       ",
    "####  #   # ####   ###    #   #   # #   # # # #   #     #     #    #      #      #              ",
    "#     # # # # #       #   #   #   #  # #  # # #  # #    #    #     #       #     #              ",
    "#     #  #  #  #      #   #   #   #  # #  ## ## #   #   #   #      #        #    #              ",
    "#      ## # #   # ####    #    ###    #   #   # #   #   #   #####  #        #    #              ",
    "                                                                   #             #        ##### ",
    "                                                                   ###         ###              ",
    //  `     a     b     c     d     e     f     g     h     i     j     k     l     m     n     o
    " #          #               #         ##        #       #      #  #      ##                     ",
    "  #         #               #        #  #       #                 #       #                     ",
    "   #   ###  ####   ###   ####  ###   #     #### # ##   ##     ##  #  #    #   ## #  # ##   ###  ",
    "          # #   # #   # #   # #   # ####  #   # ##  #   #      #  # #     #   # # # ##  # #   # ",
    "       #### #   # #     #   # #####  #    #   # #   #   #      #  ##      #   # # # #   # #   # ",
    "      #   # #   # #   # #   # #      #    #   # #   #   #      #  # #     #   # # # #   # #   # ",
    "       #### ####   ###   ####  ###   #     #### #   #  ###     #  #  #   ###  # # # #   #  ###  ",
    "                                              #             #  #                                ",
    "                                           ###               ##                                 ",
    //  p     q     r     s     t     u     v     w     x     y     z     {     |     }     ~
    "                         #                                           ##   #   ##                ",
    "                         #                                          #     #     #               ",
    "####   #### # ##   #### ####  #   # #   # #   # #   # #   # #####   #     #     #    #  #       ",
    "#   # #   # ##    #      #    #   # #   # # # #  # #  #   #    #    #     #     #   # # #       ",
    "#   # #   # #      ###   #    #   #  # #  # # #   #   #   #   #    #      #      #  #  #        ",
    "#   # #   # #         #  #  # #  ##  # #  # # #  # #  #   #  #      #     #     #               ",
    "####   #### #     ####    ##   ## #   #    # #  #   #  #### #####   #     #     #               ",
    "#         #                                               #         #     #     #               ",
    "#         #                                            ###           ##   #   ##                ",
};

static_assert(std::all_of(std::begin(kGlyphs), std::end(kGlyphs),
                          [](std::string_view line) { return line.size() == kGlyphsPerBand * kGlyphAdvance; }),
              "every line of the table holds sixteen glyphs");

bool is_continuation_byte(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

bool is_lead_byte(char byte) { return static_cast<unsigned char>(byte) >= 0xC0; }

bool has_glyph(char character) { return character >= kFirstGlyph && character <= kLastGlyph; }

}  // namespace

bool is_ink(char character, int64_t row, int64_t column) {
  const int index = (has_glyph(character) ? character : '?') - kFirstGlyph;
  const std::string_view line = kGlyphs[index / kGlyphsPerBand * kGlyphHeight + row];
  return line[index % kGlyphsPerBand * kGlyphAdvance + column] == '#';
}

std::string printable(std::string_view text) {
  std::string shown;
  for (size_t i = 0; i < text.size(); ++i) {
    shown += has_glyph(text[i]) ? text[i] : '?';
    if (!is_lead_byte(text[i])) continue;
    while (i + 1 < text.size() && is_continuation_byte(text[i + 1])) ++i;
  }
  return shown;
}

int64_t text_width(std::string_view text, int64_t scale) {
  return text.empty() ? 0 : (static_cast<int64_t>(text.size()) * kGlyphAdvance - 1) * scale;
}

std::string fit_text(std::string_view text, int64_t width, int64_t scale) {
  constexpr std::string_view kEllipsis = "...";
  std::string shown = printable(text);
  if (text_width(shown, scale) <= width) return shown;
  const auto room = static_cast<size_t>(std::max<int64_t>(width / scale + 1, 0) / kGlyphAdvance);
  if (room <= kEllipsis.size()) return std::string(kEllipsis.substr(0, room));
  return shown.replace(room - kEllipsis.size(), std::string::npos, kEllipsis);
}

void draw_text(const Canvas& canvas, int64_t top, int64_t left, std::string_view text, const TextStyle& style) {
  const int64_t scale = style.scale;
  for (const char character : text) {
    for (int64_t row = 0; row < kGlyphHeight; ++row) {
      for (int64_t column = 0; column < kGlyphWidth; ++column) {
        if (!is_ink(character, row, column)) continue;
        fill(canvas, {top + row * scale, left + column * scale, scale, scale}, style.colour);
      }
    }
    left += kGlyphAdvance * scale;
  }
}

}  // namespace convstep::cli
