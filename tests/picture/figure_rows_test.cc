#include "picture/figure_rows.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

// Every element is its own number: the row-major index.
Tensor<float, 4> numbered(const Shape<4>& shape) {
  Tensor<float, 4> array(shape);
  for (int64_t i = 0; i < array.size(); ++i) array.data()[i] = static_cast<float>(i);
  return array;
}

TEST(ChannelRow, ShowEveryChannelOfOneImage) {
  const Tensor<float, 4> volume = numbered({2, 3, 4, 5});
  const Row row = channel_row(volume, 1);
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

TEST(ChannelRow, FollowStrides) {
  Tensor<float, 4> volume = numbered({1, 4, 6, 8});
  const auto [image, row, column, channel] = volume.view().strides();
  const View<const float, 4> mirrored(&volume(0, 3, 0, 2), {1, 4, 3, 2}, {image, -row, 2 * column, 3 * channel});
  const Row panels = channel_row(mirrored);
  for (int64_t y = 0; y < 4; ++y) {
    for (int64_t x = 0; x < 3; ++x) {
      EXPECT_EQ(panels.panels[0].pixels(y, x, 0), volume(0, 3 - y, 2 * x, 2));
      EXPECT_EQ(panels.panels[1].pixels(y, x, 0), volume(0, 3 - y, 2 * x, 5));
    }
  }
}

TEST(ChannelRow, SayWhatTheyLeaveOut) {
  const Tensor<float, 4> volume({1, 2, 2, 512});
  EXPECT_EQ(channel_row(volume).title, "64 of 512 channels");
  EXPECT_EQ(channel_row(volume).panels.size(), 64u);
  EXPECT_EQ(channel_row(volume, 0, 600).panels.size(), 512u);
  EXPECT_EQ(channel_row(volume, 0, 600).title, "512 channels");
  EXPECT_EQ(channel_row(Tensor<float, 4>({1, 2, 2, 1})).title, "1 channel");
}

TEST(ChannelRow, RefuseWhatIsNotThere) {
  for (const Shape<4>& shape : {Shape<4>{0, 2, 2, 1}, Shape<4>{1, 0, 2, 1}, Shape<4>{1, 2, 2, 0}}) {
    EXPECT_THROW(channel_row(Tensor<float, 4>(shape)), ShapeError) << to_string(shape);
  }
  const Tensor<float, 4> volume({2, 3, 3, 4});
  EXPECT_THROW(channel_row(volume, -1), ParameterError);
  EXPECT_THROW(channel_row(volume, 2), ParameterError);
  EXPECT_THROW(channel_row(volume, 0, 0), ParameterError);
}

TEST(FilterRows, AreARowForEachInputChannel) {
  const Tensor<float, 4> weights = numbered({3, 2, 2, 4});
  const std::vector<Row> rows = filter_rows(weights);
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

TEST(ChannelRow, HasOneScale) {
  Tensor<float, 4> volume = numbered({2, 3, 4, 5});
  volume(1, 2, 3, 4) = 35;
  const Row row = channel_row(volume, 1, 4);  // without the channel of the 35
  ASSERT_TRUE(row.scale);
  EXPECT_FALSE(row.scale->is_about_zero);
  EXPECT_EQ(row.scale->low, 60);
  EXPECT_EQ(row.scale->high, 118);
  EXPECT_EQ(channel_row(volume, 1).scale->low, 35);
}

TEST(FilterRows, HaveOneScaleAboutZero) {
  Tensor<float, 4> weights({3, 3, 2, 4});
  weights(1, 1, 0, 2) = 0.5;
  weights(0, 2, 1, 3) = -0.75;
  for (const Row& row : filter_rows(weights)) {
    ASSERT_TRUE(row.scale);
    EXPECT_TRUE(row.scale->is_about_zero);
    EXPECT_EQ(row.scale->high, 0.75);
  }
}

TEST(FilterRows, DropInputChannelsBeforeFilters) {
  const std::vector<Row> rows = filter_rows(Tensor<float, 4>({3, 3, 16, 20}));
  ASSERT_EQ(rows.size(), 3u);
  EXPECT_EQ(rows[2].title, "input channel 2 of 16, 20 filters");
  const std::vector<Row> first = filter_rows(Tensor<float, 4>({3, 3, 16, 100}));
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].panels.size(), 64u);
  EXPECT_EQ(first[0].title, "input channel 0 of 16, 64 of 100 filters");
  EXPECT_THROW(filter_rows(Tensor<float, 4>({3, 3, 0, 8})), ShapeError);
  EXPECT_THROW(filter_rows(Tensor<float, 4>({3, 3, 1, 8}), 0), ParameterError);
}

TEST(PictureRow, KeepsGreyAndColourAndBlendsAlphaWithWhite) {
  const float values[] = {0.5, 0.25, 0.75, 0.5};
  const auto pixels_of = [&](int64_t channels) {
    Tensor<float, 4> image({1, 1, 1, channels});
    std::copy(values, values + channels, image.data());
    const Row row = picture_row("cat", image);
    EXPECT_EQ(row.panels.size(), 1u);
    EXPECT_FALSE(row.scale);
    const Panel& panel = row.panels[0];
    EXPECT_EQ(panel.title, "cat");
    return std::vector<float>(panel.pixels.data(), panel.pixels.data() + panel.pixels.size());
  };
  EXPECT_EQ(pixels_of(1), (std::vector<float>{0.5}));
  EXPECT_EQ(pixels_of(2), (std::vector<float>{0.875}));
  EXPECT_EQ(pixels_of(3), (std::vector<float>{0.5, 0.25, 0.75}));
  EXPECT_EQ(pixels_of(4), (std::vector<float>{0.75, 0.625, 0.875}));
  EXPECT_THROW(picture_row("", Tensor<float, 4>({1, 1, 1, 5})), ShapeError);
  EXPECT_THROW(picture_row("", Tensor<float, 4>({0, 1, 1, 3})), ShapeError);
  EXPECT_THROW(picture_row("", Tensor<float, 4>({2, 1, 1, 3}), 2), ParameterError);
}

}  // namespace
}  // namespace convstep::cli
