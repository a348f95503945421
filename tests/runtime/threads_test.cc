#include "runtime/threads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __SSE__
#include <xmmintrin.h>
#endif

#include <algorithm>
#include <atomic>
#include <cfenv>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "convstep/conv.h"
#include "runtime/processors.h"
#include "tests/support/expect_error.h"
#include "tests/support/fill.h"

namespace convstep {
namespace {

using testing::Each;

constexpr int kDeadlockSeconds = 60;  // far longer than a test takes on a busy machine

// The exit status of a forked child that runs body(); -1 where it has to be killed.
template <class Body>
int exit_status_of_child(Body body) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(kDeadlockSeconds);
    _exit(body());
  }
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// The variable is read once in the life of a process: a death test of this style starts the program anew.
void expect_num_threads_with(const char* variable, const std::string& said) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto say = [variable] {
    setenv("CONVSTEP_NUM_THREADS", variable, 1);
    try {
      std::fprintf(stderr, "%d", num_threads());
    } catch (const ParameterError& error) {
      std::fprintf(stderr, "%s", error.what());
    }
    std::exit(0);
  };
  EXPECT_EXIT(say(), testing::ExitedWithCode(0), testing::Eq(said));
}

// How often each task of parallel_for ran.
std::vector<int> runs_of_tasks(int64_t count, int threads) {
  std::vector<std::atomic<int>> runs(static_cast<size_t>(count));
  parallel_for(count, threads, {}, [&](int64_t i) { ++runs[static_cast<size_t>(i)]; });
  return {runs.begin(), runs.end()};
}

// The most tasks that were seen to run at the same time.
int most_at_once(int threads) {
  std::atomic<int> inside{0}, most{0};
  for (int call = 0; call < 100 && most < 2; ++call) {  // a busy machine takes its time to start threads
    parallel_for(64, threads, {}, [&](int64_t) {
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
      --inside;
    });
  }
  return most;
}

TEST(Processors, AtLeastOne) { EXPECT_GE(usable_processors(), 1); }

TEST(Processors, ChangeLeavesTheMask) {
  const int usual = usable_processors();
  for (int change = 0; change < 10; ++change) change_processor();
  EXPECT_EQ(usable_processors(), usual);
}

TEST(NumThreads, IsWhatWasSet) {
  const int usual = num_threads();
  EXPECT_GE(usual, 1);
  set_num_threads(3);
  EXPECT_EQ(num_threads(), 3);
  EXPECT_EQ(resolve_threads(0), 3);
  EXPECT_EQ(resolve_threads(5), 5);
  set_num_threads(kMaxThreads);
  EXPECT_EQ(resolve_threads(0), kMaxThreads);
  set_num_threads(0);
  EXPECT_EQ(num_threads(), usual);
}

TEST(NumThreads, OutOfRangeIsAnError) {
  for (const int wrong : {-1, kMaxThreads + 1, INT32_MIN, INT32_MAX}) {
    expect_error<ParameterError>([&] { set_num_threads(wrong); }, "threads", std::to_string(wrong), "1024");
    expect_error<ParameterError>([&] { resolve_threads(wrong); }, "threads", std::to_string(wrong), "1024");
  }
}

TEST(NumThreadsDeathTest, OfTheEnvironment) {
  expect_num_threads_with("1", "1");
  expect_num_threads_with("1024", "1024");
  expect_num_threads_with("", std::to_string(usable_processors()));
  for (const char* wrong : {"0", "-1", "1025", "two", "2.5", "2 3", "99999999999999999999"}) {
    expect_num_threads_with(
        wrong, std::string("CONVSTEP_NUM_THREADS: got \"") + wrong + "\", expected a number from 1 to 1024");
  }
}

TEST(ParallelFor, RunsEveryTaskOnce) {
  for (const int threads : {1, 2, 3, 8, 64}) {
    for (const int64_t count : {0, 1, 2, 7, 64, 1000}) {
      EXPECT_THAT(runs_of_tasks(count, threads), Each(1)) << count << " tasks, " << threads << " threads";
    }
  }
}

TEST(ParallelFor, UsesAsManyThreadsAsItIsTold) {
  const int most = most_at_once(4);
  EXPECT_GE(most, 2);
  EXPECT_LE(most, 4);
}

