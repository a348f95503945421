// matrices.h: makes the matrices of conv/winograd/axis.h, for tiles of four or six points.
#pragma once

#include "conv/winograd/axis.h"

namespace convstep {

// Of a tile with so many outputs, at most those of a whole one.
template <class T>
kernels::WinogradAxis<T> winograd_axis(const kernels::WinogradTileSize& whole, int64_t outputs);

kernels::WinogradWeights winograd_weights(const kernels::WinogradTileSize& whole);

}  // namespace convstep
