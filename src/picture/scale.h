// scale.h: which colour stands for which value.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "picture/canvas.h"

namespace convstep::cli {

// Grey from `low`, black, to `high`, white; or about zero: 0 is white, the largest magnitude blue below and red above.
// Where low equals high, that value is black. Values beyond take the colours of the ends, NaN is kNanColour.
struct Scale {
  bool is_about_zero = false;
  float low = 0, high = 1;                     // finite; about zero -high and high
  bool has_lower = false, has_higher = false;  // are there finite values beyond?

  Colour colour(float value) const;
};

inline constexpr Colour kNanColour{1, 0, 1};  // magenta, which no scale has otherwise

// The scale of all values of some arrays: their finite values from the smallest to the largest, outliers apart. Those
// are the outermost 0.5% at an end, and at least one value, where they reach further beyond the others than half of the
// others' range. Fewer than kFewestWithOutliers values have none.
Scale grey_scale(const std::vector<std::span<const float>>& arrays);
Scale scale_about_zero(const std::vector<std::span<const float>>& arrays);

inline constexpr size_t kFewestWithOutliers = 30;  // more than a filter of 5x5, whose middle may well stand out

// The ends of the scale in three digits, "<= -3.14" where there are values beyond.
std::string low_label(const Scale& scale);
std::string high_label(const Scale& scale);

}  // namespace convstep::cli
