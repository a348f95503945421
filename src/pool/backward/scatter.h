// scatter.h: the gradients of a row of windows to where their maxima are, one number at a time.
#pragma once

#include "convstep/tensor.h"
#include "pool/backward/kernel.h"

namespace convstep {

template <class T>
struct Scattered {
  const T* grad;
  int64_t grad_step;  // from window to window
  int64_t windows, channels;
  T* sums;
  int64_t pixel_step, pixels;
  bool are_all_inside;  // Are all maxima among these pixels? If not, the others are left out.
};

// `places` are those of the maxima's pixels in `sums`, `step` from window to window.
template <class T>
void scatter_by_places(const Scattered<T>& row, const kernels::Position<T>* places, int64_t step);

// By indices [window][channel] of pixels, of which the first is that of `sums`.
template <class T>
void scatter_by_indices(const Scattered<T>& row, const View<const int64_t, 2>& indices, int64_t first_window,
                        int64_t first_channel, int64_t first_pixel);

}  // namespace convstep
