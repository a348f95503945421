// winograd_sums.h: the sums of one image by Winograd's method (winograd_kernel.h), for 3x3 windows of stride 1.
//
// The tiles of an image are taken in chunks. The products of a chunk are chains of multiply-adds; chunks are added in
// order; then the sums over the image are turned into those of the nine taps. A channel and output whose taps do not
// all come out finite is computed anew by the direct method, as infinity would have become NaN.
#pragma once

#include "conv/weight_gradient/cut.h"
#include "conv/weight_gradient/part.h"
#include "conv/weight_gradient/winograd_few_tiles_kernel.h"
#include "conv/weight_gradient/winograd_kernel.h"
#include "conv/winograd/blocking.h"
#include "conv/winograd/kernel.h"
#include "runtime/task_progress.h"
#include "tiling/region.h"

namespace convstep {

int64_t tiles_of_image(const WindowGeometry& geometry);
bool winograd_gradient_fits(const ConvProblem& problem);
bool winograd_gradient_pays(const ConvProblem& problem);

template <class T>
struct WinogradSumsWorkspace {
  WorkspaceLayout layout;
  Piece<T> input, grad;  // transformed: V, and U of a panel
  Piece<T> products;     // M of a panel or, where an image has chunks, of all; or scratch for an image of few tiles
  Piece<T> copied;       // a tile with its padding
  Piece<T> weight_sums, bias_sums;
};

template <class T>
class WinogradGradientCut {
 public:
  WinogradGradientCut(const ConvProblem& problem, const kernels::WeightGradientKernel<T>& kernel,
                      const kernels::FewTilesKernel<T>& few_tiles, int threads);

  int64_t parts() const;
  GradientPart operator[](int64_t number) const;
  const GradientPartSize& size() const { return size_; }
  int64_t tiles() const { return tiles_; }  // of a chunk
  const kernels::WeightGradientKernel<T>& kernel() const { return kernel_; }
  WinogradSumsWorkspace<T> workspace() const { return workspace_of(size_); }
  // Of an image: then its products are done with before the next panel's begin.
  bool has_one_chunk() const { return tiles_ >= tiles_of_image(problem_.geometry); }
  bool has_few_tiles() const { return has_few_tiles_; }
  // From one xi to the next, with so many values each.
  static int64_t xi_step(int64_t values) { return WinogradBlocking<T>::xi_step(values); }

 private:
  WinogradSumsWorkspace<T> workspace_of(const GradientPartSize& size) const;
  int64_t products_of_a_panel(const GradientPartSize& size) const;

  const ConvProblem& problem_;
  const kernels::WeightGradientKernel<T>& kernel_;
  int64_t tiles_, panels_;
  bool has_few_tiles_ = false;
  GradientPartSize size_;
};

template <class T>
class WinogradSums {
 public:
  WinogradSums(const ConvProblem& problem, const WeightGradientCall<T>& call, const WinogradGradientCut<T>& cut,
               const GradientPart& part, const WinogradSumsWorkspace<T>& workspace, void* memory);

  // As DirectSums::compute.
  void compute(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const;

 private:
  void transform_input(int64_t n, int64_t first, int64_t count) const;
  void transform_grad(int64_t n, int64_t first, int64_t count, int64_t panel) const;
  void multiply(int64_t count, int64_t panel, bool adds) const;
  bool transform_sums(int64_t panel, const PartSums<T>& sums) const;
  bool sum_few_tiles(int64_t panel, const PartSums<T>& sums) const;
  void mend(int64_t n, const PartSums<T>& sums, const TaskProgress& progress) const;
  void sum_bias(int64_t n, const PartSums<T>& sums) const;
  OutputRegion tile(int64_t number) const;

  int64_t input_step() const { return cut_.xi_step(cut_.tiles() * padded_channels_); }
  int64_t grad_step() const { return cut_.xi_step(cut_.tiles() * cut_.kernel().panel_lanes); }
  T* products_of(int64_t panel) const {
    return products_ +
           (cut_.has_one_chunk() ? 0 : panel) * kernels::kGradientPoints * kernels::kGradientPoints * product_step();
  }
  int64_t product_step() const { return cut_.xi_step(part_.channels * cut_.kernel().panel_lanes); }

  const ConvProblem& problem_;
  const WeightGradientCall<T>& call_;
  const WinogradGradientCut<T>& cut_;
  const GradientPart part_;
  const PartPanels<T> panels_;
  const kernels::WinogradKernels<T>& forward_;
  const kernels::WinogradGradientKernels<T>& kernels_;
  const kernels::FewTilesKernel<T>& few_tiles_;
  T *const input_, *const grad_, *const products_, *const copied_;
  const int64_t padded_channels_, across_, tiles_;  // of an image
};

}  // namespace convstep
