// The pool under load: every task once, no job waits for a worker that never comes. Meant to be run under
// ThreadSanitizer too (preset tsan).
#include "src/base/thread_pool.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace tempera {
namespace {

std::unique_ptr<ThreadPool> MakePool(int threads, bool pin = false, bool spins = true) {
  auto pool = ThreadPool::Create(threads, pin, spins);
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

// Threads of several sessions: each job has the whole pool to itself, and all get their turn.
TEST(ThreadPool, SeveralCallersTakeTurns) {
  for (const bool spins : {true, false}) {
    const auto pool = MakePool(3, /*pin=*/false, spins);
    int running = 0;              // jobs with more than one task; no lock of ours guards it
    std::vector<int> busy(3, 0);  // by thread of the pool
    std::vector<std::thread> callers;
    std::vector<std::vector<int64_t>> numbers(4, std::vector<int64_t>(50, 0));
    for (size_t c = 0; c < numbers.size(); ++c) {
      callers.emplace_back([&, c] {
        for (int round = 0; round < 300; ++round) {
          pool->ParallelFor(50, [&](int task, int thread) {
            if (task == 0) ++running;
            ++busy[static_cast<size_t>(thread)];
            numbers[c][static_cast<size_t>(task)] += task;
          });
        }
      });
    }
    for (std::thread& t : callers) t.join();
    EXPECT_EQ(running, 4 * 300);
    EXPECT_EQ(busy[0] + busy[1] + busy[2], 4 * 300 * 50);
    for (const auto& list : numbers) {
      for (size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i], 300 * static_cast<int64_t>(i));
    }
  }
}

// A caller that has one job after the other does not keep the pool to itself.
TEST(ThreadPool, ABusyCallerLetsOthersIn) {
  const auto pool = MakePool(2);
  std::atomic<bool> stop{false}, began{false};
  std::thread busy([&] {
    while (!stop) {
      pool->ParallelFor(2, [&](int, int) { std::this_thread::sleep_for(std::chrono::milliseconds(1)); });
      began = true;
    }
  });
  while (!began) std::this_thread::yield();
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 10; ++i) pool->ParallelFor(2, [](int, int) {});
  const std::chrono::duration<double> waited = std::chrono::steady_clock::now() - start;
  stop = true;
  busy.join();
  EXPECT_LT(waited.count(), 5) << "ten turns of a millisecond each were to be waited for";
}

// Without spinning the pool costs no processor time while it has nothing to do, or waits for a long task.
TEST(ThreadPool, SleepsWhereTheHostSaysSo) {
  const auto pool = MakePool(4, /*pin=*/false, /*spins=*/false);
  std::atomic<int> sum{0};
  for (int round = 0; round < 200; ++round) pool->ParallelFor(20, [&](int task, int) { sum += task; });
  EXPECT_EQ(sum, 200 * 190);
  const std::clock_t before = std::clock();
  pool->ParallelFor(2, [&](int task, int) {
    if (task == 1) std::this_thread::sleep_for(std::chrono::milliseconds(400));
  });
  const double spent_s = static_cast<double>(std::clock() - before) / CLOCKS_PER_SEC;
  EXPECT_LT(spent_s, 0.1) << "the caller waits awake for a task of 0.4 s";
}

TEST(ThreadPool, PinnedWorks) {
  const auto pool = MakePool(2, /*pin=*/true);
  std::atomic<int> sum{0};
  pool->ParallelFor(100, [&](int task, int) { sum += task; });
  EXPECT_EQ(sum, 4950);
}

TEST(ThreadPool, ZeroMeansCores) {
  EXPECT_GE(MakePool(0)->num_threads(), 1);
  EXPECT_LE(MakePool(0)->num_threads(), AvailableCpus());
}

TEST(ThreadPool, AbsurdCountsAreRefused) {
  EXPECT_FALSE(ThreadPool::Create(-1).ok());
  EXPECT_FALSE(ThreadPool::Create(100000).ok());
}

// Each thread wants megabytes of addresses for its stack; a process that may have few gets an error, and
// those that had started are gone.
TEST(ThreadPool, ThreadsThatCannotStartAreAnError) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  GTEST_SKIP() << "sanitizers take more addresses than that";
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
  GTEST_SKIP() << "sanitizers take more addresses than that";
#endif
#endif
  const auto starve = [] {
    std::ifstream statm("/proc/self/statm");
    uint64_t pages = 0;
    if (!(statm >> pages)) _exit(3);
    const rlim_t bytes = pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE)) + (rlim_t{256} << 20);
    const rlimit limit = {bytes, bytes};
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(4);
    const auto pool = ThreadPool::Create(1000);
    if (pool.ok()) _exit(5);
    const bool said = pool.status().code() == StatusCode::kOutOfMemory &&
                      pool.status().message().find("1000 threads") != std::string::npos;
    _exit(said && ThreadPool::Create(2).ok() ? 0 : 6);
  };
  EXPECT_EXIT(starve(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace tempera
