// direct_sums.h: the sums of one image by the direct method.
#pragma once

#include "conv/weight_gradient/cut.h"
#include "conv/weight_gradient/part.h"
#include "core/pixel_view.h"
#include "runtime/task_progress.h"

namespace convstep {

// Values under the window are broadcast from where they lie, outputs are in the lanes.
template <class T>
class DirectSums {
 public:
  DirectSums(const ConvProblem& problem, const WeightGradientCall<T>& call, const GradientCut<T>& cut,
             const GradientPart& part, const DirectSumsWorkspace<T>& workspace, void* memory);

  // Writes the sums of image n, of the bias where the part has one. Ends early where progress says so.
  void compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const;

 private:
  struct Region {
    int64_t first_row, rows, first_column, columns;
    bool is_first;
  };
  void add_region(int64_t n, const Region& region, const PartSums<T>& sums) const;
  void add_bias(int64_t panel, kernels::WeightGradientBlock<T> block, T* sums) const;
  void pack_grad(int64_t n, const Region& region) const;
  PixelView<const T> input_of(int64_t n, const Region& region) const;
  int64_t values() const { return part_.window_rows * problem_.geometry.width.window * part_.channels; }

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const GradientCut<T>& cut_;
  const GradientPart part_;
  const PartPanels<T> panels_;
  T *const patch_, *const grad_;
  const bool copies_;
};

}  // namespace convstep
