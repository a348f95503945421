// conv.cc: convolution, sections 3.2 and 3.3 of the notebook, and its gradients.
//
// Every output is: multiply a window of the padded input with a filter, element by element, sum, add the bias. The
// products are laid out in the order (i, j, c) and summed as NumPy sums them (pairwise_sum.h), zeros of the padding
// included.
//
// The gradients take one output after the other, in the order (n, y, x, o), and its gradient back to all that it was
// made of: to each element under its window times the weight, to each weight times the element, and to the bias.
#include <algorithm>
#include <vector>

#include "reference/pairwise_sum.h"
#include "reference/reference.h"
#include "reference/store.h"

namespace convstep::reference {
namespace {

// Calls visit(n, y, x, o, report) for every output, and report() after each pixel and where filters take long.
template <class Visit>
void for_each_output(const Shape<4>& output, int64_t window_size, const ProgressCallback& progress, Visit visit) {
  const auto [N, OH, OW, O] = output;
  int64_t done = 0;  // pixels
  const int64_t total = N * OH * OW;
  const int64_t filters_at_a_time = std::max<int64_t>(kLongWindow / window_size, 1);
  const auto report = [&] {
    if (progress) progress(done, total);
  };
  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; ++y) {
      for (int64_t x = 0; x < OW; ++x) {
        for (int64_t o = 0; o < O; ++o) {
          visit(n, y, x, o, report);
          if ((o + 1) % filters_at_a_time == 0) report();
        }
        ++done;
        report();
      }
    }
  }
}

// One tap of a window, and the row and column of the input below it, or of the padding.
struct Tap {
  int64_t i, j, c, row, column;
  bool is_inside;
};

// Calls visit(tap) for every tap of the window at (y, x), in the order (i, j, c), and report() now and then in a long
// window. `weights` is the shape of the filters.
template <class Report, class Visit>
void for_each_tap(const WindowGeometry& geometry, const Shape<4>& weights, int64_t y, int64_t x, const Report& report,
                  Visit visit) {
  const auto [KH, KW, group_channels, O] = weights;
  int64_t done = 0;
  for (int64_t i = 0; i < KH; ++i) {
    for (int64_t j = 0; j < KW; ++j) {
      const int64_t row = geometry.height.source(y, i), column = geometry.width.source(x, j);
      const bool is_inside = geometry.height.is_inside(row) && geometry.width.is_inside(column);
      for (int64_t c = 0; c < group_channels; ++c) {
        visit(Tap{i, j, c, row, column, is_inside});
        if (++done % kLongWindow == 0) report();
      }
    }
  }
}

int64_t window_size(const Shape<4>& weights) { return weights[0] * weights[1] * weights[2]; }

// The first channel of the input that filter o reads.
int64_t first_channel(const Shape<4>& weights, int64_t groups, int64_t o) {
  return o / (weights[3] / groups) * weights[2];
}

}  // namespace

template <class T>
T conv_single_step(View<const T, 3> a_slice_prev, View<const T, 3> W, T b, const ProgressCallback& progress) {
  const auto [KH, KW, C] = W.shape();
  const int64_t total = W.size();
  std::vector<T> products;
  products.reserve(static_cast<size_t>(total));
  for (int64_t i = 0; i < KH; ++i) {
    for (int64_t j = 0; j < KW; ++j) {
      for (int64_t c = 0; c < C; ++c) {
        products.push_back(a_slice_prev(i, j, c) * W(i, j, c));
        const int64_t done = static_cast<int64_t>(products.size());
        if (progress && done % kLongWindow == 0 && done < total) progress(done, total);
      }
    }
  }
  const T sum = numpy_sum(products.data(), total);
  if (progress) progress(total, total);
  return sum + b;
}

