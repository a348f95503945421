// text.h: how findings write numbers, shapes and cases.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "convstep/check.h"

namespace convstep::check {

std::string number_text(double value);                                                 // "-0.5", six digits at most
std::string shape_text(const std::vector<int64_t>& shape);                             // "(2, 5, 4, 3)"
std::string place_text(const std::string& output, const std::vector<int64_t>& index);  // "Z[0, 1, 0, 2]"
std::string case_text(CheckedFunction function, const CheckCase& one);  // "A_prev (2, 5, 4, 3), ..., stride 2, pad 1"

// What an index counts: "image", "row", ...
std::vector<const char*> axis_words(CheckedFunction function, size_t output);

// The index of a place in row-major order.
std::vector<int64_t> index_of(size_t place, const std::vector<int64_t>& shape);

}  // namespace convstep::check
