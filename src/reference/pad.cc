// pad.cc: zero padding, section 3.1 of the notebook, and its gradient.
#include "reference/reference.h"

namespace convstep::reference {

template <class T>
void zero_pad(View<const T, 4> X, int64_t top, int64_t left, View<T, 4> X_pad, const ProgressCallback& progress) {
  const auto [m, n_H, n_W, n_C] = X.shape();
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t h = 0; h < X_pad.shape(1); ++h) {
      for (int64_t w = 0; w < X_pad.shape(2); ++w) {
        const int64_t row = h - top, column = w - left;
        const bool inside = 0 <= row && row < n_H && 0 <= column && column < n_W;
        for (int64_t c = 0; c < n_C; ++c) X_pad(i, h, w, c) = inside ? X(i, row, column, c) : T(0);
      }
      if (progress) progress(i * X_pad.shape(1) + h + 1, m * X_pad.shape(1));
    }
  }
}

template <class T>
void zero_pad_backward(View<const T, 4> dX_pad, int64_t top, int64_t left, View<T, 4> dX,
                       const ProgressCallback& progress) {
  const auto [m, n_H, n_W, n_C] = dX.shape();
  for (int64_t i = 0; i < m; ++i) {
    for (int64_t h = 0; h < n_H; ++h) {
      for (int64_t w = 0; w < n_W; ++w) {
        for (int64_t c = 0; c < n_C; ++c) dX(i, h, w, c) = dX_pad(i, h + top, w + left, c);
      }
      if (progress) progress(i * n_H + h + 1, m * n_H);
    }
  }
}

template void zero_pad(View<const float, 4>, int64_t, int64_t, View<float, 4>, const ProgressCallback&);
template void zero_pad(View<const double, 4>, int64_t, int64_t, View<double, 4>, const ProgressCallback&);
template void zero_pad_backward(View<const float, 4>, int64_t, int64_t, View<float, 4>, const ProgressCallback&);
template void zero_pad_backward(View<const double, 4>, int64_t, int64_t, View<double, 4>, const ProgressCallback&);

}  // namespace convstep::reference
