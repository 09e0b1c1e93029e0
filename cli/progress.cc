#include "cli/progress.h"

#include <unistd.h>

#include <cmath>
#include <cstdio>

namespace tempera::cli {

std::string ProgressText(int64_t done, int64_t total, double seconds, const std::string& what) {
  const double fps = seconds > 0 ? done / seconds : 0;
  const char* const rate = what == "frames" ? "fps" : "a second";
  char text[128];
  if (total < done) total = 0;  // the file's word was wrong
  int n = total > 0
              ? std::snprintf(text, sizeof text, "%lld of %lld %s, %.1f %s", static_cast<long long>(done),
                              static_cast<long long>(total), what.c_str(), fps, rate)
              : std::snprintf(text, sizeof text, "%lld %s, %.1f %s", static_cast<long long>(done),
                              what.c_str(), fps, rate);
  std::string line(text, static_cast<size_t>(n));
  if (total > 0 && fps > 0) {
    const int64_t left = std::llround((total - done) / fps);
    if (left >= 3600) {
      std::snprintf(text, sizeof text, ", %d:%02d:%02d left", static_cast<int>(left / 3600),
                    static_cast<int>(left / 60 % 60), static_cast<int>(left % 60));
    } else {
      std::snprintf(text, sizeof text, ", %d:%02d left", static_cast<int>(left / 60),
                    static_cast<int>(left % 60));
    }
    line += text;
  }
  return line;
}

Progress::Progress(int64_t total, std::string what)
    : on_terminal_(isatty(STDERR_FILENO) == 1),
      total_(total),
      what_(std::move(what)),
      start_(Clock::now()),
      drawn_at_(start_) {}

double Progress::seconds() const { return std::chrono::duration<double>(Clock::now() - start_).count(); }

void Progress::Update(int64_t done) {
  if (!on_terminal_) return;
  const Clock::time_point now = Clock::now();
  if (drawn_ && now - drawn_at_ < std::chrono::milliseconds(100)) return;
  drawn_at_ = now;
  drawn_ = true;
  std::fprintf(stderr, "\r\033[K%s", ProgressText(done, total_, seconds(), what_).c_str());
  std::fflush(stderr);
}

void Progress::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace tempera::cli
