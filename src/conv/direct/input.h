// input.h: how the direct method reads its input: in place, or from a copy with or without the padding.
#pragma once

#include <vector>

#include "conv/direct/kernel.h"
#include "conv/method.h"
#include "tiling/region.h"
#include "tiling/staging.h"

namespace convstep {

// Where the kernel reads the input of a region: in place, or from copies in the workspace, which hold every row_skip'th
// row and pixel_skip'th pixel. Tap (0, 0) of the first pixel reads data[offset], or padding.
template <class T>
struct RegionInput {
  const T* data;
  int64_t offset, image_step, row_step, pixel_step, row_skip = 1, pixel_skip = 1;
};

template <class T>
class DirectInput {
 public:
  DirectInput(const ConvProblem& problem, bool has_finite_weights);

  const std::vector<kernels::DirectPart>& parts() const { return parts_; }
  // Of every view? If not, only of views whose channels lie apart.
  bool needs_copy() const { return needs_copy_; }
  // Of a copy of so many rows and columns of output, in the channels of a group.
  int64_t copied_values(int64_t rows, int64_t columns) const;

  RegionInput<T> in_place(const ConvCall<T>& call, const OutputRegion& region, int64_t group) const;
  // Copies `images` from that of the region on.
  RegionInput<T> copy(const ConvCall<T>& call, const OutputRegion& region, int64_t images, int64_t group, T* to) const;

 private:
  // Do the lines of a tile's pixels share a set, if pixels of the input are so many values apart?
  bool collides(int64_t pixel) const;
  int64_t copied_pixel() const { return problem_.group_channels() + gap_; }

  ConvProblem problem_;
  std::vector<kernels::DirectPart> parts_;
  bool with_padding_, needs_copy_;
  int64_t gap_;  // values after each pixel of a copy
};

}  // namespace convstep
