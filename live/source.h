// Where live frames come from: a camera, a screen, a film in a loop, an address, a pipe.
#pragma once

#include <cstdint>
#include <string>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::live {

// Of the steady clock, in nanoseconds: what all times of this room are in.
int64_t NowNs();

struct SourceFrame {
  media::Frame frame;       // I420 or NV12, upright; read-only from here on, shared by copies
  int64_t captured_ns = 0;  // when the device had it, or, where that is unknown, when it was read
  int64_t number = 0;       // from 0; where the device skipped some, so do the numbers
  bool cut = false;         // does not follow the frame before: a loop began again, a device came back
};

struct SourceInfo {
  std::string name;  // for people: "Integrated Camera", "clip.mp4"
  int width = 0, height = 0;
  double fps = 0;      // 0: unknown, or as it comes
  std::string format;  // what the device gives, for people: "MJPEG 1280x720 at 30"
};

// One thread calls Open, Read and Close; Stop may come from any.
class Source {
 public:
  virtual ~Source() = default;

  // Opens, and again after Close: a device that was unplugged is found anew. Errors name the source and the
  // cure. May take seconds (an address); Stop ends it.
  virtual Status Open() = 0;
  virtual void Close() = 0;

  enum class Got { kFrame, kNotYet, kEnd };
  // Waits for the next frame, but no longer than about 100 ms (kNotYet), so that who asks can look around. A
  // device gives its newest frame: those that nobody read in time are skipped, and numbered. A film is paced:
  // its frames come at their times by the steady clock, and are not skipped here. An error: lost; Close.
  virtual Result<Got> Read(SourceFrame* frame) = 0;

  // An Open or Read that waits gives up soon; later ones as well.
  virtual void Stop() = 0;

  // Of the last Open that succeeded.
  virtual const SourceInfo& info() const = 0;
  // Whether it may come back after an error or an end: a device, an address. Not a file, nor a pipe.
  virtual bool comes_back() const = 0;
  // Frames that came damaged, and were skipped (their numbers are). Any thread.
  virtual int64_t damaged() const { return 0; }
};

}  // namespace tempera::live
