// What ends a wait of a thread that polls.
#pragma once

#include <atomic>

#include "src/base/status.h"

namespace tempera::live {

class Waker {
 public:
  Waker() = default;
  Waker(const Waker&) = delete;
  Waker& operator=(const Waker&) = delete;
  ~Waker();
  Status Open();
  // From any thread, and for good.
  void Stop();
  bool stopped() const { return stopped_.load(); }
  // To poll for reading.
  int file() const { return file_; }
  // Waits, but for Stop. False: stopped.
  bool Sleep(int milliseconds) const;

 private:
  int file_ = -1;
  std::atomic<bool> stopped_{false};
};

}  // namespace tempera::live
