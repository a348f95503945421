// How threads live in the process that they are in: its signals, its end, the cancellation of their caller, its
// processors.
#include <dirent.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "convstep/conv.h"
#include "runtime/processors.h"
#include "runtime/threads.h"

namespace convstep {
namespace {

// A convolution on two threads.
float convolve() {
  const Tensor<float, 4> input = Tensor<float, 4>::full({1, 64, 64, 32}, 1);
  const Tensor<float, 4> weights = Tensor<float, 4>::full({5, 5, 32, 32}, 1);
  Tensor<float, 4> output({1, 60, 60, 32});
  conv_forward(input, weights, {}, output, {.algorithm = ConvAlgorithm::kDirect, .threads = 2});
  return output(0, 59, 59, 31);
}
constexpr float kConvolved = 5 * 5 * 32;

// The signals that each thread of the process but this one blocks, as bits from 0 for signal 1 on.
std::vector<uint64_t> blocked_by_other_threads() {
  std::vector<uint64_t> masks;
  DIR* const tasks = opendir("/proc/self/task");
  while (const dirent* entry = readdir(tasks)) {
    const std::string id = entry->d_name;
    if (id[0] == '.' || id == std::to_string(syscall(SYS_gettid))) continue;
    std::ifstream status("/proc/self/task/" + id + "/status");
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("SigBlk:")) masks.push_back(std::stoull(line.substr(7), nullptr, 16));
    }
  }
  closedir(tasks);
  return masks;
}

bool has_signal(uint64_t mask, int signal) { return mask >> (signal - 1) & 1; }

TEST(ThreadsOfAProcess, WorkersTakeNoSignals) {
  EXPECT_EQ(convolve(), kConvolved);
  const std::vector<uint64_t> masks = blocked_by_other_threads();
#if !defined(__SANITIZE_THREAD__)  // which has a thread of its own
  EXPECT_FALSE(masks.empty());
  for (const uint64_t mask : masks) {
    for (const int signal : {SIGINT, SIGTERM, SIGUSR1, SIGCHLD, SIGALRM}) EXPECT_TRUE(has_signal(mask, signal));
    for (const int signal : {SIGSEGV, SIGFPE, SIGPROF}) EXPECT_FALSE(has_signal(mask, signal));
  }
#endif
  sigset_t own;
  pthread_sigmask(SIG_BLOCK, nullptr, &own);
  EXPECT_FALSE(sigismember(&own, SIGINT)) << "the caller's own mask is as it was";
}

// Static objects outlive what the main thread keeps.
struct CallsWhenItGoes {
  ~CallsWhenItGoes() {
    for (int call = 0; call < 3; ++call) {
      if (convolve() != kConvolved) _exit(1);
    }
    _exit(7);
  }
};

TEST(ThreadsOfAProcessDeathTest, StaticObjectsMayCallWhenTheyGo) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto leave = [] {
    static CallsWhenItGoes calls;
    convolve();
    std::exit(convolve() == kConvolved ? 0 : 1);
  };
  EXPECT_EXIT(leave(), testing::ExitedWithCode(7), "");
}

// Those of another thread, too, if they were made before what it keeps.
TEST(ThreadsOfAProcess, ObjectsOfAThreadMayCallWhenTheyGo) {
  static float result;
  struct Calls {
    ~Calls() { result = convolve(); }
  };
  std::thread([] {
    thread_local Calls calls;
    static_cast<void>(&calls);
    convolve();
  }).join();
  EXPECT_EQ(result, kConvolved);
}

TEST(ThreadsOfAProcess, ACallOutlivesTheCancellationOfItsThread) {
  struct State {
    int64_t done = 0;
    bool has_ended = false, went_on = false;
  };
  const auto run = [](void* argument) -> void* {
    State& state = *static_cast<State*>(argument);
    pthread_cancel(pthread_self());
    parallel_for(
        8, 2, [](int64_t, int64_t) { pthread_testcancel(); }, [&](int64_t) { __sync_fetch_and_add(&state.done, 1); });
    state.has_ended = true;
    pthread_testcancel();
    state.went_on = true;
    return nullptr;
  };
  State state;
  pthread_t thread;
  ASSERT_EQ(pthread_create(&thread, nullptr, run, &state), 0);
  void* result = nullptr;
  pthread_join(thread, &result);
  EXPECT_EQ(state.done, 8);
  EXPECT_TRUE(state.has_ended);
  EXPECT_FALSE(state.went_on);
  EXPECT_EQ(result, PTHREAD_CANCELED);
}

// A system that knows 2048 processors, of which the thread may use three.
int affinity_of_many(pid_t, size_t bytes, cpu_set_t* mask) {
  if (bytes < 2048 / 8) {
    errno = EINVAL;
    return -1;
  }
  std::memset(mask, 0, bytes);
  for (const size_t processor : {3, 1024, 2047}) CPU_SET_S(processor, bytes, mask);
  return 0;
}

TEST(Processors, MayBeMoreThan1024) { EXPECT_EQ(processors_of_affinity(affinity_of_many), 3); }

}  // namespace
}  // namespace convstep
