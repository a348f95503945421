// identity.cc: what passes its input on.
#include "network/operations/operations.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& input = request.input(0);
  return {.outputs = {{input.element, input.shape, input.order}},
          .view = [](const ArrayView<T>& array) { return array; },
          .view_takes_strides = true};
}

}  // namespace

template <class T>
Operation<T> identity_operation() {
  return {"Identity", 1, infer<T>, nullptr};
}
template Operation<float> identity_operation();
template Operation<double> identity_operation();

}  // namespace convstep::network
