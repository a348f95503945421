// figure_rows.h: rows of a figure made of arrays.
#pragma once

#include <string>
#include <vector>

#include "picture/figure.h"

namespace convstep::cli {

// How many panels channel_row and filter_rows make unless told otherwise.
inline constexpr int64_t kMaxPanels = 64;

// One picture of those load_image gives as a row: volume [N,H,W,C], C = 1 grey, 2 grey and alpha, 3 RGB, 4 RGBA. Values
// are drawn as they are, 0 black and 1 full; alpha lets the white background through. Throws as channel_row does, and
// ShapeError for more than four channels.
Row picture_row(std::string title, View<const float, 4> volume, int64_t image = 0);

// The channels of one image of a volume [N,H,W,C], panels "[n,:,:,c]", at most `limit` of them, in one scale of grey.
// The row's title says how many there are: "8 channels", or "64 of 512 channels". Throws ShapeError for an empty axis,
// ParameterError for an image that is not there or a limit below 1.
Row channel_row(View<const float, 4> volume, int64_t image = 0, int64_t limit = kMaxPanels);

// Filters [KH,KW,C,O], a row for each input channel c with panels "[:,:,c,o]", at most `limit` panels in all: first
// fewer rows, then fewer filters in each; all in one scale about zero. The rows' titles say "input channel 0 of 3, 8
// filters" or "..., 64 of 512 filters". Throws as channel_row does.
std::vector<Row> filter_rows(View<const float, 4> weights, int64_t limit = kMaxPanels);

// The panels' values, of one channel each, as the scales of scale.h take them.
std::vector<std::span<const float>> values_of(const std::vector<Panel>& panels);

}  // namespace convstep::cli
