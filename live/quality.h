// The working size that the machine can keep up with (`--quality auto`).
#pragma once

#include <deque>

namespace tempera::live {

// Lines that the network sees, by how long paintings take: down at once when they take longer than frames
// come, up again when the next size is foretold to fit with room to spare, and that has held for a while. One
// thread.
class Quality {
 public:
  // Never below `lowest` lines (the source's own, where those are fewer).
  explicit Quality(int lowest) : lowest_(lowest) {}

  // A source frame of so many lines (or fewer, where no more are wanted), painted at `lines` in paint_ms,
  // where frames come every interval_ms. Times of another size than the chosen one do not count: that is
  // still being opened.
  // fixed_ms: of paint_ms, what no size changes: a mask's.
  // Returns the lines to paint the next with; 0 before the first call.
  int Painted(int source_lines, int lines, double paint_ms, double interval_ms, double fixed_ms = 0);
  int chosen() const { return chosen_; }

 private:
  void Choose(int lines);

  const int lowest_;
  int chosen_ = 0, source_ = 0;
  std::deque<double> recent_;  // of the chosen size, ms
  int calm_ = 0;               // paintings that would have left room for the next size
  int wait_ = 60;              // paintings that must be calm before it is tried: longer after each retreat
  bool climbed_ = false;       // to the size that is tried now
};

}  // namespace tempera::live
