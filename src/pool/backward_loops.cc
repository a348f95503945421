#include "pool/backward_loops.h"

#include "pool/method.h"
#include "reference/maximum.h"

namespace convstep {
namespace {

// Goes through the elements of the input under one window after the other, until progress stops it.
class WindowWalk {
 public:
  WindowWalk(const WindowGeometry& geometry, const PoolOptions& options, int64_t channels, const TaskProgress& progress)
      : geometry_(geometry), channels_(channels), per_report_(reads_per_report(options)), progress_(progress) {}

  // Calls visit(row, column) for the elements under the window at (y, x), row by row.
  template <class Visit>
  void for_each_place(int64_t y, int64_t x, Visit visit) {
    const auto &height = geometry_.height, &width = geometry_.width;
    const auto rows = height.taps_on_input(y), columns = width.taps_on_input(x);
    for (int64_t i = rows.first; i < rows.end && has_read(columns.count()); ++i) {
      for (int64_t j = columns.first; j < columns.end; ++j) visit(height.source(y, i), width.source(x, j));
    }
  }
  // So many more pixels have been read; now and then progress hears of it. False: stop.
  bool has_read(int64_t pixels) {
    reads_ += pixels * channels_;
    if (reads_ >= per_report_) {
      reads_ = 0;
      is_stopped_ = is_stopped_ || !progress_.keep_going();
    }
    return !is_stopped_;
  }
  bool is_stopped() const { return is_stopped_; }

 private:
  const WindowGeometry& geometry_;
  const int64_t channels_, per_report_;
  const TaskProgress& progress_;
  int64_t reads_ = 0;
  bool is_stopped_ = false;
};

template <class T>
void add_to_maxima(const PoolGradients<T>& gradients, int64_t y, int64_t x, WindowWalk& walk) {
  const int64_t channels = gradients.grad.shape(2);
  T best[kMostBackwardChannels];
  T* place[kMostBackwardChannels];
  bool is_first = true;
  walk.for_each_place(y, x, [&](int64_t row, int64_t column) {
    const T* values = &gradients.input(row, column, 0);
    T* gradient = &gradients.input_grad(row, column, 0);
    for (int64_t c = 0; c < channels; ++c) {
      if (!is_first && !reference::is_larger(values[c], best[c])) continue;
      best[c] = values[c];
      place[c] = gradient + c;
    }
    is_first = false;
  });
  if (walk.is_stopped()) return;
  const T* g = &gradients.grad(y, x, 0);
  if (gradients.ties == PoolTies::kFirst) {
    for (int64_t c = 0; c < channels; ++c) *place[c] += g[c];
    return;
  }
  walk.for_each_place(y, x, [&](int64_t row, int64_t column) {
    const T* values = &gradients.input(row, column, 0);
    T* gradient = &gradients.input_grad(row, column, 0);
    for (int64_t c = 0; c < channels; ++c) gradient[c] += values[c] == best[c] ? g[c] : T(0);
  });
}

template <class T>
void add_evenly(const PoolGradients<T>& gradients, int64_t y, int64_t x, WindowWalk& walk) {
  const auto& [height, width] = gradients.geometry;
  const bool include_padding = gradients.options.count_include_pad;
  const int64_t channels = gradients.grad.shape(2);
  const T count =
      static_cast<T>(count_taps(height, y, include_padding)) * static_cast<T>(count_taps(width, x, include_padding));
  const T* g = &gradients.grad(y, x, 0);
  T part[kMostBackwardChannels];
  for (int64_t c = 0; c < channels; ++c) part[c] = g[c] / count;
  walk.for_each_place(y, x, [&](int64_t row, int64_t column) {
    T* gradient = &gradients.input_grad(row, column, 0);
    for (int64_t c = 0; c < channels; ++c) gradient[c] += part[c];
  });
}

template <class T>
void add_by_indices(const PoolGradients<T>& gradients, int64_t y, int64_t x, WindowWalk& walk) {
  const int64_t channels = gradients.grad.shape(2), W = gradients.input_grad.shape(1);
  const T* g = &gradients.grad(y, x, 0);
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t index = gradients.indices(y, x, c);
    gradients.input_grad(index / W, index % W, c) += g[c];
  }
  walk.has_read(1);
}

}  // namespace

template <class T>
void add_pool_gradients(const PoolGradients<T>& gradients, const TaskProgress& progress) {
  const auto [OH, OW, channels] = gradients.grad.shape();
  WindowWalk walk(gradients.geometry, gradients.options, channels, progress);
  const auto add = gradients.indices                              ? add_by_indices<T>
                   : gradients.options.mode == PoolMode::kAverage ? add_evenly<T>
                                                                  : add_to_maxima<T>;
  for (int64_t y = 0; y < OH; ++y) {
    for (int64_t x = 0; x < OW; ++x) {
      add(gradients, y, x, walk);
      if (walk.is_stopped()) return;
    }
  }
}

template void add_pool_gradients(const PoolGradients<float>&, const TaskProgress&);
template void add_pool_gradients(const PoolGradients<double>&, const TaskProgress&);

}  // namespace convstep
