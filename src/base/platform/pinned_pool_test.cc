// Where Linux can pin threads, the pool does.
#include <gtest/gtest.h>
#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "src/base/thread_pool.h"

namespace tempera {
namespace {

TEST(ThreadPool, PinnedByTheEnvironment) {
  ASSERT_EQ(setenv("TEMPERA_PIN", "1", 1), 0);
  const auto made = ThreadPool::Create(2);
  unsetenv("TEMPERA_PIN");
  ASSERT_TRUE(made.ok());
  ThreadPool* const pool = made->get();
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

}  // namespace
}  // namespace tempera
