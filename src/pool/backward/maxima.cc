#include "pool/backward/maxima.h"

#include <algorithm>

namespace convstep {

template <class T>
MaximaFinder<T>::MaximaFinder(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const LookedAt<T>& at,
                              void* memory)
    : call_(call),
      height_(call.problem.geometry.height),
      width_(call.problem.geometry.width),
      at_(at),
      keeps_rows_(cut.keeps_rows),
      kept_rows_(std::min(height_.reach(), height_.input)),
      row_values_(cut.rows.windows),
      maxima_{cut.workspace.values.in(memory), cut.workspace.positions.in(memory)},
      of_rows_{cut.workspace.row_values.in(memory), cut.workspace.row_positions.in(memory)},
      row_offsets_(cut.workspace.row_offsets.in(memory)),
      found_until_(at.first_row),
      last_special_(at.first_row - 1) {}

template <class T>
bool MaximaFinder<T>::find(int64_t y, ReadCounter& reads) {
  const auto rows = height_.taps_on_input(y);
  const int64_t first = height_.source(y, rows.first), end = height_.source(y, rows.end - 1) + 1;
  // Where the first taps lie on padding, dilated windows to come may read earlier rows than this one.
  const int64_t begin = std::max(height_.source(y, 0), at_.first_row);
  if (!keeps_rows_) {
    const bool is_known = height_.dilation == 1 && last_special_ < begin;
    const int64_t known = is_known ? std::clamp<int64_t>(found_until_ - first, 0, rows.count()) : 0;
    found_until_ = end;
    return find_surely({first, rows.count(), known}, maxima_, reads);
  }
  if (!keep_rows(begin, end, reads)) return false;
  for (int64_t i = 0; i < rows.count(); ++i) {
    row_offsets_[i] = (first + i * height_.dilation) % kept_rows_ * row_values_;
  }
  kernels::join_maxima(call_.target, {of_rows_, row_offsets_, rows.count(), row_values_, maxima_},
                       last_special_ >= begin);
  return reads.add(rows.count() * row_values_);
}

// Finds the maxima of each of these rows, as far as they are not known.
template <class T>
bool MaximaFinder<T>::keep_rows(int64_t first_row, int64_t end_row, ReadCounter& reads) {
  for (found_until_ = std::max(found_until_, first_row); found_until_ < end_row; ++found_until_) {
    const int64_t offset = found_until_ % kept_rows_ * row_values_;
    if (!find_surely({found_until_, 1, 0}, {of_rows_.values + offset, of_rows_.positions + offset}, reads))
      return false;
  }
  return true;
}

// With one comparison for each element, and again with more where that would not do.
template <class T>
bool MaximaFinder<T>::find_surely(const Rows& rows, const kernels::Maxima<T>& maxima, ReadCounter& reads) {
  if (!find_among(rows, maxima, false, reads)) {
    last_special_ = rows.first + (rows.count - 1) * height_.dilation;
    find_among(rows, maxima, true, reads);
  }
  return !is_stopped_;
}

// Windows that read the same columns together. False where one comparison may not do.
template <class T>
bool MaximaFinder<T>::find_among(const Rows& rows, const kernels::Maxima<T>& maxima, bool is_exact,
                                 ReadCounter& reads) {
  const int64_t end = at_.first_window + at_.windows;
  for (int64_t x = at_.first_window, windows; x < end && !is_stopped_; x += windows) {
    windows = windows_alike(width_, x, end);
    if (!find_run(rows, x, windows, maxima, is_exact, reads)) return false;
  }
  return true;
}

template <class T>
bool MaximaFinder<T>::find_run(const Rows& rows, int64_t x, int64_t windows, const kernels::Maxima<T>& maxima,
                               bool is_exact, ReadCounter& reads) {
  const auto columns = width_.taps_on_input(x);
  const int64_t taps = rows.count * columns.count(), place = at_.place + (x - at_.first_window) * at_.window_step;
  const int64_t start = width_.source(x, 0);
  const bool is_flat = at_.positions_of_windows && windows > 1;
  kernels::WindowRun<T> run{.input = nullptr,
                            .input_step = width_.stride * at_.input.pixel_step,
                            .first_position = 0,
                            .position_step = static_cast<kernels::Position<T>>(width_.stride * at_.pixel_positions),
                            .lane_positions = is_flat ? at_.positions_of_windows + start * at_.channels : nullptr,
                            .windows = is_flat ? 1 : windows,
                            .channels = at_.channels * (is_flat ? (windows - 1) * width_.stride + 1 : 1),
                            .maxima = {maxima.values + place, maxima.positions + place},
                            .step = at_.window_step};
  for (int64_t first = 0, count; first < taps; first += count) {
    count = std::min(taps - first, kMostTaps);
    fill(columns.count(), first, count, is_flat ? 0 : rows.known);
    const int64_t row = rows.first + first / columns.count() * height_.dilation;
    const int64_t column = width_.source(x, columns.first + first % columns.count());
    run.input = at_.input.data + (row - at_.first_row) * at_.input.row_step +
                (column - at_.first_column) * at_.input.pixel_step;
    const int64_t pixel = row * width_.input + column - (is_flat ? start : 0);
    run.first_position = static_cast<kernels::Position<T>>(at_.first_position + pixel * at_.pixel_positions);
    if (!kernels::find_maxima(call_.target, run, {offsets_, positions_, are_new_, count}, first > 0, is_exact)) {
      return false;
    }
    is_stopped_ = is_stopped_ || !reads.add(count * run.windows * run.channels);
    if (is_stopped_) return true;
  }
  return true;
}

// The tables of taps first .. first + count - 1 of windows so wide, counted from the first of them.
template <class T>
void MaximaFinder<T>::fill(int64_t columns, int64_t first, int64_t count, int64_t known_rows) {
  const int64_t start = first % columns, known = std::max<int64_t>(known_rows - first / columns, 0);
  if (filled_.first == start && filled_.count == count && filled_.columns == columns && filled_.known_rows == known) {
    return;
  }
  filled_ = {start, count, columns, known};
  for (int64_t t = 0, i = 0, j = start; t < count; ++t) {
    const int64_t down = i * height_.dilation, right = (j - start) * width_.dilation;
    offsets_[t] = down * at_.input.row_step + right * at_.input.pixel_step;
    positions_[t] = static_cast<kernels::Position<T>>((down * width_.input + right) * at_.pixel_positions);
    are_new_[t] = i >= known && (width_.dilation > 1 || j >= columns - width_.stride);
    if (++j == columns) j = 0, ++i;
  }
}

template class MaximaFinder<float>;
template class MaximaFinder<double>;

}  // namespace convstep
