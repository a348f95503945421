// operation.cc: the table of operations.
#include "network/operation.h"

#include <algorithm>

#include "network/operations/operations.h"

namespace convstep::network {
namespace {

// In the order of their names.
template <class T>
std::span<const Operation<T>> operations() {
  static const Operation<T> kOperations[] = {
      identity_operation<T>(),
  };
  return kOperations;
}

}  // namespace

template <class T>
const ValueInfo<T>& Request<T>::input(size_t index) const {
  static const ValueInfo<T> kLeftOut;
  return index < inputs.size() ? inputs[index] : kLeftOut;
}

template <class T>
const Operation<T>* find_operation(std::string_view name) {
  for (const Operation<T>& operation : operations<T>()) {
    if (operation.name == name) return &operation;
  }
  return nullptr;
}

std::vector<std::string> operation_names() {
  std::vector<std::string> names;
  for (const auto& operation : operations<float>()) names.emplace_back(operation.name);
  std::sort(names.begin(), names.end());
  return names;
}

template struct Request<float>;
template struct Request<double>;
template const Operation<float>* find_operation(std::string_view);
template const Operation<double>* find_operation(std::string_view);

}  // namespace convstep::network
