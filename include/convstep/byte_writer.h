// byte_writer.h: a function that takes the bytes of a file, to send them through a pipe or a socket.
#pragma once

#include <cstdint>
#include <functional>

#include "convstep/export.h"

namespace CONVSTEP_EXPORT convstep {

// Is called with the bytes piece by piece, in their order. What it throws reaches the caller.
using ByteWriter = std::function<void(const void* bytes, int64_t count)>;

}  // namespace convstep
