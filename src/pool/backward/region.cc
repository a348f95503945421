#include "pool/backward/region.h"

#include <algorithm>
#include <limits>

#include "pool/backward/given.h"
#include "pool/backward/maxima.h"
#include "pool/backward/scatter.h"
#include "pool/method.h"
#include "runtime/threads.h"
#include "tiling/staging.h"

namespace convstep {
namespace {

using kernels::Position;

template <class T>
class Region {
 public:
  Region(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const OutputRegion& region,
         const TaskProgress& progress, void* memory)
      : call_(call),
        cut_(cut),
        region_(region),
        geometry_(call.problem.geometry),
        rows_(geometry_.height, region.first_row, region.rows),
        columns_(geometry_.width, region.first_column, region.columns),
        sharing_(geometry_.height),
        reads_(progress, reads_per_report(call.problem.options)),
        memory_(memory) {
    const WindowAxis& width = geometry_.width;
    const bool is_flat = cut.rows.are_flat;
    window_step_ = is_flat ? width.stride * cut.rows.step : cut.rows.step;
    place_ = is_flat ? (cut.rows.margin + width.source(columns_.first_window, 0)) * cut.rows.step : 0;
  }

  void run() {
    if (rows_.count() <= 0 || columns_.count() <= 0) return;
    point_at_input_grad();
    if (cut_.rows.are_flat) {
      prepare_flat_rows();
    } else if (!cut_.slides && !cut_.is_scattered) {
      list_windows();
    }
    if (cut_.is_scattered) {
      std::fill_n(piece(cut_.workspace.sums), rows_.count() * cut_.rows.columns, T(0));
    } else if (!write_unread_rows()) {
      return;
    }
    if (!add_windows()) return;
    for (int64_t row = rows_.first; cut_.is_scattered && row < rows_.end; ++row) {
      if (!add(row, {.is_begun = true})) return;
    }
    if (cut_.copies_input_grad) scatter_result();
  }

 private:
  // How a row of windows meets a row of the gradient.
  struct Meeting {
    int64_t y = -1;           // or none
    bool is_begun = false;    // Have other windows added to it?
    bool is_finished = true;  // Will none add to it any more?
  };

  template <class U>
  U* piece(const Piece<U>& piece) const {
    return piece.in(memory_);
  }

  // In place where channels lie side by side.
  void point_at_input_grad() {
    if (cut_.copies_input_grad) {
      T* copy = piece(cut_.is_scattered ? cut_.workspace.sums : cut_.workspace.input_grad);
      input_grad_ = {copy, cut_.rows.columns, cut_.rows.step};
    } else {
      const View<T, 4>& view = call_.input_grad;
      input_grad_ = {&view(region_.image, rows_.first, columns_.first, region_.first_channel), view.stride(1),
                     view.stride(2)};
    }
  }

  // What lies between windows has positions of no element, and gives nothing.
  void prepare_flat_rows() {
    const WindowAxis& width = geometry_.width;
    const int64_t C = region_.channels;
    const BackwardWorkspace<T>& workspace = cut_.workspace;
    std::fill_n(piece(workspace.shares), cut_.rows.windows, T(0));
    if (call_.problem.options.mode != PoolMode::kMax) return;
    constexpr Position<T> kNone = std::numeric_limits<Position<T>>::min();
    std::fill_n(piece(workspace.positions), cut_.rows.windows, kNone);
    Position<T>* of_columns = piece(workspace.positions_of_columns);
    for (int64_t x = 0; x < width.input; ++x) std::fill_n(of_columns + x * C, C, static_cast<Position<T>>(x));
    if (!cut_.looks) return;
    Position<T>* of_windows = piece(workspace.positions_of_windows);
    if (width.stride == 1) {
      std::copy_n(of_columns, width.input * C, of_windows);
      return;
    }
    std::fill_n(of_windows, width.input * C, kNone);
    for (int64_t x = 0; x < width.output; ++x) {
      const int64_t start = width.source(x, 0);
      if (width.is_inside(start)) std::fill_n(of_windows + start * C, C, static_cast<Position<T>>(start));
    }
  }

  void list_windows() {
    kernels::WindowsOver* list = piece(cut_.workspace.windows_over);
    for (int64_t column = columns_.first; column < columns_.end; ++column) {
      const WindowSequence over = windows_over(geometry_.width, column);
      list[column - columns_.first] = {static_cast<int32_t>(over.count > 0 ? over.first - columns_.first_window : 0),
                                       static_cast<int32_t>(over.count)};
    }
  }

