// A queue of one between two threads: what comes takes the place of what nobody took.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

namespace tempera::live {

template <typename T>
class Newest {
 public:
  // True when one that nobody took is gone for it.
  bool Put(T item) {
    std::lock_guard lock(mutex_);
    const bool replaced = item_.has_value();
    item_ = std::move(item);
    changed_.notify_all();
    return replaced;
  }

  // Waits for one, no longer than `timeout`, nor after Close or Wake; then there may be none.
  std::optional<T> TakeFor(std::chrono::milliseconds timeout) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, timeout, [&] { return closed_ || woken_ || item_.has_value(); });
    woken_ = false;
    return std::exchange(item_, std::nullopt);
  }

  // A taker that waits looks around.
  void Wake() {
    std::lock_guard lock(mutex_);
    woken_ = true;
    changed_.notify_all();
  }

  // Nobody waits any more; what is there can still be taken.
  void Close() {
    std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<T> item_;
  bool closed_ = false, woken_ = false;
};

}  // namespace tempera::live
