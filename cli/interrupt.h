// Ctrl-C and friends, as a flag that work looks at.
#pragma once

#include <atomic>

namespace tempera::cli {

// While one lives, SIGINT, SIGTERM and SIGHUP set the flag, for work that can end with what is done; a
// second signal, 0.3 s later or more, or already the first with `at_once`, removes the unfinished output and
// leaves. One at a time.
class InterruptGuard {
 public:
  explicit InterruptGuard(bool at_once);
  ~InterruptGuard();
  InterruptGuard(const InterruptGuard&) = delete;
  InterruptGuard& operator=(const InterruptGuard&) = delete;

  const std::atomic<bool>& flag() const;
  bool interrupted() const { return flag().load(); }
};

}  // namespace tempera::cli
