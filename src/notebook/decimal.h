// decimal.h: one floating-point number in decimal digits, the material that numpy_text puts together.
#pragma once

#include <cstdint>
#include <string>

namespace convstep::cli {

// A finite number as text in two halves, around the decimal point: -12.5 is "-12" and "5", 1.5e-07 is "1", "5" and -7.
struct Decimal {
  std::string integer;   // with the sign, of zero too; never empty
  std::string fraction;  // may be empty
  int exponent = 0;      // of ten; 0 in positional notation
};

// Both are for float and double. With `precision` digits after the point or fewer where the shortest digits that lead
// back to x need no more; else rounded from the exact value of x, a tie to the even digit. Zeros at the end are cut
// off.
template <class T>
Decimal positional(T x, int64_t precision);
template <class T>
Decimal scientific(T x, int64_t precision);

// With exactly `precision` digits after the point: those of the exact value, beyond the shortest ones too.
template <class T>
Decimal scientific_fixed(T x, int64_t precision);

}  // namespace convstep::cli
