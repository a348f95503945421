#include "notebook/numpy_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "convstep/error.h"
#include "notebook/decimal.h"

namespace convstep::cli {
namespace {

constexpr double kSmallestPositional = 1e-4;  // NumPy's and Python's: numbers below are written with an exponent
constexpr double kLargestRatio = 1000;        // of the magnitudes in one array without exponents

// From here on numbers have an exponent: 1e8, or fewer digits where the type is not good for as many.
template <class T>
constexpr T kLargePositional = std::is_same_v<T, float> ? T(1e6) : T(1e8);

std::string spaces(int64_t count) { return std::string(std::max<int64_t>(count, 0), ' '); }

std::string aligned_right(const std::string& text, int64_t width) { return fmt::format("{:>{}}", text, width); }

// "+05": the sign and `digits` digits or more.
std::string exponent_text(int exponent, size_t digits) { return fmt::format("{:+0{}}", exponent, digits + 1); }

constexpr size_t kExponentDigits = 2;

template <class T>
std::string non_finite_text(T x) {
  return std::isnan(x) ? "nan" : x < 0 ? "-inf" : "inf";
}

// How all elements of one array are written, and the columns that this needs.
template <class T>
class Format;

template <>
class Format<bool> {
 public:
  Format(const std::vector<bool>&, const PrintOptions&) {}
  std::string operator()(bool x) const { return x ? " True" : "False"; }
};

template <class T>
requires std::is_integral_v<T>
class Format<T> {
 public:
  Format(const std::vector<T>& shown, const PrintOptions&) {
    const auto [smallest, largest] = std::minmax_element(shown.begin(), shown.end());
    width_ = static_cast<int64_t>(std::max(std::to_string(*smallest).size(), std::to_string(*largest).size()));
  }
  std::string operator()(T x) const { return aligned_right(std::to_string(x), width_); }

 private:
  int64_t width_;
};

template <class T>
requires std::is_floating_point_v<T>
class Format<T> {
 public:
  Format(const std::vector<T>& shown, const PrintOptions& options)
      : scientific_(needs_exponents(shown, options.suppress)), precision_(options.precision) {
    size_t exponent_digits = kExponentDigits;
    for (const T x : shown) {
      if (!std::isfinite(x)) continue;
      const Decimal decimal = scientific_ ? scientific(x, precision_) : positional(x, precision_);
      before_point_ = std::max(before_point_, static_cast<int64_t>(decimal.integer.size()));
      fraction_ = std::max(fraction_, static_cast<int64_t>(decimal.fraction.size()));
      exponent_digits = std::max(exponent_digits, std::to_string(std::abs(decimal.exponent)).size());
    }
    exponent_digits_ = exponent_digits;
    after_point_ = fraction_ + (scientific_ ? static_cast<int64_t>(exponent_digits) + 2 : 0);  // and "e", the sign
    for (const T x : shown) {
      if (std::isfinite(x)) continue;
      // The width of every non-finite number is reserved where there is one, as NumPy does it.
      const int64_t width = x < 0 ? kNegativeInfinityWidth : kNonFiniteWidth;
      before_point_ = std::max(before_point_, width - after_point_ - 1);
    }
  }

  std::string operator()(T x) const {
    if (!std::isfinite(x)) return aligned_right(non_finite_text(x), before_point_ + 1 + after_point_);
    if (!scientific_) {
      const Decimal decimal = positional(x, precision_);
      return aligned_right(decimal.integer, before_point_) + "." + decimal.fraction +
             spaces(fraction_ - static_cast<int64_t>(decimal.fraction.size()));
    }
    Decimal decimal = scientific(x, fraction_);
    if (static_cast<int64_t>(decimal.fraction.size()) < fraction_) decimal = scientific_fixed(x, fraction_);
    return aligned_right(decimal.integer, before_point_) + "." + decimal.fraction + "e" +
           exponent_text(decimal.exponent, exponent_digits_);
  }

 private:
  static constexpr int64_t kNonFiniteWidth = 3, kNegativeInfinityWidth = 4;  // "nan" or "inf"; "-inf"

  // The comparisons are made in T, as NumPy makes them: in float, 1e-4f is not below 1e-4.
  static bool needs_exponents(const std::vector<T>& shown, bool suppress) {
    T smallest = std::numeric_limits<T>::infinity(), largest = 0;
    for (const T x : shown) {
      if (!std::isfinite(x) || x == 0) continue;
      smallest = std::min(smallest, std::abs(x));
      largest = std::max(largest, std::abs(x));
    }
    if (largest == 0) return false;
    return largest >= kLargePositional<T> ||
           (!suppress && (smallest < static_cast<T>(kSmallestPositional) || largest / smallest > T(kLargestRatio)));
  }

  bool scientific_;
  int64_t precision_;
  int64_t before_point_ = 0, after_point_ = 0;  // columns
  int64_t fraction_ = 0;                        // digits after the point, at most
  size_t exponent_digits_ = 0;
};

// Walks over an array, axis by axis, either all of it or the ends of each axis.
template <class T>
class ArrayText {
 public:
  ArrayText(std::span<const T> elements, std::span<const int64_t> shape, const PrintOptions& options)
      : elements_(elements),
        shape_(shape),
        options_(options),
        summarised_(static_cast<int64_t>(elements.size()) > options.threshold),
        format_(shown_elements(), options) {}

  std::string text() {
    write_axis(0, 0, static_cast<int64_t>(elements_.size()));
    return std::move(text_);
  }

 private:
  bool is_cut(int64_t length) const { return summarised_ && length - options_.edge_items > options_.edge_items; }

