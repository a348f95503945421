#include "picture/panel.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <initializer_list>
#include <limits>
#include <vector>

#include "convstep/error.h"
#include "tests/picture/canvas_support.h"

namespace convstep::cli {
namespace {

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr Scale kUnit{};

Panel panel_of(const Shape<3>& shape, std::initializer_list<float> values) {
  Panel panel{.title = "x", .pixels = Tensor<float, 3>(shape)};
  EXPECT_EQ(panel.pixels.size(), static_cast<int64_t>(values.size()));
  std::copy(values.begin(), values.end(), panel.pixels.data());
  return panel;
}

Tensor<float, 4> drawn(const Panel& panel, const Scale& scale = kUnit) {
  check_panel(panel);
  const Size2 size = drawn_size(panel, kMaxPanelSide);
  Canvas canvas(size.height, size.width);
  draw_panel(canvas, 0, 0, panel, kMaxPanelSide, scale);
  return canvas.picture();
}

Bytes grey(double value) {
  return bytes_of({static_cast<float>(value), static_cast<float>(value), static_cast<float>(value)});
}

// The colours of a panel of one row, one per element.
std::vector<Bytes> colours_of(const Panel& panel, const Scale& scale = kUnit) {
  const Tensor<float, 4> picture = drawn(panel, scale);
  const int64_t block = picture.shape(1);
  std::vector<Bytes> colours;
  for (int64_t x = 0; x < picture.shape(2); x += block) colours.push_back(bytes_at(picture, 0, x));
  return colours;
}

using Colours = std::vector<Bytes>;

TEST(Panel, TakesTheColoursOfTheScale) {
  const Panel panel = panel_of({1, 6, 1}, {-1, 0, 0.25, 1, 9, kNan});
  EXPECT_EQ(colours_of(panel), (Colours{grey(0), grey(0), grey(0.25), grey(1), grey(1), bytes_of(kNanColour)}));
  const Scale about_zero = scale_about_zero({std::vector<float>{-2, 2}});
  const Colours colours = colours_of(panel, about_zero);
  EXPECT_EQ(colours[0], bytes_of(about_zero.colour(-1)));
  EXPECT_EQ(colours[1], grey(1));
  EXPECT_EQ(colours[4], bytes_of(about_zero.colour(2)));
}

TEST(Panel, ClampsRgb) {
  const Panel panel = panel_of({1, 3, 3}, {-1, 0.5, 2, 0, kInfinity, -kInfinity, 0.25, 0.75, kNan});
  EXPECT_EQ(colours_of(panel), (Colours{bytes_of({0, 0.5, 1}), bytes_of({0, 1, 0}), bytes_of(kNanColour)}));
}

TEST(Panel, EnlargesElementsToExactBlocks) {
  const Tensor<float, 4> picture = drawn(panel_of({2, 3, 1}, {0, 1, 2, 3, 4, 5}), {.low = 0, .high = 5});
  const int64_t block = 53;  // 160 / 3
  ASSERT_EQ(picture.shape(), (Shape<4>{1, 2 * block, 3 * block, 3}));
  for (int64_t y = 0; y < 2 * block; ++y) {
    for (int64_t x = 0; x < 3 * block; ++x) {
      const auto element = static_cast<double>(y / block * 3 + x / block);
      ASSERT_EQ(bytes_at(picture, y, x), grey(element / 5)) << y << ", " << x;
    }
  }
}

TEST(Panel, DrawsNothingOutsideItsPlace) {
  const Panel panel = panel_of({2, 2, 1}, {0, 0.25, 0.5, 0.75});
  Canvas canvas(170, 170);
  draw_panel(canvas, 4, 6, panel, kMaxPanelSide, kUnit);
  const Tensor<float, 4> picture = canvas.picture(), alone = drawn(panel);
  for (int64_t y = 0; y < 170; ++y) {
    for (int64_t x = 0; x < 170; ++x) {
      const bool inside = y >= 4 && y < 164 && x >= 6 && x < 166;
      ASSERT_EQ(bytes_at(picture, y, x), inside ? bytes_at(alone, y - 4, x - 6) : grey(1)) << y << ", " << x;
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
  const Tensor<float, 4> picture = drawn(panel, {.low = 0, .high = 18});
  ASSERT_EQ(picture.shape(), (Shape<4>{1, 1, 342, 3}));
  EXPECT_EQ(bytes_at(picture, 0, 0), grey(1.5 / 9));
  EXPECT_EQ(bytes_at(picture, 0, 1), bytes_of(kNanColour));
  EXPECT_EQ(bytes_at(picture, 0, 2), grey(0));
  EXPECT_EQ(bytes_at(picture, 0, 341), grey(0.5 / 6));
}

TEST(Panel, AveragesMagentaAsAnyColour) {
  Panel panel{.title = "", .pixels = Tensor<float, 3>({2, 1024, 3})};  // blocks of 2 x 2
  panel.pixels(0, 0, 0) = panel.pixels(0, 0, 2) = 1;
  EXPECT_EQ(bytes_at(drawn(panel), 0, 0), bytes_of({0.25, 0, 0.25}));
}

TEST(Panel, RefusesWhatIsNoPicture) {
  EXPECT_THROW(check_panel({}), ShapeError);
  for (const Shape<3>& shape : {Shape<3>{0, 4, 1}, Shape<3>{4, 0, 3}, Shape<3>{4, 4, 0}, Shape<3>{4, 4, 2}}) {
    EXPECT_THROW(check_panel({.title = "", .pixels = Tensor<float, 3>(shape)}), ShapeError) << to_string(shape);
  }
}

}  // namespace
}  // namespace convstep::cli
