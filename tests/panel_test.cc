#include "cli/panel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <vector>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();

Panel panel_of(const Shape<3>& shape, std::initializer_list<float> values) {
  Panel panel{.title = "x", .pixels = Tensor<float, 3>(shape)};
  EXPECT_EQ(panel.pixels.size(), static_cast<int64_t>(values.size()));
  std::copy(values.begin(), values.end(), panel.pixels.data());
  return panel;
}

Panel grey_row(std::initializer_list<float> values) {
  return panel_of({1, static_cast<int64_t>(values.size()), 1}, values);
}

Tensor<float, 3> drawn(const Panel& panel, int64_t max_side = kMaxPanelSide) {
  check_panel(panel);
  const Size2 size = drawn_size(panel, max_side);
  Tensor<float, 3> picture({size.height, size.width, 3});
  draw_panel(picture.view(), 0, 0, panel, max_side);
  return picture;
}

Colour colour_at(const Tensor<float, 3>& picture, int64_t y, int64_t x) {
  return {picture(y, x, 0), picture(y, x, 1), picture(y, x, 2)};
}

Colour grey(float value) { return {value, value, value}; }

// The colours of a panel of one row, one per element.
std::vector<Colour> colours_of(const Panel& panel) {
  const Tensor<float, 3> picture = drawn(panel);
  const int64_t block = picture.shape(0);
  std::vector<Colour> colours;
  for (int64_t x = 0; x < picture.shape(1); x += block) colours.push_back(colour_at(picture, 0, x));
  return colours;
}

using Colours = std::vector<Colour>;

TEST(Panel, RunsFromItsMinimumInBlackToItsMaximumInWhite) {
  EXPECT_EQ(colours_of(grey_row({-3, 1, 0, -1})), (Colours{grey(0), grey(1), grey(0.75), grey(0.5)}));
}

TEST(Panel, DrawsAConstantBlack) {
  EXPECT_EQ(colours_of(grey_row({7, 7, 7})), (Colours{grey(0), grey(0), grey(0)}));
  EXPECT_EQ(colours_of(grey_row({-7})), (Colours{grey(0)}));
}

TEST(Panel, KeepsTheWholeRangeOfFloats) {
  constexpr float kMax = std::numeric_limits<float>::max();
  EXPECT_EQ(colours_of(grey_row({-kMax, 0, kMax / 2, kMax})), (Colours{grey(0), grey(0.5), grey(0.75), grey(1)}));
}

TEST(Panel, MarksNanAndLeavesTheRangeAlone) {
  EXPECT_EQ(colours_of(grey_row({0, kNan, 1, 2})), (Colours{grey(0), kNanColour, grey(0.5), grey(1)}));
  EXPECT_EQ(colours_of(grey_row({kNan, kNan})), (Colours{kNanColour, kNanColour}));
}

TEST(Panel, GivesInfinitiesTheEndColours) {
  EXPECT_EQ(colours_of(grey_row({0, kInfinity, 1, -kInfinity, 4})),
            (Colours{grey(0), grey(1), grey(0.25), grey(0), grey(1)}));
  EXPECT_EQ(colours_of(grey_row({5, kInfinity, -kInfinity})), (Colours{grey(0), grey(1), grey(0)}));
  EXPECT_EQ(colours_of(grey_row({kInfinity, -kInfinity})), (Colours{grey(1), grey(0)}));
}

TEST(Panel, TakesARangeAndClampsWhatLiesBeyond) {
  Panel panel = grey_row({-1, 0, 0.25, 1, 9, kNan});
  panel.range = GreyRange{0, 1};
  EXPECT_EQ(colours_of(panel), (Colours{grey(0), grey(0), grey(0.25), grey(1), grey(1), kNanColour}));
  panel.range = GreyRange{0.25, 0.25};
  EXPECT_EQ(colours_of(panel), (Colours{grey(0), grey(0), grey(0), grey(1), grey(1), kNanColour}));
}

TEST(Panel, ClampsRgb) {
  const Panel panel = panel_of({1, 3, 3}, {-1, 0.5, 2, 0, kInfinity, -kInfinity, 0.25, 0.75, kNan});
  EXPECT_EQ(colours_of(panel), (Colours{{0, 0.5, 1}, {0, 1, 0}, kNanColour}));
}

