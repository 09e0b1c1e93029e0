// All that controls a live session but the window: scenes, bindings, OSC and MIDI, started and stopped as
// one.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live/control/bindings.h"
#include "live/control/midi_devices.h"
#include "live/control/osc_server.h"
#include "live/control/scenes.h"
#include "live/controls.h"
#include "live/painter.h"
#include "src/base/status.h"

namespace tempera::live {

class AlsaSequencer;

struct ConsoleOptions {
  std::string osc;  // HOST:PORT; "": 127.0.0.1:7770 if that is free; "off": none
  std::vector<std::string>
      midi;  // devices, FIFOs, patterns; none: ALSA's sequencer, or all raw devices; {"off"}: none
  std::string bindings_path;  // "": nothing is read, and what is learnt is not kept
  std::string scenes_path;    // likewise
  // Whether somebody named them. A file that is wrong where nobody did is a trouble, not an error: its
  // bindings or scenes are missing, and what is learnt or stored goes into a new one, with a copy of it kept.
  bool bindings_named = true, scenes_named = true;
  FindStyleFn find;  // as Scenes takes it
};

class Console {
 public:
  // `controls` outlives it. Errors: a file that was named and is wrong, an address that was asked for and
  // cannot be had.
  static Result<std::unique_ptr<Console>> Start(Controls* controls, const ConsoleOptions& options);
  ~Console();

  // Before each frame, on the painting thread, and while nothing is painted from any other.
  void Tick(int64_t now_ns) { scenes_.Tick(now_ns); }

  Scenes& scenes() { return scenes_; }
  Bindings& bindings() { return bindings_; }
  int osc_port() const { return osc_ ? osc_->port() : 0; }  // 0: none
  // What is amiss, a line each; for the window and the command's notes.
  std::vector<std::string> troubles() const;

 private:
  Console(Controls* controls, const ConsoleOptions& options);
  Scenes scenes_;
  Bindings bindings_;
  std::string osc_trouble_;
  // Behind what they call.
  std::unique_ptr<OscServer> osc_;
  std::unique_ptr<MidiDevices> midi_;
  std::unique_ptr<AlsaSequencer> sequencer_;
};

}  // namespace tempera::live
