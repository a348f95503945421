// Calls by destructors that run while a thread or the program ends.
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "core/threads.h"

namespace convstep {
namespace {

// In loops with workspaces, on several numbers of threads.
bool runs_every_task_once() {
  for (const int threads : {2, 3, 4}) {
    std::vector<std::atomic<int>> runs(200);
    parallel_for(200, threads, {}, [&](int64_t i) {
      std::memset(ThreadWorkspace(1 << 20).as<char>(), 1, 1 << 20);
      ++runs[static_cast<size_t>(i)];
    });
    for (const std::atomic<int>& n : runs) {
      if (n != 1) return false;
    }
  }
  return true;
}

struct CallsAtTheEnd {
  ~CallsAtTheEnd() {
    if (is_right) *is_right = runs_every_task_once();
  }
  bool* is_right = nullptr;
};

TEST(ThreadsEnd, ADestructorOfTheThreadMayCall) {
  bool is_right_before = false, is_right_at_the_end = false;
  std::thread([&] {
    static thread_local CallsAtTheEnd last;  // made before what the thread keeps from call to call, so it goes later
    last.is_right = &is_right_at_the_end;
    is_right_before = runs_every_task_once();
  }).join();
  EXPECT_TRUE(is_right_before);
  EXPECT_TRUE(is_right_at_the_end);
}

TEST(ThreadsEndDeathTest, AFunctionThatRunsAtTheEndOfTheProgramMayCall) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  constexpr int kRight = 3;
  const auto call_and_end = [] {
    std::atexit([] { _exit(runs_every_task_once() ? kRight : 1); });
    runs_every_task_once();
    std::exit(0);
  };
  EXPECT_EXIT(call_and_end(), testing::ExitedWithCode(kRight), "");
}

}  // namespace
}  // namespace convstep
