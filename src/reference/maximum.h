// maximum.h: which of two numbers is larger.
#pragma once

#include <cmath>

namespace convstep::reference {

// IEEE 754-2019 `maximum`: a is larger than b, with NaN above all numbers and +0 above -0.
template <class T>
bool is_larger(T a, T b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && !std::isnan(b);
  return a > b || (a == b && std::signbit(b) && !std::signbit(a));
}

}  // namespace convstep::reference
