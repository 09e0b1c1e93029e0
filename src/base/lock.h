// A mutex that every build has: std::mutex, or, where the standard library comes without threads (a browser's
// build), a word that waits. Held for a few instructions, never while anything is waited for.
#pragma once

#if defined(__wasm__)
#include <atomic>
#else
#include <mutex>
#endif

namespace tempera {

#if defined(__wasm__)
class Mutex {
 public:
  void lock() {
    while (held_.exchange(1, std::memory_order_acquire) != 0) Wait();
  }
  void unlock() {
    held_.store(0, std::memory_order_release);
    Wake();
  }

 private:
#if defined(__wasm_atomics__)
  void Wait() { (void)__builtin_wasm_memory_atomic_wait32(Word(), 1, -1); }
  void Wake() { (void)__builtin_wasm_memory_atomic_notify(Word(), 1); }
  int* Word() { return reinterpret_cast<int*>(&held_); }
#else
  void Wait() {}
  void Wake() {}
#endif
  std::atomic<int> held_{0};
};
#else
using Mutex = std::mutex;
#endif

// Held while it lives.
class Locked {
 public:
  explicit Locked(Mutex& mutex) : mutex_(mutex) { mutex_.lock(); }
  ~Locked() { mutex_.unlock(); }
  Locked(const Locked&) = delete;
  Locked& operator=(const Locked&) = delete;

 private:
  Mutex& mutex_;
};

}  // namespace tempera
