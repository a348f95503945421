// cut.h: how a call of a pooling layer is cut into blocks for the threads, and what memory a block takes.
#pragma once

#include "pool/call.h"

namespace convstep {

struct BlockSize {
  int64_t rows, columns, channels;
};

// What all blocks of a call have in common. How a call is cut changes no bit of its result.
struct PoolCut {
  PoolMethod method;
  BlockSize size;   // blocks at the end of an axis may be smaller
  bool packs_rows;  // of strips: is there room for the rows that are read?
  double reads;     // elements that the whole call reads, about
  // Values that copies take: 0 where the array is used in place. Then what the method takes for itself.
  int64_t input_copy, output_copy, index_copy, scratch;
};

// Parts of a block's memory begin at cache lines.
inline constexpr int64_t kLineBytes = 64;
template <class T>
inline constexpr int64_t kLineValues = kLineBytes / static_cast<int64_t>(sizeof(T));

// Values of scratch that strips take for blocks of this size that read so many rows and columns of the input; that row
// pairs take.
template <class T>
int64_t strip_scratch(const PoolCall<T>& call, const BlockSize& size, int64_t rows, int64_t columns, bool packs_rows);
int64_t row_pair_scratch(const BlockSize& size);

template <class T>
PoolCut cut_pool(const PoolCall<T>& call);

}  // namespace convstep
