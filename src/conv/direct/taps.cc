#include "conv/direct/taps.h"

#include <algorithm>
#include <cmath>

namespace convstep {
namespace {

using kernels::DirectPart;

// Positions next to the padding that are looked at, and spans of an axis: beyond these, images are tiny beside their
// padding.
constexpr int64_t kMostPositions = 256;
constexpr size_t kMostSpans = 16;

// Steps of a register tile for a column of two pixels: a strip takes at least those of two columns (two units with a
// latency of 4 want 8 vectors of sums under way), of four where its weights (128 bytes for a step) come from the
// level-3 cache; to begin and to end it takes as long as some 25.
constexpr double kShortestStrip = 2, kShortestStripFar = 4, kNearSteps = 4096, kStripSteps = 25, kStripPixels = 7;
// Copying the input with its padding costs some 4% of the time.
constexpr double kCopy = 1.04;

// Output positions first .. end - 1 of an axis, whose windows have the same taps on the input.
struct Span {
  int64_t first, end;
  WindowAxis::Taps taps;
};

// From end to end; none where there would be too many.
std::vector<Span> spans_of(const WindowAxis& axis) {
  std::vector<Span> spans;
  int64_t positions = 0;
  for (int64_t o = 0; o < axis.output;) {
    const WindowAxis::Taps taps = axis.taps_on_input(o);
    const bool is_inside = taps.count() == axis.window;
    const int64_t last =
        is_inside ? std::min((axis.input - axis.reach() + axis.before) / axis.stride, axis.output - 1) : o;
    if (!spans.empty() && spans.back().taps.first == taps.first && spans.back().taps.end == taps.end) {
      spans.back().end = last + 1;
    } else {
      spans.push_back({o, last + 1, taps});
    }
    o = last + 1;
    if (++positions > kMostPositions || spans.size() > kMostSpans) return {};
  }
  return spans;
}

double steps(const DirectPart& part, int64_t channels, double shortest_strip) {
  const double pixels = double(part.end_column - part.first_column);
  const double taps = double(part.tap_rows) * double(part.tap_columns) * double(channels);
  return double(part.end_row - part.first_row) *
         (taps * std::max(pixels, shortest_strip) + std::ceil(pixels / kStripPixels) * kStripSteps);
}

}  // namespace

DirectPart whole_output(const WindowGeometry& geometry) {
  const auto& [height, width] = geometry;
  return {0, height.output, 0, width.output, 0, height.window, 0, width.window};
}

std::vector<DirectPart> parts_off_padding(const WindowGeometry& geometry, int64_t channels) {
  const std::vector<Span> rows = spans_of(geometry.height), columns = spans_of(geometry.width);
  const double window = double(geometry.height.window) * double(geometry.width.window) * double(channels);
  const double shortest_strip = window > kNearSteps ? kShortestStripFar : kShortestStrip;
  std::vector<DirectPart> parts;
  double sum = 0;
  for (const Span& row : rows) {
    for (const Span& column : columns) {
      parts.push_back({row.first, row.end, column.first, column.end, row.taps.first, row.taps.count(),
                       column.taps.first, column.taps.count()});
      sum += steps(parts.back(), channels, shortest_strip);
    }
  }
  if (sum > kCopy * steps(whole_output(geometry), channels, shortest_strip)) parts.clear();
  return parts;
}

}  // namespace convstep
