// numpy_random.h: the random numbers of np.random.seed(n), bit for bit.
//
// NumPy keeps this older generator frozen so that published numbers, such as the notebook's, can be made again:
//   MT19937, seeded from one 32-bit integer; doubles of 53 random bits; normal numbers by Marsaglia's polar method,
//   which makes two at a time: the second is handed out first and the other kept for the next call.
// Sources: Matsumoto and Nishimura, "Mersenne Twister" (1998); Marsaglia and Bray, "A Convenient Method for Generating
// Normal Variables" (1964).
#pragma once

#include <cstdint>
#include <optional>
#include <random>

#include "convstep/tensor.h"

namespace convstep::cli {

class NumpyRandom {
 public:
  // np.random.seed(seed). Throws ParameterError unless 0 <= seed < 2^32.
  explicit NumpyRandom(int64_t seed);

  // Uniform in [0, 1): a multiple of 2^-53.
  double random_sample();

  // Mean 0, variance 1.
  double standard_normal();

  // np.random.randn(...): normal numbers in row-major order.
  template <size_t Rank>
  Tensor<double, static_cast<int>(Rank)> randn(const std::array<int64_t, Rank>& shape) {
    auto tensor = Tensor<double, static_cast<int>(Rank)>::uninitialized(shape);
    for (int64_t i = 0; i < tensor.size(); ++i) tensor.data()[i] = standard_normal();
    return tensor;
  }

 private:
  std::mt19937 bits_;
  std::optional<double> kept_normal_;
};

}  // namespace convstep::cli
