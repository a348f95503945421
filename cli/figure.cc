#include "cli/figure.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cli/font.h"
#include "convstep/error.h"

namespace convstep::cli {
namespace {

constexpr Colour kFrameColour{0.6f, 0.6f, 0.6f};
constexpr TextStyle kFigureTitle{.scale = 3};
constexpr TextStyle kRowTitle{.scale = 2};
constexpr TextStyle kPanelTitle{.scale = 2, .colour = {0.35f, 0.35f, 0.35f}};

static_assert(2 * kMargin + 8 * (kEnlargedSide + 2 * kFrame) + 7 * kGap <= kMaxFigureWidth);

struct PlacedText {
  std::string text;
  TextStyle style;
  int64_t top, left;
};

struct PlacedPanel {
  const Panel* panel;
  int64_t max_side;
  Box frame;
};

int64_t title_height(const TextStyle& style) { return (kGlyphHeight + kTextGap) * style.scale; }

// The largest side at which so many panels fit into one line.
int64_t side_that_fits(int64_t panels) {
  const int64_t share = (kMaxFigureWidth - 2 * kMargin + kGap) / panels;
  return std::clamp(share - kGap - 2 * kFrame, kEnlargedSide, kMaxPanelSide);
}

// Where everything goes, from the top downwards.
class Layout {
 public:
  explicit Layout(const Figure& figure) {
    place_title(figure.title, kFigureTitle);
    for (const Row& row : figure.rows) place_row(row);
  }

  // The margin takes the place of the last row's gap.
  int64_t height() const { return bottom_ - kRowGap + kMargin; }
  int64_t width() const { return right_ + kMargin; }
  const std::vector<PlacedText>& texts() const { return texts_; }
  const std::vector<PlacedPanel>& panels() const { return panels_; }

 private:
  // Texts stand at the current bottom.
  void place_text(const std::string& fitted, const TextStyle& style, int64_t left) {
    right_ = std::max(right_, left + text_width(fitted, style.scale));
    texts_.push_back({fitted, style, bottom_, left});
  }

  void place_title(const std::string& title, const TextStyle& style) {
    if (title.empty()) return;
    place_text(fit_text(title, kMaxFigureWidth - 2 * kMargin, style.scale), style, kMargin);
    bottom_ += title_height(style);
  }

  void place_row(const Row& row) {
    if (row.panels.empty()) return;
    place_title(row.title, kRowTitle);
    const auto has_title = [](const Panel& panel) { return !panel.title.empty(); };
    const bool any_title = std::any_of(row.panels.begin(), row.panels.end(), has_title);
    const int64_t above = any_title ? title_height(kPanelTitle) : 0;
    const int64_t max_side = side_that_fits(static_cast<int64_t>(row.panels.size()));
    int64_t left = kMargin;
    int64_t line_height = 0;
    for (const Panel& panel : row.panels) {
      const Size2 size = drawn_size(panel, max_side);
      Box frame{.height = size.height + 2 * kFrame, .width = size.width + 2 * kFrame};
      const std::string title = fit_text(panel.title, std::max(frame.width, kMinTitleWidth), kPanelTitle.scale);
      const int64_t column = std::max(frame.width, text_width(title, kPanelTitle.scale));
      if (left > kMargin && left + column + kMargin > kMaxFigureWidth) {
        bottom_ += line_height + kGap;
        left = kMargin;
        line_height = 0;
      }
      place_text(title, kPanelTitle, left);
      frame.top = bottom_ + above;
      frame.left = left;
      panels_.push_back({&panel, max_side, frame});
      line_height = std::max(line_height, above + frame.height);
      left += column + kGap;
      right_ = std::max(right_, left - kGap);
    }
    bottom_ += line_height + kRowGap;
  }

  int64_t bottom_ = kMargin;
  int64_t right_ = kMargin;
  std::vector<PlacedText> texts_;
  std::vector<PlacedPanel> panels_;
};

void check_figure(const Figure& figure) {
  size_t panels = 0;
  for (const Row& row : figure.rows) {
    panels += row.panels.size();
    for (const Panel& panel : row.panels) check_panel(panel);
  }
  if (panels == 0) throw ParameterError("figure", "no panels", "at least one");
}

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

Panel grey_panel(std::string title, View<const float, 2> plane) {
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

Tensor<float, 4> render_figure(const Figure& figure) {
  check_figure(figure);
  const Layout layout(figure);
  if (layout.height() > kMaxFigurePixels / layout.width()) {
    throw ParameterError("figure", to_string(Size2{layout.height(), layout.width()}) + " pixels",
                         "at most " + std::to_string(kMaxFigurePixels), "draw fewer panels");
  }
  auto picture = Tensor<float, 4>::uninitialized({1, layout.height(), layout.width(), 3});
  const Canvas canvas = picture[0];
  fill(canvas, {0, 0, layout.height(), layout.width()}, kWhite);
  for (const PlacedText& text : layout.texts()) draw_text(canvas, text.top, text.left, text.text, text.style);
  for (const PlacedPanel& placed : layout.panels()) {
    fill(canvas, placed.frame, kFrameColour);
    draw_panel(canvas, placed.frame.top + kFrame, placed.frame.left + kFrame, *placed.panel, placed.max_side);
  }
  return picture;
}

Panel picture_panel(std::string title, View<const float, 4> volume, int64_t image) {
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
  return {std::move(title), std::move(pixels), GreyRange{0, 1}};
}

Row channel_panels(View<const float, 4> volume, int64_t image, int64_t limit) {
  const View<const float, 3> source = image_of(volume, image);
  check_limit(limit);
  const int64_t channels = source.shape(2);
  const int64_t shown = std::min(channels, limit);
  Row row{.title = count_text(shown, channels, "channel")};
  for (int64_t c = 0; c < shown; ++c) {
    const View<const float, 2> plane(&source(0, 0, c), {source.shape(0), source.shape(1)},
                                     {source.stride(0), source.stride(1)});
    row.panels.push_back(grey_panel(fmt::format("[{},:,:,{}]", image, c), plane));
  }
  return row;
}

std::vector<Row> filter_panels(View<const float, 4> weights, int64_t limit) {
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
      row.panels.push_back(grey_panel(fmt::format("[:,:,{},{}]", c, o), plane));
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace convstep::cli
