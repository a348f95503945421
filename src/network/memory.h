// memory.h: which bytes of one piece of memory each array of a run has, and for how long.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace convstep::network {

// What is written in step `first`, and read for the last time in step `last`.
struct Block {
  int64_t bytes;
  int first, last;
};

struct MemoryLayout {
  std::vector<int64_t> offsets;  // of each block, multiples of kBlockAlignment
  int64_t bytes = 0;
};

inline constexpr int64_t kBlockAlignment = 64;  // a cache line, and the widest vector

// Blocks that live at the same time share no byte. The largest come first, each in the smallest gap that holds it
// between those that are there. Throws std::bad_alloc where the bytes cannot be counted.
MemoryLayout lay_out(std::span<const Block> blocks);

}  // namespace convstep::network
