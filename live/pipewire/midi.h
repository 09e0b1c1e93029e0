// MIDI from PipeWire: a port of ours that any patchbay (qpwgraph, Helvum, pw-link) connects controllers to.
#pragma once

#include <memory>

#include "live/control/bindings.h"
#include "src/base/status.h"

namespace tempera::live {

class PipewireMidi {
 public:
  // `bindings` outlives it. The port is tempera-control:midi. kUnsupported, kNotFound: no library, no daemon;
  // takes up to three seconds where that does not answer.
  static Result<std::unique_ptr<PipewireMidi>> Start(Bindings* bindings);
  virtual ~PipewireMidi() = default;
};

}  // namespace tempera::live
