// epilogue.h: what happens to a sum before it is stored.
#pragma once

#include <cstdint>

#include "convstep/activation.h"

namespace convstep::kernels {

// What happens to a sum before it is stored: plus the residual (null for none), then the activation. Steps count
// elements from one output pixel, or row, to the next.
template <class T>
struct Epilogue {
  const T* residual;
  int64_t residual_row_step, residual_pixel_step;
  Activation activation;
  T slope;
};

}  // namespace convstep::kernels
