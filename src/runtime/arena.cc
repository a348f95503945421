#include "runtime/arena.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include <algorithm>
#include <exception>
#include <memory>
#include <vector>

#include "runtime/kept.h"

namespace convstep {
namespace {

// An arena of the calling thread's own: concurrent callers share oneTBB's workers, and the caller always takes part.
// Arenas are kept from call to call, one for each number of threads, for making one takes longer than a small layer. A
// call inside another one (progress may make it) does not find the arena in use and makes its own.
class CallersArena {
 public:
  explicit CallersArena(int threads) {
    if (Arenas* const kept = kept_by_thread<Arenas>()) {
      kept->reserve(kMostKept);  // ahead of the destructor, which must not throw
      const auto fits = [threads](const Arena& arena) { return arena->max_concurrency() == threads; };
      const auto found = std::find_if(kept->begin(), kept->end(), fits);
      if (found != kept->end()) {
        arena_ = std::move(*found);
        kept->erase(found);
        return;
      }
    }
    arena_ = std::make_unique<tbb::task_arena>(threads);
    arena_->initialize();  // here, for an arena whose initialisation threw would wait for its end for ever
  }
  ~CallersArena() {
    Arenas* const kept = kept_by_thread<Arenas>();
    if (!kept) return;
    if (kept->size() == kMostKept) kept->erase(kept->begin());  // the one that was used longest ago
    kept->push_back(std::move(arena_));
  }
  CallersArena(const CallersArena&) = delete;
  CallersArena& operator=(const CallersArena&) = delete;

  tbb::task_arena& operator*() { return *arena_; }

 private:
  using Arena = std::unique_ptr<tbb::task_arena>;
  using Arenas = std::vector<Arena>;
  static constexpr size_t kMostKept = 16;  // all that a machine of 17 processors can want
  Arena arena_;
};

// oneTBB comes without instrumentation, so the thread sanitizer does not see that tasks begin after their call has
// begun and end before it returns. It is told here, by way of one address for all calls: what it then cannot see is a
// race between two calls.
#ifdef __SANITIZE_THREAD__
char handover;
void hand_over() { __tsan_release(&handover); }
void take_over() { __tsan_acquire(&handover); }
#else
void hand_over() {}
void take_over() {}
#endif

// Takes over at the end of a block, be it left by an exception.
struct TakesOver {
  ~TakesOver() { take_over(); }
};

// What oneTBB copies into its tasks, which other threads then steal.
class TaskBody {
 public:
  explicit TaskBody(const std::function<void(int)>& work) : work_(&work) {}
  TaskBody(const TaskBody& other) {
    take_over();  // of memory that may have been another task's
    work_ = other.work_;
    hand_over();
  }
  TaskBody& operator=(const TaskBody&) = delete;

  void operator()(const tbb::blocked_range<int>&) const {
    take_over();
    (*work_)(std::max(tbb::this_task_arena::current_thread_index(), 0));
    hand_over();
  }

 private:
  const std::function<void(int)>* work_;
};

}  // namespace

void call_together(int helpers, const std::function<void(int)>& work) {
  try {
    CallersArena arena(helpers + 1);
    tbb::task_group_context context(tbb::task_group_context::isolated, tbb::task_group_context::fp_settings);
    hand_over();
    (*arena).execute([&] {
      const TakesOver at_the_end;
      tbb::parallel_for(tbb::blocked_range<int>(0, helpers + 1, 1), TaskBody(work), tbb::simple_partitioner(), context);
    });
  } catch (const std::exception&) {  // no memory for a task, or no thread for a worker: then with less help, or none
  }
}

}  // namespace convstep
