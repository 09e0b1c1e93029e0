#include "live/quality.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace tempera::live {
namespace {

constexpr std::array kLines = {180, 240, 288, 360, 432, 480, 540, 600, 720, 864, 1080, 1440, 2160};
constexpr size_t kWindow = 20;     // paintings by which a size is judged
constexpr double kFull = 0.92;     // of the interval: more is too slow
constexpr double kRoomFor = 0.75;  // of the interval: what the next size may be foretold to take

// The size above or below; the same where there is none within lowest..source.
int Next(int lines, int lowest, int source, bool up) {
  int best = lines;
  for (const int each : kLines) {
    if (each < lowest || each > source) continue;
    if (up && each > lines) return each;
    if (!up && each < lines) best = each;
  }
  if (up) return source > lines ? source : lines;
  return best == lines ? std::min(lines, lowest) : best;
}

}  // namespace

void Quality::Choose(int lines) {
  if (lines == chosen_) return;
  chosen_ = lines;
  recent_.clear();
  calm_ = 0;
}

int Quality::Painted(int source_lines, int lines, double paint_ms, double interval_ms, double fixed_ms) {
  const int lowest = std::min(lowest_, source_lines);
  if (source_lines != source_) {
    source_ = source_lines;
    wait_ = 60;
    Choose(source_lines);
  }
  if (lines != chosen_) return chosen_;  // of the size before: the new one is being opened
  recent_.push_back(paint_ms);
  if (recent_.size() > kWindow) recent_.pop_front();
  std::deque<double> sorted = recent_;
  std::sort(sorted.begin(), sorted.end());
  const double median = sorted[sorted.size() / 2];
  // Four of five slow ones are enough to leave a size, a whole window is wanted to enter one.
  if (recent_.size() >= 5 && median > kFull * interval_ms) {
    const int down = Next(chosen_, lowest, source_, false);
    // A size that was tried and given up again is tried less and less often.
    if (climbed_) wait_ = std::min(wait_ * 2, 1800);
    climbed_ = false;
    Choose(down);
    return chosen_;
  }
  const int up = Next(chosen_, lowest, source_, true);
  if (up > chosen_ && recent_.size() == kWindow) {
    // Time goes with the area, but for what is fixed.
    const double fixed = std::min(fixed_ms, median);
    const double foretold = fixed + (median - fixed) * std::pow(static_cast<double>(up) / chosen_, 2);
    calm_ = foretold < kRoomFor * interval_ms ? calm_ + 1 : 0;
    if (calm_ >= wait_) {
      climbed_ = true;
      Choose(up);
    }
  }
  return chosen_;
}

}  // namespace tempera::live
