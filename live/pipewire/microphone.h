// PipeWire's microphones: what Audio/Source nodes give.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "live/microphone/microphone.h"
#include "src/base/status.h"

namespace tempera::live {

// `which`: a node's name, serial or id, its description or a part of that which no other has. "": the session
// manager's default. Nothing is opened yet. kUnsupported where this program has no PipeWire.
Result<std::unique_ptr<SoundDevice>> MakePipewireMicrophone(const std::string& which);

struct PipewireMicrophone {
  std::string name;         // node.name, which stays the same when it is plugged in again
  std::string serial;       // a number that is never used twice while the daemon runs
  std::string description;  // for people
  bool is_default = false;  // what "" opens
};
// The default first, then by name. As ListPipewireCameras.
Result<std::vector<PipewireMicrophone>> ListPipewireMicrophones();

}  // namespace tempera::live
