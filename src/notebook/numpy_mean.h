// numpy_mean.h: np.mean of a whole array, to the last bit.
#pragma once

#include <limits>
#include <span>

#include "convstep/pool.h"

namespace convstep::cli {

// Float or double, summed in that type and in NumPy's order; NaN of no elements. The library sums in this order where
// it pools: the mean of an array is the average pool of its elements in one row, under a window as wide as the row.
template <class T>
T numpy_mean(std::span<const T> elements) {
  const int64_t count = static_cast<int64_t>(elements.size());
  if (count == 0) return std::numeric_limits<T>::quiet_NaN();
  T mean;
  pool_forward(View<const T, 4>(elements.data(), {1, 1, count, 1}), View<T, 4>(&mean, {1, 1, 1, 1}),
               {.window = {1, count}, .mode = PoolMode::kAverage, .numerics = Numerics::kNumpy});
  return mean;
}

template <class T, int Rank>
T numpy_mean(const Tensor<T, Rank>& tensor) {
  return numpy_mean<T>({tensor.data(), static_cast<size_t>(tensor.size())});
}

}  // namespace convstep::cli
