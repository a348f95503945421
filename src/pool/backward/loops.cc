#include "pool/backward/loops.h"

#include <algorithm>

#include "pool/problem.h"
#include "reference/maximum.h"

namespace convstep {
namespace {

// Calls visit(row, column) for the elements under the window at (y, x), row by row.
template <class Visit>
void for_each_place(const WindowGeometry& geometry, int64_t y, int64_t x, Visit visit) {
  const auto& [height, width] = geometry;
  const auto rows = height.taps_on_input(y), columns = width.taps_on_input(x);
  for (int64_t i = rows.first; i < rows.end; ++i) {
    for (int64_t j = columns.first; j < columns.end; ++j) visit(height.source(y, i), width.source(x, j));
  }
}

template <class T>
void add_to_maxima(const PoolGradients<T>& gradients, int64_t y, int64_t x) {
  const int64_t channels = gradients.grad.shape(2);
  T best[kMostLoopChannels];
  T* place[kMostLoopChannels];
  bool is_first = true;
  for_each_place(gradients.geometry, y, x, [&](int64_t row, int64_t column) {
    const T* values = &gradients.input(row, column, 0);
    T* gradient = &gradients.input_grad(row, column, 0);
    for (int64_t c = 0; c < channels; ++c) {
      if (!is_first && !reference::is_larger(values[c], best[c])) continue;
      best[c] = values[c];
      place[c] = gradient + c;
    }
    is_first = false;
  });
  const T* g = &gradients.grad(y, x, 0);
  if (gradients.ties == PoolTies::kFirst) {
    for (int64_t c = 0; c < channels; ++c) *place[c] += g[c];
    return;
  }
  for_each_place(gradients.geometry, y, x, [&](int64_t row, int64_t column) {
    const T* values = &gradients.input(row, column, 0);
    T* gradient = &gradients.input_grad(row, column, 0);
    for (int64_t c = 0; c < channels; ++c) gradient[c] += values[c] == best[c] ? g[c] : T(0);
  });
}

template <class T>
void add_evenly(const PoolGradients<T>& gradients, int64_t y, int64_t x) {
  const auto& [height, width] = gradients.geometry;
  const bool include_padding = gradients.options.count_include_pad;
  const int64_t channels = gradients.grad.shape(2);
  const T count =
      static_cast<T>(count_taps(height, y, include_padding)) * static_cast<T>(count_taps(width, x, include_padding));
  const T* g = &gradients.grad(y, x, 0);
  T part[kMostLoopChannels];
  for (int64_t c = 0; c < channels; ++c) part[c] = g[c] / count;
  for_each_place(gradients.geometry, y, x, [&](int64_t row, int64_t column) {
    T* gradient = &gradients.input_grad(row, column, 0);
    for (int64_t c = 0; c < channels; ++c) gradient[c] += part[c];
  });
}

template <class T>
void add_by_indices(const PoolGradients<T>& gradients, int64_t y, int64_t x) {
  const int64_t channels = gradients.grad.shape(2), W = gradients.input_grad.shape(1);
  const T* g = &gradients.grad(y, x, 0);
  for (int64_t c = 0; c < channels; ++c) {
    const int64_t index = gradients.indices(y, x, c);
    gradients.input_grad(index / W, index % W, c) += g[c];
  }
}

}  // namespace

template <class T>
void loop_over_windows(const PoolGradients<T>& gradients) {
  const View<T, 3>& to = gradients.input_grad;
  for (int64_t row = 0; row < to.shape(0); ++row) {
    for (int64_t column = 0; column < to.shape(1); ++column) std::fill_n(&to(row, column, 0), to.shape(2), T(0));
  }
  const auto add = gradients.indices                              ? add_by_indices<T>
                   : gradients.options.mode == PoolMode::kAverage ? add_evenly<T>
                                                                  : add_to_maxima<T>;
  for (int64_t y = 0; y < gradients.grad.shape(0); ++y) {
    for (int64_t x = 0; x < gradients.grad.shape(1); ++x) add(gradients, y, x);
  }
}

template void loop_over_windows(const PoolGradients<float>&);
template void loop_over_windows(const PoolGradients<double>&);

}  // namespace convstep
