// notebook.h: the notebook's functions, with its names, shapes, hyperparameters and caches.
//
//   auto [Z, cache] = conv_forward(A_prev, W, b, {.stride = 2, .pad = 1});
//   auto [A, pool_cache] = pool_forward(Z, {.stride = 1, .f = 2}, "average");
//   auto dZ = pool_backward(dA, pool_cache, "average");
//   auto [dA_prev, dW, db] = conv_backward(dZ, cache);
//
// Float and double. Each throws ShapeError, ParameterError or std::bad_alloc, and names the arguments as they are
// called here. Where NumPy's bits are promised, they are those of the notebook's own code. Source: sections 3.1 to 4.1
// of the notebook, and section 5, the backward pass, of its full versions. Readable versions: src/reference.
#pragma once

#include <optional>
#include <string>

#include "convstep/numerics.h"
#include "convstep/pool.h"
#include "convstep/runtime.h"
#include "convstep/tensor.h"

namespace CONVSTEP_EXPORT convstep {

// `pad` rows and columns of zeros on every side of each image.   X [m,n_H,n_W,n_C]
Tensor<float, 4> zero_pad(View<const float, 4> X, Count pad, const RunOptions& options = {});
Tensor<double, 4> zero_pad(View<const double, 4> X, Count pad, const RunOptions& options = {});

// One window, one filter, one number, with NumPy's bits: sum(a_slice_prev * W) + b. One thread computes it.
//   a_slice_prev [f,f,n_C_prev]   W the same shape   b [1,1,1]
float conv_single_step(View<const float, 3> a_slice_prev, View<const float, 3> W, View<const float, 3> b,
                       const RunOptions& options = {});
double conv_single_step(View<const double, 3> a_slice_prev, View<const double, 3> W, View<const double, 3> b,
                        const RunOptions& options = {});

// conv_forward gives NumPy's bits by default for layers with at most this many multiplications per image. The largest
// layer of the notebook has 156,000.
inline constexpr int64_t kNotebookProducts = int64_t{1} << 18;

// The numerics where none are given: kNumpy for layers of up to kNotebookProducts, kFast for larger ones. W may have
// the channels of one group, [f,f,n_C_prev/groups,n_C].
Numerics notebook_numerics(const Shape<4>& W, const Shape<4>& Z);

struct ConvHparameters {
  Count stride = 1;
  Count pad = 0;
  std::optional<Numerics> numerics{};  // notebook_numerics(), unless given
};

// What conv_backward takes. Its views are the very ones that were passed in: they borrow, so those arrays must be alive
// and unchanged when it is called.
template <class T>
struct ConvCache {
  View<const T, 4> A_prev, W, b;
  ConvHparameters hparameters;
};

template <class T>
struct ConvResult {
  Tensor<T, 4> Z;
  ConvCache<T> cache;
};

// A whole layer without activation.
//   A_prev [m,n_H_prev,n_W_prev,n_C_prev]   W [f,f,n_C_prev,n_C]   b [1,1,1,n_C]   Z [m,n_H,n_W,n_C]
ConvResult<float> conv_forward(View<const float, 4> A_prev, View<const float, 4> W, View<const float, 4> b,
                               const ConvHparameters& hparameters, const RunOptions& options = {});
ConvResult<double> conv_forward(View<const double, 4> A_prev, View<const double, 4> W, View<const double, 4> b,
                                const ConvHparameters& hparameters, const RunOptions& options = {});

struct PoolHparameters {
  Count stride = 1;
  Count f = 1;
};

// As ConvCache.
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

// A window slides over each channel by itself; averages have NumPy's bits.
//   A_prev [m,n_H_prev,n_W_prev,n_C]   A [m,n_H,n_W,n_C]   mode "max" or "average"
PoolResult<float> pool_forward(View<const float, 4> A_prev, const PoolHparameters& hparameters,
                               const std::string& mode = "max", const RunOptions& options = {});
PoolResult<double> pool_forward(View<const double, 4> A_prev, const PoolHparameters& hparameters,
                                const std::string& mode = "max", const RunOptions& options = {});

template <class T>
struct ConvGradients {
  Tensor<T, 4> dA_prev, dW, db;
};

// The gradients of a layer from that of its Z, with NumPy's bits where conv_forward has them. Each output adds to what
// it was computed from, one after the other in the order (i, h, w, c); what falls on the padding is dropped:
//   dA_prev[i, window] += W[...,c] * dZ[i,h,w,c]
//   dW[...,c]          += A_prev[i, window] * dZ[i,h,w,c]
//   db[...,c]          += dZ[i,h,w,c]
//   dZ [m,n_H,n_W,n_C]   dA_prev [m,n_H_prev,n_W_prev,n_C_prev]   dW [f,f,n_C_prev,n_C]   db [1,1,1,n_C]
ConvGradients<float> conv_backward(View<const float, 4> dZ, const ConvCache<float>& cache,
                                   const RunOptions& options = {});
ConvGradients<double> conv_backward(View<const double, 4> dZ, const ConvCache<double>& cache,
                                    const RunOptions& options = {});

// x == max(x), element by element: true at every maximum. Nowhere if x holds NaN, which equals nothing.
//   x [n_H,n_W] of any strides   the mask is dense, of the same shape
Tensor<bool, 2> create_mask_from_window(View<const float, 2> x);
Tensor<bool, 2> create_mask_from_window(View<const double, 2> x);

// dz / (n_H * n_W) in every element.   shape [n_H,n_W], no axis of length 0
Tensor<float, 2> distribute_value(float dz, const Shape<2>& shape);
Tensor<double, 2> distribute_value(double dz, const Shape<2>& shape);
template <WholeNumber N>
Tensor<double, 2> distribute_value(N dz, const Shape<2>& shape) {
  return distribute_value(static_cast<double>(dz), shape);
}

// The gradient of a pooling's input from that of its A. `mode` is that of the forward pass. By default every maximum of
// a window gets the whole gradient, and none where one element is NaN (create_mask_from_window). These are NumPy's
// bits, but for gradients that are not finite: the notebook multiplies them with the zeros of the mask, too, and
// spreads NaN over the window.
//   dA [m,n_H,n_W,n_C]   dA_prev [m,n_H_prev,n_W_prev,n_C]
Tensor<float, 4> pool_backward(View<const float, 4> dA, const PoolCache<float>& cache, const std::string& mode = "max",
                               PoolTies ties = PoolTies::kAll, const RunOptions& options = {});
Tensor<double, 4> pool_backward(View<const double, 4> dA, const PoolCache<double>& cache,
                                const std::string& mode = "max", PoolTies ties = PoolTies::kAll,
                                const RunOptions& options = {});

}  // namespace convstep
