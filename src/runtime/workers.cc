#include "runtime/workers.h"

#include <oneapi/tbb/cache_aligned_allocator.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <climits>
#include <exception>
#include <memory>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/thread_probe.h"

namespace convstep {
namespace {

// oneTBB asks for the number of processors once, and waits for ever for the answer where the memory for it was missing;
// and it loads its allocator once, with dlopen(), which glibc does not survive without memory. So both are done when
// the program is loaded.
[[maybe_unused]] const int kReady = [] {
  tbb::cache_aligned_allocator<char> allocator;
  allocator.deallocate(allocator.allocate(1), 1);
  return tbb::info::default_concurrency();
}();

std::atomic<int> in_use{0};      // by all calls under way; workers serve more than one call by turns
std::atomic<int> started{0};     // so many are there
std::atomic<int> most{INT_MAX};  // that oneTBB keeps, however many are wanted

int enough_for(int wanted, int in_all) { return std::min(in_all, std::max<int>(most, wanted)); }

// Workers that wait for each other, so that one that sleeps is not woken in place of a new one.
std::atomic<bool> are_released{false};
std::atomic<int> waiting{0};

void wait_for_release() {
  ++waiting;
  are_released.wait(false);
  --waiting;
}

class WorkerStart {
 public:
  // Makes oneTBB have `enough` workers, those that were there before included.
  void start(int enough) {
    are_released = false;
    arenas_.reserve(static_cast<size_t>(enough));
    while (count_ < enough) {
      arenas_.push_back(std::make_unique<tbb::task_arena>(1, 0));
      arenas_.back()->initialize();
      arenas_.back()->enqueue(wait_for_release);  // starts a thread, on this thread, or throws
      ++count_;
      let_it_begin();
    }
  }
  ~WorkerStart() {
    are_released = true;
    are_released.notify_all();
  }
  int count() const { return count_; }

 private:
  // A worker that begins looks for others to be started, which in its place must not fail: there is nothing to be found
  // before the next is asked for. Does not wait for long, for workers that run other tasks come late.
  void let_it_begin() const {
    const auto limit = std::chrono::steady_clock::now() + std::chrono::milliseconds(2);
    while (waiting < count_ && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  }

  std::vector<std::unique_ptr<tbb::task_arena>> arenas_;
  int count_ = 0;
};

// oneTBB keeps no more workers than there are processors, unless told; and no more than could be started where that was
// fewer. What was told last is taken back first: a limit that rises may start threads, and only a new one may throw.
void allow_workers(int workers) {
  static tbb::global_control* control = nullptr;  // never destroyed at the end of the program, for the same reason
  constexpr auto kParameter = tbb::global_control::max_allowed_parallelism;
  const size_t parallelism = static_cast<size_t>(workers) + 1;
  if (tbb::global_control::active_value(kParameter) == parallelism) return;
  delete std::exchange(control, nullptr);
  if (tbb::global_control::active_value(kParameter) == parallelism) return;
  control = new tbb::global_control(kParameter, parallelism);
}

// A signal for the process goes to any thread that does not block it: to ours, where the program has blocked it in its
// own threads, for sigwait() or signalfd(), after the workers were started. So workers block all that are not theirs; a
// thread begins with the mask of the one that starts it.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    sigfillset(&all);
    for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF}) sigdelset(&all, own);
    pthread_sigmask(SIG_BLOCK, &all, &usual_);
  }
  ~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &usual_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t usual_;
};

// oneTBB 2022 makes its scheduler under locks that its exceptions then wait for: where memory is missing it spins for
// ever. So there is to be more than it takes (some 100 KB), in blocks small and large, before. Throws std::bad_alloc.
void check_memory() {
  constexpr size_t kOfEach = 512 << 10;
  std::vector<std::vector<char, tbb::cache_aligned_allocator<char>>> blocks;
  for (const size_t bytes : {8000, 128 << 10}) {
    for (size_t total = 0; total < kOfEach; total += bytes) blocks.emplace_back(bytes);
  }
}

// Workers end where no arena is left: this one stays.
void keep_workers() {
  static const tbb::task_arena* kept = nullptr;
  if (kept) return;
  check_memory();
  auto arena = std::make_unique<tbb::task_arena>(1, 0);
  arena->initialize();
  kept = arena.release();
}

void start_workers(int wanted, int in_all) {
  static std::mutex mutex;
  const std::lock_guard<std::mutex> lock(mutex);
  if (most == INT_MAX) {
    most = static_cast<int>(tbb::global_control::active_value(tbb::global_control::max_allowed_parallelism)) - 1;
  }
  most = std::max<int>(most, wanted);
  const int enough = enough_for(wanted, in_all);
  if (started >= enough) return;
  const SignalsBlocked meanwhile;
  const int possible = started + startable_threads(enough - started);
  if (possible == 0) return;
  // In this order, or oneTBB warns of a limit of 0 workers where the process may use one processor.
  allow_workers(possible < enough ? possible : most.load());
  keep_workers();
  if (possible == started) return;
  WorkerStart start;
  try {
    start.start(possible);
  } catch (const std::exception&) {  // the one that did not start is the last that was asked for
  }
  started = std::max<int>(started, start.count());
}

}  // namespace

WorkersInUse::WorkersInUse(int wanted) : count_(wanted) {
  const int in_all = in_use += wanted;
  if (started >= enough_for(wanted, in_all)) return;
  try {
    start_workers(wanted, in_all);
  } catch (const std::exception&) {  // no memory: those that there are
  }
  if (started >= enough_for(wanted, in_all)) return;
  count_ = std::clamp(started - (in_all - wanted), 0, wanted);
  in_use -= wanted - count_;
}

WorkersInUse::~WorkersInUse() { in_use -= count_; }

}  // namespace convstep
