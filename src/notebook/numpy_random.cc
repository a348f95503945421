#include "notebook/numpy_random.h"

#include <cmath>
#include <limits>
#include <string>

#include "convstep/error.h"

namespace convstep::cli {
namespace {

uint32_t checked(int64_t seed) {
  if (seed < 0 || seed > std::numeric_limits<uint32_t>::max()) {
    throw ParameterError("seed", std::to_string(seed), "a number from 0 to 4294967295");
  }
  return static_cast<uint32_t>(seed);
}

}  // namespace

NumpyRandom::NumpyRandom(int64_t seed) : bits_(checked(seed)) {}

double NumpyRandom::random_sample() {
  // 27 and 26 high bits of two 32-bit words make 53. Two statements, because the order of the words matters.
  const uint64_t high = bits_() >> 5;
  const uint64_t low = bits_() >> 6;
  return static_cast<double>(high << 26 | low) * 0x1p-53;
}

double NumpyRandom::standard_normal() {
  if (kept_normal_) {
    const double normal = *kept_normal_;
    kept_normal_.reset();
    return normal;
  }
  double x, y, squared_radius;
  do {  // a point in the unit disc, its centre left out
    x = 2 * random_sample() - 1;
    y = 2 * random_sample() - 1;
    squared_radius = x * x + y * y;
  } while (squared_radius >= 1 || squared_radius == 0);
  const double scale = std::sqrt(-2 * std::log(squared_radius) / squared_radius);
  kept_normal_ = scale * x;
  return scale * y;
}

}  // namespace convstep::cli
