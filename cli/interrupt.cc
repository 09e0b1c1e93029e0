#include "cli/interrupt.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

#include "cli/cli.h"
#include "src/base/atomic_file.h"

namespace tempera::cli {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<bool> signalled{false};
// When that was, nanoseconds; 0: not yet. `timeout` and some service managers signal a program and then its
// group: what comes within this is one wish to stop, and not the second, which throws away what is
// unfinished.
std::atomic<int64_t> signalled_ns{0};
constexpr int64_t kSameSignalNs = 300'000'000;

int64_t NowNs() {
  timespec now = {};
  clock_gettime(CLOCK_MONOTONIC, &now);  // may be called in a signal's handler
  return int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}
struct sigaction previous[3];

void OnSignal(int) {
  const int64_t now = NowNs();
  int64_t first = 0;
  if (signalled_ns.compare_exchange_strong(first, now)) {
    signalled = true;
  } else if (now - first >= kSameSignalNs) {
    AtomicFile::RemoveAllNow();
    _exit(kExitInterrupted);
  }
}

}  // namespace

InterruptGuard::InterruptGuard(bool at_once) {
  // As if one signal had come: the next is the second.
  signalled = at_once;
  signalled_ns = at_once ? 1 : 0;
  struct sigaction action = {};
  action.sa_handler = OnSignal;
  sigemptyset(&action.sa_mask);
  // No SA_RESTART: a read that waits on standard input is to come back.
  for (int i = 0; i < 3; ++i) {
    sigaction(kSignals[i], nullptr, &previous[i]);
    // nohup and background jobs ignore signals; that stays.
    if (previous[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptGuard::~InterruptGuard() {
  for (int i = 0; i < 3; ++i) sigaction(kSignals[i], &previous[i], nullptr);
}

const std::atomic<bool>& InterruptGuard::flag() const { return signalled; }

}  // namespace tempera::cli
