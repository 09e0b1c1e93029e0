// What a program lends to the library: threads, a place for log lines and for findings, a bound on memory, a
// way to stop and one to hear how far things are. Copied freely; what it points to is shared. Everything may
// be left out. Several stylizers and sessions may share a host, or hosts that share a pool, from threads of
// their own.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "src/base/cache_store.h"
#include "src/base/log.h"
#include "src/base/status.h"
#include "src/base/thread_pool.h"

namespace tempera {

// Set from any thread, a signal handler included. Stays set until it is cleared.
class CancelFlag {
 public:
  void Cancel() { set_.store(true, std::memory_order_relaxed); }
  void Clear() { set_.store(false, std::memory_order_relaxed); }
  bool cancelled() const { return set_.load(std::memory_order_relaxed); }

 private:
  std::atomic<bool> set_{false};
};

struct Host {
  // nullptr: each stylizer, or each session without one, makes its own. Jobs of several sessions take turns
  // (ThreadPool::Run).
  std::shared_ptr<ThreadPool> pool;
  // Empty: lines go to the process's callback (log.h). Called from the thread that is in a call of the
  // library, without a lock of the library's, so it may call back.
  std::function<void(LogLevel level, const std::string& message)> log;
  std::shared_ptr<CacheStore> cache;  // nullptr: nothing is kept
  // What one plan may take, its activations and its packed weights together. 0: what the system has free.
  size_t most_bytes = 0;
  // Looked at while planning and calibrating, and before each step (or chain of steps) of a run: the call
  // then ends with kCancelled. nullptr: nothing is ever cancelled.
  std::shared_ptr<const CancelFlag> cancel;
  // What is being prepared ("planning", "calibrating"), and how much of all preparations is done, 0..1, never
  // falling until the next one begins at 0. As `log` for threads. Empty: nobody wants to know.
  std::function<void(const char* doing, double done)> progress;

  bool cancelled() const { return cancel != nullptr && cancel->cancelled(); }
  Status CheckCancelled() const {
    return cancelled() ? Status(StatusCode::kCancelled, "cancelled") : OkStatus();
  }
  void Log(LogLevel level, const std::string& message) const;
  void Report(const char* doing, double done) const {
    if (progress) progress(doing, done);
  }
  // The lesser of what the system has free and most_bytes.
  size_t AvailableBytes() const;
};

// Never nullptr, and with a pool.
using HostPtr = std::shared_ptr<const Host>;

// `given` where it has a pool; else a copy of it, or of a host that lends nothing, with a new pool as
// ThreadPool::Create makes it.
Result<HostPtr> HostWithPool(const std::shared_ptr<const Host>& given, int num_threads, bool pin_threads);

}  // namespace tempera
