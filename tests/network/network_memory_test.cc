#include <gtest/gtest.h>

#include <algorithm>
#include <new>
#include <random>

#include "network/memory.h"

namespace convstep::network {
namespace {

int64_t rounded_up(int64_t bytes) { return (bytes + kBlockAlignment - 1) / kBlockAlignment * kBlockAlignment; }

// The most bytes that live in one step: no layout can do with less.
int64_t least(const std::vector<Block>& blocks, int steps) {
  int64_t most = 0;
  for (int step = 0; step < steps; ++step) {
    int64_t bytes = 0;
    for (const Block& block : blocks) bytes += block.first <= step && step <= block.last ? rounded_up(block.bytes) : 0;
    most = std::max(most, bytes);
  }
  return most;
}

void expect_apart(const std::vector<Block>& blocks, const MemoryLayout& layout) {
  ASSERT_EQ(layout.offsets.size(), blocks.size());
  for (size_t a = 0; a < blocks.size(); ++a) {
    EXPECT_EQ(layout.offsets[a] % kBlockAlignment, 0);
    EXPECT_GE(layout.offsets[a], 0);
    EXPECT_LE(layout.offsets[a] + blocks[a].bytes, layout.bytes);
    for (size_t b = 0; b < a; ++b) {
      const bool live_together = blocks[a].first <= blocks[b].last && blocks[b].first <= blocks[a].last;
      const bool overlap = layout.offsets[a] < layout.offsets[b] + blocks[b].bytes &&
                           layout.offsets[b] < layout.offsets[a] + blocks[a].bytes;
      EXPECT_FALSE(live_together && overlap) << a << " and " << b;
    }
  }
}

TEST(MemoryLayout, KeepsApartWhatLivesTogether) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<Block> blocks;
    const int steps = 1 + static_cast<int>(random() % 30);
    for (auto k = random() % 40; k-- > 0;) {
      const int first = static_cast<int>(random() % static_cast<unsigned>(steps));
      const int last = first + static_cast<int>(random() % 4);
      blocks.push_back({static_cast<int64_t>(random() % 5000), first, last});
    }
    const MemoryLayout layout = lay_out(blocks);
    expect_apart(blocks, layout);
    EXPECT_LE(layout.bytes, 2 * least(blocks, steps + 4));
  }
}

TEST(MemoryLayout, UsesAChainsMemoryAgain) {
  // Each block lives until the next one is written: two of them are there at any time.
  std::vector<Block> blocks;
  for (int step = 0; step < 100; ++step) blocks.push_back({1000, step, step + 1});
  EXPECT_EQ(lay_out(blocks).bytes, 2 * rounded_up(1000));
}

TEST(MemoryLayout, HasNoBytesForNoBlocks) {
  EXPECT_EQ(lay_out({}).bytes, 0);
  const Block empty{0, 0, 1};
  EXPECT_EQ(lay_out({&empty, 1}).bytes, 0);
}

TEST(MemoryLayout, RefusesWhatCannotBeCounted) {
  const std::vector<Block> blocks(8, {int64_t{1} << 60, 0, 1});
  EXPECT_THROW(lay_out(blocks), std::bad_alloc);
}

}  // namespace
}  // namespace convstep::network