template <class T>
void conv_forward(const ConvArguments<T>& arguments, const WindowGeometry& geometry, const ConvOptions& options) {
  const View<const T, 4>&input = arguments.input, &weights = arguments.weights, &residual = arguments.residual;
  const View<const T, 1>& bias = arguments.bias;
  const Shape<4>& filters = weights.shape();
  auto products = Tensor<T, 1>::uninitialized({window_size(filters)});
  for_each_output(arguments.output.shape(), products.size(), options.progress,
                  [&](int64_t n, int64_t y, int64_t x, int64_t o, const auto& report) {
                    const int64_t first = first_channel(filters, options.groups, o);
                    T* product = products.data();
                    for_each_tap(geometry, filters, y, x, report, [&](const Tap& tap) {
                      const T a = tap.is_inside ? input(n, tap.row, tap.column, first + tap.c) : T(0);
                      *product++ = a * weights(tap.i, tap.j, tap.c, o);
                    });
                    T z = numpy_sum(products.data(), products.size());
                    if (bias) z += bias(o);
                    if (residual) z += residual(n, y, x, o);
                    arguments.output(n, y, x, o) = activate(z, options.activation, static_cast<T>(options.slope));
                  });
}

// What falls on padding is dropped.
template <class T>
void conv_backward_input(const ConvBackwardInputArguments<T>& arguments, const WindowGeometry& geometry,
                         const ConvOptions& options, bool accumulate) {
  const View<const T, 4>&grad = arguments.grad, &weights = arguments.weights;
  const Shape<4>& filters = weights.shape();
  Tensor<T, 4> dA(arguments.input_grad.shape());  // zeros
  for_each_output(grad.shape(), window_size(filters), options.progress,
                  [&](int64_t n, int64_t y, int64_t x, int64_t o, const auto& report) {
                    const int64_t first = first_channel(filters, options.groups, o);
                    for_each_tap(geometry, filters, y, x, report, [&](const Tap& tap) {
                      if (!tap.is_inside) return;
                      dA(n, tap.row, tap.column, first + tap.c) += weights(tap.i, tap.j, tap.c, o) * grad(n, y, x, o);
                    });
                  });
  store(View<const T, 4>(dA), arguments.input_grad, accumulate);
}

// The padding counts as zeros.
template <class T>
void conv_backward_weights(const ConvBackwardWeightsArguments<T>& arguments, const WindowGeometry& geometry,
                           const ConvOptions& options, bool accumulate) {
  const View<const T, 4>&grad = arguments.grad, &input = arguments.input;
  const View<T, 4>& dW = arguments.weights_grad;
  const View<T, 1>& db = arguments.bias_grad;
  const Shape<4>& filters = dW.shape();
  if (!accumulate) fill(dW, T(0));
  if (!accumulate && db) fill(db, T(0));
  for_each_output(grad.shape(), window_size(filters), options.progress,
                  [&](int64_t n, int64_t y, int64_t x, int64_t o, const auto& report) {
                    const int64_t first = first_channel(filters, options.groups, o);
                    for_each_tap(geometry, filters, y, x, report, [&](const Tap& tap) {
                      const T a = tap.is_inside ? input(n, tap.row, tap.column, first + tap.c) : T(0);
                      dW(tap.i, tap.j, tap.c, o) += a * grad(n, y, x, o);
                    });
                    if (db) db(o) += grad(n, y, x, o);
                  });
}

template float conv_single_step(View<const float, 3>, View<const float, 3>, float, const ProgressCallback&);
template double conv_single_step(View<const double, 3>, View<const double, 3>, double, const ProgressCallback&);
template void conv_forward(const ConvArguments<float>&, const WindowGeometry&, const ConvOptions&);
template void conv_forward(const ConvArguments<double>&, const WindowGeometry&, const ConvOptions&);
template void conv_backward_input(const ConvBackwardInputArguments<float>&, const WindowGeometry&, const ConvOptions&,
                                  bool);
template void conv_backward_input(const ConvBackwardInputArguments<double>&, const WindowGeometry&, const ConvOptions&,
                                  bool);
template void conv_backward_weights(const ConvBackwardWeightsArguments<float>&, const WindowGeometry&,
                                    const ConvOptions&, bool);
template void conv_backward_weights(const ConvBackwardWeightsArguments<double>&, const WindowGeometry&,
                                    const ConvOptions&, bool);

}  // namespace convstep::reference
