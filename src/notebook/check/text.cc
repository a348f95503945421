#include "notebook/check/text.h"

#include <algorithm>
#include <cstdio>

#include "convstep/shape.h"

namespace convstep::check {

std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.6g", value == 0 ? 0.0 : value);  // no "-0"
  return text;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  return to_string(shape.data(), static_cast<int>(shape.size()));
}

std::string place_text(const std::string& output, const std::vector<int64_t>& index) {
  if (index.empty()) return output;
  std::string text;
  for (const int64_t k : index) text += (text.empty() ? "" : ", ") + std::to_string(k);
  return output + "[" + text + "]";
}

std::string case_text(CheckedFunction function, const CheckCase& one) {
  const auto names = check_input_names(function);
  std::string text;
  for (size_t k = 0; k < names.size(); ++k) {
    const CheckArray& input = one.inputs[k];
    text += (k == 0 ? "" : ", ") + std::string(names[k]) + " ";
    if (function == CheckedFunction::kDistributeValue) {
      const std::vector<int64_t> lengths(input.values.begin(), input.values.end());
      text += k == 0 ? number_text(input.values[0]) : shape_text(lengths);
    } else {
      text += shape_text(input.shape);
    }
  }
  const bool conv = function == CheckedFunction::kConvForward || function == CheckedFunction::kConvBackward;
  const bool pool = function == CheckedFunction::kPoolForward || function == CheckedFunction::kPoolBackward;
  if (conv || pool) text += ", stride " + std::to_string(one.stride);
  if (conv || function == CheckedFunction::kZeroPad) text += ", pad " + std::to_string(one.pad);
  if (pool) text += ", f " + std::to_string(one.f) + ", mode \"" + (one.average ? "average" : "max") + "\"";
  return text;
}

std::vector<const char*> axis_words(CheckedFunction function, size_t output) {
  switch (function) {
    case CheckedFunction::kConvSingleStep:
      return {};
    case CheckedFunction::kCreateMaskFromWindow:
    case CheckedFunction::kDistributeValue:
      return {"row", "column"};
    case CheckedFunction::kConvBackward:
      if (output == 1) return {"row", "column", "channel", "filter"};
      if (output == 2) return {"first axis", "second axis", "third axis", "filter"};
      return {"image", "row", "column", "channel"};
    default:
      return {"image", "row", "column", "channel"};
  }
}

std::vector<int64_t> index_of(size_t place, const std::vector<int64_t>& shape) {
  std::vector<int64_t> index(shape.size());
  for (size_t k = shape.size(); k-- > 0;) {
    index[k] = static_cast<int64_t>(place % static_cast<size_t>(shape[k]));
    place /= static_cast<size_t>(shape[k]);
  }
  return index;
}

}  // namespace convstep::check
