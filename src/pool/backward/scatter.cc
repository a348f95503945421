#include "pool/backward/scatter.h"

namespace convstep {
namespace {

template <class T, class PlaceOf>
void scatter(const Scattered<T>& row, const PlaceOf& place_of) {
  const int64_t end = row.pixels * row.pixel_step;
  for (int64_t x = 0; x < row.windows; ++x) {
    const T* g = row.grad + x * row.grad_step;
    if (row.are_all_inside) {
      for (int64_t c = 0; c < row.channels; ++c) row.sums[place_of(x, c) + c] += g[c];
    } else {
      for (int64_t c = 0; c < row.channels; ++c) {
        const int64_t place = place_of(x, c);
        if (0 <= place && place < end) row.sums[place + c] += g[c];
      }
    }
  }
}

}  // namespace

template <class T>
void scatter_by_places(const Scattered<T>& row, const kernels::Position<T>* places, int64_t step) {
  scatter(row, [=](int64_t x, int64_t c) { return int64_t{places[x * step + c]}; });
}

template <class T>
void scatter_by_indices(const Scattered<T>& row, const View<const int64_t, 2>& indices, int64_t first_window,
                        int64_t first_channel, int64_t first_pixel) {
  const int64_t* from = &indices(first_window, first_channel);
  const int64_t window_step = indices.stride(0), channel_step = indices.stride(1), pixel_step = row.pixel_step;
  scatter(row,
          [=](int64_t x, int64_t c) { return (from[x * window_step + c * channel_step] - first_pixel) * pixel_step; });
}

template void scatter_by_places(const Scattered<float>&, const kernels::Position<float>*, int64_t);
template void scatter_by_places(const Scattered<double>&, const kernels::Position<double>*, int64_t);
template void scatter_by_indices(const Scattered<float>&, const View<const int64_t, 2>&, int64_t, int64_t, int64_t);
template void scatter_by_indices(const Scattered<double>&, const View<const int64_t, 2>&, int64_t, int64_t, int64_t);

}  // namespace convstep
