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

// g * activation'(x)
template <class T>
T activate_backward(T g, T x, Activation activation, T slope);

template <class T>
void activation_backward(View<const T, 4> grad, View<const T, 4> input, View<T, 4> input_grad, Activation activation,
                         T slope);

template <class T>
void zero_pad(View<const T, 4> X, int64_t top, int64_t left, View<T, 4> X_pad, const ProgressCallback& progress);

template <class T>
void zero_pad_backward(View<const T, 4> dX_pad, int64_t top, int64_t left, View<T, 4> dX,
                       const ProgressCallback& progress);

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

// The sums below have the order of Numerics::kNumpy. Of the options they read the groups and the progress. `accumulate`
// adds the gradient of the input to what input_grad holds, and goes on with the sums that the other two hold.
template <class T>
struct ConvBackwardInputArguments {
  View<const T, 4> grad, weights;
  View<T, 4> input_grad;
};

template <class T>
void conv_backward_input(const ConvBackwardInputArguments<T>& arguments, const WindowGeometry& geometry,
                         const ConvOptions& options, bool accumulate = false);

template <class T>
struct ConvBackwardWeightsArguments {
  View<const T, 4> grad, input;
  View<T, 4> weights_grad;
  View<T, 1> bias_grad;  // or none
};

template <class T>
void conv_backward_weights(const ConvBackwardWeightsArguments<T>& arguments, const WindowGeometry& geometry,
                           const ConvOptions& options, bool accumulate = false);

template <class T>
struct PoolArguments {
  View<const T, 4> input;
  View<T, 4> output;
  View<int64_t, 4> indices;  // or none
};

template <class T>
void pool_forward(const PoolArguments<T>& arguments, const WindowGeometry& geometry, const PoolOptions& options);

template <class T>
struct PoolBackwardArguments {
  View<const T, 4> grad;
  View<const T, 4> input;          // of averages the shape alone; or none, with indices
  View<const int64_t, 4> indices;  // or none
  View<T, 4> input_grad;
};

template <class T>
void pool_backward(const PoolBackwardArguments<T>& arguments, const WindowGeometry& geometry,
                   const PoolOptions& options, PoolTies ties, bool accumulate);

// -log of the softmax of one row of logits, at the label.
template <class T>
T cross_entropy(View<const T, 1> logits, int64_t label);

// Its gradient divided by `count`. It may be written over the logits.
template <class T>
void cross_entropy_backward(View<const T, 1> logits, int64_t label, T count, View<T, 1> logits_grad);

}  // namespace convstep::reference
