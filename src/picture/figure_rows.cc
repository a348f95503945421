#include "picture/figure_rows.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

void check_not_empty(const char* argument, const Shape<4>& shape) {
  if (std::any_of(shape.begin(), shape.end(), [](int64_t length) { return length < 1; })) {
    throw ShapeError(argument, to_string(shape), "axes of length 1 or more", "there is nothing to draw");
  }
}

// One image of the volume, after checking that it is there.
View<const float, 3> image_of(View<const float, 4> volume, int64_t image) {
  check_not_empty("volume", volume.shape());
  if (image < 0 || image >= volume.shape(0)) {
    throw ParameterError("image", std::to_string(image), "0 to " + std::to_string(volume.shape(0) - 1));
  }
  return volume[image];
}

Panel plane_panel(std::string title, View<const float, 2> plane) {
  auto pixels = Tensor<float, 3>::uninitialized({plane.shape(0), plane.shape(1), 1});
  for (int64_t y = 0; y < plane.shape(0); ++y) {
    for (int64_t x = 0; x < plane.shape(1); ++x) pixels(y, x, 0) = plane(y, x);
  }
  return {std::move(title), std::move(pixels)};
}

void check_limit(int64_t limit) {
  if (limit < 1) throw ParameterError("limit", std::to_string(limit), "1 or more panels");
}

// "1 channel", "8 channels", "64 of 512 channels".
std::string count_text(int64_t shown, int64_t total, const std::string& noun) {
  const std::string count = fmt::format("{} {}{}", total, noun, total == 1 ? "" : "s");
  return shown < total ? fmt::format("{} of {}", shown, count) : count;
}

}  // namespace

Row picture_row(std::string title, View<const float, 4> volume, int64_t image) {
  const View<const float, 3> source = image_of(volume, image);
  const int64_t channels = source.shape(2);
  if (channels > 4) {
    throw ShapeError("volume", to_string(volume.shape()), "1 to 4 channels", "draw its channels one by one");
  }
  const bool has_alpha = channels % 2 == 0;
  auto pixels = Tensor<float, 3>::uninitialized({source.shape(0), source.shape(1), channels - has_alpha});
  for (int64_t y = 0; y < pixels.shape(0); ++y) {
    for (int64_t x = 0; x < pixels.shape(1); ++x) {
      const float alpha = has_alpha ? source(y, x, channels - 1) : 1;
      for (int64_t c = 0; c < pixels.shape(2); ++c) pixels(y, x, c) = alpha * source(y, x, c) + (1 - alpha);
    }
  }
  Row row;
  row.panels.push_back({std::move(title), std::move(pixels)});
  return row;
}

Row channel_row(View<const float, 4> volume, int64_t image, int64_t limit) {
  const View<const float, 3> source = image_of(volume, image);
  check_limit(limit);
  const int64_t channels = source.shape(2);
  const int64_t shown = std::min(channels, limit);
  Row row{.title = count_text(shown, channels, "channel")};
  for (int64_t c = 0; c < shown; ++c) {
    const View<const float, 2> plane(&source(0, 0, c), {source.shape(0), source.shape(1)},
                                     {source.stride(0), source.stride(1)});
    row.panels.push_back(plane_panel(fmt::format("[{},:,:,{}]", image, c), plane));
  }
  row.scale = grey_scale(values_of(row.panels));
  return row;
}

std::vector<Row> filter_rows(View<const float, 4> weights, int64_t limit) {
  check_not_empty("weights", weights.shape());
  check_limit(limit);
  const auto [height, width, channels, filters] = weights.shape();
  const int64_t shown_filters = std::min(filters, limit);
  const int64_t shown_channels = std::min(channels, limit / shown_filters);
  std::vector<Row> rows;
  for (int64_t c = 0; c < shown_channels; ++c) {
    const std::string count = count_text(shown_filters, filters, "filter");
    Row row{.title = fmt::format("input channel {} of {}, {}", c, channels, count)};
    for (int64_t o = 0; o < shown_filters; ++o) {
      const View<const float, 2> plane(&weights(0, 0, c, o), {height, width}, {weights.stride(0), weights.stride(1)});
      row.panels.push_back(plane_panel(fmt::format("[:,:,{},{}]", c, o), plane));
    }
    rows.push_back(std::move(row));
  }
  std::vector<std::span<const float>> values;
  for (const Row& row : rows) {
    for (const std::span<const float> panel : values_of(row.panels)) values.push_back(panel);
  }
  for (Row& row : rows) row.scale = scale_about_zero(values);
  return rows;
}

std::vector<std::span<const float>> values_of(const std::vector<Panel>& panels) {
  std::vector<std::span<const float>> values;
  for (const Panel& panel : panels) values.emplace_back(panel.pixels.data(), static_cast<size_t>(panel.pixels.size()));
  return values;
}

}  // namespace convstep::cli
