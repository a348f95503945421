// cut.h: how the gradient of weights is cut: into parts, each a task, and the output into regions that a task goes
// through one after the other. It changes no bit of the result.
#pragma once

#include "conv/method.h"
#include "conv/weight_gradient/part.h"
#include "tiling/workspace_layout.h"

namespace convstep {

// The most of each that a part has.
struct GradientPartSize {
  int64_t window_rows, channels, panels;
};

template <class T>
struct DirectSumsWorkspace {
  WorkspaceLayout layout;
  Piece<T> patch;  // of the input of a region
  Piece<T> strip;  // of a tile's values
  Piece<T> grad;   // of a region, panel by panel
  Piece<T> weight_sums, bias_sums;
};

template <class T>
class GradientCut {
 public:
  GradientCut(const ConvProblem& problem, const WeightGradientCall<T>& call,
              const kernels::WeightGradientKernel<T>& kernel, int threads);
  // Into parts of this size.
  GradientCut(const ConvProblem& problem, const WeightGradientCall<T>& call,
              const kernels::WeightGradientKernel<T>& kernel, const GradientPartSize& size);

  int64_t parts() const { return problem_.groups * parts_of(size_); }
  GradientPart operator[](int64_t number) const;
  // Of the output: some rows, a multiple of a chunk's, and a chunk's columns.
  const GradientChunk& region() const { return region_; }
  const GradientChunk& chunk() const { return chunk_; }
  const kernels::WeightGradientKernel<T>& kernel() const { return kernel_; }
  // Of a region's input: where windows read padding, or channels lie apart.
  bool copies_input() const { return copies_input_; }
  int64_t gap() const { return gap_; }  // values after each pixel of a copy
  DirectSumsWorkspace<T> workspace() const { return workspace_of(size_, region_.rows); }
  // Does a task keep within kWorkspaceLimit?
  bool fits() const { return workspace().layout.bytes() <= static_cast<size_t>(kWorkspaceLimit); }

 private:
  bool collides(int64_t pixel) const;
  // Of one group.
  int64_t parts_of(const GradientPartSize& size) const;
  double patch_bytes(const GradientPartSize& size, int64_t rows) const;
  double sum_bytes(const GradientPartSize& size) const;
  DirectSumsWorkspace<T> workspace_of(const GradientPartSize& size, int64_t rows) const;
  void cut_for_memory();
  void cut_for_threads(int threads);

  ConvProblem problem_;
  GradientChunk chunk_, region_;
  const kernels::WeightGradientKernel<T>& kernel_;
  int64_t panel_lanes_, panels_;  // of a group
  GradientPartSize size_;
  bool copies_input_;
  int64_t gap_ = 0;
};

}  // namespace convstep
