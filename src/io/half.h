// half.h: float16, which files may hold and no processor here computes in.
#pragma once

#include <bit>
#include <cstdint>

namespace convstep {

// The value of IEEE 754's binary16 with these bits, which float holds exactly: sign, 5 bits of exponent, 10 of
// fraction.
inline float float_of_half(uint16_t bits) {
  constexpr uint32_t kSmallestExponent = 127 - 15 + 1;  // float's bias less half's: of half's exponent 1
  const uint32_t sign = uint32_t{bits} >> 15 << 31, exponent = bits >> 10 & 31, fraction = bits & 1023;
  if (exponent == 0) {  // zero and the numbers below the normal ones: multiples of 2^-24
    const float magnitude = static_cast<float>(fraction) * 0x1p-24F;
    return sign != 0 ? -magnitude : magnitude;
  }
  const uint32_t wide = exponent == 31 ? 255 : exponent - 1 + kSmallestExponent;  // infinity and NaN keep theirs
  return std::bit_cast<float>(sign | wide << 23 | fraction << 13);
}

}  // namespace convstep
