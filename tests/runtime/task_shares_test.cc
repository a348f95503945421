#include "runtime/task_shares.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <thread>
#include <vector>

namespace convstep {
namespace {

using testing::Each;
using testing::ElementsAre;

std::vector<int64_t> all_for(int thread, TaskShares& shares) {
  std::vector<int64_t> taken;
  for (int64_t task = shares.take(thread); task >= 0; task = shares.take(thread)) taken.push_back(task);
  return taken;
}

TEST(TaskShares, AThreadBeginsWithItsOwnAndGoesOnWithTheOthers) {
  TaskShares of_first(8, 3), of_last(8, 3);
  EXPECT_THAT(all_for(0, of_first), ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
  EXPECT_THAT(all_for(2, of_last), ElementsAre(5, 6, 7, 0, 1, 2, 3, 4));
}

TEST(TaskShares, ThreadsWithoutAShareOfTheirOwnTakeFromOthers) {
  TaskShares fewer_tasks(2, 5), many_threads(100, 1024);
  EXPECT_THAT(all_for(4, fewer_tasks), ElementsAre(1, 0));
  EXPECT_EQ(all_for(1023, many_threads).size(), 100u);
}

TEST(TaskShares, WhatIsLeftAtTheCloseIsLeftOut) {
  TaskShares shares(100, 4);
  EXPECT_EQ(shares.take(1), 25);
  shares.close();
  for (int thread = 0; thread < 4; ++thread) EXPECT_EQ(shares.take(thread), -1);
}

TEST(TaskShares, EveryTaskIsTakenOnce) {
  constexpr int kThreads = 4;
  for (const int64_t count : {0, 1, 5, 1000, 100'000}) {
    TaskShares shares(count, kThreads);
    std::vector<std::vector<int64_t>> taken(kThreads);
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&, i] { taken[static_cast<size_t>(i)] = all_for(i, shares); });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<int> times(static_cast<size_t>(count));
    for (const auto& tasks : taken) {
      for (const int64_t task : tasks) ++times[static_cast<size_t>(task)];
    }
    EXPECT_THAT(times, Each(1)) << count;
  }
}

}  // namespace
}  // namespace convstep
