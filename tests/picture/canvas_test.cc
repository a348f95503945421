#include "picture/canvas.h"

#include <gtest/gtest.h>

#include <limits>

#include "tests/picture/canvas_support.h"

namespace convstep::cli {
namespace {

constexpr TextStyle kStyle{.size = 14};
constexpr int64_t kWide = 1 << 20;
const std::string kUnknown = "\xEF\xBF\xBD";

TEST(Canvas, IsWhiteAtFirst) {
  const Tensor<float, 4> picture = Canvas(3, 5).picture();
  EXPECT_EQ(picture.shape(), (Shape<4>{1, 3, 5, 3}));
  EXPECT_TRUE(is_plain(picture, {0, 0, 3, 5}, kWhite));
}

TEST(Canvas, FillsExactlyTheBox) {
  Canvas canvas(8, 9);
  const Colour colour{0.2f, 0.4f, 0.8f};
  canvas.fill({2, 3, 4, 5}, colour);
  const Tensor<float, 4> picture = canvas.picture();
  for (int64_t y = 0; y < 8; ++y) {
    for (int64_t x = 0; x < 9; ++x) {
      const bool inside = y >= 2 && y < 6 && x >= 3 && x < 8;
      EXPECT_EQ(bytes_at(picture, y, x), bytes_of(inside ? colour : kWhite)) << y << ", " << x;
    }
  }
}

TEST(Canvas, LeavesOutWhatDoesNotLieOnIt) {
  Canvas canvas(4, 4);
  canvas.fill({-2, -3, 4, 4}, kInk);
  canvas.fill({3, 3, 100, 100}, kInk);
  canvas.fill({9, 9, 2, 2}, kInk);
  canvas.fill({1, 1, 0, 5}, kInk);
  canvas.fill({1, 1, 2, -1}, kInk);
  const Tensor<float, 4> picture = canvas.picture();
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 4; ++x) {
      const bool ink = (y < 2 && x < 1) || (y == 3 && x == 3);
      EXPECT_EQ(bytes_at(picture, y, x), bytes_of(ink ? kInk : kWhite)) << y << ", " << x;
    }
  }
}

TEST(Canvas, WritesInsideTheLine) {
  const std::string text = "A_prev[0,:,:,3] \xC3\x84gjpq|";  // with an umlaut
  const int64_t width = text_width(text, kStyle), height = kStyle.line_height();
  Canvas canvas(height + 20, width + 20);
  canvas.write(text, 10, 10, kStyle);
  const Tensor<float, 4> picture = canvas.picture();
  EXPECT_TRUE(is_plain(picture, {0, 0, 10, width + 20}, kWhite));
  EXPECT_TRUE(is_plain(picture, {10 + height, 0, 10, width + 20}, kWhite));
  EXPECT_TRUE(is_plain(picture, {0, 0, height + 20, 9}, kWhite));
  EXPECT_TRUE(is_plain(picture, {0, width + 11, height + 20, 9}, kWhite));
  EXPECT_FALSE(is_plain(picture, {10, 10, height, width / 2}, kWhite));
  EXPECT_FALSE(is_plain(picture, {10, 10 + width / 2, height, width / 2}, kWhite));
}

TEST(Text, GrowsWithItsSize) {
  EXPECT_EQ(text_width("", kStyle), 0);
  EXPECT_LT(text_width("ii", kStyle), text_width("WW", kStyle));
  EXPECT_LT(text_width("max", {.size = 10}), text_width("max", {.size = 20}));
}

TEST(Text, ThatFitsIsLeftAlone) {
  for (const std::string text : {"", "max", "na\xC3\xAFve \xE6\xB7\xB1 \xF0\x9F\x98\x80"}) {
    EXPECT_EQ(fit_text(text, kWide, kStyle), text);
    EXPECT_EQ(fit_text(text, text_width(text, kStyle), kStyle), text);
  }
}

TEST(Text, EndsInDotsWhereItDoesNotFit) {
  const std::string text(1000, 'W');
  for (const int64_t width : {30, 100, 333}) {
    const std::string fitted = fit_text(text, width, kStyle);
    EXPECT_LE(text_width(fitted, kStyle), width);
    EXPECT_GT(text_width("W" + fitted, kStyle), width);
    EXPECT_EQ(fitted.substr(fitted.size() - 4), "W...");
  }
  // Never in the middle of a character.
  EXPECT_EQ(fit_text("\xC3\xA4\xC3\xA4\xC3\xA4\xC3\xA4", text_width("\xC3\xA4\xC3\xA4...", kStyle), kStyle),
            "\xC3\xA4\xC3\xA4...");
}

TEST(Text, ShowsWhatCannotBeShown) {
  const auto shown = [](const std::string& text) { return fit_text(text, kWide, kStyle); };
  EXPECT_EQ(shown("a\nb\tc\x7F"), "a" + kUnknown + "b" + kUnknown + "c" + kUnknown);
  EXPECT_EQ(shown("\xFF"
                  "a"),
            kUnknown + "a");
  EXPECT_EQ(shown("a\xC3"), "a" + kUnknown);                                        // cut short
  EXPECT_EQ(shown("\xC0\xAF"), kUnknown + kUnknown);                                // longer than it need be
  EXPECT_EQ(shown("\xED\xA0\x80"), kUnknown + kUnknown + kUnknown);                 // half of a pair
  EXPECT_EQ(shown("\xF5\x80\x80\x80"), kUnknown + kUnknown + kUnknown + kUnknown);  // beyond the last character
  EXPECT_EQ(shown("\xC2\x85"), kUnknown + kUnknown);                                // a control character
}

}  // namespace
}  // namespace convstep::cli
