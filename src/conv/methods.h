// methods.h: the ways to compute a convolution. To add one: its folder, a declaration, and its place in the table.
#pragma once

#include "conv/method.h"

namespace convstep {

template <class T>
struct NumpyOrderMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct WinogradMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct GroupsOfFourMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct FewOutputsMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct DepthwiseMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct DirectMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct SinglePixelMethod {
  static const ConvMethodKind<T> kKind;
};
template <class T>
struct ReferenceLoopsMethod {
  static const ConvMethodKind<T> kKind;
};

// In order of preference.
template <class T>
inline constexpr const ConvMethodKind<T>* kConvMethods[] = {
    &NumpyOrderMethod<T>::kKind,  &WinogradMethod<T>::kKind,       &GroupsOfFourMethod<T>::kKind,
    &FewOutputsMethod<T>::kKind,  &DepthwiseMethod<T>::kKind,      &DirectMethod<T>::kKind,
    &SinglePixelMethod<T>::kKind, &ReferenceLoopsMethod<T>::kKind,
};

}  // namespace convstep
