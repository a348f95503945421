// loops.h: the gradient of a pooling's input by plain loops, for images of so few elements that to prepare anything
// would take longer.
#pragma once

#include "convstep/pool.h"
#include "core/window_axis.h"

namespace convstep {

// No more channels, for what is known of each while a window is read lies on the stack.
inline constexpr int64_t kMostLoopChannels = 128;

// One image. The channels of grad, input and input_grad lie side by side. The layer is no Lp pooling.
template <class T>
struct PoolGradients {
  const WindowGeometry& geometry;
  const PoolOptions& options;
  PoolTies ties;
  View<const T, 3> grad, input;
  View<const int64_t, 3> indices;  // or none; of any strides
  View<T, 3> input_grad;           // written in full
};

// What src/reference/pool.cc gives, bit by bit.
template <class T>
void loop_over_windows(const PoolGradients<T>& gradients);

}  // namespace convstep
