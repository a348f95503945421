// task_shares.h: which task of a loop a thread takes next.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "runtime/machine.h"

namespace convstep {

// Each thread has a share of neighbouring tasks, the same in every call, so that it finds what it reads and writes in
// its own cache: since the last call, or since the layer before. After its own share it takes what others have left.
class TaskShares {
 public:
  TaskShares(int64_t count, int threads) : shares_(threads < kMost ? threads : kMost) {
    for (int i = 0; i < shares_; ++i) {
      share(i).next.store(count * i / shares_, std::memory_order_relaxed);
      share(i).end = count * (i + 1) / shares_;
    }
  }

  // -1 where none is left.
  int64_t take(int thread) {
    for (int i = 0; i < shares_; ++i) {
      Share& from = share((thread + i) % shares_);
      if (from.next.load(std::memory_order_relaxed) >= from.end) continue;
      const int64_t task = from.next.fetch_add(1, std::memory_order_relaxed);
      if (task < from.end) return task;
    }
    return -1;
  }

  // The tasks that nobody has taken are left out.
  void close() {
    for (int i = 0; i < shares_; ++i) share(i).next.store(share(i).end, std::memory_order_relaxed);
  }

 private:
  static constexpr int kMost = 32;  // beyond that, threads have a share in common

  struct alignas(kCacheLine) Share {  // for it is written at every task
    std::atomic<int64_t> next;
    int64_t end;
  };

  Share& share(int i) { return all_[static_cast<size_t>(i)]; }

  int shares_;
  std::array<Share, kMost> all_;
};

}  // namespace convstep
