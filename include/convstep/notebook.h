// notebook.h: the notebook's functions, with its names, shapes, hyperparameters and caches.
//
//   auto [Z, cache] = conv_forward(A_prev, W, b, {.stride = 2, .pad = 1});
//   auto [A, pool_cache] = pool_forward(Z, {.stride = 1, .f = 2}, "average");
//
// Float and double. Each throws ShapeError, ParameterError or std::bad_alloc, and names the arguments as they are
// called here. Where NumPy's bits are promised, they are those of the notebook's own code. Source: sections 3.1 to 4.1
// of the notebook. Readable versions: src/reference.
#pragma once

#include <optional>
#include <string>

#include "convstep/numerics.h"
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

// What the notebook keeps for its backward pass, which convstep does not have. Its views are the very ones that were
// passed in: they borrow.
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

}  // namespace convstep
