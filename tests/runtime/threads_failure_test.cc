// Every start of a thread and every allocation fails in turn: calls go on with fewer threads, and later ones are none
// the worse. A trial is a child forked ahead of all use of threads, so that each sees the first call of a program.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>
#include <thread>
#include <vector>

#include "convstep/conv.h"
#include "runtime/threads.h"
#include "tests/support/fill.h"

namespace {

// Counts down to the one that fails, or after which all fail. 0: none does.
class Fault {
 public:
  void arm(int64_t number, bool lasts) {
    lasts_ = lasts;
    left_ = number;
  }
  bool is_still_armed() const { return left_ > 0; }
  bool strikes() {
    if (left_ <= 0) return left_ < 0 && lasts_;
    if (left_ == 1) {
      left_ = -1;
      return true;
    }
    --left_;
    return false;
  }

 private:
  std::atomic<int64_t> left_{0};
  std::atomic<bool> lasts_{false};
};
Fault thread_fault, memory_fault;
thread_local bool counts_memory = false;  // what oneTBB's workers allocate for themselves cannot fail without an abort

struct CountsMemory {
  CountsMemory() { counts_memory = true; }
  ~CountsMemory() { counts_memory = false; }
};

[[maybe_unused]] bool memory_strikes() { return counts_memory && memory_fault.strikes(); }

}  // namespace

// These take the place of those of the C library, for the library under test and for oneTBB alike.
extern "C" {
int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*routine)(void*), void* argument) {
  if (thread_fault.strikes()) return EAGAIN;
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const Create next = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return next(thread, attributes, routine, argument);
}
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define CAN_FAIL_MEMORY 1
void* __libc_malloc(size_t bytes);
void* __libc_memalign(size_t alignment, size_t bytes);
void* malloc(size_t bytes) { return memory_strikes() ? nullptr : __libc_malloc(bytes); }
void* aligned_alloc(size_t alignment, size_t bytes) {
  return memory_strikes() ? nullptr : __libc_memalign(alignment, bytes);
}
#else
#define CAN_FAIL_MEMORY 0
#endif
}

namespace convstep {
namespace {

constexpr int kHangSeconds = 60;  // far longer than a trial takes on a busy machine
constexpr int kRight = 0, kWrong = 1, kNotStruck = 2, kThrew = 3;

template <class Trial>
int exit_status_of_child(Trial trial) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(kHangSeconds);
    try {
      _exit(trial());
    } catch (...) {
      _exit(kThrew);
    }
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

bool runs_every_task_once(int threads) {
  std::vector<std::atomic<int>> runs(200);
  parallel_for(200, threads, {}, [&](int64_t i) { ++runs[static_cast<size_t>(i)]; });
  for (const std::atomic<int>& n : runs) {
    if (n != 1) return false;
  }
  return true;
}

bool has_help() {
  for (int call = 0; call < 100; ++call) {
    std::atomic<bool> is_helped{false};
    const std::thread::id caller = std::this_thread::get_id();
    parallel_for(64, 8, {}, [&](int64_t) {
      if (std::this_thread::get_id() != caller) is_helped = true;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    });
    if (is_helped) return true;
  }
  return false;
}

// Does `trial(n)` fork for n = 1, 2, ... until the fault is not reached.
template <class Trial>
void for_every_fault(Trial trial) {
  for (int64_t n = 1;; ++n) {
    const int status = exit_status_of_child([&] { return trial(n); });
    if (status == kNotStruck) {
      EXPECT_GT(n, 1) << "what this test can see";
      return;
    }
    ASSERT_EQ(status, kRight) << "number " << n;
  }
}

int thread_trial(int64_t n, bool lasts, int threads_before) {
  if (threads_before > 0 && !runs_every_task_once(threads_before)) return kWrong;
  thread_fault.arm(n, lasts);
  if (!runs_every_task_once(6) || !runs_every_task_once(6)) return kWrong;
  const bool is_struck = !thread_fault.is_still_armed();
  thread_fault.arm(0, false);
  if (!is_struck) return kNotStruck;
  if (!runs_every_task_once(6) || !runs_every_task_once(9)) return kWrong;
  return !lasts || has_help() ? kRight : kWrong;
}

TEST(ThreadFailure, AThreadThatDoesNotStartCostsItsHelp) {
  for (const int threads_before : {0, 2, 4}) {
    for_every_fault([&](int64_t n) { return thread_trial(n, false, threads_before); });
  }
}

TEST(ThreadFailure, WhereNoMoreThreadsStartThereAreFewer) {
  for (const int threads_before : {0, 2, 4}) {
    for_every_fault([&](int64_t n) { return thread_trial(n, true, threads_before); });
  }
}

int convolve(int threads) {
  try {
    const auto input = counting<float, 4>({2, 40, 40, 32}), weights = counting<float, 4>({3, 3, 32, 32});
    const ConvOptions options{.algorithm = ConvAlgorithm::kDirect, .threads = threads};
    Tensor<float, 4> output(conv_output_shape(input.shape(), weights.shape(), options));
    const CountsMemory counting_now;
    conv_forward(input, weights, {}, output, options);
    return output(1, 20, 20, 3) != 0 ? kRight : kWrong;
  } catch (const std::bad_alloc&) {
    return kThrew;
  }
}

int memory_trial(int64_t n, bool lasts, int threads_before) {
  if (threads_before > 0 && convolve(threads_before) != kRight) return kWrong;
  memory_fault.arm(n, lasts);
  if (convolve(6) == kWrong) return kWrong;
  const bool is_struck = !memory_fault.is_still_armed();
  memory_fault.arm(0, false);
  if (!is_struck) return kNotStruck;
  return convolve(6) == kRight && convolve(9) == kRight && has_help() ? kRight : kWrong;
}

TEST(MemoryFailure, AnAllocationThatFailsLeavesLaterCallsRight) {
  if (!CAN_FAIL_MEMORY) GTEST_SKIP() << "the sanitizers have an allocator of their own";
  for (const int threads_before : {0, 6}) {
    for (const bool lasts : {false, true}) {
      for_every_fault([&](int64_t n) { return memory_trial(n, lasts, threads_before); });
    }
  }
}

size_t address_space() {
  size_t pages = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%zu", &pages) != 1) pages = 0;
    std::fclose(file);
  }
  return pages * static_cast<size_t>(sysconf(_SC_PAGESIZE));
}

TEST(MemoryFailure, ALimitOfTheAddressSpaceLeavesLaterCallsRight) {
  if (!CAN_FAIL_MEMORY || address_space() == 0) GTEST_SKIP() << "no limit to set";
  for (size_t room = 0; room < (size_t{200} << 20); room += room < (size_t{8} << 20) ? 1 << 19 : 16 << 20) {
    const int status = exit_status_of_child([room] {
      if (convolve(1) != kRight) return kWrong;
      rlimit usual{}, low{};
      getrlimit(RLIMIT_AS, &usual);
      low = usual;
      low.rlim_cur = address_space() + room;
      setrlimit(RLIMIT_AS, &low);
      const int limited = convolve(8);
      setrlimit(RLIMIT_AS, &usual);
      return limited != kWrong && convolve(8) == kRight && has_help() ? kRight : kWrong;
    });
    EXPECT_EQ(status, kRight) << room;
  }
}

}  // namespace
}  // namespace convstep
