// The line that tells how far a job is.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace tempera::cli {

// "120 of 250 frames, 24.3 fps, 0:05 left"; total 0 = unknown. Other things than frames are counted per
// second.
std::string ProgressText(int64_t done, int64_t total, double seconds, const std::string& what = "frames");

// Draws it on standard error, over itself, a few times a second; silent when that is no terminal.
class Progress {
 public:
  explicit Progress(int64_t total, std::string what = "frames");
  ~Progress() { Clear(); }

  void Update(int64_t done);
  // Takes the line away, so that other text can be printed.
  void Clear();
  double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  const bool on_terminal_;
  const int64_t total_;
  const std::string what_;
  const Clock::time_point start_;
  Clock::time_point drawn_at_;
  bool drawn_ = false;
};

}  // namespace tempera::cli
