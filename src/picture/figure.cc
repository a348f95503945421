#include "picture/figure.h"

#include <algorithm>
#include <map>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

constexpr Colour kFrameColour{0.6f, 0.6f, 0.6f};
constexpr Scale kAsTheyAre{};

static_assert(2 * kMargin + 8 * (kEnlargedSide + 2 * kFrame + kGap) + kBarRoom <= kMaxFigureWidth);

struct PlacedText {
  std::string text;
  TextStyle style;
  int64_t top, left;
};

struct PlacedPanel {
  const Panel* panel;
  const Scale* scale;
  int64_t max_side;
  Box frame;
};

struct PlacedBar {
  const Scale* scale;
  Box frame;
};

// What the columns of a row have in common.
struct Columns {
  int64_t room;      // the width of a line
  int64_t max_side;  // of a panel
  int64_t width = 0;

  explicit Columns(const Row& row) {
    room = kMaxFigureWidth - 2 * kMargin - (row.scale ? kGap + kBarRoom : 0);
    // The largest side at which all panels fit into one line.
    const int64_t share = (room + kGap) / static_cast<int64_t>(row.panels.size());
    max_side = std::clamp(share - kGap - 2 * kFrame, kEnlargedSide, kMaxPanelSide);
  }

  int64_t per_line() const { return std::max<int64_t>((room + kGap) / (width + kGap), 1); }
  int64_t left(int64_t column) const { return kMargin + column * (width + kGap); }
};

Box frame_of(const Panel& panel, int64_t max_side) {
  const Size2 size = drawn_size(panel, max_side);
  return {.height = size.height + 2 * kFrame, .width = size.width + 2 * kFrame};
}

// Where everything goes, from the top downwards.
class Layout {
 public:
  explicit Layout(const Figure& figure) {
    for (const Row& row : figure.rows) measure_columns(row);
    place_title(figure.title, kFigureTitle);
    for (const Row& row : figure.rows) place_row(row);
  }

  // The margin takes the place of the last row's gap.
  int64_t height() const { return bottom_ - kRowGap + kMargin; }
  int64_t width() const { return right_ + kMargin; }
  const std::vector<PlacedText>& texts() const { return texts_; }
  const std::vector<PlacedPanel>& panels() const { return panels_; }
  const std::vector<PlacedBar>& bars() const { return bars_; }

 private:
  Columns& columns_of(const Row& row) {
    return columns_.try_emplace({row.panels.size(), row.scale.has_value()}, row).first->second;
  }

  void measure_columns(const Row& row) {
    if (row.panels.empty()) return;
    Columns& columns = columns_of(row);
    for (const Panel& panel : row.panels) {
      const int64_t width = frame_of(panel, columns.max_side).width;
      columns.width = std::max({columns.width, width, text_width(fit_title(panel, width), kPanelTitle)});
    }
  }

  static std::string fit_title(const Panel& panel, int64_t width) {
    return fit_text(panel.title, std::max(width, kMinTitleWidth), kPanelTitle);
  }

  void place_text(const std::string& fitted, const TextStyle& style, int64_t top, int64_t left) {
    right_ = std::max(right_, left + text_width(fitted, style));
    texts_.push_back({fitted, style, top, left});
  }

  void place_title(const std::string& title, const TextStyle& style) {
    if (title.empty()) return;
    place_text(fit_text(title, kMaxFigureWidth - 2 * kMargin, style), style, bottom_, kMargin);
    bottom_ += style.line_height();
  }

  void place_row(const Row& row) {
    if (row.panels.empty()) return;
    place_title(row.title, kRowTitle);
    const Columns& columns = columns_of(row);
    const auto has_title = [](const Panel& panel) { return !panel.title.empty(); };
    const bool any_title = std::any_of(row.panels.begin(), row.panels.end(), has_title);
    const int64_t above = any_title ? kPanelTitle.line_height() : 0;
    const int64_t count = static_cast<int64_t>(row.panels.size()), first_top = bottom_ + above;
    int64_t first_height = 0;  // of the panels of the first line
    for (int64_t first = 0; first < count; first += columns.per_line()) {
      const int64_t end = std::min(first + columns.per_line(), count);
      int64_t height = 0;
      for (int64_t i = first; i < end; ++i) {
        height = std::max(height, place_panel(row, i, columns, columns.left(i - first), above));
      }
      if (first == 0) first_height = height;
      bottom_ += above + height + (end < count ? kGap : 0);
    }
    if (row.scale) {
      place_bar(*row.scale, first_top, columns.left(std::min(columns.per_line(), count)), first_height);
    }
    bottom_ += kRowGap;
  }

