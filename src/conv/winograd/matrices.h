// matrices.h: makes the matrices of conv/winograd/axis.h, for m = 2 and m = 4.
#pragma once

#include "conv/winograd/axis.h"

namespace convstep {

// Of a tile with `outputs` <= m outputs.
template <class T>
kernels::WinogradAxis<T> winograd_axis(int64_t m, int64_t outputs);

kernels::WinogradWeights winograd_weights(int64_t m);

}  // namespace convstep
