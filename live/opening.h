// Something that takes a while to open, opened on a thread of its own, so that painting goes on meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "src/base/status.h"

namespace tempera::live {

// T has a Cancel, which may come from any thread: an opening that waits or works gives up soon.
template <typename T>
class Opening {
 public:
  // Throws std::system_error where there is no thread.
  Opening(std::unique_ptr<T> what, std::function<Status(T*)> open)
      : what_(std::move(what)), thread_([this, open = std::move(open)] {
          status_ = open(what_.get());
          done_.store(true, std::memory_order_release);
        }) {}
  ~Opening() {
    Cancel();
    thread_.join();
  }

  bool done() const { return done_.load(std::memory_order_acquire); }
  bool cancelled() const { return cancelled_; }
  // What is opened: of it, until done, only what never changes.
  const T& what() const { return *what_; }
  // Not while Take runs.
  void Cancel() {
    cancelled_ = true;
    if (what_) what_->Cancel();
  }
  void Wait() const {
    while (!done()) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  // Once, when done.
  Result<std::unique_ptr<T>> Take() {
    if (!status_.ok()) return status_;
    return std::move(what_);
  }

 private:
  std::unique_ptr<T> what_;
  Status status_;
  std::atomic<bool> done_{false}, cancelled_{false};
  std::thread thread_;  // last: it uses the others
};

}  // namespace tempera::live
