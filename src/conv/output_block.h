// output_block.h: where a kernel writes when the caller's view is not laid out as kernels like it: a band of the output
// is computed in the workspace and scattered where its channels are apart (as in an NCHW array).
#pragma once

#include "conv/method.h"
#include "simd/epilogue.h"
#include "tiling/region.h"
#include "tiling/staging.h"

namespace convstep {

// Output channels first .. first + count - 1.
struct Channels {
  int64_t first, count;
};

// Where the kernel may write some channels of a block of the output and read their residual: in place, or in `scratch`,
// whose scratch_per_value() * rows * columns * count values it needs. commit() then scatters.
template <class T>
class OutputBlock {
 public:
  OutputBlock(const ConvCall<T>& call, const Block& block, const Channels& channels, T* scratch);

  // Values of scratch per output value of a block: 0 where the views can be used as they are.
  static int64_t scratch_per_value(const ConvCall<T>& call);

  // Both start at the first of the channels.
  const Pixels<T>& output() const { return output_; }
  kernels::Epilogue<T> epilogue(const ConvProblem& problem) const {
    return {residual_.data, residual_.row_step, residual_.pixel_step, problem.activation,
            static_cast<T>(problem.slope)};
  }
  void commit() const;

 private:
  const ConvCall<T>& call_;
  Block block_;
  Channels channels_;
  bool in_place_;
  Pixels<T> output_;
  Pixels<const T> residual_;  // data is null for none
};

}  // namespace convstep