  // Returns the height of its frame.
  int64_t place_panel(const Row& row, int64_t index, const Columns& columns, int64_t left, int64_t above) {
    const Panel& panel = row.panels[static_cast<size_t>(index)];
    Box frame = frame_of(panel, columns.max_side);
    frame.top = bottom_ + above;
    frame.left = left;
    if (!panel.title.empty()) place_text(fit_title(panel, frame.width), kPanelTitle, bottom_, left);
    panels_.push_back({&panel, row.scale ? &*row.scale : &kAsTheyAre, columns.max_side, frame});
    right_ = std::max(right_, left + frame.width);
    return frame.height;
  }

  // As high as the panels beside it, and high enough for its labels.
  void place_bar(const Scale& scale, int64_t top, int64_t left, int64_t height) {
    const Box frame{top, left, std::max(height, kBarHeight), kBarWidth + 2 * kFrame};
    bars_.push_back({&scale, frame});
    const int64_t labels = left + frame.width + kBarGap, line = kPanelTitle.line_height();
    const auto label = [&](const std::string& text, int64_t at) {
      place_text(fit_text(text, kBarRoom - frame.width - kBarGap, kPanelTitle), kPanelTitle, at, labels);
    };
    label(high_label(scale), top);
    if (scale.is_about_zero) label("0", top + (frame.height - line) / 2);
    label(low_label(scale), top + frame.height - line);
    bottom_ = std::max(bottom_, top + frame.height);
  }

  int64_t bottom_ = kMargin;
  int64_t right_ = kMargin;
  std::map<std::pair<size_t, bool>, Columns> columns_;
  std::vector<PlacedText> texts_;
  std::vector<PlacedPanel> panels_;
  std::vector<PlacedBar> bars_;
};

void check_figure(const Figure& figure) {
  size_t panels = 0;
  for (const Row& row : figure.rows) {
    panels += row.panels.size();
    for (const Panel& panel : row.panels) check_panel(panel);
  }
  if (panels == 0) throw ParameterError("figure", "no panels", "at least one");
}

// The highest value on top.
void draw_bar(Canvas& canvas, const PlacedBar& bar) {
  const auto& [scale, frame] = bar;
  canvas.fill(frame, kFrameColour);
  const int64_t steps = frame.height - 2 * kFrame;
  for (int64_t y = 0; y < steps; ++y) {
    const double share = static_cast<double>(y) / static_cast<double>(steps - 1);
    const double value = double{scale->high} * (1 - share) + double{scale->low} * share;
    canvas.fill({frame.top + kFrame + y, frame.left + kFrame, 1, kBarWidth}, scale->colour(static_cast<float>(value)));
  }
}

}  // namespace

Tensor<float, 4> render_figure(const Figure& figure) {
  check_figure(figure);
  const Layout layout(figure);
  if (layout.height() > kMaxFigurePixels / layout.width()) {
    throw ParameterError("figure", to_string(Size2{layout.height(), layout.width()}) + " pixels",
                         "at most " + std::to_string(kMaxFigurePixels), "draw fewer panels");
  }
  Canvas canvas(layout.height(), layout.width());
  for (const PlacedText& text : layout.texts()) canvas.write(text.text, text.top, text.left, text.style);
  for (const PlacedPanel& placed : layout.panels()) {
    canvas.fill(placed.frame, kFrameColour);
    draw_panel(canvas, placed.frame.top + kFrame, placed.frame.left + kFrame, *placed.panel, placed.max_side,
               *placed.scale);
  }
  for (const PlacedBar& bar : layout.bars()) draw_bar(canvas, bar);
  return canvas.picture();
}

}  // namespace convstep::cli
