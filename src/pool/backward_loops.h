// backward_loops.h: the gradient of a pooling's input, some channels of one image at a time.
#pragma once

#include "convstep/pool.h"
#include "core/window_axis.h"
#include "runtime/task_progress.h"

namespace convstep {

// So many channels are taken at once, at most: what is known of each while a window is read lies on the stack.
inline constexpr int64_t kMostBackwardChannels = 128;

// Some channels of one image. Those of grad, input and input_grad lie side by side. The layer is no Lp pooling.
template <class T>
struct PoolGradients {
  const WindowGeometry& geometry;
  const PoolOptions& options;
  PoolTies ties;
  View<const T, 3> grad, input;
  View<const int64_t, 3> indices;  // or none; of any strides
  View<T, 3> input_grad;           // zeros, to which is added
};

// What src/reference/pool.cc gives, bit by bit; in part where progress was stopped.
template <class T>
void add_pool_gradients(const PoolGradients<T>& gradients, const TaskProgress& progress);

}  // namespace convstep
