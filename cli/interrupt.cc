#include "cli/interrupt.h"

#include <signal.h>
#include <unistd.h>

#include "cli/cli.h"
#include "src/base/atomic_file.h"

namespace tempera::cli {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
std::atomic<bool> signalled{false};
struct sigaction previous[3];

void OnSignal(int) {
  if (signalled.exchange(true)) {
    AtomicFile::RemoveAllNow();
    _exit(kExitInterrupted);
  }
}

}  // namespace

InterruptGuard::InterruptGuard(bool at_once) {
  // As if one signal had come: the next is the second.
  signalled = at_once;
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