  std::vector<T> shown_elements() const {
    std::vector<T> shown;
    collect(0, 0, static_cast<int64_t>(elements_.size()), shown);
    return shown;
  }

  void collect(size_t axis, int64_t first, int64_t count, std::vector<T>& shown) const {
    if (axis == shape_.size()) {
      shown.push_back(elements_[first]);
      return;
    }
    const int64_t length = shape_[axis], part = count / length;
    // Edges of no elements: NumPy then formats for the whole axis.
    const bool cut = is_cut(length) && options_.edge_items > 0;
    for (int64_t i = 0; i < length; ++i) {
      if (cut && i == options_.edge_items) i = length - options_.edge_items;
      collect(axis + 1, first + i * part, part, shown);
    }
  }

  // The sub-array of `count` elements from `first` on, whose outermost axis is `axis`.
  void write_axis(size_t axis, int64_t first, int64_t count) {
    const int64_t length = shape_[axis], part = count / length;
    const bool is_row = axis + 1 == shape_.size();
    const auto write_part = [&](int64_t i) {
      if (is_row) {
        write_word(axis, format_(elements_[first + i]));
      } else {
        write_axis(axis + 1, first + i * part, part);
      }
    };
    text_ += '[';
    if (is_row) line_length_ = indent(axis);
    for (int64_t i = 0; i < length; ++i) {
      if (i > 0) separate(axis);
      if (is_cut(length) && i == options_.edge_items) {
        if (is_row) {
          write_word(axis, "...");
        } else {
          text_ += "...";
        }
        separate(axis);
        i = length - std::max<int64_t>(options_.edge_items, 1);  // NumPy shows the last element even of empty edges
      }
      write_part(i);
    }
    text_ += ']';
  }

  static int64_t indent(size_t axis) { return static_cast<int64_t>(axis) + 1; }

  // What stands between two parts of an axis: a space in a row, else as many line ends as axes are inside.
  void separate(size_t axis) {
    const size_t inner_axes = shape_.size() - 1 - axis;
    if (inner_axes == 0) {
      text_ += ' ';
      ++line_length_;
    } else {
      text_ += std::string(inner_axes, '\n') + spaces(indent(axis));
    }
  }

  // Appends to the current row, in a new line where it would not leave room for the closing brackets.
  void write_word(size_t axis, const std::string& word) {
    const int64_t length = static_cast<int64_t>(word.size());
    if (line_length_ + length > options_.line_width - indent(axis) && line_length_ > indent(axis)) {
      text_.erase(text_.find_last_not_of(' ') + 1);
      text_ += '\n' + spaces(indent(axis));
      line_length_ = indent(axis);
    }
    text_ += word;
    line_length_ += length;
  }

  std::span<const T> elements_;
  std::span<const int64_t> shape_;
  const PrintOptions& options_;
  bool summarised_;
  Format<T> format_;
  std::string text_;
  int64_t line_length_ = 0;  // of the row being written, the brackets of outer axes counted as the indent
};

template <class T>
std::string float_text(T x) {
  // NumPy compares in double: the float next to 1e-4 lies below it.
  const double magnitude = std::abs(static_cast<double>(x));
  constexpr double kLargest = std::is_same_v<T, float> ? 1e6 : 1e16;
  if (!std::isfinite(x)) return non_finite_text(x);
  constexpr int64_t kAllDigits = std::numeric_limits<int64_t>::max();
  if (x == 0 || (kSmallestPositional <= magnitude && magnitude < kLargest)) {
    const Decimal decimal = positional(x, kAllDigits);
    return decimal.integer + "." + (decimal.fraction.empty() ? "0" : decimal.fraction);
  }
  const Decimal decimal = scientific(x, kAllDigits);
  return decimal.integer + (decimal.fraction.empty() ? "" : "." + decimal.fraction) + "e" +
         exponent_text(decimal.exponent, kExponentDigits);
}

}  // namespace

template <class T>
std::string numpy_text(std::span<const T> elements, std::span<const int64_t> shape, const PrintOptions& options) {
  if (options.precision < 0) throw ParameterError("precision", std::to_string(options.precision), "0 or more");
  if (options.edge_items < 0) throw ParameterError("edge_items", std::to_string(options.edge_items), "0 or more");
  const int rank = static_cast<int>(shape.size());
  if (element_count("shape", shape.data(), rank, sizeof(T)) != static_cast<int64_t>(elements.size())) {
    throw ShapeError("shape", to_string(shape.data(), rank),
                     "a shape of " + std::to_string(elements.size()) + " elements");
  }
  if (elements.empty()) return "[]";
  if (shape.empty()) return numpy_scalar_text(elements[0]);
  return ArrayText<T>(elements, shape, options).text();
}

template std::string numpy_text(std::span<const bool>, std::span<const int64_t>, const PrintOptions&);
template std::string numpy_text(std::span<const int64_t>, std::span<const int64_t>, const PrintOptions&);
template std::string numpy_text(std::span<const uint64_t>, std::span<const int64_t>, const PrintOptions&);
template std::string numpy_text(std::span<const float>, std::span<const int64_t>, const PrintOptions&);
template std::string numpy_text(std::span<const double>, std::span<const int64_t>, const PrintOptions&);

std::string numpy_scalar_text(double x) { return float_text(x); }
std::string numpy_scalar_text(float x) { return float_text(x); }
std::string numpy_scalar_text(int64_t x) { return std::to_string(x); }
std::string numpy_scalar_text(uint64_t x) { return std::to_string(x); }
std::string numpy_scalar_text(bool x) { return x ? "True" : "False"; }

}  // namespace convstep::cli
