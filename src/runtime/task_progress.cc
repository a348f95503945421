#include "runtime/task_progress.h"

#include <algorithm>

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

ProgressCallback progress_of_pass(const ProgressCallback& progress, int64_t number, int64_t passes) {
  if (!progress || passes == 1) return progress;
  constexpr int64_t kPass = 1 << 20;
  return [&progress, number, passes](int64_t done, int64_t total) {
    const double part = double(done) / double(std::max<int64_t>(total, 1));
    progress(number * kPass + static_cast<int64_t>(part * double(kPass)), passes * kPass);
  };
}

}  // namespace convstep
