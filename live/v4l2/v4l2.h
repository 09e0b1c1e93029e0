// Cameras and loopback devices through V4L2, for the command: what there are, a source, a sink.
// V4L2: the second version of the Linux kernel's interface to video devices,
// docs.kernel.org/userspace-api/media/v4l.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live/sink.h"
#include "live/source.h"
#include "src/base/status.h"

namespace tempera::live {

// A size that a camera offers, with the rates it offers there.
struct V4l2Size {
  int width = 0, height = 0;
  // Where any size between two is offered, the least one, and in which steps; else 0.
  int least_width = 0, least_height = 0, step_width = 0, step_height = 0;
  std::vector<double> fps;  // the highest first; empty: the camera does not say
  bool any_fps = false;     // any between the two that stand in `fps`
};

struct V4l2Format {
  uint32_t fourcc = 0;
  std::string name;    // as `format` of a choice takes it: "mjpeg", "yuyv"
  bool usable = true;  // whether the source reads it
  std::vector<V4l2Size> sizes;
};

struct V4l2Camera {
  std::string path, name, bus;  // "/dev/video0", "Integrated Camera", "usb-0000:00:14.0-6"
  std::vector<V4l2Format> formats;
  std::string problem;  // why it could not be asked, one line; "" when it could
};

// All cameras of this machine, by number. Only looks: starts none.
std::vector<V4l2Camera> ListV4l2Cameras();

struct V4l2Choice {
  std::string device;         // a number, a path, part of a name; "": the first camera that there is
  std::string format;         // "": what reaches size and rate best; "mjpeg", "yuyv", ...
  int width = 0, height = 0;  // the nearest that is offered; 0: 1280x720, or what keeps the rate
  double fps = 0;             // the nearest that is offered; 0: 30
};

// "DEVICE[,size=WxH][,fps=N][,format=NAME]". Errors name what is not understood.
Result<V4l2Choice> ParseV4l2Choice(const std::string& text);

// Whether such a camera is there now: for a command that would rather fail than wait for it. It may be in
// use.
Status CheckV4l2Camera(const V4l2Choice& choice);

// A camera; opens nothing yet. Errors: a choice that cannot be. Open finds a camera that was unplugged anew,
// by where it is plugged in and by its name, also under another number.
Result<std::unique_ptr<Source>> MakeV4l2Source(const V4l2Choice& choice);

struct V4l2OutputChoice {
  std::string device;           // a number, a path, part of a name
  std::string format = "i420";  // or "nv12", "yuyv"
  int width = 1280, height = 720;
  double fps = 30;
};

// "DEVICE[,size=WxH][,fps=N][,format=NAME]", as it stands behind "v4l2:".
Result<V4l2OutputChoice> ParseV4l2Output(const std::string& text);

// Whether such a device is there now.
Status CheckV4l2Output(const V4l2OutputChoice& choice);

// A device that other programs see as a camera (v4l2loopback's). Pictures of another size are shown whole
// between black bars; what the device answers to the size asked for is what it gets.
Result<std::unique_ptr<Sink>> MakeV4l2Sink(const V4l2OutputChoice& choice);

}  // namespace tempera::live
