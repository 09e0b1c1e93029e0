#include "live/control/desk.h"

#include "live/control/alsa_sequencer.h"

namespace tempera::live {

Desk::Desk(Controls* controls, const DeskOptions& options)
    : scenes_(controls, options.find), bindings_(controls, &scenes_) {}

Desk::~Desk() = default;

Result<std::unique_ptr<Desk>> Desk::Start(Controls* controls, const DeskOptions& options) {
  std::unique_ptr<Desk> desk(new Desk(controls, options));
  if (!options.scenes_path.empty()) TEMPERA_RETURN_IF_ERROR(desk->scenes_.Load(options.scenes_path));
  if (!options.bindings_path.empty()) TEMPERA_RETURN_IF_ERROR(desk->bindings_.Load(options.bindings_path));
  if (options.osc != "off") {
    OscEndpoint endpoint;
    if (!options.osc.empty()) {
      TEMPERA_ASSIGN_OR_RETURN(endpoint, ParseOscEndpoint(options.osc));
    }
    auto osc = OscServer::Start(endpoint, controls, &desk->scenes_, &desk->bindings_);
    if (osc.ok()) desk->osc_ = std::move(osc).value();
    // The usual one is taken where two sessions run: nobody asked for it here.
    if (!osc.ok() && !options.osc.empty()) return osc.status();
    desk->osc_trouble_ = osc.status().message();
  }
  if (options.midi == std::vector<std::string>{"off"}) return desk;
  if (options.midi.empty()) {
    // Hardware that the sequencer has is busy as a raw device.
    auto sequencer = AlsaSequencer::Start(&desk->bindings_);
    if (sequencer.ok()) {
      desk->sequencer_ = std::move(sequencer).value();
      return desk;
    }
  }
  TEMPERA_ASSIGN_OR_RETURN(
      desk->midi_, MidiDevices::Start(options.midi.empty() ? MidiDevices::DefaultPaths() : options.midi,
                                      &desk->bindings_));
  return desk;
}

std::vector<std::string> Desk::troubles() const {
  std::vector<std::string> all;
  for (const std::string& line : {osc_ ? osc_->trouble() : osc_trouble_,
                                  midi_ ? midi_->trouble() : std::string(), bindings_.trouble()}) {
    if (!line.empty()) all.push_back(line);
  }
  return all;
}

}  // namespace tempera::live
