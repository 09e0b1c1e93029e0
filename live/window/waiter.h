// Waits for paintings on a thread of its own, and wakes the window's with an event: that one waits for keys
// and the mouse.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <thread>

#include "live/session.h"
#include "live/sink.h"

namespace tempera::live {

class Waiter {
 public:
  // Both outlive it; `wake` is called on its thread, at most once for each Take.
  Waiter(Session* session, std::function<void()> wake);
  ~Waiter();

  // The newest painting since the last call; null: none.
  Painted Take();
  // False when no thread could be made.
  bool started() const { return thread_.joinable(); }

 private:
  void Wait();

  Session* const session_;
  const std::function<void()> wake_;
  std::atomic<bool> ends_{false};
  std::mutex mutex_;
  Painted newest_;
  std::thread thread_;
};

}  // namespace tempera::live
