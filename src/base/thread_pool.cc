#include "src/base/thread_pool.h"

#include <sched.h>

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

namespace tempera {
namespace {

// About 20-50 us of pause instructions: longer than the gap between two layers
// of a frame, far shorter than the gap between two frames.
constexpr int kSpins = 2000;

inline void Pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#endif
}

class Pool final : public ThreadPool {
 public:
  ~Pool() override {
    {
      std::lock_guard lock(mutex_);
      stop_ = true;
      epoch_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    for (std::thread& t : workers_) t.join();
  }

  Status Start(int num_threads) {
    try {
      for (int i = 1; i < num_threads; ++i) workers_.emplace_back([this, i] { Work(i); });
    } catch (const std::system_error&) {
      return OutOfMemory("cannot start " + std::to_string(num_threads) + " threads; use fewer");
    }
    return OkStatus();
  }

  int num_threads() const override { return static_cast<int>(workers_.size()) + 1; }

  void Run(int num_tasks, Task fn, void* context) override {
    if (workers_.empty() || num_tasks <= 1) {
      for (int i = 0; i < num_tasks; ++i) fn(context, i, 0);
      return;
    }
    fn_ = fn;
    context_ = context;
    num_tasks_ = num_tasks;
    next_.store(0, std::memory_order_relaxed);
    busy_.store(static_cast<int>(workers_.size()), std::memory_order_relaxed);
    {
      std::lock_guard lock(mutex_);
      epoch_.fetch_add(1, std::memory_order_release);
    }
    wake_.notify_all();
    Drain(0);
    for (int spins = 0; busy_.load(std::memory_order_acquire) != 0; ++spins) {
      Pause();
      if (spins > kSpins) std::this_thread::yield();
    }
  }

 private:
  void Drain(int thread) {
    for (int i; (i = next_.fetch_add(1, std::memory_order_relaxed)) < num_tasks_;) fn_(context_, i, thread);
  }

  void Work(int thread) {
    uint64_t seen = 0;
    while (true) {
      uint64_t epoch = epoch_.load(std::memory_order_acquire);
      for (int spins = 0; epoch == seen && spins < kSpins; ++spins) {
        Pause();
        epoch = epoch_.load(std::memory_order_acquire);
      }
      if (epoch == seen) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return epoch_.load(std::memory_order_acquire) != seen; });
        epoch = epoch_.load(std::memory_order_acquire);
      }
      seen = epoch;
      if (stop_) return;
      Drain(thread);
      busy_.fetch_sub(1, std::memory_order_release);
    }
  }

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> epoch_{0};
  std::atomic<int> next_{0};
  std::atomic<int> busy_{0};
  std::atomic<bool> stop_{false};
  Task fn_ = nullptr;
  void* context_ = nullptr;
  int num_tasks_ = 0;
};

}  // namespace

Result<std::unique_ptr<ThreadPool>> ThreadPool::Create(int num_threads) {
  if (num_threads < 0 || num_threads > 1024) {
    return InvalidArgument("thread count " + std::to_string(num_threads) + " is not in 0..1024");
  }
  auto pool = std::make_unique<Pool>();
  TEMPERA_RETURN_IF_ERROR(pool->Start(num_threads == 0 ? AvailableCpus() : num_threads));
  return std::unique_ptr<ThreadPool>(std::move(pool));
}

int AvailableCpus() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof(set), &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
  const unsigned n = std::thread::hardware_concurrency();
  return n ? static_cast<int>(n) : 1;
}

}  // namespace tempera
