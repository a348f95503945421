// methods.h: the ways to compute a pooling. To add one: its folder, a declaration, and its place in the table.
#pragma once

#include "pool/method.h"

namespace convstep {

// Channel by channel, with lanes along the rows: arrays in the order NCHW, or of few channels.
template <class T>
struct PlaneMethod {
  static const PoolMethodKind<T> kKind;
};
// 3x3 windows, two rows of output at a time.
template <class T>
struct RowPairMethod {
  static const PoolMethodKind<T> kKind;
};
// Down the columns, then along the rows.
template <class T>
struct StripMethod {
  static const PoolMethodKind<T> kKind;
};
// Each window from the input; any layer.
template <class T>
struct WindowMethod {
  static const PoolMethodKind<T> kKind;
};

// In order of preference.
template <class T>
inline constexpr const PoolMethodKind<T>* kPoolMethods[] = {&PlaneMethod<T>::kKind, &RowPairMethod<T>::kKind,
                                                            &StripMethod<T>::kKind, &WindowMethod<T>::kKind};

}  // namespace convstep
