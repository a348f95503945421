#include "picture/scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace convstep::cli {
namespace {

constexpr Colour kBlue{0.13f, 0.4f, 0.67f}, kRed{0.7f, 0.09f, 0.17f};

std::vector<float> finite_values(const std::vector<std::span<const float>>& arrays) {
  std::vector<float> values;
  for (const std::span<const float> array : arrays) {
    std::copy_if(array.begin(), array.end(), std::back_inserter(values), [](float x) { return std::isfinite(x); });
  }
  return values;
}

Colour mix(const Colour& from, const Colour& to, double share) {
  Colour colour;
  for (size_t c = 0; c < 3; ++c)
    colour[c] = static_cast<float>(double{from[c]} + share * (double{to[c]} - double{from[c]}));
  return colour;
}

}  // namespace

Scale grey_scale(const std::vector<std::span<const float>>& arrays) {
  std::vector<float> values = finite_values(arrays);
  if (values.empty()) return {};
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  const float low = *least, high = *most;
  Scale scale{.low = low, .high = high};
  if (values.size() < kFewestWithOutliers) return scale;
  const auto outer = static_cast<std::ptrdiff_t>(std::max<size_t>(values.size() / 200, 1));
  std::nth_element(values.begin(), values.begin() + outer, values.end());
  const float inner_low = values[static_cast<size_t>(outer)];
  std::nth_element(values.begin(), values.end() - 1 - outer, values.end());
  const float inner_high = values[values.size() - 1 - static_cast<size_t>(outer)];
  const double near = (double{inner_high} - double{inner_low}) / 2;
  if (near == 0) return scale;  // nearly all are one value: what differs is all there is to see
  if (double{inner_low} - double{low} > near) scale.low = inner_low, scale.has_lower = true;
  if (double{high} - double{inner_high} > near) scale.high = inner_high, scale.has_higher = true;
  return scale;
}

Scale scale_about_zero(const std::vector<std::span<const float>>& arrays) {
  Scale scale = grey_scale(arrays);
  const float most = std::max(std::abs(scale.low), std::abs(scale.high));
  return {true, -most, most, scale.has_lower, scale.has_higher};
}

// In double, because the difference of two floats may be infinite.
Colour Scale::colour(float value) const {
  if (std::isnan(value)) return kNanColour;
  const double clamped = std::clamp(value, low, high), length = double{high} - double{low};
  const double share = length > 0 ? (clamped - double{low}) / length : 0;
  if (!is_about_zero) return mix(kInk, kWhite, share);
  if (length == 0) return kWhite;
  return share < 0.5 ? mix(kWhite, kBlue, 1 - 2 * share) : mix(kWhite, kRed, 2 * share - 1);
}

std::string low_label(const Scale& scale) { return fmt::format("{}{:.3g}", scale.has_lower ? "<= " : "", scale.low); }
std::string high_label(const Scale& scale) {
  return fmt::format("{}{:.3g}", scale.has_higher ? ">= " : "", scale.high);
}

}  // namespace convstep::cli
