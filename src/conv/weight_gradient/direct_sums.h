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
  // Adds them to the gradient straight from registers, or begins it with them; or returns false where that cannot be.
  bool add_to_gradient(int64_t n, bool begins, const TaskProgress& progress) const;

 private:
  // Of the output.
  struct Region {
    int64_t image, first_row, rows, first_column, columns;
  };
  // Where the sums of a panel go, and of those after it: [panel * panel_step + row of the part * row_step + column *
  // tap_step + channel * step + lane].
  struct SumsTo {
    T *weights, *bias;
    int64_t panel_step, row_step, tap_step, step;
  };
  SumsTo in_buffers(const PartSums<T>& sums, int64_t panel) const;
  SumsTo in_gradient(int64_t panel) const;
  // To the gradient where there are no buffers.
  void add_image(int64_t n, const PartSums<T>* buffers, bool adds, const TaskProgress& progress) const;
  void add_region(const Region& region, const PartSums<T>* buffers, bool adds) const;
  void add_bias(int64_t panel, kernels::WeightGradientBlock<T> block, T* sums) const;
  Region after(const Region& region) const;
  const T* first_grad(const Region& region) const;
  const T* first_value(const Region& region) const;
  void pack_grad(const Region& region) const;
  PixelView<const T> input_of(const Region& region) const;
  int64_t first_channel() const { return part_.group * problem_.group_channels() + part_.first_channel; }
  int64_t values() const { return part_.window_rows * problem_.geometry.width.window * part_.channels; }

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const GradientCut<T>& cut_;
  const GradientPart part_;
  const PartPanels<T> panels_;
  T *const patch_, *const strip_, *const grad_;
  const bool copies_grad_;
};

}  // namespace convstep
