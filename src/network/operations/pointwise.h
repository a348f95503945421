// pointwise.h: which operations go by element.
#pragma once

#include "network/operation.h"

namespace convstep::network {

inline constexpr size_t kMostPointwiseInputs = 3;

// Is it a function of the elements that stand at the same place of its inputs, whatever the length of these? Real
// numbers: the operation itself refuses others. What overwrites one of its inputs has read it by then.
template <class T>
bool goes_by_element(const Node& node, std::span<const ValueInfo<T>> inputs);

}  // namespace convstep::network