  bool write_unread_rows() {
    const WindowAxis& height = geometry_.height;
    const bool are_all_read = height.dilation == 1 && height.stride <= height.window && height.source(0, 0) <= 0 &&
                              height.source(height.output - 1, height.window) >= height.input;
    for (int64_t row = rows_.first; !are_all_read && row < rows_.end; ++row) {
      if (windows_over(height, row).count == 0 && !add(row, {})) return false;
    }
    return true;
  }

  bool add_windows() {
    const GivenAt at{region_, columns_.first_window, columns_.windows(), place_, window_step_, cut_.rows.are_flat};
    GivenRows<T> given(call_, cut_, at, memory_);
    if (!cut_.looks) return add_rows(given, [](int64_t) { return true; });
    MaximaFinder<T> maxima(call_, cut_, looked_at(), memory_);
    return add_rows(given, [&](int64_t y) { return maxima.find(y, reads_); });
  }

  template <class Find>
  bool add_rows(GivenRows<T>& given, const Find& find) {
    for (int64_t y = rows_.first_window; y < rows_.end_window; ++y) {
      if (!find(y)) return false;
      grad_ = given.read(y);
      if (!(cut_.is_scattered ? scatter_row(y) : add_row(y))) return false;
    }
    return true;
  }

  // From the first element that the windows can read to the last one. (Of dilated windows it need not be the first
  // window that reads the first element.)
  struct Span {
    int64_t first, count;
  };
  static Span read_by(const WindowAxis& axis, const AxisPart& part) {
    const int64_t first = std::max<int64_t>(axis.source(part.first_window, 0), 0);
    const int64_t end = std::min(axis.source(part.end_window - 1, axis.window - 1) + 1, axis.input);
    return {first, std::max<int64_t>(end - first, 0)};
  }

  LookedAt<T> looked_at() {
    const OutputRegion& r = region_;
    const Span rows = read_by(geometry_.height, rows_), columns = read_by(geometry_.width, columns_);
    first_row_ = rows.first;
    first_column_ = columns.first;
    if (cut_.copies_input) {
      T* copy = piece(cut_.workspace.input);
      copy_padded(some_channels(call_.input[r.image], r.first_channel, r.channels), rows.first, rows.count,
                  columns.first, columns.count, copy, cut_.rows.step - r.channels);
      input_ = {copy, columns.count * cut_.rows.step, cut_.rows.step};
    } else {
      const View<const T, 4>& view = call_.input;
      input_ = {&view(r.image, rows.first, columns.first, r.first_channel), view.stride(1), view.stride(2)};
    }
    return {.input = input_,
            .first_row = rows.first,
            .first_column = columns.first,
            .first_window = columns_.first_window,
            .windows = columns_.windows(),
            .channels = r.channels,
            .first_position = cut_.is_scattered ? -rows_.first * geometry_.width.input * cut_.rows.step : 0,
            .pixel_positions = cut_.is_scattered ? cut_.rows.step : 1,
            .place = place_,
            .window_step = window_step_,
            .positions_of_windows = cut_.rows.are_flat ? piece(cut_.workspace.positions_of_windows) : nullptr};
  }

  // A row of windows to each row of the gradient under it.
  bool add_row(int64_t y) {
    const WindowAxis& height = geometry_.height;
    const auto taps = height.taps_on_input(y);
    for (int64_t i = taps.first; i < taps.end; ++i) {
      const int64_t row = height.source(y, i);
      if (row < rows_.first || row >= rows_.end) continue;
      const bool is_begun = y >= sharing_.windows && i + sharing_.taps < height.window;
      const bool is_finished = y + sharing_.windows >= height.output || i < sharing_.taps;
      if (!add(row, {y, is_begun, is_finished})) return false;
    }
    return true;
  }

  // Sums of rows that are not finished, each in the place of one that is.
  T* sums_of(int64_t row) const {
    return piece(cut_.workspace.sums) + (row - rows_.first) % cut_.sums_rows * cut_.rows.columns;
  }

