// machine.h: what cutters and kernels take a machine to be: the caches of the processors that convstep was measured on,
// of which these are the smaller ones. On other machines results have the same bits, and only their speed differs.
#pragma once

#include <cstdint>

namespace convstep {

inline constexpr int64_t kCacheLine = 64;

// 32 KB on Zen, 48 KB on Golden Cove.
inline constexpr int64_t kLevel1Bytes = 32 << 10;
// Lines so far apart, or a multiple of that, share a set of the level-1 cache, which has room for 8 of them (Zen) to 12
// (Golden Cove).
inline constexpr int64_t kLevel1Span = 4096;

// 512 KB on the first Zen, 1 MB on Zen 4, 2 MB on Golden Cove.
inline constexpr int64_t kLevel2Bytes = int64_t{1} << 20;

// What one core has of the level-3 cache while others work, at most.
inline constexpr int64_t kLevel3Share = int64_t{16} << 20;

}  // namespace convstep
