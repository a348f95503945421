// arithmetic.h: what several operations do with two numbers. Whole numbers wrap around where they would overflow.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace convstep::network {

template <class U>
constexpr bool kIsInteger = std::is_integral_v<U>;

struct Add {
  template <class U>
  U operator()(U a, U b) const {
    if constexpr (kIsInteger<U>) return static_cast<U>(static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
    return a + b;
  }
};

struct Subtract {
  template <class U>
  U operator()(U a, U b) const {
    if constexpr (kIsInteger<U>) return static_cast<U>(static_cast<uint64_t>(a) - static_cast<uint64_t>(b));
    return a - b;
  }
};

struct Multiply {
  template <class U>
  U operator()(U a, U b) const {
    if constexpr (kIsInteger<U>) return static_cast<U>(static_cast<uint64_t>(a) * static_cast<uint64_t>(b));
    return a * b;
  }
};

// Whole numbers: towards 0, and 0 where they are divided by 0.
struct Divide {
  template <class U>
  U operator()(U a, U b) const {
    if constexpr (kIsInteger<U>) {
      if (b == 0) return 0;
      return b == -1 ? Subtract()(U{0}, a) : a / b;
    } else {
      return a / b;
    }
  }
};

// NaN where one of them is, as in NumPy.
struct Smaller {
  template <class U>
  U operator()(U a, U b) const {
    if constexpr (!kIsInteger<U>) {
      if (a != a) return a;
    }
    return a < b ? a : b;
  }
};
struct Larger {
  template <class U>
  U operator()(U a, U b) const {
    if constexpr (!kIsInteger<U>) {
      if (a != a) return a;
    }
    return a > b ? a : b;
  }
};

// Towards 0; the nearest there is where it is out of range, and 0 for NaN.
inline int64_t to_integer(double x) {
  constexpr double kEnd = 9223372036854775808.0;  // 2^63
  if (x >= kEnd) return std::numeric_limits<int64_t>::max();
  if (x < -kEnd) return std::numeric_limits<int64_t>::min();
  return x == x ? static_cast<int64_t>(x) : 0;
}

}  // namespace convstep::network
