// MIDI 1.0 as it comes from a wire: bytes to messages, messages to controllers.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "live/control/target.h"

namespace tempera::live {

// Of a channel: what begins with 8 to E.
struct MidiMessage {
  uint8_t status = 0;  // kind and channel
  uint8_t data[2] = {};
  int kind() const { return status >> 4; }
  int channel() const { return (status & 15) + 1; }  // from 1, as people count
};

// Running status is kept, real-time bytes may stand anywhere, system-exclusive and system-common messages are
// skipped, and so is what comes before the first status byte.
class MidiStream {
 public:
  // A message, where the byte ends one.
  std::optional<MidiMessage> Feed(uint8_t byte);

 private:
  uint8_t status_ = 0;  // 0: what follows is skipped
  uint8_t data_[2] = {};
  int count_ = 0;
};

// Of one device.
class MidiControllers {
 public:
  // One event, or two: a controller below 32 whose finer half (32 more) comes as well is also one of 14 bits.
  // That moves with the finer half; with the coarse one alone as long as none came.
  std::vector<ControlEvent> EventsOf(const MidiMessage& message);

 private:
  struct Pair {
    int coarse = 0;
    bool has_fine = false;
  };
  std::array<std::array<Pair, 32>, 16> pairs_;
};

}  // namespace tempera::live
