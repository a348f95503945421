#include "network/memory.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "convstep/tensor.h"

namespace convstep::network {
namespace {

// Sums of a few such numbers do not overflow.
constexpr int64_t kMostBytes = std::numeric_limits<int64_t>::max() / 4;

int64_t rounded_up(int64_t bytes) { return (bytes + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment; }

bool live_together(const Block& a, const Block& b) { return a.first <= b.last && b.first <= a.last; }

}  // namespace

MemoryLayout lay_out(std::span<const Block> blocks) {
  std::vector<size_t> by_size(blocks.size());
  std::iota(by_size.begin(), by_size.end(), size_t{0});
  std::stable_sort(by_size.begin(), by_size.end(),
                   [&](size_t a, size_t b) { return blocks[a].bytes > blocks[b].bytes; });

  MemoryLayout layout;
  layout.offsets.assign(blocks.size(), 0);
  std::vector<size_t> placed;  // in the order of their offsets
  for (const size_t b : by_size) {
    if (blocks[b].bytes > kMostBytes) throw_no_memory();
    const int64_t bytes = rounded_up(blocks[b].bytes);
    int64_t end = 0;  // of what lives at the same time, so far
    int64_t best = -1, best_gap = kMostBytes;
    for (const size_t other : placed) {
      if (!live_together(blocks[b], blocks[other])) continue;
      const int64_t gap = layout.offsets[other] - end;
      if (gap >= bytes && gap < best_gap) {
        best = end;
        best_gap = gap;
      }
      end = std::max(end, layout.offsets[other] + rounded_up(blocks[other].bytes));
    }
    const int64_t offset = best < 0 ? end : best;
    if (offset > kMostBytes) throw_no_memory();
    layout.offsets[b] = offset;
    layout.bytes = std::max(layout.bytes, offset + bytes);
    const auto is_before = [&](size_t a, size_t c) { return layout.offsets[a] < layout.offsets[c]; };
    placed.insert(std::upper_bound(placed.begin(), placed.end(), b, is_before), b);
  }
  return layout;
}

}  // namespace convstep::network
