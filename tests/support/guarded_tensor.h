// guarded_tensor.h: a dense array between two pages that may not be touched.
#pragma once

#include <algorithm>

#include "convstep/tensor.h"
#include "tests/support/guarded_buffer.h"

namespace convstep {

template <class T, int Rank>
struct GuardedTensor {
  GuardedTensor(const Tensor<T, Rank>& tensor, Flush flush) : buffer(tensor.size(), flush), shape(tensor.shape()) {
    std::copy_n(tensor.data(), tensor.size(), buffer.data());
  }
  View<const T, Rank> in() const { return {buffer.data(), shape}; }
  View<T, Rank> out() { return {buffer.data(), shape}; }

  GuardedBuffer<T> buffer;
  Shape<Rank> shape;
};

}  // namespace convstep
