#include "core/threads.h"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>
#include <pthread.h>
#ifdef __SANITIZE_THREAD__
#include <sanitizer/tsan_interface.h>
#endif

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "convstep/error.h"
#include "convstep/tensor.h"
#include "core/processors.h"

namespace convstep {
namespace {

std::atomic<bool> has_used_threads{false}, is_without_workers{false};
std::atomic<int> chosen_threads{0};  // by set_num_threads; 0 for none
std::atomic<bool> all_work_worth_threads{false};

// A fork takes the calling thread alone along: the child's oneTBB, once it has been used, would wait for workers that
// are not there.
[[maybe_unused]] const int kForkWatch =
    pthread_atfork(nullptr, nullptr, [] { is_without_workers = has_used_threads.load(); });

// A worker that is asleep begins within 20 microseconds, unless Linux wakes it on the caller's processor, to wait there
// for milliseconds while others are idle. Then the caller makes room for it
// (docs/decisions/0010-the-caller-makes-room-for-a-worker.md).
using Clock = std::chrono::steady_clock;
constexpr std::chrono::microseconds kWakingTime(30);

int check_threads(const char* argument, int threads) {
  if (threads < 0 || threads > kMaxThreads) {
    throw ParameterError(argument, std::to_string(threads),
                         "0 (as many as there are) to " + std::to_string(kMaxThreads));
  }
  return threads;
}

int threads_of_environment() {
  const char* text = std::getenv("CONVSTEP_NUM_THREADS");
  if (!text || !*text) return 0;
  char* end;
  const long number = std::strtol(text, &end, 10);
  if (*end || number < 1 || number > kMaxThreads) {
    throw ParameterError("CONVSTEP_NUM_THREADS", std::string("\"") + text + "\"",
                         "a number from 1 to " + std::to_string(kMaxThreads));
  }
  return static_cast<int>(number);
}

int default_threads() {
  static const int threads = [] {
    const int forced = threads_of_environment();
    return forced ? forced : usable_processors();
  }();
  return threads;
}

// oneTBB keeps no more workers than there are processors, unless told. Asked for more threads, we tell it, once.
void allow_parallelism(int threads) {
  static std::mutex mutex;
  static std::unique_ptr<tbb::global_control> control;
  static size_t allowed = tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism);
  const std::lock_guard<std::mutex> lock(mutex);
  if (static_cast<size_t>(threads) <= allowed) return;
  allowed = static_cast<size_t>(threads);
  control.reset();
  control = std::make_unique<tbb::global_control>(tbb::global_control::max_allowed_parallelism, allowed);
}

// An arena of the calling thread's own: concurrent callers share oneTBB's workers, and the caller always takes part.
// Arenas are kept from call to call, one for each number of threads, for making one takes longer than a small layer. A
// call inside another one (progress may make it) does not find the arena in use and makes its own.
class CallersArena {
 public:
  explicit CallersArena(int threads) {
    kept.reserve(kMostKept);
    const auto fits = [threads](const Arena& arena) { return arena->max_concurrency() == threads; };
    const auto found = std::find_if(kept.begin(), kept.end(), fits);
    if (found == kept.end()) {
      arena_ = std::make_unique<tbb::task_arena>(threads);
    } else {
      arena_ = std::move(*found);
      kept.erase(found);
    }
  }
  ~CallersArena() {
    if (kept.size() == kMostKept) kept.erase(kept.begin());  // the one that was used longest ago
    kept.push_back(std::move(arena_));
  }
  CallersArena(const CallersArena&) = delete;
  CallersArena& operator=(const CallersArena&) = delete;

  tbb::task_arena& operator*() { return *arena_; }

