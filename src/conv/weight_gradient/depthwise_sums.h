// depthwise_sums.h: the sums of one image where each channel has a filter of its own, or each few of them have one for
// each. A part is some groups, which count as one whose outputs they all are.
#pragma once

#include "conv/weight_gradient/cut.h"
#include "conv/weight_gradient/depthwise_kernel.h"
#include "conv/weight_gradient/part.h"
#include "core/pixel_view.h"
#include "runtime/task_progress.h"
#include "tiling/region.h"

namespace convstep {

// Does the kernel take such groups?
template <class T>
bool is_depthwise_gradient(const ConvProblem& problem, const kernels::DepthwiseGradientKernel<T>& kernel);

// The sums of a part are those of one panel, [KH * KW][channels of a group][lanes], as it has few for each tap.
struct PanelOfAll {
  int64_t count() const { return 1; }
  int64_t first(int64_t) const { return 0; }
  int64_t outputs(int64_t) const { return all_outputs; }
  int64_t lanes(int64_t) const { return all_lanes; }

  int64_t all_outputs, all_lanes;
};

template <class T>
class DepthwiseGradientCut {
 public:
  DepthwiseGradientCut(const ConvProblem& problem, const kernels::WeightGradientKernel<T>& kernel, int threads);

  int64_t parts() const { return divide_up(panels_, panels_of_a_part_); }
  GradientPart operator[](int64_t number) const;
  PanelOfAll panel_of_sums(const GradientPart& part) const {
    return {part.outputs, round_up(part.outputs, kernel_.lanes)};
  }
  // Of the output, some rows, a multiple of a chunk's, and a chunk's columns: that a panel's input is copied for.
  const GradientChunk& region() const { return region_; }
  const kernels::WeightGradientKernel<T>& kernel() const { return kernel_; }
  DirectSumsWorkspace<T> workspace() const;
  bool fits() const { return workspace().layout.bytes() <= static_cast<size_t>(kWorkspaceLimit); }

 private:
  double patch_values(int64_t rows) const;

  const ConvProblem& problem_;
  const kernels::WeightGradientKernel<T>& kernel_;
  GradientChunk region_;
  int64_t panels_, panels_of_a_part_;
};

template <class T>
class DepthwiseSums {
 public:
  DepthwiseSums(const ConvProblem& problem, const WeightGradientCall<T>& call, const DepthwiseGradientCut<T>& cut,
                const GradientPart& part, const DirectSumsWorkspace<T>& workspace, void* memory);

  // As DirectSums::compute.
  void compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const {
    compute(n, Sums{sums.weights, cut_.panel_of_sums(part_).all_lanes, sums.bias, false}, progress);
  }
  // Begins the gradient with those of the first image, written straight to it; or returns false where that cannot be.
  bool begin_gradient(const TaskProgress& progress) const;

 private:
  // Those of the weights lie `step` apart from one channel of a group, or one tap, to the next one.
  struct Sums {
    T* weights;
    int64_t step;
    T* bias;
    bool are_gradient;
  };
  void compute(int64_t n, const Sums& sums, const TaskProgress& progress) const;
  void add_region(const OutputRegion& region, const Sums& sums) const;
  kernels::DepthwiseGradientBlock<T> in_place(const OutputRegion& region) const;
  kernels::DepthwiseGradientBlock<T> copied(const OutputRegion& region) const;

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const DepthwiseGradientCut<T>& cut_;
  const GradientPart part_;
  const kernels::DepthwiseGradientKernel<T>& kernel_;
  T *const patch_, *const grad_;
  const bool is_dense_;  // do the channels lie side by side?
};

}  // namespace convstep
