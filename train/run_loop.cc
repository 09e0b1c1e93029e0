#include "train/run_loop.h"

#include <unistd.h>

#include <chrono>
#include <cmath>
#include <csignal>
#include <cstdio>

namespace tempera::train {
namespace {

volatile std::sig_atomic_t g_stop = 0;
extern "C" void OnStop(int) { g_stop = 1; }

}  // namespace

std::string ClockText(double seconds) {
  const long s = std::lround(seconds);
  char text[32];
  std::snprintf(text, sizeof text, "%ld:%02ld:%02ld", s / 3600, s / 60 % 60, s % 60);
  return text;
}

Status RunUntilDone(const TrainingRun& run) {
  std::signal(SIGINT, OnStop);
  std::signal(SIGTERM, OnStop);
  const bool terminal = isatty(STDOUT_FILENO) != 0;
  const auto now = [] { return std::chrono::steady_clock::now(); };
  const auto since = [&](auto then) { return std::chrono::duration<double>(now() - then).count(); };
  auto last_line = now(), last_save = now();
  while (!run.done() && g_stop == 0) {
    TEMPERA_RETURN_IF_ERROR(run.step());
    if (since(last_line) > (terminal ? 1 : 20) || run.done()) {
      last_line = now();
      std::printf("%sstep %lld%s  %.2f s/step  %s left%s", terminal ? "\r" : "",
                  static_cast<long long>(run.steps()), run.losses().c_str(),
                  run.elapsed_s() / static_cast<double>(run.steps()), ClockText(run.left_s()).c_str(),
                  terminal ? "\033[K" : "\n");
      std::fflush(stdout);
    }
    if (since(last_save) > run.save_every_s) {
      if (terminal) std::printf("\n");
      TEMPERA_RETURN_IF_ERROR(run.save());
      last_save = now();
    }
  }
  if (terminal) std::printf("\n");
  TEMPERA_RETURN_IF_ERROR(run.save());
  if (g_stop != 0) {
    return Status(StatusCode::kCancelled, "stopped at step " + std::to_string(run.steps()) +
                                              "; go on with the same command and --resume");
  }
  return OkStatus();
}

}  // namespace tempera::train
