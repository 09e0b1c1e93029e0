// Ctrl-C and friends, as a flag that work looks at.
#pragma once

#include <atomic>

namespace tempera::cli {

// While one lives, SIGINT, SIGTERM and SIGHUP set the flag; a second signal removes the unfinished
// output and leaves at once. One at a time.
class InterruptGuard {
 public:
  InterruptGuard();
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  const std::atomic<bool>& flag() const;
  bool interrupted() const { return flag().load(); }
};

}  // namespace tempera::cli