TEST(ParallelFor, ReportsProgressOnTheCallersThreadAndNeverLess) {
  for (const int threads : {1, 2, 8}) {
    std::vector<int64_t> reports;
    const auto caller = std::this_thread::get_id();
    bool is_on_caller = true;
    const ProgressCallback progress = [&](int64_t done, int64_t total) {
      is_on_caller &= std::this_thread::get_id() == caller;
      EXPECT_EQ(total, 500);
      reports.push_back(done);
    };
    parallel_for(500, threads, progress, [](int64_t) { std::this_thread::yield(); });
    EXPECT_TRUE(is_on_caller);
    EXPECT_TRUE(std::is_sorted(reports.begin(), reports.end()));
    ASSERT_FALSE(reports.empty());
    EXPECT_GE(reports.front(), 1);
    EXPECT_EQ(reports.back(), 500);
    EXPECT_EQ(std::count(reports.begin(), reports.end(), 500), 1) << "all is done once";
  }
}

TEST(ParallelFor, StopsWhereProgressThrows) {
  for (const int threads : {1, 2, 8}) {
    std::atomic<int> runs{0};
    const ProgressCallback stop = [](int64_t, int64_t) { throw std::domain_error("enough"); };
    const auto call = [&] {
      parallel_for(100'000, threads, stop, [&](int64_t) {
        ++runs;
        std::this_thread::sleep_for(std::chrono::microseconds(10));
      });
    };
    EXPECT_THROW(call(), std::domain_error);
    EXPECT_LT(runs, 100'000) << threads;
    const int ended = runs;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_EQ(runs, ended) << "nothing runs on behind the caller's back";
    EXPECT_THAT(runs_of_tasks(100, threads), Each(1)) << "the next call is none the worse";
  }
}

TEST(ParallelFor, StopsWhereATaskThrows) {
  for (const int threads : {1, 2, 8}) {
    const auto call = [threads] {
      parallel_for(1000, threads, {}, [](int64_t i) {
        if (i % 100 == 50) throw std::bad_alloc();
      });
    };
    EXPECT_THROW(call(), std::bad_alloc) << threads;
    EXPECT_THAT(runs_of_tasks(100, threads), Each(1)) << "the next call is none the worse";
  }
}

TEST(ParallelFor, MayChangeTheNumberOfThreadsFromCallToCall) {
  for (int call = 0; call < 200; ++call) {
    EXPECT_THAT(runs_of_tasks(100, 1 + call % 24), Each(1)) << "more numbers than arenas are kept";
  }
}

TEST(ParallelFor, MayBeNested) {
  std::atomic<int> runs{0};
  parallel_for(20, 4, {}, [&](int64_t) {
    parallel_for(20, 3, {}, [&](int64_t) { parallel_for(5, 2, {}, [&](int64_t) { ++runs; }); });
  });
  EXPECT_EQ(runs, 20 * 20 * 5);
}

TEST(ParallelFor, MayBeCalledByProgress) {
  std::atomic<int> runs{0};
  const ProgressCallback nested = [&](int64_t, int64_t) { parallel_for(10, 3, {}, [&](int64_t) { ++runs; }); };
  for (int call = 0; call < 20; ++call) parallel_for(50, 2, nested, [&](int64_t) { ++runs; });
  EXPECT_GE(runs, 20 * (50 + 10));
  EXPECT_EQ(runs % 10, 0);
}

// Of sums whose bits depend on the rounding, one for each task, and whether subnormal numbers are kept.
std::vector<float> roundings(int threads) {
  std::vector<float> results(400);
  parallel_for(400, threads, {}, [&](int64_t i) {
    volatile float third = 1.0f / 3, small = std::numeric_limits<float>::min();
    results[static_cast<size_t>(i)] = third * static_cast<float>(i) + (small / 4 > 0);
    std::this_thread::sleep_for(std::chrono::microseconds(20));
  });
  return results;
}

TEST(ParallelFor, WorkersTakeTheCallersRoundingForTheCall) {
  const std::vector<float> usual = roundings(1);
  EXPECT_EQ(roundings(4), usual);  // the workers are there now
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO}) {
    std::fesetround(mode);
    const std::vector<float> one = roundings(1), four = roundings(4);
    EXPECT_EQ(std::fegetround(), mode) << "the caller's is left alone";
    std::fesetround(FE_TONEAREST);
    EXPECT_NE(one, usual) << "what this test can see";
    EXPECT_EQ(four, one) << mode;
    EXPECT_EQ(roundings(4), usual) << "and the workers have their own again";
  }
}

