#include "picture/figure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "convstep/error.h"
#include "tests/picture/canvas_support.h"

namespace convstep::cli {
namespace {

constexpr int64_t kBlock = kEnlargedSide;  // the side of a panel of one element
constexpr int64_t kFramed = kBlock + 2 * kFrame;
constexpr int64_t kPanelTitleHeight = kPanelTitle.line_height();

Panel panel_of(int64_t height, int64_t width, const std::string& title = "") {
  return {.title = title, .pixels = Tensor<float, 3>({height, width, 1})};
}

// Black squares of one element.
Row row_of(int count, const std::string& title = "") {
  Row row{.title = title};
  for (int i = 0; i < count; ++i) row.panels.push_back(panel_of(1, 1));
  return row;
}

Size2 size_of(const Tensor<float, 4>& picture) { return {picture.shape(1), picture.shape(2)}; }

// Is there a framed black square?
bool has_block(const Tensor<float, 4>& picture, int64_t top, int64_t left) {
  const Bytes frame = bytes_at(picture, top, left);
  return frame != bytes_of(kWhite) && frame != bytes_of(kInk) &&
         bytes_at(picture, top + kFramed - 1, left + kFramed - 1) == frame &&
         is_plain(picture, {top + kFrame, left + kFrame, kBlock, kBlock}, kInk);
}

TEST(Figure, FramesAPanelOnWhite) {
  const Tensor<float, 4> picture = render_figure({.rows = {row_of(1)}});
  const int64_t side = kFramed + 2 * kMargin;
  ASSERT_EQ(picture.shape(), (Shape<4>{1, side, side, 3}));
  EXPECT_TRUE(is_plain(picture, {0, 0, kMargin, side}, kWhite));
  EXPECT_TRUE(is_plain(picture, {side - kMargin, 0, kMargin, side}, kWhite));
  EXPECT_TRUE(is_plain(picture, {0, 0, side, kMargin}, kWhite));
  EXPECT_TRUE(is_plain(picture, {0, side - kMargin, side, kMargin}, kWhite));
  EXPECT_TRUE(has_block(picture, kMargin, kMargin));
}

TEST(Figure, WritesTheTitlesAboveWhatTheyName) {
  Figure figure{.title = "pooling", .rows = {{.title = "max", .panels = {panel_of(1, 1, "A_prev[0]")}}}};
  const Tensor<float, 4> picture = render_figure(figure);
  const int64_t row_title = kMargin + kFigureTitle.line_height();
  const int64_t panel_title = row_title + kRowTitle.line_height();
  const int64_t panel = panel_title + kPanelTitleHeight;
  EXPECT_TRUE(is_written(picture, kMargin, kMargin, "pooling", kFigureTitle));
  EXPECT_TRUE(is_written(picture, row_title, kMargin, "max", kRowTitle));
  EXPECT_TRUE(is_written(picture, panel_title, kMargin, "A_prev[0]", kPanelTitle));
  EXPECT_TRUE(has_block(picture, panel, kMargin));
  EXPECT_EQ(size_of(picture), (Size2{panel + kFramed + kMargin, kFramed + 2 * kMargin}));
}

TEST(Figure, PutsPanelsOfARowInColumnsAtOneHeight) {
  const Row row{.panels = {panel_of(300, 200), panel_of(1, 1, "x"), panel_of(1, 1)}};
  const Tensor<float, 4> picture = render_figure({.rows = {row}});
  const int64_t top = kMargin + kPanelTitleHeight, column = 200 + 2 * kFrame + kGap;
  EXPECT_TRUE(is_written(picture, kMargin, kMargin + column, "x", kPanelTitle));
  EXPECT_TRUE(is_plain(picture, {top + kFrame, kMargin + kFrame, 300, 200}, kInk));
  EXPECT_TRUE(has_block(picture, top, kMargin + column));
  EXPECT_TRUE(has_block(picture, top, kMargin + 2 * column));
}

TEST(Figure, AlignsRowsOfEquallyManyPanels) {
  Figure figure{.rows = {row_of(2), row_of(2), row_of(3)}};
  figure.rows[1].panels[0] = panel_of(200, 210);
  const Tensor<float, 4> picture = render_figure(figure);
  const int64_t column = 210 + 2 * kFrame + kGap, second = kMargin + kFramed + kRowGap;
  EXPECT_TRUE(has_block(picture, kMargin, kMargin + column));
  EXPECT_TRUE(has_block(picture, second, kMargin + column));
  EXPECT_TRUE(has_block(picture, second + 202 + kRowGap, kMargin + kFramed + kGap));
}

TEST(Figure, WrapsARowThatIsTooWide) {
  const auto width_of = [&](int64_t panels) { return 2 * kMargin + panels * kFramed + (panels - 1) * kGap; };
  EXPECT_EQ(size_of(render_figure({.rows = {row_of(8)}})), (Size2{kFramed + 2 * kMargin, width_of(8)}));
  const Tensor<float, 4> picture = render_figure({.rows = {row_of(17)}});
  EXPECT_EQ(size_of(picture), (Size2{3 * kFramed + 2 * kGap + 2 * kMargin, width_of(8)}));
  const int64_t third_line = kMargin + 2 * (kFramed + kGap);
  EXPECT_TRUE(has_block(picture, third_line, kMargin));
  EXPECT_TRUE(is_plain(picture, {third_line, kMargin + kFramed, kFramed, width_of(7)}, kWhite));
}

TEST(Figure, StacksRowsAndLeavesOutEmptyOnes) {
  const Tensor<float, 4> picture = render_figure({.rows = {row_of(2), row_of(0, "nothing"), row_of(1)}});
  EXPECT_EQ(size_of(picture), (Size2{2 * kFramed + kRowGap + 2 * kMargin, 2 * kFramed + kGap + 2 * kMargin}));
  EXPECT_TRUE(is_plain(picture, {kMargin + kFramed, 0, kRowGap, 2 * kFramed + kGap}, kWhite));
  EXPECT_TRUE(has_block(picture, kMargin + kFramed + kRowGap, kMargin));
}

TEST(Figure, ShowsTheScaleOfARow) {
  Row row = row_of(2);
  row.scale = {.is_about_zero = true, .low = -2, .high = 2};
  const Tensor<float, 4> picture = render_figure({.rows = {row}});
  EXPECT_TRUE(is_plain(picture, {kMargin + kFrame, kMargin + kFrame, kBlock, kBlock}, kWhite));  // zeros
  const int64_t bar = kMargin + 2 * (kFramed + kGap), middle = bar + kFrame + kBarWidth / 2;
  EXPECT_EQ(bytes_at(picture, kMargin + kFrame, middle), bytes_of(row.scale->colour(2)));
  EXPECT_EQ(bytes_at(picture, kMargin + kFramed - 1 - kFrame, middle), bytes_of(row.scale->colour(-2)));
  const Bytes zero = bytes_at(picture, kMargin + kFramed / 2, middle);
  for (const int channel : zero) EXPECT_GE(channel, 252);  // the nearest step
  const int64_t labels = bar + kBarWidth + 2 * kFrame + kBarGap, line = kPanelTitle.line_height();
  EXPECT_TRUE(is_written(picture, kMargin, labels, "2", kPanelTitle));
  EXPECT_TRUE(is_written(picture, kMargin + (kFramed - line) / 2, labels, "0", kPanelTitle));
  EXPECT_TRUE(is_written(picture, kMargin + kFramed - line, labels, "-2", kPanelTitle));
}

TEST(Figure, GivesAFlatRowABarWithRoomForItsLabels) {
  Row row;
  row.panels.push_back(panel_of(1, 100));
  row.scale = Scale{};
  const Tensor<float, 4> picture = render_figure({.rows = {row}});
  EXPECT_EQ(size_of(picture).height, kBarHeight + 2 * kMargin);
  EXPECT_LE(size_of(picture).width, kMaxFigureWidth);
}

TEST(Figure, KeepsARowWithItsScaleWithinTheWidth) {
  for (const int count : {1, 7, 8, 9, 30}) {
    Row row;
    for (int i = 0; i < count; ++i) row.panels.push_back(panel_of(700, 600));
    row.scale = {.low = -1.23e-10f, .high = 1, .has_lower = true};
    EXPECT_LE(size_of(render_figure({.rows = {row}})).width, kMaxFigureWidth) << count;
  }
}

TEST(Figure, ShortensTitlesThatWouldOverflow) {
  const std::string text(1000, 'W');
  const Figure figure{.title = text,
                      .rows = {{.title = text, .panels = {panel_of(1, 1, text), panel_of(300, 300, text)}}}};
  const Tensor<float, 4> picture = render_figure(figure);
  const auto [height, width] = size_of(picture);
  EXPECT_LE(width, kMaxFigureWidth);
  EXPECT_TRUE(is_plain(picture, {0, width - kMargin, height, kMargin}, kWhite));
  const int64_t row_title = kMargin + kFigureTitle.line_height();
  const int64_t panel_title = row_title + kRowTitle.line_height();
  const int64_t second_left = kMargin + 300 + 2 * kFrame + kGap, most = kMaxFigureWidth - 2 * kMargin;
  EXPECT_TRUE(is_written(picture, kMargin, kMargin, fit_text(text, most, kFigureTitle), kFigureTitle));
  EXPECT_TRUE(is_written(picture, row_title, kMargin, fit_text(text, most, kRowTitle), kRowTitle));
  EXPECT_TRUE(is_written(picture, panel_title, kMargin, fit_text(text, kFramed, kPanelTitle), kPanelTitle));
  EXPECT_TRUE(is_written(picture, panel_title, second_left, fit_text(text, 302, kPanelTitle), kPanelTitle));
}

TEST(Figure, ReducesAHugePicture) {
  const Tensor<float, 4> picture = render_figure({.rows = {{.panels = {panel_of(3000, 4000)}}}});
  EXPECT_EQ(size_of(picture), (Size2{375 + 2 * kFrame + 2 * kMargin, 500 + 2 * kFrame + 2 * kMargin}));
}

TEST(Figure, ShowsManyPicturesAsAnOverview) {
  Row row;
  for (int i = 0; i < 2; ++i) row.panels.push_back(panel_of(480, 320));
  EXPECT_EQ(size_of(render_figure({.rows = {row}})).height, 480 + 2 * kFrame + 2 * kMargin);
  while (row.panels.size() < 5) row.panels.push_back(panel_of(480, 320));
  EXPECT_EQ(size_of(render_figure({.rows = {row}})).height, 240 + 2 * kFrame + 2 * kMargin);
  while (row.panels.size() < 8) row.panels.push_back(panel_of(480, 320));
  EXPECT_EQ(size_of(render_figure({.rows = {row}})).height, 160 + 2 * kFrame + 2 * kMargin);
}

TEST(Figure, HoldsOnlyValuesThatAPngTakes) {
  Panel wild = panel_of(1, 4, "wild");
  const float values[] = {-1e30f, std::numeric_limits<float>::infinity(), std::numeric_limits<float>::quiet_NaN(), 7};
  std::copy(std::begin(values), std::end(values), wild.pixels.data());
  const Tensor<float, 4> picture = render_figure({.title = "t", .rows = {{.panels = {wild}}}});
  for (int64_t i = 0; i < picture.size(); ++i) {
    ASSERT_TRUE(picture.data()[i] >= 0 && picture.data()[i] <= 1) << picture.data()[i];
  }
}

TEST(Figure, RefusesWhatCannotBeDrawn) {
  EXPECT_THROW(render_figure({}), ParameterError);
  EXPECT_THROW(render_figure({.title = "empty", .rows = {row_of(0, "row")}}), ParameterError);
  EXPECT_THROW(render_figure({.rows = {{.panels = {panel_of(1, 1), panel_of(0, 3)}}}}), ShapeError);
  const Figure tall{.rows = std::vector<Row>(260, row_of(8))};
  EXPECT_THROW(render_figure(tall), ParameterError);
}

}  // namespace
}  // namespace convstep::cli
