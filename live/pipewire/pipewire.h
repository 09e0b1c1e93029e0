// PipeWire: cameras and screens as sources, and a camera of our own that programs and browsers see.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live/sink.h"
#include "live/source.h"
#include "src/base/status.h"

namespace tempera::live {

struct PipewireSourceOptions {
  // A node's name, its serial or its id; also its description, or a part of that which no other has. "": the
  // session manager's default camera; never one of our own.
  std::string which;
  // Instead: the desktop asks the person which screen or window is to be seen.
  bool ask_for_screen = false;
  // What is asked for first. A device that does not have it gives what is nearest to its own liking.
  int width = 1280, height = 720;
  double fps = 30;
};

// Whether `text` asks for PipeWire: "pipewire", "pipewire:..." or "pipewire,...".
bool IsPipewireText(const std::string& text);
// "pipewire[:NAME][,size=WxH][,fps=N]"; the name "screen" asks for one. Errors name what is not understood.
Result<PipewireSourceOptions> ParsePipewireSource(const std::string& text);

// Nothing is opened yet. kUnsupported where this program has no PipeWire.
Result<std::unique_ptr<Source>> MakePipewireSource(const PipewireSourceOptions& options);

struct PipewireCamera {
  uint32_t id = 0;
  std::string serial;       // a number that is never used twice while the daemon runs
  std::string name;         // node.name, which stays the same when it is plugged in again
  std::string description;  // for people: "Integrated Camera"
  bool screen = false;      // a window's or screen's picture that some program offers, not a camera
  bool is_default = false;  // what "" opens
};

// All that MakePipewireSource can open now, the default first, then by name. Takes up to three seconds where
// the daemon does not answer, and says so.
Result<std::vector<PipewireCamera>> ListPipewireCameras();

struct PipewireSinkOptions {
  std::string name = "Tempera";  // what people see in their browser's list
  int width = 0, height = 0;     // 0: the first painting's; rounded to what all readers agree on
  double fps = 30;               // 1 to 240
};

// The same words.
Result<PipewireSinkOptions> ParsePipewireSink(const std::string& text);

// A camera, as long as the sink is open. Readers come and go; when there is none, Show costs nothing.
Result<std::unique_ptr<Sink>> MakePipewireSink(const PipewireSinkOptions& options);

}  // namespace tempera::live
