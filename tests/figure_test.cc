#include "cli/figure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "cli/font.h"
#include "convstep/error.h"

namespace convstep::cli {
namespace {

constexpr int64_t kPanelTitleHeight = (kGlyphHeight + kTextGap) * 2;
constexpr int64_t kBlock = 160;  // the side of a panel of one element

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

Colour colour_at(const Tensor<float, 4>& picture, int64_t y, int64_t x) {
  return {picture(0, y, x, 0), picture(0, y, x, 1), picture(0, y, x, 2)};
}

// Is the whole box of this colour?
bool is_plain(const Tensor<float, 4>& picture, const Box& box, const Colour& colour) {
  for (int64_t y = box.top; y < box.top + box.height; ++y) {
    for (int64_t x = box.left; x < box.left + box.width; ++x) {
      if (colour_at(picture, y, x) != colour) return false;
    }
  }
  return true;
}

// Is this text, and nothing else, written at the place, in any colour on white?
bool is_written(const Tensor<float, 4>& picture, int64_t top, int64_t left, const std::string& text, int64_t scale) {
  const Box box{top, left, kGlyphHeight * scale, text_width(text, scale)};
  Tensor<float, 3> expected({box.height, box.width, 3});
  draw_text(expected.view(), 0, 0, text, {.scale = scale, .colour = kWhite});
  for (int64_t y = 0; y < box.height; ++y) {
    for (int64_t x = 0; x < box.width; ++x) {
      const bool ink = colour_at(picture, top + y, left + x) != kWhite;
      if (ink != (expected(y, x, 0) > 0)) return false;
    }
  }
  return true;
}

TEST(Figure, FramesAPanelOnWhite) {
  const Tensor<float, 4> picture = render_figure({.rows = {row_of(1)}});
  const int64_t side = kBlock + 2 * kFrame + 2 * kMargin;
  ASSERT_EQ(picture.shape(), (Shape<4>{1, side, side, 3}));
  EXPECT_TRUE(is_plain(picture, {0, 0, kMargin, side}, kWhite));
  EXPECT_TRUE(is_plain(picture, {side - kMargin, 0, kMargin, side}, kWhite));
  EXPECT_TRUE(is_plain(picture, {0, 0, side, kMargin}, kWhite));
  EXPECT_TRUE(is_plain(picture, {0, side - kMargin, side, kMargin}, kWhite));
  const Colour frame = colour_at(picture, kMargin, kMargin);
  EXPECT_NE(frame, kWhite);
  EXPECT_NE(frame, kInk);
  EXPECT_TRUE(is_plain(picture, {kMargin, kMargin, kFrame, kBlock + 2 * kFrame}, frame));
  EXPECT_TRUE(is_plain(picture, {side - kMargin - kFrame, kMargin, kFrame, kBlock + 2 * kFrame}, frame));
  EXPECT_TRUE(is_plain(picture, {kMargin, kMargin, kBlock + 2 * kFrame, kFrame}, frame));
  EXPECT_TRUE(is_plain(picture, {kMargin, side - kMargin - kFrame, kBlock + 2 * kFrame, kFrame}, frame));
  EXPECT_TRUE(is_plain(picture, {kMargin + kFrame, kMargin + kFrame, kBlock, kBlock}, kInk));
}

TEST(Figure, WritesTheTitlesAboveWhatTheyName) {
  Figure figure{.title = "pooling", .rows = {{.title = "max", .panels = {panel_of(1, 1, "A_prev[0,:,:,3]")}}}};
  const Tensor<float, 4> picture = render_figure(figure);
  const int64_t row_title = kMargin + (kGlyphHeight + kTextGap) * 3;
  const int64_t panel_title = row_title + (kGlyphHeight + kTextGap) * 2;
  const int64_t panel = panel_title + kPanelTitleHeight;
  EXPECT_TRUE(is_written(picture, kMargin, kMargin, "pooling", 3));
  EXPECT_TRUE(is_written(picture, row_title, kMargin, "max", 2));
  EXPECT_TRUE(is_written(picture, panel_title, kMargin, "A_prev[0,:,:,3]", 2));
  EXPECT_TRUE(is_plain(picture, {panel + kFrame, kMargin + kFrame, kBlock, kBlock}, kInk));
  EXPECT_EQ(size_of(picture),
            (Size2{panel + kBlock + 2 * kFrame + kMargin, text_width("A_prev[0,:,:,3]", 2) + 2 * kMargin}));
}

TEST(Figure, AlignsTheTopsOfARow) {
  const Row row{.panels = {panel_of(300, 200), panel_of(1, 1, "x"), panel_of(2, 8)}};
  const Tensor<float, 4> picture = render_figure({.rows = {row}});
  const int64_t top = kMargin + kPanelTitleHeight;
  const int64_t second = kMargin + 200 + 2 * kFrame + kGap;
  const int64_t third = second + kBlock + 2 * kFrame + kGap;
  EXPECT_TRUE(is_written(picture, kMargin, second, "x", 2));
  EXPECT_TRUE(is_plain(picture, {top + kFrame, kMargin + kFrame, 300, 200}, kInk));
  EXPECT_TRUE(is_plain(picture, {top + kFrame, second + kFrame, kBlock, kBlock}, kInk));
  EXPECT_TRUE(is_plain(picture, {top + kFrame, third + kFrame, kBlock / 4, kBlock}, kInk));
  EXPECT_TRUE(is_plain(picture, {top + kBlock / 4 + 2 * kFrame, third, 100, kBlock}, kWhite));
  EXPECT_EQ(size_of(picture), (Size2{top + 300 + 2 * kFrame + kMargin, third + kBlock + 2 * kFrame + kMargin}));
}

TEST(Figure, WrapsARowThatIsTooWide) {
  const int64_t framed = kBlock + 2 * kFrame;
  const auto width_of = [&](int64_t panels) { return 2 * kMargin + panels * framed + (panels - 1) * kGap; };
  EXPECT_EQ(size_of(render_figure({.rows = {row_of(8)}})), (Size2{framed + 2 * kMargin, width_of(8)}));
  const Tensor<float, 4> picture = render_figure({.rows = {row_of(17)}});
  EXPECT_EQ(size_of(picture), (Size2{3 * framed + 2 * kGap + 2 * kMargin, width_of(8)}));
  const int64_t third_line = kMargin + 2 * (framed + kGap);
  EXPECT_TRUE(is_plain(picture, {third_line + kFrame, kMargin + kFrame, kBlock, kBlock}, kInk));
  EXPECT_TRUE(is_plain(picture, {third_line, kMargin + framed, framed, width_of(7)}, kWhite));
}

TEST(Figure, FillsTheWidthToTheLastPixel) {
  // Eight panels that are drawn as they are, and a ninth that takes the rest of the line.
  const int64_t side = kEnlargedSide, framed = side + 2 * kFrame;
  const int64_t rest =
      kMaxFigureWidth - 2 * kMargin - 7 * (framed + kGap) - (2 * kFrame + kGap + side / 2) - 2 * kFrame;
  const auto size_with = [&](int64_t last) {
    Row row;
    for (int i = 0; i < 7; ++i) row.panels.push_back(panel_of(side, side));
    row.panels.push_back(panel_of(side, side / 2));
    row.panels.push_back(panel_of(side, last));
    return size_of(render_figure({.rows = {row}}));
  };
  EXPECT_EQ(size_with(rest), (Size2{framed + 2 * kMargin, kMaxFigureWidth}));
  EXPECT_EQ(size_with(rest + 1), (Size2{2 * framed + kGap + 2 * kMargin, kMaxFigureWidth - rest - 2 * kFrame - kGap}));
}

TEST(Figure, StacksRowsAndLeavesOutEmptyOnes) {
  const Tensor<float, 4> picture = render_figure({.rows = {row_of(2), row_of(0, "nothing"), row_of(1)}});
  const int64_t framed = kBlock + 2 * kFrame;
  EXPECT_EQ(size_of(picture), (Size2{2 * framed + kRowGap + 2 * kMargin, 2 * framed + kGap + 2 * kMargin}));
  EXPECT_TRUE(is_plain(picture, {kMargin + framed, 0, kRowGap, 2 * framed + kGap}, kWhite));
  EXPECT_TRUE(is_plain(picture, {kMargin + framed + kRowGap + kFrame, kMargin + kFrame, kBlock, kBlock}, kInk));
}

TEST(Figure, ShortensTitlesThatWouldOverflow) {
  const std::string text(1000, 'W');
  const Figure figure{.title = text,
                      .rows = {{.title = text, .panels = {panel_of(1, 1, text), panel_of(300, 300, text)}}}};
  const Tensor<float, 4> picture = render_figure(figure);
  const auto [height, width] = size_of(picture);
  EXPECT_LE(width, kMaxFigureWidth);
  EXPECT_TRUE(is_plain(picture, {0, width - kMargin, height, kMargin}, kWhite));
  const int64_t row_title = kMargin + (kGlyphHeight + kTextGap) * 3;
  const int64_t panel_title = row_title + (kGlyphHeight + kTextGap) * 2;
  const std::string first = fit_text(text, kMinTitleWidth, 2);
  const int64_t second_left = kMargin + text_width(first, 2) + kGap;
  EXPECT_TRUE(is_written(picture, kMargin, kMargin, fit_text(text, kMaxFigureWidth - 2 * kMargin, 3), 3));
  EXPECT_TRUE(is_written(picture, panel_title, kMargin, first, 2));
  EXPECT_TRUE(is_plain(picture, {panel_title, second_left - kGap, kGlyphHeight * 2, kGap}, kWhite));
  EXPECT_TRUE(is_written(picture, panel_title, second_left, fit_text(text, 300 + 2 * kFrame, 2), 2));
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

// Every element is its own number: the row-major index.
Tensor<float, 4> numbered(const Shape<4>& shape) {
  Tensor<float, 4> array(shape);
  for (int64_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<float>(i);
  return array;
}

TEST(ChannelPanels, ShowEveryChannelOfOneImage) {
  const Tensor<float, 4> volume = numbered({2, 3, 4, 5});
  const Row row = channel_panels(volume, 1);
  EXPECT_EQ(row.title, "5 channels");
  ASSERT_EQ(row.panels.size(), 5u);
  for (int64_t c = 0; c < 5; ++c) {
    const Panel& panel = row.panels[c];
    EXPECT_EQ(panel.title, "[1,:,:," + std::to_string(c) + "]");
    ASSERT_EQ(panel.pixels.shape(), (Shape<3>{3, 4, 1}));
    for (int64_t y = 0; y < 3; ++y) {
      for (int64_t x = 0; x < 4; ++x) EXPECT_EQ(panel.pixels(y, x, 0), volume(1, y, x, c));
    }
  }
}

TEST(ChannelPanels, FollowStrides) {
  Tensor<float, 4> volume = numbered({1, 4, 6, 8});
  const auto [image, row, column, channel] = volume.view().strides();
  const View<const float, 4> mirrored(&volume(0, 3, 0, 2), {1, 4, 3, 2}, {image, -row, 2 * column, 3 * channel});
  const Row panels = channel_panels(mirrored);
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 3; ++x) {
      EXPECT_EQ(panels.panels[0].pixels(y, x, 0), volume(0, 3 - y, 2 * x, 2));
      EXPECT_EQ(panels.panels[1].pixels(y, x, 0), volume(0, 3 - y, 2 * x, 5));
    }
  }
}

TEST(ChannelPanels, SayWhatTheyLeaveOut) {
  const Tensor<float, 4> volume({1, 2, 2, 512});
  EXPECT_EQ(channel_panels(volume).title, "64 of 512 channels");
  EXPECT_EQ(channel_panels(volume).panels.size(), 64u);
  EXPECT_EQ(channel_panels(volume, 0, 600).panels.size(), 512u);
  EXPECT_EQ(channel_panels(volume, 0, 600).title, "512 channels");
  EXPECT_EQ(channel_panels(Tensor<float, 4>({1, 2, 2, 1})).title, "1 channel");
}

TEST(ChannelPanels, RefuseWhatIsNotThere) {
  for (const Shape<4>& shape : {Shape<4>{0, 2, 2, 1}, Shape<4>{1, 0, 2, 1}, Shape<4>{1, 2, 2, 0}}) {
    EXPECT_THROW(channel_panels(Tensor<float, 4>(shape)), ShapeError) << to_string(shape);
  }
  const Tensor<float, 4> volume({2, 3, 3, 4});
  EXPECT_THROW(channel_panels(volume, -1), ParameterError);
  EXPECT_THROW(channel_panels(volume, 2), ParameterError);
  EXPECT_THROW(channel_panels(volume, 0, 0), ParameterError);
}

TEST(FilterPanels, AreARowForEachInputChannel) {
  const Tensor<float, 4> weights = numbered({3, 2, 2, 4});
  const std::vector<Row> rows = filter_panels(weights);
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[1].title, "input channel 1 of 2, 4 filters");
  ASSERT_EQ(rows[1].panels.size(), 4u);
  const Panel& panel = rows[1].panels[3];
  EXPECT_EQ(panel.title, "[:,:,1,3]");
  ASSERT_EQ(panel.pixels.shape(), (Shape<3>{3, 2, 1}));
  for (int64_t i = 0; i < 3; ++i) {
    for (int64_t j = 0; j < 2; ++j) EXPECT_EQ(panel.pixels(i, j, 0), weights(i, j, 1, 3));
  }
}

TEST(FilterPanels, DropInputChannelsBeforeFilters) {
  const std::vector<Row> rows = filter_panels(Tensor<float, 4>({3, 3, 16, 20}));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].title, "input channel 2 of 16, 20 filters");
  const std::vector<Row> first = filter_panels(Tensor<float, 4>({3, 3, 16, 100}));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].panels.size(), 64u);
  EXPECT_EQ(first[0].title, "input channel 0 of 16, 64 of 100 filters");
  EXPECT_THROW(filter_panels(Tensor<float, 4>({3, 3, 0, 8})), ShapeError);
  EXPECT_THROW(filter_panels(Tensor<float, 4>({3, 3, 1, 8}), 0), ParameterError);
}

