// pixel_view.h: part of an array whose pixels hold their channels side by side, as kernels want them.
#pragma once

#include <cstdint>

namespace convstep {

// Steps count elements, from one row or pixel to the next.
template <class T>
struct PixelView {
  T* data;
  int64_t row_step, pixel_step;
};

}  // namespace convstep
