// staged_output.h: where a kernel writes when the caller's view is not laid out as kernels like it: a region of the
// output is computed in the workspace and scattered where its channels are apart (as in an NCHW array).
#pragma once

#include "conv/method.h"
#include "simd/epilogue.h"
#include "tiling/region.h"
#include "tiling/staging.h"
#include "tiling/workspace_layout.h"

namespace convstep {

// What a task keeps in its thread's workspace: a patch, what it reads as the kernel wants it; and scratch, what it
// writes where views are apart. Counts are values.
template <class T>
struct TaskWorkspace {
  TaskWorkspace(int64_t patch_values, int64_t scratch_values)
      : patch(layout.add<T>(patch_values)), scratch(layout.add<T>(scratch_values)) {}

  WorkspaceLayout layout;
  Piece<T> patch, scratch;
};

// Where the kernel may write a region of the output and read its residual: in place, or in `scratch`, whose
// scratch_per_value() values per value of the region it needs. commit() then scatters.
template <class T>
class StagedOutput {
 public:
  StagedOutput(const ConvCall<T>& call, const OutputRegion& region, T* scratch);

  // 0 where the views can be used as they are.
  static int64_t scratch_per_value(const ConvCall<T>& call);

  // Both start at the first of the channels.
  const PixelView<T>& output() const { return output_; }
  kernels::Epilogue<T> epilogue(const ConvProblem& problem) const {
    return {residual_.data, residual_.row_step, residual_.pixel_step, problem.activation,
            static_cast<T>(problem.slope)};
  }
  void commit() const;

 private:
  const ConvCall<T>& call_;
  OutputRegion region_;
  bool in_place_;
  PixelView<T> output_;
  PixelView<const T> residual_;  // data is null for none
};

}  // namespace convstep
