#include "runtime/task_progress.h"

namespace convstep {

ProgressCallback TaskProgress::after_task() {
  if (!progress_) return {};
  return [this](int64_t done, int64_t total) {
    done_ = done;
    total_ = total;
    report();
  };
}

void TaskProgress::report() const {
  try {
    progress_(done_, total_);
  } catch (...) {
    is_stopped_ = true;
    throw;
  }
}

bool TaskProgress::keep_going() const {
  if (is_stopped_) return false;
  if (progress_ && std::this_thread::get_id() == caller_) report();
  return true;
}

}  // namespace convstep
