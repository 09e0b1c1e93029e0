// Which controller moves what.
#pragma once

#include <optional>
#include <string>

#include "live/control/target.h"

namespace tempera::live {

struct Binding {
  std::string from;  // as ControlEvent has it
  Target to;
  // What the ends of the way mean; without: the whole range (heights 180 to 720, rates 5 to 60,
  // feather 0 to 64).
  std::optional<double> low{}, high{};
  // A fader that stands elsewhere than the value takes it over when it passes it; else the value jumps to the
  // fader. Without: it takes over where it is MIDI's.
  std::optional<bool> pickup{};
  // Of switches: each press turns it over; else on above the middle, and off below. Without: notes do.
  std::optional<bool> toggle{};
  bool operator==(const Binding&) const = default;
};

}  // namespace tempera::live
