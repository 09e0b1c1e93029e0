// Bytes are decisions about a film in parts, each with a clock of its own, its streams laid into one another
// as multiplexers do. What media/film/timeline.h makes of it must be complete and in the file's order, rise,
// and keep sound beside its pictures. The last bytes are fed as they are, against which nothing may go wrong.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "media/film/timeline.h"

namespace tempera::media {
namespace {

constexpr int64_t kMs = 1000, kS = 1000000;
constexpr int64_t kTurn = 95443717689;  // 33 bits of 90 kHz

class Dice {
 public:
  Dice(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  // 0 .. most, 0 when nothing is left.
  int64_t Draw(int64_t most) {
    uint64_t value = 0;
    for (uint64_t rest = static_cast<uint64_t>(most); rest > 0; rest >>= 8) value = value << 8 | Byte();
    return static_cast<int64_t>(value % (static_cast<uint64_t>(most) + 1));
  }
  bool empty() const { return at_ >= size_; }

 private:
  uint8_t Byte() { return at_ < size_ ? data_[at_++] : 0; }
  const uint8_t* data_;
  size_t size_, at_ = 0;
};

struct Packet {
  int stream = 0, part = 0;
  int64_t film = 0;  // in the part, which begins at 0
  Timeline::Stamp stamp;
};

[[noreturn]] void Fail(const char* what, size_t at) {
  std::fprintf(stderr, "timeline_fuzz: %s at packet %zu\n", what, at);
  std::abort();
}

// The clock of a part, so far from that of the part before that it is a jump and no pause.
int64_t DrawClock(Dice& dice, int64_t before, int64_t length, bool even, bool first) {
  if (first) return dice.Draw(kTurn - 100 * kS);
  // At its end the part before stood at before + length.
  switch (dice.Draw(3)) {
    case 0:
      return before;
    case 1:
      return before + length + 15 * kS + dice.Draw(3600 * kS);
    case 2:
      return before + length > 10 * kS ? dice.Draw(before + length - 4 * kS) : before;
    default:
      // None: it goes on, where nothing of the part before reaches into this one.
      return even ? before + length : before;
  }
}

std::vector<Packet> DrawFilm(Dice& dice, std::vector<Timeline::Stream>* streams) {
  const int sounds = static_cast<int>(dice.Draw(3));
  const int64_t picture_step = 10 * kMs + dice.Draw(60) * kMs;
  const int64_t reorder = dice.Draw(3) * picture_step;
  // By how much sound lies behind its pictures in the file.
  const int64_t lag = dice.Draw(700) * kMs;
  const bool durations = dice.Draw(1) == 0;
  streams->push_back({true, picture_step, kTurn});
  for (int i = 0; i < sounds; ++i) streams->push_back({true, 20 * kMs + 4 * i * kMs, kTurn});
  // Texts lie ahead of what they belong to.
  streams->push_back({false, 500 * kMs, kTurn});
  const size_t text = streams->size() - 1;
  const int64_t ahead = dice.Draw(2000) * kMs;
  std::vector<Packet> all;
  int64_t clock = 0, length = 0;
  bool even = true;
  const int parts = 1 + static_cast<int>(dice.Draw(6));
  for (int part = 0; part < parts; ++part) {
    clock = DrawClock(dice, clock, length, even, part == 0);
    length = 4 * kS + dice.Draw(3000) * kMs;
    length -= length % picture_step;
    // Sound that ends before its pictures, or after them.
    std::vector<int64_t> next(streams->size(), 0), ends(streams->size(), length);
    even = dice.Draw(1) == 0;
    // A part's first packet is a picture's: before it nothing tells that it has begun.
    next[text] = ahead + 1 * kMs;
    for (size_t i = 1; i < text && !even; ++i) ends[i] += dice.Draw(800) * kMs - 400 * kMs;
    for (bool more = true; more;) {
      // The packet that is due first, sound being later by its lag.
      more = false;
      size_t due = 0;
      for (size_t i = 0; i < next.size(); ++i) {
        if (next[i] >= ends[i]) continue;
        const auto later = [&](size_t of) { return of == text ? -ahead : of > 0 ? lag : 0; };
        const int64_t when = next[i] + later(i), best = next[due] + later(due);
        if (!more || when < best) due = i;
        more = true;
      }
      if (!more) break;
      Packet p;
      p.stream = static_cast<int>(due), p.part = part, p.film = next[due];
      const int64_t step = (*streams)[due].step_us, dts = clock + next[due];
      p.stamp = {p.stream, dts % kTurn, (dts + (due == 0 ? reorder : 0)) % kTurn, durations ? step : 0, 1000};
      all.push_back(p);
      next[due] += step;
    }
  }
  return all;
}

void CheckFilm(const std::vector<Packet>& film, const std::vector<Timeline::Stream>& streams) {
  Timeline line(true);
  for (size_t i = 0; i < streams.size(); ++i) line.SetStream(static_cast<int>(i), streams[i]);
  std::vector<Timeline::Place> places;
  for (const Packet& p : film) {
    line.Push(p.stamp);
    while (auto place = line.Pop()) places.push_back(*place);
  }
  line.End();
  while (auto place = line.Pop()) places.push_back(*place);
  if (places.size() != film.size()) Fail("packets were lost or made", places.size());
  std::vector<int64_t> last(streams.size(), INT64_MIN);
  std::vector<int64_t> begins;  // of each part, in the film
  int64_t longest_step = 0;
  for (const auto& s : streams) longest_step = s.leads && s.step_us > longest_step ? s.step_us : longest_step;
  for (size_t i = 0; i < film.size(); ++i) {
    const Packet& p = film[i];
    if (!places[i].trusted) Fail("a moment is not trusted", i);
    const int64_t at = p.stamp.dts_us + places[i].shift_us + places[i].dts_turns * kTurn;
    int64_t& before = last[static_cast<size_t>(p.stream)];
    if (before != INT64_MIN && at <= before) Fail("time does not rise", i);
    // Parts are 4 s and longer: a hole of one is a jump that was not taken out.
    const bool leads = streams[static_cast<size_t>(p.stream)].leads;
    if (leads && before != INT64_MIN && at - before > kS) Fail("time has a hole", i);
    before = at;
    const int64_t begin = at - p.film;
    if (static_cast<size_t>(p.part) >= begins.size()) begins.push_back(begin);
    if (std::abs(begin - begins[static_cast<size_t>(p.part)]) > longest_step)
      Fail("streams of a part are apart", i);
  }
}

// Whatever the moments are: every packet comes out, none is held for ever.
void FeedRubbish(Dice& dice) {
  Timeline line(dice.Draw(1) == 0);
  for (int i = 0; i < 4; ++i) {
    line.SetStream(i, {dice.Draw(3) > 0, dice.Draw(INT64_MAX - 1), dice.Draw(INT64_MAX - 1)});
  }
  size_t given = 0, got = 0;
  while (!dice.empty() && given < 100000) {
    Timeline::Stamp stamp;
    stamp.stream = static_cast<int>(dice.Draw(5)) - 1;
    const auto moment = [&dice]() -> int64_t {
      switch (dice.Draw(4)) {
        case 0:
          return Timeline::kUnknown;
        case 1:
          return dice.Draw(UINT16_MAX) * 10 * kMs;
        case 2:
          return dice.Draw(INT64_MAX - 1) - INT64_MAX / 2;
        case 3:
          return INT64_MAX - dice.Draw(255);
        default:
          return INT64_MIN + dice.Draw(255);
      }
    };
    stamp.dts_us = moment(), stamp.pts_us = moment();
    stamp.duration_us = dice.Draw(3) == 0 ? INT64_MAX : dice.Draw(255) * kMs;
    stamp.bytes = dice.Draw(255);
    line.Push(stamp);
    ++given;
    while (line.Pop()) ++got;
  }
  line.End();
  while (line.Pop()) ++got;
  if (got != given) Fail("packets were lost or made of rubbish", got);
}

}  // namespace
}  // namespace tempera::media

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tempera::media;
  Dice dice(data, size);
  std::vector<Timeline::Stream> streams;
  const std::vector<Packet> film = DrawFilm(dice, &streams);
  CheckFilm(film, streams);
  FeedRubbish(dice);
  return 0;
}
