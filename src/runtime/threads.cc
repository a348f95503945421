#include "runtime/threads.h"

#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>

#include "convstep/error.h"
#include "runtime/arena.h"
#include "runtime/processors.h"
#include "runtime/task_shares.h"
#include "runtime/workers.h"

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
// for milliseconds while others are idle. Then the caller, if it may, makes room for it
// (docs/decisions/0010-the-caller-makes-room-for-a-worker.md).
using Clock = std::chrono::steady_clock;
constexpr std::chrono::microseconds kWakingTime(30);

int check_threads(const char* argument, int64_t threads) {
  if (threads < 0 || threads > kMaxThreads) {
    throw ParameterError(argument, std::to_string(threads),
                         "0 (as many as there are) to " + std::to_string(kMaxThreads));
  }
  return static_cast<int>(threads);
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

// Asked once. Without a lock, which another thread might hold while this one forks, and which would stay locked in the
// child: two threads may ask at once, and get the same answer.
int default_threads() {
  static std::atomic<int> known{0};
  if (const int threads = known) return threads;
  const int forced = threads_of_environment();
  const int threads = forced ? forced : usable_processors();
  known = threads;
  return threads;
}

bool may_move_by_environment() {
  const char* text = std::getenv("CONVSTEP_CALLER_MAY_MOVE");
  return text && std::string(text) == "1";
}
std::atomic<bool> may_move{may_move_by_environment()};

}  // namespace

int num_threads() {
  if (is_without_workers) return 1;
  const int chosen = chosen_threads;
  return chosen ? chosen : default_threads();
}

void set_num_threads(Count threads) { chosen_threads = check_threads("threads", threads); }

int resolve_threads(int64_t requested) {
  const int threads = check_threads("threads", requested);
  return threads && !is_without_workers ? threads : num_threads();
}

int resolve_threads(int64_t requested, bool small) {
  if (!small) return resolve_threads(requested);
  check_threads("threads", requested);
  return 1;
}

int threads_worth(double work, double enough, int threads) {
  if (all_work_worth_threads) return threads;
  return static_cast<int>(std::clamp(work / enough, 1.0, double(threads)));
}

bool caller_may_move() { return may_move; }

void set_caller_may_move(bool may) { may_move = may; }

void set_all_work_worth_threads(bool all) { all_work_worth_threads = all; }

namespace {

// The tasks of one call of parallel_for on several threads.
class Loop {
 public:
  Loop(int64_t count, int threads, internal::Task task, const void* body, const ProgressCallback& progress)
      : count_(count), task_(task), body_(body), progress_(progress), shares_(count, threads) {}

  void work(int thread) noexcept {
    try {
      std::this_thread::get_id() == caller_ ? work_as_caller(thread) : work_as_helper(thread);
    } catch (...) {
      shares_.close();
      if (!has_failed_.test_and_set()) failure_ = std::current_exception();
    }
  }

  // Once no thread is in work(): what was thrown there.
  void finish() const {
    if (failure_) std::rethrow_exception(failure_);
    if (progress_ && count_ > 0) progress_(count_, count_);
  }

 private:
  struct Helping {
    explicit Helping(std::atomic<int>& count) : count_(count) { ++count_; }
    ~Helping() { --count_; }
    std::atomic<int>& count_;
  };

  bool run_next(int thread) {
    const int64_t i = shares_.take(thread);
    if (i < 0) return false;
    task_(body_, i);
    return true;
  }

  void work_as_helper(int thread) {
    if (!has_help_.load(std::memory_order_relaxed)) has_help_.store(true, std::memory_order_relaxed);
    const Helping now(helping_);
    while (run_next(thread)) done_.fetch_add(1, std::memory_order_relaxed);
  }

  void work_as_caller(int thread) {
    while (run_next(thread)) {
      const int64_t done = done_.fetch_add(1, std::memory_order_relaxed) + 1;
      if (progress_ && done < count_ && done > reported_) progress_(reported_ = done, count_);
      if (!has_moved_ && Clock::now() - start_ > kWakingTime) make_room();
    }
    if (progress_) wait_for_helpers();
  }

  // oneTBB would wait for them, too, but deaf to Ctrl-C.
  void wait_for_helpers() {
    constexpr std::chrono::milliseconds kSoon(5), kNap(1);
    const Clock::time_point soon = Clock::now() + kSoon;
    while (helping_.load(std::memory_order_relaxed) > 0) {
      if (Clock::now() < soon) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(kNap);
        progress_(reported_, count_);
      }
    }
  }

  void make_room() {
    has_moved_ = true;
    if (!has_help_.load(std::memory_order_relaxed)) change_processor();
  }

  const int64_t count_;
  const internal::Task task_;
  const void* const body_;
  const ProgressCallback& progress_;
  const std::thread::id caller_ = std::this_thread::get_id();
  const Clock::time_point start_ = Clock::now();
  TaskShares shares_;
  std::atomic<int64_t> done_{0};
  std::atomic<bool> has_help_{false};
  std::atomic<int> helping_{0};
  std::atomic_flag has_failed_;
  std::exception_ptr failure_;
  int64_t reported_ = 0;                 // of the caller's thread alone,
  bool has_moved_ = !caller_may_move();  // like this
};

// A thread that is cancelled (pthread_cancel) unwinds, which the tasks of others would not survive: not before the call
// has ended.
class NotCancelled {
 public:
  NotCancelled() { pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &usual_); }
  ~NotCancelled() { pthread_setcancelstate(usual_, nullptr); }
  NotCancelled(const NotCancelled&) = delete;
  NotCancelled& operator=(const NotCancelled&) = delete;

 private:
  int usual_ = PTHREAD_CANCEL_ENABLE;
};

}  // namespace

void internal::parallel_for(int64_t count, int threads, Task task, const void* body, const ProgressCallback& progress) {
  const int64_t wanted = std::min<int64_t>(threads, count) - 1;
  if (wanted > 0 && !is_without_workers) {
    const NotCancelled until_the_end;
    has_used_threads = true;
    if (const WorkersInUse workers(static_cast<int>(wanted)); workers.count() > 0) {
      Loop loop(count, workers.count() + 1, task, body, progress);
      call_together(workers.count(), [&loop](int thread) { loop.work(thread); });
      loop.work(0);
      loop.finish();
      return;
    }
  }
  for (int64_t i = 0; i < count; ++i) {
    task(body, i);
    if (progress) progress(i + 1, count);
  }
}

}  // namespace convstep
