#include "cli/font.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <utility>

namespace convstep::cli {
namespace {

std::string picture_of(char character) {
  std::string picture;
  for (int64_t row = 0; row < kGlyphHeight; ++row) {
    for (int64_t column = 0; column < kGlyphWidth; ++column) picture += is_ink(character, row, column) ? '#' : '.';
    picture += '/';
  }
  return picture;
}

TEST(Font, DrawsTheGlyphsOfTheirCharacters) {
  EXPECT_EQ(picture_of(' '), "...../...../...../...../...../...../...../...../...../");
  EXPECT_EQ(picture_of('H'), "#...#/#...#/#...#/#####/#...#/#...#/#...#/...../...../");
  EXPECT_EQ(picture_of('_'), "...../...../...../...../...../...../...../#####/...../");
  EXPECT_EQ(picture_of('7'), "#####/....#/...#./...#./..#../..#../..#../...../...../");
  EXPECT_EQ(picture_of('x'), "...../...../#...#/.#.#./..#../.#.#./#...#/...../...../");
  EXPECT_EQ(picture_of('~'), "...../...../.#..#/#.#.#/#..#./...../...../...../...../");
}

TEST(Font, TellsAllCharactersApart) {
  std::set<std::string> pictures;
  for (char character = ' '; character <= '~'; ++character) pictures.insert(picture_of(character));
  EXPECT_EQ(pictures.size(), 95u);
}

TEST(Font, DrawsAQuestionMarkForWhatItLacks) {
  for (const char character : {'\0', '\n', '\x7f', '\x80', '\xff'}) {
    EXPECT_EQ(picture_of(character), picture_of('?')) << int{character};
  }
}

TEST(Font, CountsUtf8CharactersNotBytes) {
  EXPECT_EQ(printable("W[0]\tb"), "W[0]?b");
  EXPECT_EQ(printable("h\xc3\xa9"), "h?");                 // e with an acute accent
  EXPECT_EQ(printable("\xe5\x9b\xbe\xe5\x83\x8f"), "??");  // two Chinese characters
  EXPECT_EQ(printable("\x80\x80z\xf0"), "??z?");           // not UTF-8
}

TEST(Font, MeasuresText) {
  EXPECT_EQ(text_width("", 2), 0);
  EXPECT_EQ(text_width("x", 1), kGlyphWidth);
  EXPECT_EQ(text_width("x_pad", 2), (4 * kGlyphAdvance + kGlyphWidth) * 2);
}

TEST(Font, ShortensWhatIsTooWide) {
  const std::string text = "A_prev[0,:,:,3]";
  for (const int64_t scale : {1, 2, 3}) {
    EXPECT_EQ(fit_text(text, text_width(text, scale), scale), text);
    EXPECT_EQ(fit_text(text, text_width(text, scale) - 1, scale), "A_prev[0,:,...");
    for (int64_t width = -1; width < text_width(text, scale); ++width) {
      EXPECT_LE(text_width(fit_text(text, width, scale), scale), std::max<int64_t>(width, 0));
    }
  }
  EXPECT_EQ(fit_text(text, text_width("1234", 2), 2), "A...");
  EXPECT_EQ(fit_text(text, text_width("123", 2), 2), "...");
  EXPECT_EQ(fit_text(text, text_width("12", 2), 2), "..");
  EXPECT_EQ(fit_text(text, 0, 2), "");
  EXPECT_EQ(fit_text("\xc3\xa9\xc3\xa9", text_width("12", 2), 2), "??");
}

TEST(Font, DrawsScaledInkAndNothingElse) {
  Tensor<float, 3> picture({40, 60, 3});
  const Colour blue{0, 0, 1};
  draw_text(picture.view(), 5, 7, "Lx", {.scale = 3, .colour = blue});
  for (int64_t y = 0; y < 40; ++y) {
    for (int64_t x = 0; x < 60; ++x) {
      const int64_t row = (y - 5) / 3;
      const int64_t column = (x - 7) / 3;
      const bool on_glyph =
          y >= 5 && x >= 7 && row < kGlyphHeight && column < 2 * kGlyphAdvance && column % kGlyphAdvance < kGlyphWidth;
      const bool ink = on_glyph && is_ink("Lx"[column / kGlyphAdvance], row, column % kGlyphAdvance);
      EXPECT_EQ(picture(y, x, 2), ink ? 1 : 0) << y << ", " << x;
      EXPECT_EQ(picture(y, x, 0), 0);
    }
  }
}

TEST(Font, ClipsAtTheEdgesOfTheCanvas) {
  Tensor<float, 3> whole({30, 30, 3});
  draw_text(whole.view(), 10, 10, "@", {.scale = 2, .colour = kWhite});
  for (const auto& [top, left] : {std::pair{-4, -3}, std::pair{-4, 6}, std::pair{5, -3}, std::pair{5, 6}}) {
    Tensor<float, 3> small({8, 9, 3});
    draw_text(small.view(), top, left, "@", {.scale = 2, .colour = kWhite});
    for (int64_t y = 0; y < 8; ++y) {
      for (int64_t x = 0; x < 9; ++x) EXPECT_EQ(small(y, x, 0), whole(y - top + 10, x - left + 10, 0));
    }
  }
}

}  // namespace
}  // namespace convstep::cli
