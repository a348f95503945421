#include "runtime/thread_probe.h"

#include <oneapi/tbb/global_control.h>
#include <pthread.h>
#ifdef __linux__
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <thread>
#include <vector>

namespace convstep {
namespace {

struct Probe {
  pthread_t thread{};
  std::atomic<bool>* are_all_there = nullptr;
  long id = 0;  // Linux's
  bool has_memory = false;
};

void* run_probe(void* argument) {
  constexpr size_t kMemory = size_t{64} << 10;  // several times what a worker of oneTBB takes when it begins
  Probe& probe = *static_cast<Probe*>(argument);
#ifdef __linux__
  probe.id = syscall(SYS_gettid);
#endif
  void* const memory = std::malloc(kMemory);
  probe.has_memory = memory != nullptr;
  probe.are_all_there->wait(false);
  std::free(memory);
  return nullptr;
}

// Linux counts a thread for a while after it has been joined.
void wait_until_gone([[maybe_unused]] long id) {
#ifdef __linux__
  while (syscall(SYS_tgkill, getpid(), id, 0) == 0) std::this_thread::yield();
#endif
}

}  // namespace

int startable_threads(int wanted) {
  pthread_attr_t attributes;
  if (pthread_attr_init(&attributes) != 0) return 0;
  pthread_attr_setstacksize(&attributes, tbb::global_control::active_value(tbb::global_control::thread_stack_size));
  std::vector<Probe> probes(static_cast<size_t>(wanted));
  std::atomic<bool> are_all_there{false};
  size_t count = 0;
  for (; count < probes.size(); ++count) {
    probes[count].are_all_there = &are_all_there;
    if (pthread_create(&probes[count].thread, &attributes, run_probe, &probes[count]) != 0) break;
  }
  are_all_there = true;
  are_all_there.notify_all();
  int startable = 0;
  for (size_t i = 0; i < count; ++i) {
    pthread_join(probes[i].thread, nullptr);
    wait_until_gone(probes[i].id);
    startable += probes[i].has_memory;
  }
  pthread_attr_destroy(&attributes);
  return startable;
}

}  // namespace convstep
