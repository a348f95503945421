// deflate.h: what zlib's users here, .npz and PNG, have in common.
#pragma once

#include <cstdint>

namespace convstep {

// The most that a byte can inflate to: a length of 258 bytes takes one bit at best, and its distance another.
inline constexpr int64_t kMaxDeflateRatio = 258 * 8 / 2;

// The window bits (their largest, 15) for deflate streams without zlib's own header, as zip archives hold them.
inline constexpr int kRawDeflate = -15;

// The bytes that zlib, which counts in 32 bits, is given in one call.
inline constexpr int64_t kMostAtOnce = 1 << 30;

}  // namespace convstep
