// loop.h: walks over arrays of one shape, in the order in which the first of them lies in memory.
#pragma once

#include <span>

#include "network/array.h"
#include "runtime/threads.h"

namespace convstep::network {

// Elements that lie one step apart in each array: `count` of them, from these offsets on.
struct Run {
  static constexpr int kMostArrays = 4;
  using Offsets = std::array<int64_t, kMostArrays>;

  int64_t count;
  Offsets offsets;
  const Offsets* steps;

  int64_t offset(size_t array) const { return offsets[array]; }
  int64_t step(size_t array) const { return (*steps)[array]; }
};

// Axes of length 1 are left out, and those joined that run through memory like one in all arrays: so dense arrays of
// one order are one run. Array 0 is the one that is written.
class Loop {
 public:
  // `work` is that of an element, in multiples of an addition's.
  Loop(const Dims& shape, std::initializer_list<Dims> strides, int64_t work = 1);

  // Calls body(run) for runs that together are all elements, on several threads where there are many.
  template <class Body>
  void run(const RunOptions& options, const Body& body) const {
    if (size_ == 0) return;
    if (size_ < kSmallCall / work_) {
      Position at = position(0);
      for (int64_t i = 0; i < runs_; ++i, advance(at)) body(Run{inner_.length, at.offsets, &inner_.steps});
      return;
    }
    parallel_for(tasks(), resolve_threads(options.threads), options.progress, [&](int64_t task) {
      const int64_t first = task % parts_ * task_size_, count = std::min(task_size_, inner_.length - first);
      const int64_t begin = task / parts_ * runs_at_a_time_, end = std::min(begin + runs_at_a_time_, runs_);
      Position at = position(begin);
      for (size_t a = 0; a < Run::kMostArrays; ++a) at.offsets[a] += first * inner_.steps[a];
      for (int64_t i = begin; i < end; ++i, advance(at)) body(Run{count, at.offsets, &inner_.steps});
    });
  }

 private:
  // Work that one task takes, and so little that a call stays on its caller's thread.
  static constexpr int64_t kTaskSize = 1 << 15, kSmallCall = 1 << 17;

  struct Axis {
    int64_t length = 1;
    Run::Offsets steps{};
  };
  // Where a run begins.
  struct Position {
    std::array<int64_t, kMostAxes> indices{};
    Run::Offsets offsets{};
  };

  int64_t tasks() const { return parts_ * ((runs_ + runs_at_a_time_ - 1) / runs_at_a_time_); }
  Position position(int64_t run) const;
  void advance(Position& at) const {
    for (size_t k = outer_count_; k-- > 0;) {
      const Axis& axis = outer_[k];
      const bool wraps = ++at.indices[k] == axis.length;
      for (size_t a = 0; a < Run::kMostArrays; ++a) at.offsets[a] += axis.steps[a] * (wraps ? 1 - axis.length : 1);
      if (!wraps) return;
      at.indices[k] = 0;
    }
  }

  std::array<Axis, kMostAxes> outer_;
  size_t outer_count_ = 0;
  Axis inner_;
  int64_t size_, work_, task_size_, runs_ = 1, runs_at_a_time_ = 1, parts_ = 1;
};

// The strides that make an array of `from` one of `to`, which has as many axes or more: axes of length 1 are repeated.
Dims broadcast_strides(const Dims& from, const Dims& strides, const Dims& to);

}  // namespace convstep::network
