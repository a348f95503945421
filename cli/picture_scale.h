// picture_scale.h: how the values of a result become grey or colours in a .png.
//
// One scale for the whole picture, alike in all its channels: `low` is black, `high` white (in colour: none and all of
// red, green or blue), values between lie on a line, values beyond are cut off. Unless a range is chosen, 0 is black
// and 1 white, as in pictures that are read, where all values lie between; else the smallest value is black and the
// largest white. NaN is black. Alpha is left as it is.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>

#include "convstep/tensor.h"

namespace convstep::cli {

struct ValueRange {
  double low = 0, high = 1;
};

struct PictureScale {
  std::optional<ValueRange> range;  // chosen
  bool alpha = false;               // of two or four channels the last is alpha

  template <class T>
  ValueRange range_of(const Tensor<T, 4>& result) const;

  // What save_png takes. Throws ShapeError, naming `name`, unless it is one image of 1 or 3 channels, or of 2 or 4 with
  // alpha.
  template <class T>
  Tensor<float, 4> picture(const std::string& name, const Tensor<T, 4>& result, const ValueRange& ends) const;
};

// --range LOW,HIGH: for pictures alone, which `output_path` must name (check_range_option).
void add_range_option(CLI::App& command, PictureScale& scale);
void check_range_option(const PictureScale& scale, const std::string& output_path);

}  // namespace convstep::cli
