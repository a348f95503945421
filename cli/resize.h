// resize.h: pictures of another size, as a network wants them.
#pragma once

#include "convstep/tensor.h"

namespace convstep::cli {

// A picture [1,H,W,C], stretched to `height` and `width` as Pillow's resize with BILINEAR does it: each new pixel is a
// weighted mean of those around its centre, whose weights fall off in straight lines, over as many pixels as one new
// pixel covers where the picture shrinks. (Pillow rounds to whole levels besides.)
Tensor<float, 4> resized(const Tensor<float, 4>& picture, int64_t height, int64_t width);

}  // namespace convstep::cli
