#include "live/control/midi_file.h"

#include <algorithm>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>

namespace tempera::live {
namespace {

constexpr size_t kMostEvents = 1 << 20;
constexpr double kMostUs = 10'000.0 * 3600 * 1e6;
// Until a file says otherwise: 120 quarters a minute.
constexpr uint32_t kTempo = 500'000;

struct Event {
  uint64_t tick = 0;
  uint32_t tempo = 0;  // microseconds a quarter, from here on; 0: a message
  size_t order = 0;    // as it was read
  MidiMessage message{};
};

// Front to back, big endian.
class Reader {
 public:
  explicit Reader(std::span<const uint8_t> bytes) : bytes_(bytes) {}
  bool empty() const { return bytes_.empty(); }
  bool Peek(uint8_t* out) const {
    if (empty()) return false;
    *out = bytes_[0];
    return true;
  }
  bool Number(size_t size, uint32_t* out) {
    if (bytes_.size() < size) return false;
    *out = 0;
    for (size_t i = 0; i < size; ++i) *out = *out << 8 | bytes_[i];
    bytes_ = bytes_.subspan(size);
    return true;
  }
  // Seven bits a byte, at most four.
  bool Length(uint32_t* out) {
    *out = 0;
    for (int i = 0; i < 4; ++i) {
      uint32_t byte = 0;
      if (!Number(1, &byte)) return false;
      *out = *out << 7 | (byte & 0x7F);
      if (byte < 0x80) return true;
    }
    return false;
  }
  bool Take(size_t size, std::span<const uint8_t>* out) {
    if (bytes_.size() < size) return false;
    *out = bytes_.first(size);
    bytes_ = bytes_.subspan(size);
    return true;
  }

 private:
  std::span<const uint8_t> bytes_;
};

Status Broken() { return InvalidArgument("it is cut off or damaged"); }

// Meta events and system-exclusive ones: the tempo, or nothing. `ends`: the track does.
bool TakeOther(uint32_t status, Reader* track, uint32_t* tempo, bool* ends) {
  uint32_t type = 0, length = 0;
  std::span<const uint8_t> data;
  if (status == 0xFF && !track->Number(1, &type)) return false;
  if (!track->Length(&length) || !track->Take(length, &data)) return false;
  *ends = status == 0xFF && type == 0x2F;
  if (status == 0xFF && type == 0x51 && length == 3)
    *tempo = uint32_t{data[0]} << 16 | uint32_t{data[1]} << 8 | data[2];
  return true;
}

Status ReadTrack(std::span<const uint8_t> bytes, std::vector<Event>* events) {
  Reader track(bytes);
  Event event;
  uint8_t running = 0;
  while (!track.empty()) {
    uint32_t delta = 0, byte = 0;
    uint8_t next = 0;
    if (!track.Length(&delta) || !track.Peek(&next)) return Broken();
    event.tick += delta;
    event.tempo = 0;
    if (events->size() >= kMostEvents) return InvalidArgument("it has more than a million events");
    if (next >= 0xF0) {
      bool ends = false;
      if (!track.Number(1, &byte) || (byte != 0xFF && byte != 0xF0 && byte != 0xF7) ||
          !TakeOther(byte, &track, &event.tempo, &ends))
        return Broken();
      running = 0;
      if (event.tempo != 0) events->push_back(event);
      if (ends) return OkStatus();
      continue;
    }
    if (next >= 0x80) {
      running = next;
      (void)track.Number(1, &byte);
    }
    if (running == 0) return Broken();
    event.message = {running, {0, 0}};
    const int kind = event.message.kind();
    for (int i = 0; i < (kind == 0xC || kind == 0xD ? 1 : 2); ++i) {
      if (!track.Number(1, &byte) || byte > 0x7F) return Broken();
      event.message.data[i] = static_cast<uint8_t>(byte);
    }
    events->push_back(event);
  }
  return OkStatus();
}

// Microseconds a tick where frames are counted; 0: quarters are.
Result<double> FrameTickUs(uint32_t division) {
  if (division == 0) return Broken();
  if (division < 0x8000) return 0.0;
  const int frames = 256 - static_cast<int>(division >> 8), ticks = static_cast<int>(division & 0xFF);
  if (ticks == 0 || frames > 100) return Broken();
  return 1e6 / ((frames == 29 ? 30'000.0 / 1001 : frames) * ticks);
}

}  // namespace

bool IsMidiFile(std::span<const uint8_t> bytes) {
  return bytes.size() >= 4 && std::memcmp(bytes.data(), "MThd", 4) == 0;
}

Result<std::vector<TimedMidi>> ParseMidiFile(std::span<const uint8_t> bytes) {
  Reader file(bytes);
  std::span<const uint8_t> name, head;
  uint32_t length = 0, format = 0, tracks = 0, division = 0;
  if (!IsMidiFile(bytes) || !file.Take(4, &name) || !file.Number(4, &length) || length < 6 ||
      !file.Take(length, &head))
    return Broken();
  Reader header(head);
  (void)(header.Number(2, &format) && header.Number(2, &tracks) && header.Number(2, &division));
  TEMPERA_ASSIGN_OR_RETURN(const double frame_tick_us, FrameTickUs(division));
  std::vector<Event> events;
  while (!file.empty()) {
    std::span<const uint8_t> chunk;
    if (!file.Take(4, &name) || !file.Number(4, &length) || !file.Take(length, &chunk)) return Broken();
    if (std::memcmp(name.data(), "MTrk", 4) == 0) TEMPERA_RETURN_IF_ERROR(ReadTrack(chunk, &events));
  }
  for (size_t i = 0; i < events.size(); ++i) events[i].order = i;
  std::sort(events.begin(), events.end(), [](const Event& a, const Event& b) {
    return std::tuple(a.tick, a.tempo == 0, a.order) < std::tuple(b.tick, b.tempo == 0, b.order);
  });
  std::vector<TimedMidi> timed;
  double tick_us = frame_tick_us > 0 ? frame_tick_us : static_cast<double>(kTempo) / division, now_us = 0;
  uint64_t tick = 0;
  for (const Event& event : events) {
    now_us += static_cast<double>(event.tick - tick) * tick_us;
    tick = event.tick;
    if (now_us > kMostUs) return InvalidArgument("it takes longer than a year");
    if (event.tempo == 0) {
      timed.push_back({static_cast<int64_t>(now_us), event.message});
    } else if (frame_tick_us == 0) {
      tick_us = static_cast<double>(event.tempo) / division;
    }
  }
  return timed;
}

}  // namespace tempera::live
