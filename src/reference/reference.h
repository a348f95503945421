// reference.h: every operation as the plain loops of its definition, for float and double.
//
// These are the versions to read, and the ones that every fast kernel is tested against. They trust their arguments:
// shapes fit, padding is resolved, memory does not overlap. the operations check all that before they call them.
#pragma once

#include "convstep/conv.h"
#include "convstep/pool.h"
#include "core/window_axis.h"

namespace convstep::reference {

// So many elements of a window take so long (milliseconds) that progress is reported after each such part, not only
// when its pixel is done.
inline constexpr int64_t kLongWindow = int64_t{1} << 20;

template <class T>
T activate(T x, Activation activation, T slope);

template <class T>
void activation_forward(View<const T, 4> input, View<T, 4> output, Activation activation, T slope);

template <class T>
void zero_pad(View<const T, 4> X, int64_t top, int64_t left, View<T, 4> X_pad, const ProgressCallback& progress);

template <class T>
T conv_single_step(View<const T, 3> a_slice_prev, View<const T, 3> W, T b, const ProgressCallback& progress = {});

template <class T>
struct ConvArguments {
  View<const T, 4> input, weights;
  View<const T, 1> bias;      // or none
  View<const T, 4> residual;  // or none
  View<T, 4> output;
};

template <class T>
void conv_forward(const ConvArguments<T>& arguments, const WindowGeometry& geometry, const ConvOptions& options);

template <class T>
struct PoolArguments {
  View<const T, 4> input;
  View<T, 4> output;
  View<int64_t, 4> indices;  // or none
};

template <class T>
void pool_forward(const PoolArguments<T>& arguments, const WindowGeometry& geometry, const PoolOptions& options);

}  // namespace convstep::reference
