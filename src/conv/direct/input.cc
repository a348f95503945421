#include "conv/direct/input.h"

#include <algorithm>

#include "conv/direct/taps.h"
#include "runtime/machine.h"

namespace convstep {
namespace {

// A line of a tile's every pixel should stay in the level-1 cache until its values are used up. Where they share a set,
// a tile of 14 pixels overflows it, one of 6 nearly does, beside the weights that pass through. 1x1, 1024 to 256
// channels at 14x14: 1.35 times as long in place as from a copy with a line between its pixels, 1.06 with AVX2.
constexpr int64_t kCollidingPixels = 3;
// A copy for that alone pays from so many products per value on.
constexpr int64_t kCopyProducts = 128;

// What a copy holds of an axis for some windows: `count` elements from `first` on, of `size` that lie `step` apart from
// `origin` on. It leaves out what no window reads, where windows of one element move by more, and the padding where
// that is not wanted; so tap 0 of the first window reads element `tap`, which may be less than 0.
struct CopiedAxis {
  CopiedAxis(const WindowAxis& axis, int64_t first_window, int64_t windows, bool with_padding)
      : size(axis.input), first(axis.source(first_window, 0)), count(axis.reach_of(windows)) {
    if (is_thinned(axis)) {
      origin = first, size = count = windows, step = axis.stride, first = 0;
    } else if (!with_padding) {
      const int64_t begin = std::clamp<int64_t>(first, 0, size), end = std::clamp(first + count, begin, size);
      tap = first - begin, first = begin, count = end - begin;
    }
  }
  // The most elements that it holds for so many windows.
  static int64_t most(const WindowAxis& axis, int64_t windows, bool with_padding) {
    if (is_thinned(axis)) return windows;
    return with_padding ? axis.reach_of(windows) : std::min(axis.reach_of(windows), axis.input);
  }
  int64_t origin = 0, size, step = 1, first, count, tap = 0;

 private:
  static bool is_thinned(const WindowAxis& axis) { return axis.window == 1 && !axis.reads_padding(); }
};

}  // namespace

template <class T>
DirectInput<T>::DirectInput(const ConvProblem& problem, bool has_finite_weights) : problem_(problem) {
  const bool reads_padding = problem.geometry.reads_padding();
  if (reads_padding && has_finite_weights) parts_ = parts_off_padding(problem.geometry, problem.group_channels());
  with_padding_ = reads_padding && parts_.empty();
  if (parts_.empty()) parts_ = {whole_output(problem.geometry)};

  const bool copy_pays = problem.group_outputs() * problem.window_size() >= kCopyProducts * problem.group_channels();
  needs_copy_ = with_padding_ || (copy_pays && collides(problem.channels));
  gap_ = collides(problem.group_channels()) ? kCacheLine / int64_t{sizeof(T)} : 0;
}

template <class T>
bool DirectInput<T>::collides(int64_t pixel) const {
  const WindowAxis& width = problem_.geometry.width;
  return width.output >= kCollidingPixels && width.stride * pixel * int64_t{sizeof(T)} % kLevel1Span == 0;
}

template <class T>
int64_t DirectInput<T>::copied_values(int64_t rows, int64_t columns) const {
  const auto& [height, width] = problem_.geometry;
  return CopiedAxis::most(height, rows, with_padding_) * CopiedAxis::most(width, columns, with_padding_) *
         copied_pixel();
}

template <class T>
RegionInput<T> DirectInput<T>::in_place(const ConvCall<T>& call, const OutputRegion& region, int64_t group) const {
  const View<const T, 4>& input = call.input;
  const int64_t row_step = input.stride(1), pixel_step = input.stride(2);
  const int64_t offset = problem_.geometry.height.source(region.first_row, 0) * row_step +
                         problem_.geometry.width.source(region.first_column, 0) * pixel_step;
  return {&input(region.image, 0, 0, group * problem_.group_channels()), offset, input.stride(0), row_step, pixel_step};
}

template <class T>
RegionInput<T> DirectInput<T>::copy(const ConvCall<T>& call, const OutputRegion& region, int64_t images, int64_t group,
                                    T* to) const {
  const int64_t channels = problem_.group_channels();
  const View<const T, 4>& input = call.input;
  const CopiedAxis rows(problem_.geometry.height, region.first_row, region.rows, with_padding_);
  const CopiedAxis columns(problem_.geometry.width, region.first_column, region.columns, with_padding_);
  const int64_t pixel_step = copied_pixel(), row_step = columns.count * pixel_step, image_step = rows.count * row_step;
  for (int64_t n = 0; n < images; ++n) {
    const View<const T, 3> image(&input(region.image + n, rows.origin, columns.origin, group * channels),
                                 {rows.size, columns.size, channels},
                                 {rows.step * input.stride(1), columns.step * input.stride(2), input.stride(3)});
    copy_padded(image, rows.first, rows.count, columns.first, columns.count, to + n * image_step, gap_);
  }
  const int64_t offset = rows.tap * row_step + columns.tap * pixel_step;
  return {to, offset, image_step, row_step, pixel_step, rows.step, columns.step};
}

template class DirectInput<float>;
template class DirectInput<double>;

}  // namespace convstep
