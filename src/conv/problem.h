// problem.h: a convolution layer and one image size.
#pragma once

#include "convstep/conv.h"
#include "core/window_axis.h"

namespace convstep {

// A layer and one image size, checked and resolved. Whatever is chosen is chosen from this and the dtype alone, so that
// the bits of the result depend on nothing else.
struct ConvProblem {
  WindowGeometry geometry;
  int64_t channels, outputs, groups;  // C, O
  Activation activation;
  double slope;

  int64_t group_channels() const { return channels / groups; }
  int64_t group_outputs() const { return outputs / groups; }
  // Products per output, and per image.
  int64_t window_size() const { return geometry.height.window * geometry.width.window * group_channels(); }
  double products() const { return products(geometry.height.output); }  // may exceed 63 bits
  double products(int64_t rows) const {
    return double(rows) * double(geometry.width.output) * double(outputs) * double(window_size());
  }

  // What most methods need, as they count the values of padded images.
  bool has_countable_padding() const { return geometry.is_countable(channels); }
};

}  // namespace convstep