TEST(PicturePanel, KeepsGreyAndColourAndBlendsAlphaWithWhite) {
  const float values[] = {0.5, 0.25, 0.75, 0.5};
  const auto pixels_of = [&](int64_t channels) {
    Tensor<float, 4> image({1, 1, 1, channels});
    std::copy(values, values + channels, image.data());
    const Panel panel = picture_panel("cat", image);
    EXPECT_EQ(panel.title, "cat");
    return std::vector<float>(panel.pixels.data(), panel.pixels.data() + panel.pixels.size());
  };
  EXPECT_EQ(pixels_of(1), (std::vector<float>{0.5}));
  EXPECT_EQ(pixels_of(2), (std::vector<float>{0.875}));
  EXPECT_EQ(pixels_of(3), (std::vector<float>{0.5, 0.25, 0.75}));
  EXPECT_EQ(pixels_of(4), (std::vector<float>{0.75, 0.625, 0.875}));
  EXPECT_THROW(picture_panel("", Tensor<float, 4>({1, 1, 1, 5})), ShapeError);
  EXPECT_THROW(picture_panel("", Tensor<float, 4>({0, 1, 1, 3})), ShapeError);
  EXPECT_THROW(picture_panel("", Tensor<float, 4>({2, 1, 1, 3}), 2), ParameterError);
}

TEST(PicturePanel, DrawsGreyLevelsAsTheyAre) {
  Tensor<float, 4> image({2, 1, 1, 1});
  image(1, 0, 0, 0) = 0.5;
  const Tensor<float, 4> picture = render_figure({.rows = {{.panels = {picture_panel("", image, 1)}}}});
  const Box inside{kMargin + kFrame, kMargin + kFrame, kBlock, kBlock};
  EXPECT_TRUE(is_plain(picture, inside, {0.5, 0.5, 0.5}));
}

}  // namespace
}  // namespace convstep::cli
