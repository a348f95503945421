// operations.h: the operations, file by file, as operation.cc lists them.
#pragma once

#include "network/operation.h"

namespace convstep::network {

// identity.cc
template <class T>
Operation<T> identity_operation();

}  // namespace convstep::network
