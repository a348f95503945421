// threads.h: a loop over independent tasks, on several threads.
#pragma once

#include <cstddef>
#include <cstdint>
#include <type_traits>

#include "convstep/runtime.h"
#include "runtime/machine.h"

namespace convstep {

// `requested`, or num_threads() where that is 0. Throws ParameterError naming `threads` where it is out of range.
int resolve_threads(int64_t requested);
// The same for an operation that is `small`, and stays on its caller's thread.
int resolve_threads(int64_t requested, bool small);

// More tasks than threads even out what the other programs of the machine take; more than these cost more than they
// even out.
inline constexpr int64_t kTasksPerThread = 4;

// How many of `threads` are worth waking for `work`, of which `enough` keeps one busy for longer than waking it takes.
int threads_worth(double work, double enough, int threads);
// For tests: whether threads_worth says `threads` however little the work.
void set_all_work_worth_threads(bool all);

namespace internal {
using Task = void (*)(const void* body, int64_t index);
void parallel_for(int64_t count, int threads, Task task, const void* body, const ProgressCallback& progress);
}  // namespace internal

// Calls body(0), ..., body(count - 1), in any order, on up to `threads` threads of which the caller's is one. After
// each of its own tasks the caller's thread calls progress(done, count), and once more when all is done. What progress
// or body throws reaches the caller after the tasks under way have ended; the rest is left out.
template <class Body>
void parallel_for(int64_t count, int threads, const ProgressCallback& progress, const Body& body) {
  const auto task = [](const void* erased, int64_t index) { (*static_cast<const Body*>(erased))(index); };
  internal::parallel_for(count, threads, task, &body, progress);
}

// Memory of the calling thread's own, aligned to 64; what it holds is whatever the last user left. The thread keeps the
// largest it ever asked for, and lends it to one ThreadWorkspace at a time: a task inside another one (progress may run
// it) has memory of its own, until it ends.
class ThreadWorkspace {
 public:
  explicit ThreadWorkspace(size_t bytes);  // throws std::bad_alloc
  ~ThreadWorkspace();
  ThreadWorkspace(const ThreadWorkspace&) = delete;
  ThreadWorkspace& operator=(const ThreadWorkspace&) = delete;

  void* data() const { return block_ + 1; }

  // The head of the memory.
  struct alignas(kCacheLine) Block {
    size_t size;
  };

 private:
  Block* block_ = nullptr;
};

}  // namespace convstep
