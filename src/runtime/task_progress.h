// task_progress.h: progress from within a task that runs long.
#pragma once

#include <atomic>
#include <cstdint>
#include <thread>

#include "convstep/runtime.h"

namespace convstep {

// Reports from within a task that runs long, and stops all tasks once the caller's progress has thrown.
class TaskProgress {
 public:
  TaskProgress(const ProgressCallback& progress, int64_t blocks)
      : progress_(progress), caller_(std::this_thread::get_id()), total_(blocks) {}

  // For parallel_for: passes on to the caller's progress, none where there is none.
  ProgressCallback after_task();
  // To be called every millisecond or so of work. False: stop.
  bool keep_going() const;

 private:
  void report() const;

  const ProgressCallback& progress_;
  const std::thread::id caller_;
  int64_t done_ = 0, total_;  // touched by the caller's thread alone
  mutable std::atomic<bool> is_stopped_{false};
};

// The progress of pass `number` of so many, each of which counts for itself, as a part of the whole. None where there
// is none.
ProgressCallback progress_of_pass(const ProgressCallback& progress, int64_t number, int64_t passes);

}  // namespace convstep
