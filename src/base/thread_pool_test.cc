// The pool under load: every task once, no job waits for a worker that never comes. Meant to be run under
// ThreadSanitizer too (preset tsan).
#include "src/base/thread_pool.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>
#include <vector>

namespace tempera {
namespace {

std::unique_ptr<ThreadPool> MakePool(int threads, bool pin = false) {
  auto pool = ThreadPool::Create(threads, pin);
  EXPECT_TRUE(pool.ok()) << pool.status().message();
  return std::move(pool).value();
}

TEST(ThreadPool, EveryTaskOnceWhateverTheCounts) {
  for (int threads : {1, 2, 3, 8}) {
    const auto pool = MakePool(threads);
    EXPECT_EQ(pool->num_threads(), threads);
    for (int tasks : {0, 1, 2, 3, 7, 64, 1000}) {
      std::vector<int> runs(static_cast<size_t>(tasks));
      std::vector<int> busy(static_cast<size_t>(threads));  // not atomic: a thread runs one task at a time
      pool->ParallelFor(tasks, [&](int task, int thread) {
        ++runs[static_cast<size_t>(task)];
        ++busy[static_cast<size_t>(thread)];
      });
      for (int r : runs) EXPECT_EQ(r, 1);
      int sum = 0;
      for (int b : busy) sum += b;
      EXPECT_EQ(sum, tasks);
    }
  }
}

// Results of one job are the next one's input, without any lock of the caller's.
TEST(ThreadPool, JobsFollowEachOther) {
  const auto pool = MakePool(3);
  std::vector<int64_t> numbers(97, 1);
  for (int round = 0; round < 2000; ++round) {
    // Now and then long enough for the workers to fall asleep.
    if (round % 500 == 499) std::this_thread::sleep_for(std::chrono::milliseconds(2));
    pool->ParallelFor(97, [&](int task, int) { numbers[static_cast<size_t>(task)] += task; });
  }
  for (size_t i = 0; i < numbers.size(); ++i) EXPECT_EQ(numbers[i], 1 + 2000 * static_cast<int64_t>(i));
}

TEST(ThreadPool, ManyPoolsComeAndGo) {
  for (int i = 0; i < 50; ++i) {
    const auto pool = MakePool(4);
    std::atomic<int> sum{0};
    if (i % 2 == 0) pool->ParallelFor(10, [&](int task, int) { sum += task; });
    EXPECT_EQ(sum, i % 2 == 0 ? 45 : 0);
  }
}

// One worker is held inside its task: the other tasks get done by the rest, and the job ends as soon as the
// held one does.
TEST(ThreadPool, OneSlowTaskHoldsUpNothingElse) {
  const auto pool = MakePool(3);
  std::atomic<int> done{0};
  std::atomic<bool> saw_all_others{false};
  pool->ParallelFor(40, [&](int task, int) {
    if (task == 0) {
      for (int i = 0; i < 5000 && done != 39; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      saw_all_others = done == 39;
    }
    ++done;
  });
  EXPECT_TRUE(saw_all_others);
  EXPECT_EQ(done, 40);
}

TEST(ThreadPool, PinnedWorks) {
  const auto pool = MakePool(2, /*pin=*/true);
  std::atomic<int> sum{0};
  pool->ParallelFor(100, [&](int task, int) { sum += task; });
  EXPECT_EQ(sum, 4950);
}

TEST(ThreadPool, PinnedByTheEnvironment) {
  ASSERT_EQ(setenv("TEMPERA_PIN", "1", 1), 0);
  const auto pool = MakePool(2);
  unsetenv("TEMPERA_PIN");
  // Pinned workers may run on one processor; the caller stays where it may run.
  std::atomic<int> elsewhere{-1};
  for (int round = 0; round < 1000 && elsewhere < 0; ++round) {
    pool->ParallelFor(2, [&](int, int thread) {
      cpu_set_t set;
      CPU_ZERO(&set);
      if (thread == 1 && sched_getaffinity(0, sizeof(set), &set) == 0) elsewhere = CPU_COUNT(&set);
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    });
  }
  EXPECT_EQ(elsewhere, 1);
}

TEST(ThreadPool, ZeroMeansCores) {
  EXPECT_GE(MakePool(0)->num_threads(), 1);
  EXPECT_LE(MakePool(0)->num_threads(), AvailableCpus());
}

TEST(ThreadPool, AbsurdCountsAreRefused) {
  EXPECT_FALSE(ThreadPool::Create(-1).ok());
  EXPECT_FALSE(ThreadPool::Create(100000).ok());
}

}  // namespace
}  // namespace tempera
