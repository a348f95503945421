// rules_of_shapes.cc: the gradients of what moves elements and changes none.
#include "network/operations/requests.h"
#include "network/training/rule.h"

namespace convstep::network {
namespace {

template <class T>
GradientStep<T> concat_gradient(const Request<T>& request, const Inferred<T>&) {
  const int axis = check_axis("axis", request.node.integer("axis", 0), request.inputs[0].shape.rank());
  return [axis](const GradientArrays<T>& arrays, const RunOptions& run) {
    int64_t first = 0;
    for (size_t k = 0; k < arrays.inputs.size(); ++k) {
      ArrayView<T> part = arrays.output_grad;
      part.shape[axis] = arrays.inputs[k].shape[axis];
      advance(part, first * part.strides[axis]);
      if (arrays.input_grads[k]) copy(part, arrays.input_grads[k], run);
      first += part.shape[axis];
    }
  };
}

// The same elements in row-major order, of one shape and of another.
template <class T>
void copy_reshaped(const ArrayView<T>& from, const ArrayView<T>& to, const RunOptions& run) {
  Tensor<T, 1> elements = Tensor<T, 1>::uninitialized({from.shape.count()});
  copy(from,
       ArrayView<T>(NdView<T>{elements.data(), from.shape, dense_strides(from.shape, row_major(from.shape.rank()))}),
       run);
  copy(ArrayView<T>(NdView<T>{elements.data(), to.shape, dense_strides(to.shape, row_major(to.shape.rank()))}), to,
       run);
}

// The output of the forward step is a view of its input: so that of the input's gradient is where the output's belongs.
// Where it had to be copied, in row-major order, the gradient is copied back.
template <class T>
GradientStep<T> view_gradient(const Request<T>&, const Inferred<T>& inferred) {
  return [view = inferred.view](const GradientArrays<T>& arrays, const RunOptions& run) {
    if (!arrays.input_grads[0]) return;
    if (view) {
      copy(arrays.output_grad, view(arrays.input_grads[0]), run);
    } else {
      copy_reshaped(arrays.output_grad, arrays.input_grads[0], run);
    }
  };
}

}  // namespace

template <class T>
std::vector<GradientRule<T>> shape_rules() {
  std::vector<GradientRule<T>> rules = {{"Concat", false, concat_gradient<T>}};
  for (const char* name : {"Dropout", "Flatten", "Identity", "Reshape", "Squeeze", "Transpose", "Unsqueeze"}) {
    rules.push_back({name, false, view_gradient<T>});
  }
  return rules;
}
template std::vector<GradientRule<float>> shape_rules();
template std::vector<GradientRule<double>> shape_rules();

}  // namespace convstep::network
