// pool.h: 2-D pooling, channels last. A window slides over each channel by itself and leaves one number.
//
//   kMax      the largest element: IEEE 754-2019 `maximum` (NaN if any is NaN, +0 > -0). Padding is -infinity.
//   kAverage  the sum divided by the number of elements. Padding is 0 and counts only with count_include_pad; the rows
//             that ceil_mode adds beyond the padding never count.
//   kLp       (sum of |x|^p)^(1/p); p = 2, the default, is L2 pooling, p = 1 the sum of magnitudes. Padding is 0.
//             Where the result is a number of the type, powers that are too large or too small for it do no harm.
//
//   input [N,H,W,C]   output [N,OH,OW,C]
//   OH = floor((H + top + bottom - dilation.height*(window.height-1) - 1) / stride.height) + 1;  OW alike.
//   ceil_mode takes the ceiling instead, and drops a last window that would start beyond input and leading padding.
//   With SAME padding OH = ceil(H / stride.height).
//
// Every window must read at least one element of the input: padding that would make an empty one is an error.
// Float and double; sums are kept in the type of the arrays, in NumPy's pairwise order over the elements that a window
// reads, row by row, or in that of SumOrder::kAuto. So the bits of the result follow from the input and the geometry
// alone: not from threads, batch, strides of the views or SIMD target. N = 0 is valid. Source: section 4 of the
// notebook (`pool_forward`). Readable version: src/reference/pool.cc.
#pragma once

#include <string>

#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace convstep {

enum class PoolMode { kMax, kAverage, kLp };

// The order of the additions in kAverage and kLp.
//
//   kAuto   NumPy's, except where windows overlap so much that sums by column pay. There each column under a window is
//           summed from top to bottom, then these sums from left to right. With dilation 1 that is so for windows at
//           least 5 high and at least 5 strides wide, with more than one column of output, and for averages of 3x3
//           windows at stride 1 over at least 16 channels; but not for windows of which four in a row, or in a column,
//           reach over more than 128 KB (32768 floats).
//   kNumpy  always NumPy's
enum class SumOrder { kAuto, kNumpy };

// Window and stride are 1 unless they are given. So without `.window` the output is a copy of the input, and that is no
// error; without `.stride` windows move by 1, where Python and the command move them by their size.
struct PoolOptions {
  Size2 window{1, 1};
  Size2 stride{1, 1};
  PoolMode mode = PoolMode::kMax;
  Padding padding{};  // top, bottom, left, right; or Padding::same_upper(), Padding::same_lower()
  Size2 dilation{1, 1};
  bool ceil_mode = false;
  bool count_include_pad = false;  // read by kAverage alone
  double p = 2;                    // read by kLp alone; finite and at least 1
  SumOrder sum_order = SumOrder::kAuto;
  Count threads = 0;  // at most so many; 0: num_threads() of runtime.h
  ProgressCallback progress{};
};

// The shape of the output. Throws as pool_forward does.
Shape<4> pool_output_shape(const Shape<4>& input, const PoolOptions& options);

// Writes every element of the output, which must share none with the input (it may lie in gaps of it). Throws
// ShapeError (shapes) or ParameterError (options, or a bad environment variable of runtime.h) before anything is
// written; and std::bad_alloc where there is no memory for a thread's workspace, perhaps after part of the output is
// written.
void pool_forward(View<const float, 4> input, View<float, 4> output, const PoolOptions& options);
void pool_forward(View<const double, 4> input, View<double, 4> output, const PoolOptions& options);

// Max pooling that also says where each maximum was: indices[n,y,x,c] = row*W + column in the unpadded image n, the
// first in row order among equals, and the first NaN where there is one. `options.mode` must be kMax.
void pool_forward(View<const float, 4> input, View<float, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options);
void pool_forward(View<const double, 4> input, View<double, 4> output, View<int64_t, 4> indices,
                  const PoolOptions& options);

// Global pooling is a window as large as the image: output [N,1,1,C].
PoolOptions global_pool_options(const Shape<4>& input, PoolMode mode);

// The notebook's form:  auto [A, cache] = pool_forward(A_prev, {.stride = 2, .f = 3}, "average");
//   A_prev [m,n_H_prev,n_W_prev,n_C]   A [m,n_H,n_W,n_C]   mode "max" or "average", the latter with SumOrder::kNumpy
// Throws ShapeError, ParameterError, std::bad_alloc.
struct PoolHparameters {
  Count stride = 1;
  Count f = 1;
};

// What the notebook keeps for its backward pass, which convstep does not have. Its view is the very one that was passed
// in: it borrows.
template <class T>
struct PoolCache {
  View<const T, 4> A_prev;
  PoolHparameters hparameters;
};

template <class T>
struct PoolResult {
  Tensor<T, 4> A;
  PoolCache<T> cache;
};

PoolResult<float> pool_forward(View<const float, 4> A_prev, const PoolHparameters& hparameters,
                               const std::string& mode = "max");
PoolResult<double> pool_forward(View<const double, 4> A_prev, const PoolHparameters& hparameters,
                                const std::string& mode = "max");

}  // namespace convstep
