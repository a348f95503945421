#include "runtime/fork_safe_mutex.h"

#include <pthread.h>

#include <cstddef>
#include <cstdint>

namespace convstep {
namespace {

constexpr size_t kMutexes = 32;  // so many that owners seldom meet
std::mutex mutexes[kMutexes];

void lock_all() {
  for (std::mutex& mutex : mutexes) mutex.lock();
}
void unlock_all() {
  for (std::mutex& mutex : mutexes) mutex.unlock();
}

// When the program or library is loaded.
[[maybe_unused]] const int registered = pthread_atfork(lock_all, unlock_all, unlock_all);

}  // namespace

std::mutex& fork_safe_mutex(const void* owner) {
  const uint64_t address = reinterpret_cast<uintptr_t>(owner);
  return mutexes[address * 0x9E3779B97F4A7C15u >> 59];
}

}  // namespace convstep
