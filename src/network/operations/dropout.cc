// dropout.cc: Dropout, which does nothing in a network that is not trained.
//
//   data (any axes)   ratio, training_mode: numbers   output as data   mask as data, all true
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

// Would numbers be dropped?
template <class T>
bool is_training(const Request<T>& request) {
  const ValueInfo<T>&ratio = request.input(1), &training = request.input(2);
  if (!training) return false;
  check_element(training, "training_mode", Element::kInteger);
  check_single("training_mode", training.shape);
  if (training.constant && *training.constant.integers().data == 0) return false;
  const bool is_known = ratio && ratio.constant && ratio.element == Element::kReal && ratio.shape.count() == 1;
  return !is_known || *ratio.constant.real().data != 0;
}

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = required(request, 0, "data");
  if (is_training(request))
    throw ParameterError("training_mode", "one that may be true", "false", "networks are not trained");
  Inferred<T> inferred;
  inferred.outputs = {{input.element, input.shape, input.order}};
  const std::vector<ValueId>& outputs = request.node.outputs;
  if (outputs.size() > 1 && outputs[1] != kNoValue) {
    inferred.outputs.push_back({Element::kInteger, input.shape, input.order});
  } else {
    inferred.view = [](const ArrayView<T>& array) { return array; };
    inferred.view_takes_strides = true;
  }
  return inferred;
}

template <class T>
Step<T> make(const Request<T>&, const Inferred<T>&) {
  Step<T> step;
  step.method = "a copy";
  step.run = [](const StepArrays<T>& arrays, const RunOptions& run) {
    copy(arrays.inputs[0], arrays.outputs[0], run);
    const NdView<int64_t> mask = arrays.outputs[1].integers();
    const int64_t kTrue = 1;
    copy<int64_t>({&kTrue, mask.shape, Dims::filled(mask.rank(), 0)}, mask, run);
  };
  return step;
}

}  // namespace

template <class T>
Operation<T> dropout_operation() {
  return {"Dropout", 3, infer<T>, make<T>};
}
template Operation<float> dropout_operation();
template Operation<double> dropout_operation();

}  // namespace convstep::network
