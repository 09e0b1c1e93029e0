// What stands here where libpipewire's headers were missing.
#include "live/pipewire/microphone.h"
#include "live/pipewire/midi.h"
#include "live/pipewire/pipewire.h"

namespace tempera::live {
namespace {

Status Absent() {
  return Unsupported(
      "this tempera was built without PipeWire: install libpipewire-0.3-dev and build again with "
      "-DTEMPERA_PIPEWIRE=ON");
}

}  // namespace

Result<std::unique_ptr<Source>> MakePipewireSource(const PipewireSourceOptions&) { return Absent(); }

Result<std::vector<PipewireCamera>> ListPipewireCameras() { return Absent(); }

Result<std::unique_ptr<Sink>> MakePipewireSink(const PipewireSinkOptions&) { return Absent(); }

Result<std::unique_ptr<PipewireMidi>> PipewireMidi::Start(Bindings*) { return Absent(); }

Result<std::unique_ptr<SoundDevice>> MakePipewireMicrophone(const std::string&) { return Absent(); }

Result<std::vector<PipewireMicrophone>> ListPipewireMicrophones() { return Absent(); }

}  // namespace tempera::live
