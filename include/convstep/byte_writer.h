// byte_writer.h: where the bytes of a file go that is no file: a pipe, a socket.
#pragma once

#include <cstdint>
#include <functional>

namespace convstep {

// Is called with the bytes piece by piece, in their order. What it throws reaches the caller.
using ByteWriter = std::function<void(const void* bytes, int64_t count)>;

}  // namespace convstep
