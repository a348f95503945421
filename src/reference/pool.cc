// pool.cc: pooling, section 4 of the notebook.
#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "reference/lp_norm.h"
#include "reference/pairwise_sum.h"
#include "reference/reference.h"

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

  // Calls visit(value, row, column) for every element of the input under the window, row by row, and report() after
  // each row of a long window.
  template <class Visit>
  void for_each(Visit visit) const {
    const auto rows = geometry.height.taps_on_input(y), columns = geometry.width.taps_on_input(x);
    for (int64_t i = rows.first; i < rows.end; ++i) {
      for (int64_t j = columns.first; j < columns.end; ++j) {
        const int64_t row = geometry.height.source(y, i), column = geometry.width.source(x, j);
        visit(input(n, row, column, c), row, column);
      }
      if (count() > kLongWindow) report();
    }
  }
};

template <class T>
struct Maximum {
  T value;
  int64_t index;  // row * W + column
};

// IEEE 754-2019 `maximum`: a is larger than b, with NaN above all numbers and +0 above -0.
template <class T>
bool is_larger(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b || (a == b && std::signbit(b) && !std::signbit(a));
}

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

template <class T, class Report>
T average(const Window<T, Report>& window, std::vector<T>& terms, bool include_padding) {
  const int64_t high = count_taps(window.geometry.height, window.y, include_padding);
  const int64_t wide = count_taps(window.geometry.width, window.x, include_padding);
  const T count = static_cast<T>(high) * static_cast<T>(wide);  // a product of integers could overflow
  return sum(window, terms, [](T value) { return value; }) / count;
}

template <class T, class Report>
T lp_norm(const Window<T, Report>& window, std::vector<T>& terms, double given_p) {
  const T p = lp_power<T>(given_p);
  const T norm = lp_root(sum(window, terms, [p](T value) { return lp_term(value, p); }), p);
  if (SoundNorms<T>(p).contain(norm) || std::isnan(norm)) return norm;
  terms.clear();
  T largest = 0;
  window.for_each([&](T value, int64_t, int64_t) {
    terms.push_back(value);
    largest = std::max(largest, std::abs(value));
  });
  if (largest == 0) return largest;
  return scaled_norm([&](int64_t i) { return terms[static_cast<size_t>(i)]; }, static_cast<int64_t>(terms.size()), p,
                     largest);
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

template void pool_forward(const PoolArguments<float>&, const WindowGeometry&, const PoolOptions&);
template void pool_forward(const PoolArguments<double>&, const WindowGeometry&, const PoolOptions&);

}  // namespace convstep::reference
