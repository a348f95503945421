// part.h: the part of a gradient that one task computes, image by image.
#pragma once

#include <algorithm>

#include "conv/weight_gradient/kernel.h"
#include "conv/weight_gradient/method.h"

namespace convstep {

// Of one group, some rows of the window, some channels and some outputs.
struct GradientPart {
  int64_t group, first_window_row, window_rows, first_channel, channels, first_output, outputs;

  // One part has the gradient of the bias along.
  bool has_bias() const { return first_window_row == 0 && first_channel == 0; }
};

// A length in as few pieces of at most `most` as can be, as equal as can be.
struct GradientPieces {
  GradientPieces(int64_t length_of_all, int64_t most) : count(divide_up(length_of_all, most)), whole(length_of_all) {}
  int64_t first(int64_t piece) const { return whole / count * piece + whole % count * piece / count; }
  int64_t length(int64_t piece) const { return first(piece + 1) - first(piece); }

  int64_t count, whole;
};

// The sums of one image: [panel][window row][KW][channel][lanes of the panel], and of the bias [panel][lanes]. Lanes
// beyond the outputs hold anything.
template <class T>
struct PartSums {
  T *weights, *bias;
};

// May the sums of so many outputs go between the gradient and vectors of so many lanes with no buffer in between?
template <class T>
bool takes_vectors(const WeightGradientCall<T>& call, int64_t outputs, int64_t lanes) {
  return outputs % lanes == 0 && call.weights_grad.stride(3) == 1 && (!call.bias_grad || call.bias_grad.stride(0) == 1);
}

// The panels of a part: as wide as the kernel has them, the last one of a vector where that holds its outputs.
template <class T>
class PartPanels {
 public:
  PartPanels(const kernels::WeightGradientKernel<T>& kernel, int64_t outputs) : kernel_(kernel), outputs_(outputs) {}

  int64_t count() const { return (outputs_ + kernel_.panel_lanes - 1) / kernel_.panel_lanes; }
  int64_t first(int64_t panel) const { return panel * kernel_.panel_lanes; }
  int64_t outputs(int64_t panel) const { return std::min(outputs_ - first(panel), kernel_.panel_lanes); }
  int64_t lanes(int64_t panel) const { return outputs(panel) <= kernel_.lanes ? kernel_.lanes : kernel_.panel_lanes; }
  // How many, from this one on, are as wide as it is: only the last one may be narrower.
  int64_t equal_from(int64_t panel) const {
    const bool is_last_narrow = lanes(count() - 1) != lanes(panel);
    return count() - panel - int64_t{is_last_narrow};
  }
  // Panel by panel; what lies `step` values apart in a pixel lies side by side in a panel, with zeros behind it.
  void pack(const kernels::PixelRows<T>& pixels, int64_t step, T* to) const {
    if (step == 1 || outputs_ == 1) {
      kernel_.pack(pixels, outputs_, to);
    } else {
      for (int64_t p = 0; p < count(); ++p) to = pack_apart(pixels, step, p, to);
    }
  }
  void run(int64_t panel, const kernels::WeightGradientBlock<T>& block) const {
    (lanes(panel) == kernel_.panel_lanes ? kernel_.run : kernel_.run_narrow)(block);
  }
  void run_images(int64_t panel, const kernels::WeightGradientBlock<T>& block) const {
    (lanes(panel) == kernel_.panel_lanes ? kernel_.run_images : kernel_.run_images_narrow)(block);
  }

 private:
  T* pack_apart(const kernels::PixelRows<T>& pixels, int64_t step, int64_t panel, T* to) const {
    const int64_t values = outputs(panel);
    for (int64_t y = 0; y < pixels.rows; ++y) {
      const T* from = pixels.data + y * pixels.row_step + first(panel) * step;
      for (int64_t x = 0; x < pixels.columns; ++x, from += pixels.pixel_step, to += lanes(panel)) {
        for (int64_t o = 0; o < values; ++o) to[o] = from[o * step];
        std::fill(to + values, to + lanes(panel), T(0));
      }
    }
    return to;
  }

  const kernels::WeightGradientKernel<T>& kernel_;
  int64_t outputs_;
};

}  // namespace convstep
