// operations.h: the operations, file by file, as operation.cc lists them. Where one function has several, it is asked
// by name.
#pragma once

#include "network/operation.h"

namespace convstep::network {

// activation.cc
template <class T>
Operation<T> activation_operation(const char* name);

// arithmetic.cc
template <class T>
Operation<T> arithmetic_operation(const char* name);

// clip.cc
template <class T>
Operation<T> clip_operation();

// concat.cc
template <class T>
Operation<T> concat_operation();
template <class T>
Operation<T> split_operation();

// gather.cc
template <class T>
Operation<T> gather_operation();

// gemm.cc
template <class T>
Operation<T> gemm_operation();

// identity.cc
template <class T>
Operation<T> identity_operation();

// math.cc
template <class T>
Operation<T> math_operation(const char* name);

// matmul.cc
template <class T>
Operation<T> matmul_operation();

// reshape.cc
template <class T>
Operation<T> flatten_operation();
template <class T>
Operation<T> reshape_operation();
template <class T>
Operation<T> squeeze_operation();
template <class T>
Operation<T> unsqueeze_operation();

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

}  // namespace convstep::network
