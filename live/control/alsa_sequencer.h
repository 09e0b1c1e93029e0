// MIDI through ALSA's sequencer, where the build has libasound and the kernel a sequencer: keyboards and
// programs connect to the port "tempera", and hardware is connected by itself.
#pragma once

#include <memory>

#include "live/control/bindings.h"
#include "src/base/status.h"

namespace tempera::live {

class AlsaSequencer {
 public:
  // `bindings` outlives it. kUnsupported: built without, or there is no sequencer.
  static Result<std::unique_ptr<AlsaSequencer>> Start(Bindings* bindings);
  virtual ~AlsaSequencer() = default;
};

}  // namespace tempera::live
