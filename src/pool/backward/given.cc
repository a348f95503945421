#include "pool/backward/given.h"

#include <type_traits>

#include "tiling/staging.h"

namespace convstep {
namespace {

// The channels of n pixels to another array, so many values apart; the inner loop without end is for few channels.
template <class From, class To>
void copy_pixels(const From* from, int64_t pixel_step, int64_t channel_step, int64_t n, int64_t channels, To* to,
                 int64_t step) {
  const auto copy = [&](auto count) {
    for (int64_t x = 0; x < n; ++x) {
      for (int64_t c = 0; c < count; ++c) to[x * step + c] = static_cast<To>(from[x * pixel_step + c * channel_step]);
    }
  };
  using std::integral_constant;
  switch (channels) {
    case 1:
      return copy(integral_constant<int64_t, 1>());
    case 2:
      return copy(integral_constant<int64_t, 2>());
    case 3:
      return copy(integral_constant<int64_t, 3>());
    case 4:
      return copy(integral_constant<int64_t, 4>());
    default:
      return copy(channels);
  }
}

}  // namespace

template <class T>
GivenRows<T>::GivenRows(const PoolBackwardCall<T>& call, const BackwardCut<T>& cut, const GivenAt& at, void* memory)
    : call_(call), cut_(cut), at_(at), memory_(memory), is_average_(call.problem.options.mode == PoolMode::kAverage) {
  if (!is_average_) return;
  T* counted = cut.workspace.columns_counted.in(memory);
  for (int64_t x = 0; x < at.windows; ++x) {
    counted[x] = static_cast<T>(
        count_taps(call.problem.given.width, at.first_window + x, call.problem.options.count_include_pad));
  }
}

template <class T>
Given<T> GivenRows<T>::read(int64_t y) {
  if (call_.indices && !cut_.is_scattered) copy_indices(y);
  const View<const T, 4>& grad = call_.grad;
  const OutputRegion& region = at_.region;
  const View<const T, 3> row(&grad(region.image, y, at_.first_window, region.first_channel),
                             {1, at_.windows, region.channels}, {grad.stride(1), grad.stride(2), grad.stride(3)});
  if (!cut_.copies_grad) return {row.data(), row.stride(1)};
  T* const shares = cut_.workspace.shares.in(memory_);
  if (at_.are_flat) {
    copy_flat(is_average_ ? share_out_densely(row, y) : row);
    return {shares, cut_.rows.step};
  }
  const bool is_dense = region.channels == 1 || row.stride(2) == 1;
  if (!is_dense) copy_padded(row, 0, 1, 0, at_.windows, shares, at_.window_step - region.channels);
  if (is_dense || is_average_) {
    kernels::share_out(call_.target,
                       {is_dense ? row.data() : shares, is_dense ? row.stride(1) : at_.window_step,
                        is_average_ ? counts_of(y) : nullptr, at_.windows, region.channels, shares, at_.window_step});
  }
  return {shares, at_.window_step};
}

template <class T>
void GivenRows<T>::copy_indices(int64_t y) const {
  const View<const int64_t, 4>& indices = call_.indices;
  const int64_t* from = &indices(at_.region.image, y, at_.first_window, at_.region.first_channel);
  kernels::Position<T>* const to = cut_.workspace.positions.in(memory_) + at_.place;
  if (at_.are_flat) {
    copy_pixels(from, indices.stride(2), indices.stride(3), at_.windows, at_.region.channels, to, at_.window_step);
  } else {
    kernels::copy_indices(call_.target,
                          {from, indices.stride(2), at_.windows, at_.region.channels, to, at_.window_step});
  }
}

template <class T>
const T* GivenRows<T>::counts_of(int64_t y) const {
  T* counts = cut_.workspace.counts.in(memory_);
  const T* wide = cut_.workspace.columns_counted.in(memory_);
  const T high = static_cast<T>(count_taps(call_.problem.given.height, y, call_.problem.options.count_include_pad));
  for (int64_t x = 0; x < at_.windows; ++x) counts[x] = high * wide[x];
  return counts;
}

template <class T>
void GivenRows<T>::copy_flat(const View<const T, 3>& from) const {
  copy_pixels(from.data(), from.stride(1), from.stride(2), at_.windows, at_.region.channels,
              cut_.workspace.shares.in(memory_) + at_.place, at_.window_step);
}

// The shares of a row of windows whose channels are few, side by side: windows over as many elements are taken as one.
template <class T>
View<const T, 3> GivenRows<T>::share_out_densely(const View<const T, 3>& row, int64_t y) const {
  const int64_t C = at_.region.channels;
  T* const dense = cut_.workspace.grad.in(memory_);
  copy_pixels(row.data(), row.stride(1), row.stride(2), at_.windows, C, dense, C);
  const T* counts = counts_of(y);
  for (int64_t x = 0, windows; x < at_.windows; x += windows) {
    windows = 1;
    while (x + windows < at_.windows && counts[x + windows] == counts[x]) ++windows;
    kernels::share_out(call_.target, {dense + x * C, C, counts + x, 1, windows * C, dense + x * C, C});
  }
  return {dense, row.shape(), {row.stride(0), C, 1}};
}

template class GivenRows<float>;
template class GivenRows<double>;

}  // namespace convstep
