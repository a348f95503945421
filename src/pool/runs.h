// runs.h: what the kernels of pooling have in common.
//
// A kernel works on pixels whose channels lie side by side; lanes run across channels, so every channel is computed as
// if it were alone. The methods decide which taps a window reads, copy what lies otherwise, and cut work into parts.
// All steps and offsets count elements.
#pragma once

#include <cstdint>

#include "convstep/pool.h"
#include "runtime/targets.h"

namespace convstep::kernels {

// Output pixels with windows of one form: `pixels` of them, input_step apart in the input and output_step in the
// output. `input` is where the first window's tap of offset 0 lies.
template <class T>
struct PixelRun {
  const T* input;
  int64_t input_step;
  T* output;
  int64_t output_step;
  int64_t pixels, channels;
};

// The taps of a window, in row order, at least one.
struct Taps {
  const int64_t* offsets;
  int64_t count;
};

// What is summed, and what becomes of the sum.
struct SumOptions {
  PoolMode mode;   // kAverage or kLp
  double p;        // of kLp
  double divisor;  // of kAverage: how many elements count
};

}  // namespace convstep::kernels
