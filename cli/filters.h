// filters.h: filters with a name, for photographs: `convstep conv photo.jpg blur -o blurred.png`.
//
// A named filter goes over each channel by itself and leaves alpha alone. It keeps the picture's size, the border's
// pixels repeated outwards, unless padding is asked for.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/picture_scale.h"
#include "convstep/tensor.h"

namespace convstep::cli {

struct NamedFilter {
  std::string_view name, summary;
  std::vector<std::vector<double>> taps;  // row by row of a square window; two: the length (x^2 + y^2)^(1/2) of both
  ValueRange range;                       // what is black and white in a picture

  int64_t side() const;  // of the window
};

std::span<const NamedFilter> named_filters();
std::vector<std::string> filter_names();

// Null where there is none of that name.
const NamedFilter* find_filter(std::string_view name);

// Depthwise weights (KH, KW, 1, channels * taps.size()); the last channel stays as it is where it is `alpha`.
template <class T>
Tensor<T, 4> filter_weights(const NamedFilter& filter, int64_t channels, bool alpha);

// Images with their border's pixels repeated `rows` and `columns` times outwards.
template <class T>
Tensor<T, 4> repeat_border(const Tensor<T, 4>& images, int64_t rows, int64_t columns);

// (N, H, W, 2*C) -> (N, H, W, C): the lengths of pairs of neighbouring channels.
template <class T>
Tensor<T, 4> lengths_of_pairs(const Tensor<T, 4>& pairs);

}  // namespace convstep::cli