#ifdef __SSE__
TEST(ParallelFor, WorkersTakeOverHowTheCallerTreatsSubnormals) {
  const std::vector<float> usual = roundings(4);
  const unsigned mode = _mm_getcsr();
  _mm_setcsr(mode | _MM_FLUSH_ZERO_ON | 0x40);  // and denormals are zeros
  const std::vector<float> one = roundings(1), four = roundings(4);
  const unsigned mode_after = _mm_getcsr();
  _mm_setcsr(mode);
  EXPECT_EQ(mode_after & ~0x3fu, (mode | _MM_FLUSH_ZERO_ON | 0x40) & ~0x3fu) << "but for the flags of what happened";
  EXPECT_NE(one, usual) << "what this test can see";
  EXPECT_EQ(four, one);
  EXPECT_EQ(roundings(4), usual);
}
#endif

TEST(ParallelFor, LeavesTheCallersAffinityAloneUnlessItMay) {
  EXPECT_FALSE(caller_may_move());
  set_caller_may_move(true);
  EXPECT_TRUE(caller_may_move());
  const int usual = usable_processors();
  roundings(2);
  EXPECT_EQ(usable_processors(), usual);
  set_caller_may_move(false);
}

TEST(ParallelFor, ServesManyCallersAtOnce) {
  std::atomic<int> runs{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int call = 0; call < 50; ++call) parallel_for(100, 1 + caller % 4, {}, [&](int64_t) { ++runs; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(runs, 8 * 50 * 100);
}

TEST(ParallelFor, RunsInAForkedChild) {
  EXPECT_THAT(runs_of_tasks(1000, 4), Each(1));  // oneTBB has its workers now; the child will not
  EXPECT_EQ(exit_status_of_child([] { return runs_of_tasks(1000, 4) == std::vector<int>(1000, 1) ? 0 : 1; }), 0);
  EXPECT_EQ(exit_status_of_child([] { return num_threads() == 1 && resolve_threads(4) == 1 ? 0 : 1; }), 0);
  EXPECT_THAT(runs_of_tasks(1000, 4), Each(1)) << "nor does the parent mind";
}

// As a service does that goes to the background. A death test of this style starts the program anew, so that no threads
// have been used.
TEST(ParallelForDeathTest, UsesThreadsInAChildForkedBeforeTheFirstCall) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto fork_and_run = [] {
    const int usual = num_threads();
    std::exit(exit_status_of_child([usual] { return num_threads() == usual && most_at_once(4) >= 2 ? 0 : 1; }));
  };
  EXPECT_EXIT(fork_and_run(), testing::ExitedWithCode(0), "");
}

TEST(ParallelFor, AForkedChildConvolves) {
  const auto input = counting<float, 4>({2, 32, 32, 16}), weights = counting<float, 4>({3, 3, 16, 32});
  const ConvOptions options{.padding = Padding::all(1), .threads = 4};
  const Shape<4> shape = conv_output_shape(input.shape(), weights.shape(), options);
  Tensor<float, 4> expected(shape);
  conv_forward(input, weights, {}, expected, options);
  const int status = exit_status_of_child([&] {
    Tensor<float, 4> output(shape);
    conv_forward(input, weights, {}, output, options);
    return std::memcmp(output.data(), expected.data(), static_cast<size_t>(output.size()) * sizeof(float)) == 0 ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
}

TEST(ThreadWorkspace, IsAlignedAndOfTheThread) {
  const void* mine = ThreadWorkspace(1000).data();
  EXPECT_EQ(reinterpret_cast<uintptr_t>(mine) % 64, 0u);
  EXPECT_EQ(ThreadWorkspace(500).data(), mine) << "the largest is kept";
  std::memset(ThreadWorkspace(1 << 20).data(), 1, 1 << 20);
  std::thread([] { std::memset(ThreadWorkspace(1000).data(), 2, 1000); }).join();
  EXPECT_EQ(*static_cast<char*>(ThreadWorkspace(1).data()), 1);
}

TEST(ThreadWorkspace, IsOfOneHolderAtATime) {
  constexpr size_t kSmall = 1000, kLarge = 1 << 20;
  for (const size_t inner_bytes : {kSmall, kLarge}) {
    const ThreadWorkspace outer(kSmall);
    std::memset(outer.data(), 1, kSmall);
    const void* memory = nullptr;
    for (int call = 0; call < 3; ++call) {
      const ThreadWorkspace inner(inner_bytes);
      std::memset(inner.data(), 2, inner_bytes);
      EXPECT_TRUE(!memory || memory == inner.data()) << "kept from call to call inside, too";
      memory = inner.data();
    }
    const char* values = static_cast<const char*>(outer.data());
    EXPECT_EQ(values[0] + values[kSmall - 1], 2);
  }
  const void* largest = ThreadWorkspace(kLarge).data();
  EXPECT_EQ(ThreadWorkspace(kSmall).data(), largest) << "that of the call inside was the largest";
}

}  // namespace
}  // namespace convstep
