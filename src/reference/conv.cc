// conv.cc: convolution, sections 3.2 and 3.3 of the notebook.
//
// Every output is: multiply a window of the padded input with a filter, element by element, sum, add the bias. The
// products are laid out in the order (i, j, c) and summed as NumPy sums them (pairwise_sum.h), zeros of the padding
// included.
#include <algorithm>
#include <vector>

#include "reference/pairwise_sum.h"
#include "reference/reference.h"

namespace convstep::reference {
namespace {

// products[i,j,c] = padded input under the window at (n, y, x), times filter o. Calls report() now and then in a long
// window.
template <class T, class Report>
void multiply_window(const ConvArguments<T>& arguments, const WindowGeometry& geometry, int64_t first_channel,
                     int64_t n, int64_t y, int64_t x, int64_t o, T* products, const Report& report) {
  const auto [KH, KW, group_channels, O] = arguments.weights.shape();
  int64_t done = 0;
  for (int64_t i = 0; i < KH; ++i) {
    for (int64_t j = 0; j < KW; ++j) {
      const int64_t row = geometry.height.source(y, i), column = geometry.width.source(x, j);
      const bool inside = geometry.height.is_inside(row) && geometry.width.is_inside(column);
      for (int64_t c = 0; c < group_channels; ++c) {
        const T a = inside ? arguments.input(n, row, column, first_channel + c) : T(0);
        *products++ = a * arguments.weights(i, j, c, o);
        if (++done % kLongWindow == 0) report();
      }
    }
  }
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
  const auto& [input, weights, bias, residual, output] = arguments;
  const auto [N, OH, OW, O] = output.shape();
  const int64_t window_size = weights.shape(0) * weights.shape(1) * weights.shape(2);
  const int64_t group_channels = weights.shape(2), group_outputs = O / options.groups;
  auto products = Tensor<T, 1>::uninitialized({window_size});
  int64_t done = 0;  // pixels
  const int64_t total = N * OH * OW;
  const int64_t filters_at_a_time = std::max<int64_t>(kLongWindow / window_size, 1);
  const auto report = [&] {
    if (options.progress) options.progress(done, total);
  };

  for (int64_t n = 0; n < N; ++n) {
    for (int64_t y = 0; y < OH; ++y) {
      for (int64_t x = 0; x < OW; ++x) {
        for (int64_t o = 0; o < O; ++o) {
          const int64_t first_channel = o / group_outputs * group_channels;
          multiply_window(arguments, geometry, first_channel, n, y, x, o, products.data(), report);
          T z = numpy_sum(products.data(), window_size);
          if (bias) z += bias(o);
          if (residual) z += residual(n, y, x, o);
          output(n, y, x, o) = activate(z, options.activation, static_cast<T>(options.slope));
          if ((o + 1) % filters_at_a_time == 0) report();
        }
        ++done;
        report();
      }
    }
  }
}

template float conv_single_step(View<const float, 3>, View<const float, 3>, float, const ProgressCallback&);
template double conv_single_step(View<const double, 3>, View<const double, 3>, double, const ProgressCallback&);
template void conv_forward(const ConvArguments<float>&, const WindowGeometry&, const ConvOptions&);
template void conv_forward(const ConvArguments<double>&, const WindowGeometry&, const ConvOptions&);

}  // namespace convstep::reference
