// pairwise_sum.h: a sum in NumPy's order.
//
// NumPy's np.sum adds a contiguous run not from left to right but in pairs, which keeps the rounding error near log2(n)
// instead of n. The notebook prints sixteen digits, so its last bits come out only in that very order:
//   fewer than 8 numbers   one after the other
//   up to 128              eight running sums (every eighth number each), joined in pairs, then the rest one by one
//   more                   two halves, the first a multiple of 8 long, each summed this way
// What comes out is added to 0, where NumPy's sums start, so that a sum of -0 alone is 0.
// Source: Higham, Accuracy and Stability of Numerical Algorithms, section 4.2; the block sizes are NumPy's.
#pragma once

#include <cstdint>

namespace convstep::reference {

// Of the terms x(begin), ..., x(begin + n - 1), without the 0.
template <class T, class Term>
T pairwise_sum(const Term& x, int64_t begin, int64_t n) {
  constexpr int64_t kLanes = 8, kBlock = 128;
  const int64_t end = begin + n;
  if (n < kLanes) {
    T sum = T(-0.0);  // the one number that leaves every other unchanged when added to it, -0 included
    for (int64_t i = begin; i < end; ++i) sum += x(i);
    return sum;
  }
  if (n <= kBlock) {
    T r[kLanes];
    int64_t i = begin;
    for (int64_t lane = 0; lane < kLanes; ++lane) r[lane] = x(i++);
    for (; i + kLanes <= end; i += kLanes) {
      for (int64_t lane = 0; lane < kLanes; ++lane) r[lane] += x(i + lane);
    }
    T sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7]));
    for (; i < end; ++i) sum += x(i);
    return sum;
  }
  const int64_t half = n / 2 - n / 2 % kLanes;
  const T first = pairwise_sum<T>(x, begin, half);
  return first + pairwise_sum<T>(x, begin + half, n - half);
}

template <class T>
T numpy_sum(const T* x, int64_t n) {
  return T(0) + pairwise_sum<T>([x](int64_t i) { return x[i]; }, 0, n);
}

}  // namespace convstep::reference
