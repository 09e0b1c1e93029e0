#include "train/compute/parallel.h"

#include <memory>
#include <mutex>

#include "src/base/thread_pool.h"

namespace tempera::train {
namespace {

std::mutex g_mutex;
int g_threads = 0;
std::shared_ptr<ThreadPool> g_pool;

std::shared_ptr<ThreadPool> Pool() {
  std::lock_guard<std::mutex> lock(g_mutex);
  if (g_pool == nullptr) {
    // libtorch's own operators run between ours, on threads of theirs: ours do not spin meanwhile.
    Result<std::unique_ptr<ThreadPool>> pool = ThreadPool::Create(g_threads, /*pin=*/false, /*spins=*/false);
    if (pool.ok()) g_pool = std::move(*pool);
  }
  return g_pool;
}

}  // namespace

void SetParallelThreads(int threads) {
  std::lock_guard<std::mutex> lock(g_mutex);
  if (threads != g_threads) g_pool = nullptr;
  g_threads = threads;
}

void ParallelFor(int64_t count, const std::function<void(int64_t)>& fn) {
  const std::shared_ptr<ThreadPool> pool = count > 1 ? Pool() : nullptr;
  if (pool == nullptr) {  // one task, or no thread to be had
    for (int64_t i = 0; i < count; ++i) fn(i);
    return;
  }
  pool->ParallelFor(static_cast<int>(count), [&](int task, int) { fn(task); });
}

}  // namespace tempera::train
