// The pool of a browser's build: all pools share the workers of the page, and calls come from one thread, the
// one that the page paints on.
#include <atomic>
#include <cstdint>
#include <string>

#include "src/base/platform/platform.h"
#include "src/base/platform/wasm_threads.h"
#include "src/base/thread_pool.h"

namespace tempera {
namespace {

std::atomic<int> g_workers{0};

#if defined(__wasm_atomics__)

// Looks before a worker sleeps, some 100 us: longer than the gap between two layers of a frame. There is no
// pause instruction, and a look at the clock is a call into the page.
constexpr int kLooks = 20000;
constexpr size_t kApart = 128;
constexpr uint64_t kJob = uint64_t{1} << 32;

// As thread_pool.cc has it: one word says which job is on and how many of its tasks nobody has claimed, and a
// claim that succeeds proves that the job is not over.
struct Job {
  alignas(kApart) std::atomic<uint64_t> state{0};
  alignas(kApart) std::atomic<uint32_t> done{0};
  alignas(kApart) std::atomic<int> turn{0};  // what sleepers wait on: changes with every job
  std::atomic<int> sleepers{0};
  ThreadPool::Task fn = nullptr;
  void* context = nullptr;
  uint32_t tasks = 0;
  int threads = 1;
};
Job g_job;

uint32_t Drain(int thread) {
  uint32_t count = 0;
  uint64_t state = g_job.state.load(std::memory_order_acquire);
  while (static_cast<uint32_t>(state) != 0) {
    if (!g_job.state.compare_exchange_weak(state, state - 1, std::memory_order_acq_rel,
                                           std::memory_order_acquire)) {
      continue;
    }
    g_job.fn(g_job.context, static_cast<int>(g_job.tasks - static_cast<uint32_t>(state)), thread);
    ++count;
    state = g_job.state.load(std::memory_order_acquire);
  }
  return count;
}

void Publish(ThreadPool::Task fn, void* context, uint32_t tasks) {
  g_job.fn = fn;
  g_job.context = context;
  g_job.tasks = tasks;
  g_job.done.store(0, std::memory_order_relaxed);
  const uint64_t last = g_job.state.load(std::memory_order_relaxed) / kJob;
  g_job.state.store((last + 1) * kJob + tasks, std::memory_order_seq_cst);
  g_job.turn.fetch_add(1, std::memory_order_seq_cst);
  if (g_job.sleepers.load(std::memory_order_seq_cst) == 0) return;
  (void)__builtin_wasm_memory_atomic_notify(reinterpret_cast<int*>(&g_job.turn), UINT32_MAX);
}

void Run(int num_tasks, ThreadPool::Task fn, void* context) {
  Publish(fn, context, static_cast<uint32_t>(num_tasks));
  const uint32_t others = static_cast<uint32_t>(num_tasks) - Drain(0);
  for (int looks = 0; g_job.done.load(std::memory_order_acquire) != others; ++looks) {
    if (looks < kLooks) continue;
    platform::Yield();  // a worker lost its processor in the midst of a task
    looks = 0;
  }
}

#endif

class Pool final : public ThreadPool {
 public:
  explicit Pool(int num_threads) : num_threads_(num_threads) {}
  int num_threads() const override { return num_threads_; }

  void Run(int num_tasks, Task fn, void* context) override {
#if defined(__wasm_atomics__)
    if (num_threads_ > 1 && num_tasks > 1) return tempera::Run(num_tasks, fn, context);
#endif
    for (int i = 0; i < num_tasks; ++i) fn(context, i, 0);
  }

 private:
  int num_threads_;
};

}  // namespace

namespace wasm {

int Workers() { return g_workers.load(std::memory_order_acquire); }

void Work([[maybe_unused]] int thread) {
#if defined(__wasm_atomics__)
  g_workers.fetch_add(1, std::memory_order_acq_rel);
  int seen = g_job.turn.load(std::memory_order_seq_cst);
  while (true) {
    int looks = 0;
    while (g_job.turn.load(std::memory_order_acquire) == seen && ++looks < kLooks) {
    }
    if (looks == kLooks) {
      g_job.sleepers.fetch_add(1, std::memory_order_seq_cst);
      (void)__builtin_wasm_memory_atomic_wait32(reinterpret_cast<int*>(&g_job.turn), seen, -1);
      g_job.sleepers.fetch_sub(1, std::memory_order_relaxed);
    }
    seen = g_job.turn.load(std::memory_order_acquire);
    const uint32_t count = Drain(thread);
    if (count > 0) g_job.done.fetch_add(count, std::memory_order_release);
  }
#endif
}

}  // namespace wasm

Result<std::unique_ptr<ThreadPool>> ThreadPool::Create(int num_threads, bool, bool) {
  if (num_threads < 0 || num_threads > 1024) {
    return InvalidArgument("thread count " + std::to_string(num_threads) + " is not in 0..1024");
  }
  // All workers take part in every job, so a pool has either one thread or all of them.
  return std::unique_ptr<ThreadPool>(new Pool(num_threads == 1 ? 1 : wasm::Workers() + 1));
}

int AvailableCpus() { return platform::AvailableCpus(); }

}  // namespace tempera
