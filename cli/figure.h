// figure.h: pictures with titles, laid out in rows: what `convstep draw`, the tutorial and the demo leave behind.
//
//   Figure figure{.title = "zero_pad", .rows = {channel_panels(x), channel_panels(x_pad)}};
//   save_png("pad.png", render_figure(figure));
#pragma once

#include <string>
#include <vector>

#include "cli/panel.h"

namespace convstep::cli {

// Panels side by side, tops aligned. Large ones are reduced so that the row fits into one line, to kEnlargedSide at
// the least. Where they do not fit in kMaxFigureWidth they go on in a new line below. A row
// without panels is left out.
struct Row {
  std::string title{};  // none where empty, as with the other titles
  std::vector<Panel> panels{};
};

struct Figure {
  std::string title{};
  std::vector<Row> rows{};
};

// Room for eight panels of kEnlargedSide, with their frames, the gaps between them and the margins.
inline constexpr int64_t kMaxFigureWidth = 1440;
// Figures of more pixels than this are refused: at 12 bytes a pixel they would take 768 MiB, and no viewer likes them.
inline constexpr int64_t kMaxFigurePixels = int64_t{1} << 26;
// A panel's title may be as wide as the panel, or this wide (twenty characters) above a narrower one; a longer title
// ends in "...".
inline constexpr int64_t kMinTitleWidth = 240;

// Distances in pixels.
inline constexpr int64_t kMargin = 16;  // white around the whole figure
inline constexpr int64_t kGap = 16;     // between neighbouring panels, and below every line of them
inline constexpr int64_t kRowGap = 28;  // below the last line of a row: more, so that the next title joins what follows
inline constexpr int64_t kTextGap = 4;  // below a title, in pixels of its font
inline constexpr int64_t kFrame = 1;    // a grey line around a panel

// How many panels channel_panels and filter_panels make unless told otherwise.
inline constexpr int64_t kMaxPanels = 64;

// The figure as a picture [1,H,W,3] on white, values from 0 to 1: what save_png takes. Throws ShapeError or
// ParameterError for a figure without panels, a panel that cannot be drawn (panel.h) or a figure that is too large.
Tensor<float, 4> render_figure(const Figure& figure);

// One picture of those load_image gives as a panel: volume [N,H,W,C], C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA.
// Values are drawn as they are, 0 black and 1 full; alpha lets the white background through. Throws as channel_panels
// does, and ShapeError for more than four channels.
Panel picture_panel(std::string title, View<const float, 4> volume, int64_t image = 0);

// The channels of one image of a volume [N,H,W,C], grey panels "[n,:,:,c]", at most `limit` of them. The row's title
// says how many there are: "8 channels", or "64 of 512 channels". Throws ShapeError for an empty axis, ParameterError
// for an image that is not there or a limit below 1.
Row channel_panels(View<const float, 4> volume, int64_t image = 0, int64_t limit = kMaxPanels);

// Filters [KH,KW,C,O], a row for each input channel c with grey panels "[:,:,c,o]", at most `limit` panels in all:
// first fewer rows, then fewer filters in each. The rows' titles say "input channel 0 of 3, 8 filters" or "..., 64 of
// 512 filters". Throws as channel_panels does.
std::vector<Row> filter_panels(View<const float, 4> weights, int64_t limit = kMaxPanels);

}  // namespace convstep::cli
