#include "notebook/decimal.h"

#include <charconv>
#include <limits>

namespace convstep::cli {
namespace {

// The longest text std::to_chars makes here: the sign, all digits before the point of the largest number, the point,
// and the digits after it. A fraction is rounded only where the shortest digits reach further, so it has at most as
// many as those of the smallest subnormal number: its exponent plus max_digits10.
template <class T>
constexpr int kLongestText = 3 + std::numeric_limits<T>::max_exponent10 - std::numeric_limits<T>::min_exponent10 +
                             2 * std::numeric_limits<T>::max_digits10;

template <class T, class... Precision>
std::string text_of(T x, std::chars_format format, Precision... precision) {
  char text[kLongestText<T>];
  const std::to_chars_result result = std::to_chars(text, text + sizeof text, x, format, precision...);
  return {text, result.ptr};
}

// "-1.25e-07" or "-12.5" taken apart.
Decimal split(const std::string& text) {
  Decimal decimal;
  const size_t e = text.find('e');
  const std::string mantissa = text.substr(0, e);
  const size_t point = mantissa.find('.');
  decimal.integer = mantissa.substr(0, point);
  if (point != std::string::npos) decimal.fraction = mantissa.substr(point + 1);
  if (e != std::string::npos) decimal.exponent = std::stoi(text.substr(e + 1));
  return decimal;
}

template <class T>
Decimal shortest(T x) {
  return split(text_of(x, std::chars_format::scientific));
}

Decimal without_trailing_zeros(Decimal decimal) {
  decimal.fraction.erase(decimal.fraction.find_last_not_of('0') + 1);
  return decimal;
}

int64_t digits_after_point(const Decimal& decimal) { return static_cast<int64_t>(decimal.fraction.size()); }

// The point moved to where the exponent says.
Decimal written_out(Decimal decimal) {
  std::string& integer = decimal.integer;
  std::string& fraction = decimal.fraction;
  if (decimal.exponent < 0) {
    const std::string sign(integer.front() == '-' ? "-" : "");
    fraction = std::string(-decimal.exponent - 1, '0') + integer.back() + fraction;
    integer = sign + "0";
  } else {
    const size_t moved = static_cast<size_t>(decimal.exponent);
    if (fraction.size() < moved) fraction.resize(moved, '0');
    integer += fraction.substr(0, moved);
    fraction.erase(0, moved);
  }
  decimal.exponent = 0;
  return decimal;
}

}  // namespace

template <class T>
Decimal positional(T x, int64_t precision) {
  Decimal digits = written_out(shortest(x));
  if (digits_after_point(digits) <= precision) return digits;
  return without_trailing_zeros(split(text_of(x, std::chars_format::fixed, static_cast<int>(precision))));
}

template <class T>
Decimal scientific(T x, int64_t precision) {
  Decimal digits = shortest(x);
  if (digits_after_point(digits) <= precision) return digits;
  return without_trailing_zeros(scientific_fixed(x, precision));
}

template <class T>
Decimal scientific_fixed(T x, int64_t precision) {
  return split(text_of(x, std::chars_format::scientific, static_cast<int>(precision)));
}

template Decimal positional(float, int64_t);
template Decimal positional(double, int64_t);
template Decimal scientific(float, int64_t);
template Decimal scientific(double, int64_t);
template Decimal scientific_fixed(float, int64_t);
template Decimal scientific_fixed(double, int64_t);

}  // namespace convstep::cli
