#include "live/control/console.h"

#include "live/control/alsa_sequencer.h"

namespace tempera::live {

Console::Console(Controls* controls, const ConsoleOptions& options)
    : scenes_(controls, options.find), bindings_(controls, &scenes_) {}

Console::~Console() = default;

Result<std::unique_ptr<Console>> Console::Start(Controls* controls, const ConsoleOptions& options) {
  std::unique_ptr<Console> console(new Console(controls, options));
  if (!options.scenes_named) {
    console->scenes_.LoadIfGood(options.scenes_path);
  } else if (!options.scenes_path.empty()) {
    TEMPERA_RETURN_IF_ERROR(console->scenes_.Load(options.scenes_path));
  }
  if (!options.bindings_named) {
    console->bindings_.LoadIfGood(options.bindings_path);
  } else if (!options.bindings_path.empty()) {
    TEMPERA_RETURN_IF_ERROR(console->bindings_.Load(options.bindings_path));
  }
  if (options.osc != "off") {
    OscEndpoint endpoint;
    if (!options.osc.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(endpoint, ParseOscEndpoint(options.osc));
    }
    auto osc = OscServer::Start(endpoint, controls, &console->scenes_, &console->bindings_);
    if (osc.ok()) console->osc_ = std::move(osc).value();
    // The usual one is taken where two sessions run: nobody asked for it here.
    if (!osc.ok() && !options.osc.empty()) return osc.status();
    console->osc_trouble_ = osc.status().message();
  }
  if (options.midi == std::vector<std::string>{"off"}) return console;
  if (options.midi.empty()) {
    // Hardware that the sequencer has is busy as a raw device.
    auto sequencer = AlsaSequencer::Start(&console->bindings_);
    if (sequencer.ok()) {
      console->sequencer_ = std::move(sequencer).value();
      return console;
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(
      console->midi_, MidiDevices::Start(options.midi.empty() ? MidiDevices::DefaultPaths() : options.midi,
                                         &console->bindings_));
  return console;
}

std::vector<std::string> Console::troubles() const {
  std::vector<std::string> all;
  for (const std::string& line :
       {osc_ ? osc_->trouble() : osc_trouble_, midi_ ? midi_->trouble() : std::string(), scenes_.trouble(),
        bindings_.trouble()}) {
    if (!line.empty()) all.push_back(line);
  }
  return all;
}

}  // namespace tempera::live
