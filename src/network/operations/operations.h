// operations.h: the operations, file by file, as operation.cc lists them. Where one function has several, it is asked
// by name.
#pragma once

#include "network/operation.h"

namespace convstep::network {

// activation.cc
template <class T>
Operation<T> activation_operation(const char* name);

// arg.cc
template <class T>
Operation<T> arg_operation(const char* name);
template <class T>
Operation<T> top_operation();

// arithmetic.cc
template <class T>
Operation<T> arithmetic_operation(const char* name);

// batch_normalization.cc
template <class T>
Operation<T> batch_normalization_operation();

// cast.cc
template <class T>
Operation<T> cast_operation();

// clip.cc
template <class T>
Operation<T> clip_operation();

// comparison.cc
template <class T>
Operation<T> comparison_operation(const char* name);
template <class T>
Operation<T> truth_operation(const char* name);

// concat.cc
template <class T>
Operation<T> concat_operation();
template <class T>
Operation<T> split_operation();

// conv.cc
template <class T>
Operation<T> conv_operation();

// conv_transpose.cc
template <class T>
Operation<T> conv_transpose_operation();

// cumulate.cc
template <class T>
Operation<T> cumulative_sum_operation();

// depth_to_space.cc
template <class T>
Operation<T> depth_to_space_operation();
template <class T>
Operation<T> space_to_depth_operation();

// dropout.cc
template <class T>
Operation<T> dropout_operation();

// expand.cc
template <class T>
Operation<T> expand_operation();
template <class T>
Operation<T> tile_operation();

// fill.cc
template <class T>
Operation<T> constant_of_shape_operation();
template <class T>
Operation<T> range_operation();

// gather.cc
template <class T>
Operation<T> gather_operation();

// gather_elements.cc
template <class T>
Operation<T> gather_elements_operation();

// gemm.cc
template <class T>
Operation<T> gemm_operation();

// global_pool.cc
template <class T>
Operation<T> global_pool_operation(const char* name);

// identity.cc
template <class T>
Operation<T> identity_operation();

// instance_normalization.cc
template <class T>
Operation<T> instance_normalization_operation();

// lrn.cc
template <class T>
Operation<T> lrn_operation();

// math.cc
template <class T>
Operation<T> math_operation(const char* name);

// matmul.cc
template <class T>
Operation<T> matmul_operation();

// pad.cc
template <class T>
Operation<T> pad_operation();

// pool.cc
template <class T>
Operation<T> pool_operation(const char* name);

// pointwise.cc
template <class T>
Operation<T> pointwise_operation();

// pow.cc
template <class T>
Operation<T> pow_operation();

// reduce.cc
template <class T>
Operation<T> reduce_operation(const char* name);

// reshape.cc
template <class T>
Operation<T> flatten_operation();
template <class T>
Operation<T> reshape_operation();
template <class T>
Operation<T> squeeze_operation();
template <class T>
Operation<T> unsqueeze_operation();

// resize.cc
template <class T>
Operation<T> resize_operation();

// shape.cc
template <class T>
Operation<T> shape_operation();
template <class T>
Operation<T> size_operation();

// slice.cc
template <class T>
Operation<T> slice_operation();

// softmax.cc
template <class T>
Operation<T> softmax_operation(const char* name);

// transpose.cc
template <class T>
Operation<T> transpose_operation();

// variadic.cc
template <class T>
Operation<T> variadic_operation(const char* name);

// where.cc
template <class T>
Operation<T> where_operation();

}  // namespace convstep::network
