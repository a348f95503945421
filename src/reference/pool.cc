// pool.cc: pooling, section 4 of the notebook, and its gradient.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "reference/lp_norm.h"
#include "reference/maximum.h"
#include "reference/pairwise_sum.h"
#include "reference/reference.h"
#include "reference/store.h"

namespace convstep::reference {
namespace {

// One channel of one image, and the window at output position (y, x) above it.
template <class T, class Report>
struct Window {
  View<const T, 4> input;
  const WindowGeometry& geometry;
  int64_t n, y, x, c;
  const Report& report;

  int64_t count() const { return geometry.height.taps_on_input(y).count() * geometry.width.taps_on_input(x).count(); }

  // Calls visit(row, column) for every element of the input under the window, row by row, and report() after each row
  // of a long window.
  template <class Visit>
  void for_each_place(Visit visit) const {
    const auto rows = geometry.height.taps_on_input(y), columns = geometry.width.taps_on_input(x);
    for (int64_t i = rows.first; i < rows.end; ++i) {
      for (int64_t j = columns.first; j < columns.end; ++j) {
        visit(geometry.height.source(y, i), geometry.width.source(x, j));
      }
      if (count() > kLongWindow) report();
    }
  }
  // The same with visit(value, row, column).
  template <class Visit>
  void for_each(Visit visit) const {
    for_each_place([&](int64_t row, int64_t column) { visit(input(n, row, column, c), row, column); });
  }
};

template <class T>
struct Maximum {
  T value;
  int64_t index;  // row * W + column
};

template <class T, class Report>
Maximum<T> maximum(const Window<T, Report>& window) {
  Maximum<T> best{-std::numeric_limits<T>::infinity(), -1};
  window.for_each([&](T value, int64_t row, int64_t column) {
    if (best.index < 0 || is_larger(value, best.value)) best = {value, row * window.input.shape(2) + column};
  });
  return best;
}

// The sum of term(value) over the window, in NumPy's order; `terms` is room for them.
template <class T, class Report, class Term>
T sum(const Window<T, Report>& window, std::vector<T>& terms, Term term) {
  terms.clear();
  terms.reserve(window.count());
  window.for_each([&](T value, int64_t, int64_t) { terms.push_back(term(value)); });
  return numpy_sum(terms.data(), static_cast<int64_t>(terms.size()));
}

// How many taps of the window at position o count along one axis: those on the input, or also those on its padding.
int64_t count_taps(const WindowAxis& axis, int64_t o, bool include_padding) {
  return (include_padding ? axis.taps_on_padded_input(o) : axis.taps_on_input(o)).count();
}

// How many elements count in the average of a window. (A product of integers could overflow.)
template <class T, class Report>
T count_elements(const Window<T, Report>& window, bool include_padding) {
  const int64_t high = count_taps(window.geometry.height, window.y, include_padding);
  const int64_t wide = count_taps(window.geometry.width, window.x, include_padding);
  return static_cast<T>(high) * static_cast<T>(wide);
}

template <class T, class Report>
T average(const Window<T, Report>& window, std::vector<T>& terms, bool include_padding) {
  return sum(window, terms, [](T value) { return value; }) / count_elements(window, include_padding);
}

// The elements of the window, in `elements`, and the largest magnitude; NaN where one is NaN.
template <class T, class Report>
T gather(const Window<T, Report>& window, std::vector<T>& elements) {
  elements.clear();
  T largest = 0;
  window.for_each([&](T value, int64_t, int64_t) {
    elements.push_back(value);
    if (is_larger(std::abs(value), largest)) largest = std::abs(value);
  });
  return largest;
}

template <class T, class Report>
T lp_norm(const Window<T, Report>& window, std::vector<T>& terms, double given_p) {
  const T p = lp_power<T>(given_p);
  const T norm = lp_root(sum(window, terms, [p](T value) { return lp_term(value, p); }), p);
  if (SoundNorms<T>(p).contain(norm) || std::isnan(norm)) return norm;
  const T largest = gather(window, terms);
  if (largest == 0) return largest;
  return scaled_norm([&](int64_t i) { return terms[static_cast<size_t>(i)]; }, static_cast<int64_t>(terms.size()), p,
                     largest);
}

// What one window adds to the gradients of the elements that it reads: `plane` holds those of its channel, and g is the
// gradient of its output.
template <class T, class Report>
void spread_to_maxima(const Window<T, Report>& window, T g, PoolTies ties, Tensor<T, 2>& plane) {
  const Maximum<T> best = maximum(window);
  if (ties == PoolTies::kFirst) {
    plane.data()[best.index] += g;
  } else {
    window.for_each([&](T value, int64_t row, int64_t column) {
      if (value == best.value) plane(row, column) += g;
    });
  }
}

template <class T, class Report>
void spread_evenly(const Window<T, Report>& window, T g, bool include_padding, Tensor<T, 2>& plane) {
  const T part = g / count_elements(window, include_padding);
  window.for_each_place([&](int64_t row, int64_t column) { plane(row, column) += part; });
}

// An element that is 0 adds nothing, however large the gradient.
template <class T, class Report>
void spread_by_norm(const Window<T, Report>& window, T g, double given_p, std::vector<T>& elements,
                    Tensor<T, 2>& plane) {
  const auto spread = [&](const auto& derivative) {
    window.for_each([&](T value, int64_t row, int64_t column) {
      if (value != 0) plane(row, column) += g * derivative(value);
    });
  };
  const T p = lp_power<T>(given_p);
  if (p == 1) return spread([](T value) { return std::isnan(value) ? value : std::copysign(T(1), value); });
  const T largest = gather(window, elements);
  if (largest == 0) return;
  spread(LpDerivative<T>([&](int64_t i) { return elements[static_cast<size_t>(i)]; },
                         static_cast<int64_t>(elements.size()), p, largest));
}

}  // namespace

template <class T>
void pool_forward(const PoolArguments<T>& arguments, const WindowGeometry& geometry, const PoolOptions& options) {
  const auto& [input, output, indices] = arguments;
  const auto [N, OH, OW, C] = output.shape();
  std::vector<T> terms;
  int64_t done = 0;  // pixels
  const int64_t total = N * OH * OW;
  const auto report = [&] {
    if (options.progress) options.progress(done, total);
  };

  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; ++y) {
      for (int64_t x = 0; x < OW; ++x) {
        for (int64_t c = 0; c < C; ++c) {
          const Window<T, decltype(report)> window{input, geometry, n, y, x, c, report};
          if (options.mode == PoolMode::kMax) {
            const Maximum<T> best = maximum(window);
            output(n, y, x, c) = best.value;
            if (indices) indices(n, y, x, c) = best.index;
          } else if (options.mode == PoolMode::kAverage) {
            output(n, y, x, c) = average(window, terms, options.count_include_pad);
          } else {
            output(n, y, x, c) = lp_norm(window, terms, options.p);
          }
        }
        ++done;
        report();
      }
    }
  }
}

