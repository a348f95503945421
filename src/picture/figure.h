// figure.h: pictures with titles, laid out in rows: what `convstep draw`, the tutorial and the demo leave behind.
//
//   Figure figure{.title = "zero_pad", .rows = {channel_row(x), channel_row(x_pad)}};
//   save_png("pad.png", render_figure(figure));
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "picture/panel.h"

namespace convstep::cli {

// Panels side by side, tops aligned, in columns of one width. Large ones are reduced so that the row fits into one
// line, to kEnlargedSide at the least. Where they do not fit in kMaxFigureWidth they go on in a new line below. Rows of
// equally many panels have the same columns. A row without panels is left out.
struct Row {
  std::string title{};  // none where empty, as with the other titles
  std::vector<Panel> panels{};
  // Of all panels of the row, shown as a bar beside them. Without one values are drawn as they are, 0 black and 1
  // white.
  std::optional<Scale> scale{};
};

struct Figure {
  std::string title{};
  std::vector<Row> rows{};
};

// Room for eight panels of kEnlargedSide, with their frames, the gaps between them, a bar and the margins.
inline constexpr int64_t kMaxFigureWidth = 1560;
// Figures of more pixels than this are refused: at 12 bytes a pixel they would take 768 MiB, and no viewer likes them.
inline constexpr int64_t kMaxFigurePixels = int64_t{1} << 26;
// A panel's title may be as wide as the panel, or this wide above a narrower one; a longer title ends in "...".
inline constexpr int64_t kMinTitleWidth = kEnlargedSide;

// Distances in pixels.
inline constexpr int64_t kMargin = 16;      // white around the whole figure
inline constexpr int64_t kGap = 16;         // between neighbouring panels, and below every line of them
inline constexpr int64_t kRowGap = 28;      // below a row: more, so that the next title joins what follows
inline constexpr int64_t kFrame = 1;        // a grey line around a panel
inline constexpr int64_t kBarWidth = 14;    // of the bar that shows a scale
inline constexpr int64_t kBarHeight = 120;  // at least
inline constexpr int64_t kBarGap = 5;       // between it and its labels
inline constexpr int64_t kBarRoom = 100;    // for all of it

inline constexpr TextStyle kFigureTitle{.size = 24};
inline constexpr TextStyle kRowTitle{.size = 17};
inline constexpr TextStyle kPanelTitle{.size = 14, .colour = {0.35f, 0.35f, 0.35f}};

// The figure as a picture [1,H,W,3] on white, values from 0 to 1: what save_png takes. Throws ShapeError or
// ParameterError for a figure without panels, a panel that cannot be drawn (panel.h) or a figure that is too large.
Tensor<float, 4> render_figure(const Figure& figure);

}  // namespace convstep::cli
