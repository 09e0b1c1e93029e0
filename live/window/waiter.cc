#include "live/window/waiter.h"

#include <chrono>
#include <exception>
#include <utility>

namespace tempera::live {

Waiter::Waiter(Session* session, std::function<void()> wake) : session_(session), wake_(std::move(wake)) {
  try {
    thread_ = std::thread([this] { Wait(); });
  } catch (const std::exception&) {
    // started() tells.
  }
}

Waiter::~Waiter() {
  ends_ = true;
  if (thread_.joinable()) thread_.join();
}

Painted Waiter::Take() {
  std::lock_guard lock(mutex_);
  return std::exchange(newest_, nullptr);
}

void Waiter::Wait() {
  int64_t last = -1;
  while (!ends_) {
    Painted painted = session_->WaitForPainting(last, std::chrono::milliseconds(100));
    if (!painted) {
      if (session_->running()) continue;
      wake_();
      return;
    }
    last = painted->number;
    bool waits = false;
    {
      std::lock_guard lock(mutex_);
      waits = newest_ != nullptr;
      newest_ = std::move(painted);
    }
    if (!waits) wake_();
  }
}

}  // namespace tempera::live
