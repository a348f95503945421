// transpose.cc: the same memory, its axes in another order.
#include "network/operations/operations.h"
#include "network/operations/requests.h"

namespace convstep::network {
namespace {

template <class T>
Inferred<T> infer(const Request<T>& request) {
  const ValueInfo<T>& data = required(request, 0, "data");
  const int rank = data.shape.rank();
  Dims order = row_major(rank);
  std::reverse(order.begin(), order.end());
  if (request.node.has("perm")) {
    const std::vector<int64_t> perm = request.node.integers("perm");
    if (static_cast<int>(perm.size()) != rank) {
      throw ParameterError("perm", std::to_string(perm.size()) + " axes", std::to_string(rank) + " axes");
    }
    marked_axes("perm", perm, rank);
    for (int k = 0; k < rank; ++k) order[k] = check_axis("perm", perm[static_cast<size_t>(k)], rank);
  }
  Dims shape = order, place = order;  // place: where each axis of the input goes
  for (int k = 0; k < rank; ++k) {
    shape[k] = data.shape[static_cast<int>(order[k])];
    place[static_cast<int>(order[k])] = k;
  }
  Dims in_memory = order;
  for (int k = 0; k < rank; ++k) in_memory[k] = place[static_cast<int>(data.order[k])];
  return {.outputs = {{data.element, shape, in_memory}},
          .view =
              [=](const ArrayView<T>& array) {
                ArrayView<T> turned = array;
                for (int k = 0; k < rank; ++k) {
                  turned.shape[k] = array.shape[static_cast<int>(order[k])];
                  turned.strides[k] = array.strides[static_cast<int>(order[k])];
                }
                return turned;
              },
          .view_takes_strides = true};
}

}  // namespace

template <class T>
Operation<T> transpose_operation() {
  return {"Transpose", 1, infer<T>, nullptr};
}
template Operation<float> transpose_operation();
template Operation<double> transpose_operation();

}  // namespace convstep::network