 private:
  using Arena = std::unique_ptr<tbb::task_arena>;
  static constexpr size_t kMostKept = 16;  // all that a machine of 17 processors can want
  static thread_local std::vector<Arena> kept;
  Arena arena_;
};
thread_local std::vector<CallersArena::Arena> CallersArena::kept;

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

// A loop as oneTBB copies it into its tasks, which other threads then steal.
template <class Loop>
class TaskBody {
 public:
  explicit TaskBody(const Loop& loop) : loop_(&loop) {}
  TaskBody(const TaskBody& other) {
    take_over();  // of memory that may have been another task's
    loop_ = other.loop_;
    hand_over();
  }
  TaskBody& operator=(const TaskBody&) = delete;

  void operator()(const tbb::blocked_range<int64_t>& range) const {
    take_over();
    (*loop_)(range.begin(), range.end());
    hand_over();
  }

 private:
  const Loop* loop_;
};

}  // namespace

int num_threads() {
  if (is_without_workers) return 1;
  const int chosen = chosen_threads;
  return chosen ? chosen : default_threads();
}

void set_num_threads(int threads) { chosen_threads = check_threads("threads", threads); }

int resolve_threads(int requested) {
  const int threads = check_threads("threads", requested);
  return threads && !is_without_workers ? threads : num_threads();
}

int threads_worth(double work, double enough, int threads) {
  if (all_work_worth_threads) return threads;
  return static_cast<int>(std::clamp(work / enough, 1.0, double(threads)));
}

void set_all_work_worth_threads(bool all) { all_work_worth_threads = all; }

namespace internal {

void parallel_for(int64_t count, int threads, Task task, const void* body, const ProgressCallback& progress) {
  if (count < threads) threads = static_cast<int>(count);
  if (threads <= 1 || is_without_workers) {
    for (int64_t i = 0; i < count; ++i) {
      task(body, i);
      if (progress) progress(i + 1, count);
    }
    return;
  }
  has_used_threads = true;
  const std::thread::id caller = std::this_thread::get_id();
  std::atomic<int64_t> done{0};
  int64_t reported = 0;  // by the caller's thread alone
  const Clock::time_point start = Clock::now();
  std::atomic<bool> has_help{false};
  bool has_moved = false;  // of the caller's thread alone, like reported
  const auto loop = [&](int64_t begin, int64_t end) {
    const bool is_caller = std::this_thread::get_id() == caller;
    if (!is_caller && !has_help.load(std::memory_order_relaxed)) has_help.store(true, std::memory_order_relaxed);
    for (int64_t i = begin; i < end; ++i) {
      task(body, i);
      const int64_t now_done = ++done;
      if (progress && now_done < count && is_caller && now_done > reported) progress(reported = now_done, count);
      if (is_caller && !has_moved && !has_help.load(std::memory_order_relaxed) && Clock::now() - start > kWakingTime) {
        has_moved = true;
        change_processor();
      }
    }
  };
  allow_parallelism(threads);
  CallersArena arena(threads);
  hand_over();
  (*arena).execute([&] {
    const TakesOver at_the_end;
    tbb::parallel_for(tbb::blocked_range<int64_t>(0, count, 1), TaskBody(loop), tbb::simple_partitioner());
  });
  if (progress) progress(count, count);
}

}  // namespace internal

namespace {

// What the thread keeps for its next ThreadWorkspace: nothing while one is there, but what those inside it have left.
struct KeptWorkspace {
  ~KeptWorkspace() { std::free(memory); }
  void* memory = nullptr;
  size_t size = 0;
};
thread_local KeptWorkspace kept_workspace;

}  // namespace

ThreadWorkspace::ThreadWorkspace(size_t bytes) {
  std::swap(memory_, kept_workspace.memory);
  std::swap(size_, kept_workspace.size);
  if (bytes <= size_) return;
  std::free(memory_);
  memory_ = allocate_array(bytes);
  if (!memory_) throw std::bad_alloc();
  size_ = bytes;
}

ThreadWorkspace::~ThreadWorkspace() {
  if (size_ > kept_workspace.size) {
    std::swap(memory_, kept_workspace.memory);
    std::swap(size_, kept_workspace.size);
  }
  std::free(memory_);
}

}  // namespace convstep
