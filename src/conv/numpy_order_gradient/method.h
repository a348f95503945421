// method.h: gradients in the order of Numerics::kNumpy (docs/decisions/0016), with the bits of the reference at a
// multiple of its speed.
#pragma once

#include <string>

#include "conv/input_gradient/method.h"
#include "conv/method.h"
#include "conv/numpy_order_gradient/kernel.h"
#include "conv/weight_gradient/method.h"
#include "runtime/task_progress.h"

namespace convstep {

// Where not, the reference computes them: no workspace would hold a row of the image, or a window takes too long.
bool numpy_order_gradient_fits(const ConvProblem& problem);

// The gradient of the input: a layer ready to run, with its weights packed.
template <class T>
class NumpyOrderInputGradient {
 public:
  NumpyOrderInputGradient(const ConvProblem& problem, const ConvWeights<T>& weights);

  void run(const InputGradientCall<T>& call) const;
  std::string describe() const { return std::string("sums in NumPy's order, ") + target_.name; }

 private:
  // Rows first to end - 1 of the gradients of some images, with the columns that windows read beside it.
  struct Band {
    View<T, 4> rows;  // [images][rows][columns][C]
    int64_t first, end;
    int64_t left;  // columns before the image
  };
  void run_staged(const InputGradientCall<T>& images, int64_t rows_of_a_band, const TaskProgress& progress) const;
  void add_to(const Band& band, const View<const T, 4>& grad, const TaskProgress& progress) const;
  int64_t columns_read() const;

  const ConvProblem problem_;
  const kernels::Target& target_ = kernels::chosen_target();
  const bool rows_are_lines_;          // of the window; else each tap is a line
  const int64_t lines_, values_;       // of a row of the window; of a line
  const int64_t line_step_;            // values_, rounded up to whole vectors
  int64_t first_output_, end_output_;  // of a row: those whose windows are not on padding alone
  Tensor<T, 1> weights_;               // [groups][KH][lines][O/groups][line_step]
};

template <class T>
void run_numpy_order_weight_gradient(const ConvProblem& problem, const WeightGradientCall<T>& call);

}  // namespace convstep
