// store.h: what gradients begin and end with.
#pragma once

#include "convstep/tensor.h"

namespace convstep::reference {

// Every element becomes `value`.
template <class T, int Rank>
void fill(const View<T, Rank>& view, T value) {
  for (int64_t i = 0; i < view.shape(0); ++i) {
    if constexpr (Rank == 1) {
      view(i) = value;
    } else {
      fill(view[i], value);
    }
  }
}

// Puts a gradient where it is wanted, or adds it to what is there.
template <class T, int Rank>
void store(const View<const T, Rank>& gradient, const View<T, Rank>& to, bool accumulate) {
  for (int64_t i = 0; i < to.shape(0); ++i) {
    if constexpr (Rank == 1) {
      to(i) = accumulate ? to(i) + gradient(i) : gradient(i);
    } else {
      store(gradient[i], to[i], accumulate);
    }
  }
}

}  // namespace convstep::reference