  bool add(int64_t row, const Meeting& meeting) {
    const bool is_flat = cut_.rows.are_flat, is_max = call_.problem.options.mode == PoolMode::kMax;
    const bool has_windows = meeting.y >= 0, is_in_place = meeting.is_finished && !cut_.copies_input_grad;
    const WindowAxis& width = geometry_.width;
    const kernels::WindowsOver flat_windows{static_cast<int32_t>(std::max<int64_t>(width.before, 0)),
                                            has_windows ? static_cast<int32_t>(width.window) : 0};
    // In the workspace there are no part-filled vectors.
    const int64_t line = kCacheLine / static_cast<int64_t>(sizeof(T));
    const int64_t channels = is_in_place || is_flat ? region_.channels : round_up(region_.channels, line);
    kernels::GradientRow<T> of{
        .windows = is_flat       ? &flat_windows
                   : has_windows ? piece(cut_.workspace.windows_over)
                                 : nullptr,
        .window_step = is_flat ? width.dilation : Sharing(width).windows,
        .columns = is_flat ? 1 : columns_.count(),
        .channels = is_flat ? columns_.count() * channels : channels,
        .grad = grad_.values,
        .grad_step = grad_.step,
        .positions = nullptr,
        .first_position = 0,
        .lane_positions = is_flat && is_max ? piece(cut_.workspace.positions_of_columns) : nullptr,
        .maxima = nullptr,
        .input = nullptr,
        .input_step = input_.pixel_step,
        .step = cut_.rows.step,
        .sums = meeting.is_begun ? sums_of(row) : nullptr,
        .sums_step = cut_.rows.step,
        .to = meeting.is_finished ? input_grad_.data + (row - rows_.first) * input_grad_.row_step : sums_of(row),
        .to_step = meeting.is_finished ? input_grad_.pixel_step : cut_.rows.step,
        .adds = is_in_place && call_.accumulate};
    if (is_max && has_windows && (call_.indices || call_.ties == PoolTies::kFirst)) {
      of.positions = piece(cut_.workspace.positions);
      of.first_position = static_cast<Position<T>>(row * width.input + columns_.first);
    } else if (is_max && has_windows) {
      of.maxima = piece(cut_.workspace.values);
      of.input =
          input_.data + (row - first_row_) * input_.row_step + (columns_.first - first_column_) * input_.pixel_step;
      of.channels = region_.channels;
    }
    if (cut_.slides && has_windows) {
      const int64_t start = width.source(columns_.first_window, 0) - columns_.first;
      kernels::slide_windows(call_.target, of, {width.window, width.stride, columns_.windows(), start});
    } else {
      kernels::add_windows(call_.target, of);
    }
    return reads_.add(columns_.count() * region_.channels);
  }

  // Each window's gradient where its maximum is.
  bool scatter_row(int64_t y) {
    const int64_t W = geometry_.width.input;
    const Scattered<T> of{.grad = grad_.values,
                          .grad_step = grad_.step,
                          .windows = columns_.windows(),
                          .channels = region_.channels,
                          .sums = piece(cut_.workspace.sums),
                          .pixel_step = cut_.rows.step,
                          .pixels = rows_.count() * W,
                          .are_all_inside = rows_.count() == geometry_.height.input};
    if (call_.indices) {
      scatter_by_indices(of, call_.indices[region_.image][y], columns_.first_window, region_.first_channel,
                         rows_.first * W);
    } else {
      scatter_by_places(of, piece(cut_.workspace.positions), cut_.rows.step);
    }
    return reads_.add(columns_.windows() * region_.channels);
  }

  void scatter_result() {
    const View<T, 4>& view = call_.input_grad;
    T* first = &view(region_.image, rows_.first, columns_.first, region_.first_channel);
    const View<T, 3> to(first, {rows_.count(), columns_.count(), region_.channels},
                        {view.stride(1), view.stride(2), view.stride(3)});
    for (int64_t row = 0; row < rows_.count(); ++row) {
      scatter(input_grad_.data + row * input_grad_.row_step,
              View<T, 3>(to.data() + row * to.stride(0), {1, to.shape(1), to.shape(2)}, to.strides()),
              cut_.rows.step - region_.channels, call_.accumulate);
    }
  }

  const PoolBackwardCall<T>& call_;
  const BackwardCut<T>& cut_;
  const OutputRegion& region_;
  const WindowGeometry& geometry_;
  const AxisPart rows_, columns_;  // of the gradient
  const Sharing sharing_;          // of rows
  ReadCounter reads_;
  void* const memory_;
  int64_t place_, window_step_;  // of windows in their rows of the workspace
  PixelView<const T> input_{};   // from (first_row_, first_column_) on
  int64_t first_row_ = 0, first_column_ = 0;
  PixelView<T> input_grad_{};  // from (rows_.first, columns_.first) on
  Given<T> grad_{};            // of the row at hand
};

}  // namespace

template <class T>
void run_backward_region(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const OutputRegion& region,
                         const TaskProgress& progress) {
  const ThreadWorkspace memory(cut.workspace.layout.bytes());
  Region<T>(call, cut, region, progress, memory.data()).run();
}

template void run_backward_region(const PoolBackwardCall<float>&, const BackwardCut<float>&, const OutputRegion&,
                                  const TaskProgress&);
template void run_backward_region(const PoolBackwardCall<double>&, const BackwardCut<double>&, const OutputRegion&,
                                  const TaskProgress&);

}  // namespace convstep