template <class T>
void pool_backward(const PoolBackwardArguments<T>& arguments, const WindowGeometry& geometry,
                   const PoolOptions& options, PoolTies ties, bool accumulate) {
  const auto& [grad, input, indices, input_grad] = arguments;
  const auto [N, OH, OW, C] = grad.shape();
  Tensor<T, 2> plane({input_grad.shape(1), input_grad.shape(2)});  // one channel of one image
  std::vector<T> elements;
  int64_t done = 0;  // rows of outputs
  const auto report = [&, total = N * C * OH] {
    if (options.progress) options.progress(done, total);
  };

  for (int64_t n = 0; n < N; ++n) {
    for (int64_t c = 0; c < C; ++c) {
      plane.fill(T(0));
      for (int64_t y = 0; y < OH; ++y) {
        for (int64_t x = 0; x < OW; ++x) {
          const Window<T, decltype(report)> window{input, geometry, n, y, x, c, report};
          const T g = grad(n, y, x, c);
          if (indices) {
            plane.data()[indices(n, y, x, c)] += g;
          } else if (options.mode == PoolMode::kMax) {
            spread_to_maxima(window, g, ties, plane);
          } else if (options.mode == PoolMode::kAverage) {
            spread_evenly(window, g, options.count_include_pad, plane);
          } else {
            spread_by_norm(window, g, options.p, elements, plane);
          }
        }
        ++done;
        report();
      }
      const View<T, 2> to(&input_grad(n, 0, 0, c), plane.shape(), {input_grad.stride(1), input_grad.stride(2)});
      store(View<const T, 2>(plane), to, accumulate);
    }
  }
}

template void pool_forward(const PoolArguments<float>&, const WindowGeometry&, const PoolOptions&);
template void pool_forward(const PoolArguments<double>&, const WindowGeometry&, const PoolOptions&);
template void pool_backward(const PoolBackwardArguments<float>&, const WindowGeometry&, const PoolOptions&, PoolTies,
                            bool);
template void pool_backward(const PoolBackwardArguments<double>&, const WindowGeometry&, const PoolOptions&, PoolTies,
                            bool);

}  // namespace convstep::reference
