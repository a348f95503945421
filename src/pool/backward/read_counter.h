// read_counter.h: counts what is read, and lets progress hear of it about every millisecond.
#pragma once

#include <cstdint>

#include "runtime/task_progress.h"

namespace convstep {

class ReadCounter {
 public:
  ReadCounter(const TaskProgress& progress, int64_t per_report) : progress_(progress), per_report_(per_report) {}
  // So many more elements. False: stop.
  bool add(int64_t reads) {
    if ((reads_ += reads) < per_report_) return true;
    reads_ = 0;
    return progress_.keep_going();
  }

 private:
  const TaskProgress& progress_;
  const int64_t per_report_;
  int64_t reads_ = 0;
};

}  // namespace convstep
