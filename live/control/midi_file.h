// Standard MIDI Files (.mid): what is turned, as times go on.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "live/control/midi_stream.h"
#include "src/base/status.h"

namespace tempera::live {

struct TimedMidi {
  int64_t time_us = 0;  // from the beginning
  MidiMessage message{};
};

bool IsMidiFile(std::span<const uint8_t> bytes);
// The messages of all tracks, in order of time; those of one moment in the order of the tracks. Tempo is
// followed. Bytes come from anywhere: each length is compared with what is there.
Result<std::vector<TimedMidi>> ParseMidiFile(std::span<const uint8_t> bytes);

}  // namespace tempera::live
