#include "media/film/gaps.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iterator>

namespace tempera::media {
namespace {

constexpr int64_t kSecond = 1000000;

// Two seconds are longer than a group of pictures of a broadcast takes to be whole again after damage.
constexpr int64_t kShortestGap = 2 * kSecond;
constexpr int64_t kLongestSlide = 3600 * kSecond;
// Sound is held back and cut at its packets.
constexpr int64_t kSlack = kSecond / 2;

constexpr size_t kMostStreams = 256, kMostHoles = 4096;
// Moments beyond are none, so that differences are numbers.
constexpr int64_t kMostUs = int64_t{1} << 60;

}  // namespace

void Gaps::Add(size_t stream, bool sound, int64_t at_us, int64_t duration_us) {
  if (stream >= kMostStreams || at_us < -kMostUs || at_us > kMostUs) return;
  if (stream >= lines_.size()) lines_.resize(stream + 1);
  Line& line = lines_[stream];
  if (!line.met) {
    const int64_t length = std::clamp<int64_t>(duration_us, 0, kLongestSlide);
    line = {true, sound, at_us, at_us, length, length, 0, 0, {}};
    return;
  }
  const int64_t step = at_us - line.last;
  if (step <= 0) return;
  // Writers stretch the last frame over what is lost: only where all stand for seconds is that a slide.
  const bool slides = !sound && line.step >= kSecond;
  const int64_t usual =
      line.length > 0 && (line.length < kSecond || slides) ? line.length : std::min(line.step, kSecond);
  if (step - usual > (sound ? kShortestGap - kSlack : kShortestGap)) {
    if (line.holes.size() < kMostHoles) line.holes.push_back({line.last + usual, at_us});
  } else {
    ++line.steps;
    if (std::abs(step - line.step) * 10 <= step) ++line.like;
    line.step = step;
  }
  line.last = at_us;
  line.length = std::clamp<int64_t>(duration_us, 0, kLongestSlide);
}

bool Gaps::IsGap(const Hole& hole, const Line& pictures) const {
  bool heard = false;
  for (const Line& line : lines_) {
    // Sound that ends before or begins behind says nothing.
    if (!line.met || !line.sound || line.begin > hole.begin || line.last < hole.end - kSlack) continue;
    heard = true;
    // Holes lie one behind the other: of those that begin early enough the last ends last.
    const auto behind = std::upper_bound(line.holes.begin(), line.holes.end(), hole.begin + kSlack,
                                         [](int64_t at, const Hole& h) { return at < h.begin; });
    if (behind == line.holes.begin() || std::prev(behind)->end < hole.end - kSlack) return false;
  }
  if (heard) return true;
  // Without sound: where all other frames, a second of them at least, come at one pace.
  return !orderly_ && pictures.steps >= 25 && pictures.like * 20 >= pictures.steps * 19;
}

std::string Gaps::Note(size_t pictures, int64_t origin_us, int64_t length_us) const {
  if (pictures >= lines_.size()) return "";
  const Line& line = lines_[pictures];
  const Hole* first = nullptr;
  long long count = 0;
  for (const Hole& hole : line.holes) {
    if (hole.begin < origin_us || hole.begin - origin_us >= length_us || !IsGap(hole, line)) continue;
    if (count++ == 0) first = &hole;
  }
  if (count == 0) return "";
  const auto seconds = [&](int64_t us) { return static_cast<double>(us - origin_us) * 1e-6; };
  char text[200];
  std::snprintf(
      text, sizeof text,
      "nothing is in the file from second %.1f to %.1f%s: the picture stands still there, as frames "
      "are lost or the file's clock jumps",
      seconds(first->begin), seconds(first->end),
      count > 1 ? (", nor in " + std::to_string(count - 1) + " later gaps").c_str() : "");
  return text;
}

}  // namespace tempera::media
