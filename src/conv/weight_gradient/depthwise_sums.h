// depthwise_sums.h: the sums of one image where each channel has a filter of its own. A part is some channels, which
// count as the outputs of one group of one channel.
#pragma once

#include "conv/weight_gradient/cut.h"
#include "conv/weight_gradient/depthwise_kernel.h"
#include "conv/weight_gradient/part.h"
#include "core/pixel_view.h"
#include "runtime/task_progress.h"
#include "tiling/region.h"

namespace convstep {

bool is_depthwise_gradient(const ConvProblem& problem);

template <class T>
class DepthwiseGradientCut {
 public:
  DepthwiseGradientCut(const ConvProblem& problem, const kernels::WeightGradientKernel<T>& kernel, int threads);

  int64_t parts() const { return divide_up(panels_, panels_of_a_part_); }
  GradientPart operator[](int64_t number) const;
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
  void compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const;

 private:
  void add_region(int64_t n, const OutputRegion& region, int64_t panel, const PartSums<T>& sums) const;
  PixelView<const T> input_of(int64_t n, const OutputRegion& region, int64_t lanes) const;
  PixelView<const T> grad_of(int64_t n, const OutputRegion& region, int64_t lanes) const;

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const DepthwiseGradientCut<T>& cut_;
  const GradientPart part_;
  const PartPanels<T> panels_;
  const kernels::DepthwiseGradientKernel<T>& kernel_;
  T *const patch_, *const grad_;
};

}  // namespace convstep
