#include "live/control/midi_stream.h"

#include <string>

namespace tempera::live {
namespace {

int DataBytes(uint8_t status) {
  const int kind = status >> 4;
  return kind == 0xC || kind == 0xD ? 1 : 2;
}

std::string Name(const char* kind, int channel) {
  return std::string("midi:") + kind + ":" + std::to_string(channel);
}
std::string Name(const char* kind, int channel, int number) {
  return Name(kind, channel) + ":" + std::to_string(number);
}

}  // namespace

std::optional<MidiMessage> MidiStream::Feed(uint8_t byte) {
  if (byte >= 0xF8) return std::nullopt;  // clock and the like
  if (byte >= 0x80) {
    status_ = byte < 0xF0 ? byte : 0;  // of the system: its data is skipped as well
    count_ = 0;
    return std::nullopt;
  }
  if (status_ == 0) return std::nullopt;
  data_[count_++] = byte;
  if (count_ < DataBytes(status_)) return std::nullopt;
  MidiMessage message = {status_, {data_[0], count_ > 1 ? data_[1] : uint8_t{0}}};
  count_ = 0;
  return message;
}

std::vector<ControlEvent> MidiControllers::EventsOf(const MidiMessage& message) {
  const int channel = message.channel(), number = message.data[0], value = message.data[1];
  switch (message.kind()) {
    case 0x8:
      return {{Name("note", channel, number), 0}};
    case 0x9:
      return {{Name("note", channel, number), value / 127.0}};
    case 0xC:
      return {{Name("program", channel, number), 1}};
    case 0xE:
      return {{Name("bend", channel), (number | value << 7) / 16383.0}};
    case 0xB:
      break;
    default:
      return {};
  }
  std::vector<ControlEvent> events = {{Name("cc", channel, number), value / 127.0}};
  if (number >= 64) return events;
  Pair& pair = pairs_[static_cast<size_t>(channel - 1)][static_cast<size_t>(number % 32)];
  const std::string wide = Name("cc14", channel, number % 32);
  if (number < 32) {
    pair.coarse = value;
    if (!pair.has_fine) events.push_back({wide, value / 127.0});
  } else {
    pair.has_fine = true;
    events.push_back({wide, (pair.coarse << 7 | value) / 16383.0});
  }
  return events;
}

}  // namespace tempera::live