TEST(Panel, EnlargesElementsToExactBlocks) {
  const Panel panel = panel_of({2, 3, 1}, {0, 1, 2, 3, 4, 5});
  const Tensor<float, 3> picture = drawn(panel);
  const int64_t block = 53;  // 160 / 3
  ASSERT_EQ(picture.shape(), (Shape<3>{2 * block, 3 * block, 3}));
  for (int64_t y = 0; y < 2 * block; ++y) {
    for (int64_t x = 0; x < 3 * block; ++x) {
      const auto element = static_cast<double>(y / block * 3 + x / block);
      ASSERT_EQ(colour_at(picture, y, x), grey(static_cast<float>(element / 5))) << y << ", " << x;
    }
  }
}

TEST(Panel, DrawsNothingOutsideItsPlace) {
  const Panel panel = panel_of({2, 2, 1}, {1, 2, 3, 4});
  Tensor<float, 3> picture({170, 170, 3});
  draw_panel(picture.view(), 4, 6, panel, kMaxPanelSide);
  const Tensor<float, 3> alone = drawn(panel);
  for (int64_t y = 0; y < 170; ++y) {
    for (int64_t x = 0; x < 170; ++x) {
      const bool inside = y >= 4 && y < 164 && x >= 6 && x < 166;
      ASSERT_EQ(colour_at(picture, y, x), inside ? colour_at(alone, y - 4, x - 6) : Colour{}) << y << ", " << x;
    }
  }
}

TEST(Panel, HasAWholeZoomFactor) {
  const auto size_of = [](int64_t height, int64_t width, int64_t max_side) {
    return drawn_size({.title = "", .pixels = Tensor<float, 3>({height, width, 1})}, max_side);
  };
  EXPECT_EQ(size_of(1, 1, 512), (Size2{160, 160}));
  EXPECT_EQ(size_of(28, 20, 512), (Size2{140, 100}));
  EXPECT_EQ(size_of(81, 80, 512), (Size2{81, 80}));
  EXPECT_EQ(size_of(512, 512, 512), (Size2{512, 512}));
  EXPECT_EQ(size_of(512, 512, 160), (Size2{128, 128}));
  EXPECT_EQ(size_of(513, 512, 512), (Size2{257, 256}));
  EXPECT_EQ(size_of(3000, 4000, 512), (Size2{375, 500}));
  EXPECT_EQ(size_of(1, 100000, 512), (Size2{1, 511}));
}

TEST(Panel, ReducesLargePicturesByAverages) {
  Panel panel{.title = "", .pixels = Tensor<float, 3>({3, 1025, 1})};  // blocks of 3 x 3, the last one 3 x 2
  panel.pixels(0, 0, 0) = 9;
  panel.pixels(1, 2, 0) = 18;
  panel.pixels(2, 1024, 0) = 9;
  panel.pixels(1, 4, 0) = kNan;
  const Tensor<float, 3> picture = drawn(panel);
  ASSERT_EQ(picture.shape(), (Shape<3>{1, 342, 3}));
  EXPECT_EQ(colour_at(picture, 0, 0), grey(static_cast<float>(1.5 / 9)));
  EXPECT_EQ(colour_at(picture, 0, 1), kNanColour);
  EXPECT_EQ(colour_at(picture, 0, 2), grey(0));
  EXPECT_EQ(colour_at(picture, 0, 341), grey(static_cast<float>(0.5 / 6)));
}

TEST(Panel, RefusesWhatIsNoPicture) {
  EXPECT_THROW(check_panel({}), ShapeError);
  for (const Shape<3>& shape : {Shape<3>{0, 4, 1}, Shape<3>{4, 0, 3}, Shape<3>{4, 4, 0}, Shape<3>{4, 4, 2}}) {
    EXPECT_THROW(check_panel({.title = "", .pixels = Tensor<float, 3>(shape)}), ShapeError) << to_string(shape);
  }
  Panel panel = grey_row({1, 2});
  for (const GreyRange& range : {GreyRange{1, 0}, GreyRange{kNan, 1}, GreyRange{0, kInfinity}}) {
    panel.range = range;
    EXPECT_THROW(check_panel(panel), ParameterError) << range.black << " to " << range.white;
  }
}

}  // namespace
}  // namespace convstep::cli
