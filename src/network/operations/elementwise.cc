#include "network/operations/elementwise.h"

#include "network/operations/requests.h"

namespace convstep::network {

template <class T>
ValueInfo<T> elementwise_output(const Request<T>& request, Element element, std::initializer_list<const char*> names) {
  Dims shape;
  const ValueInfo<T>* largest = nullptr;
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    const ValueInfo<T>& input = request.inputs[i];
    if (!input) continue;
    const char* name = names.begin()[std::min(i, names.size() - 1)];
    shape = broadcast(shape, input.shape, name);
    const auto rank_of = [](const ValueInfo<T>& info) {
      return std::tuple(!info.constant, info.shape.count(), info.shape.rank());
    };
    if (!largest || rank_of(input) > rank_of(*largest)) largest = &input;
  }
  check_size(shape, names.begin()[names.size() - 1]);
  const Dims order = largest ? largest->order : Dims();
  return {element, shape, with_leading_axes(order, shape.rank())};
}

template ValueInfo<float> elementwise_output(const Request<float>&, Element, std::initializer_list<const char*>);
template ValueInfo<double> elementwise_output(const Request<double>&, Element, std::initializer_list<const char*>);

}  // namespace convstep::network
