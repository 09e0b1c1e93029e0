// An open video device, how it is found, and what its errors mean. Private to live/v4l2/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::live {

class V4l2Device {
 public:
  V4l2Device() = default;
  ~V4l2Device() { Close(); }
  V4l2Device(const V4l2Device&) = delete;
  V4l2Device& operator=(const V4l2Device&) = delete;

  // 0, or what the system says: errno. ENOTTY: there is something, but no video device.
  int Open(const std::string& path);
  void Close();

  // 0, or errno; goes on where a signal interrupts.
  int Ioctl(unsigned long request, void* argument) const;

  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }
  const std::string& path() const { return path_; }
  const std::string& card() const { return card_; }      // its name
  const std::string& bus() const { return bus_; }        // where it is plugged in
  const std::string& driver() const { return driver_; }  // the kernel's module
  uint32_t capabilities() const { return capabilities_; }

 private:
  int fd_ = -1;
  std::string path_, card_, bus_, driver_;
  uint32_t capabilities_ = 0;  // of this node, not of all that the hardware has
};

// What is at /dev/videoN.
struct V4l2Node {
  std::string path, card, bus;
  uint32_t capabilities = 0;
  bool loopback = false;  // another program's pictures, or ours
  int error = 0;          // errno, where it could not be opened
};
// All there are, by number.
std::vector<V4l2Node> ListV4l2Nodes();

// What was opened before, to be known again when it comes back.
struct V4l2Identity {
  std::string path, card, bus;         // path "": nothing yet
  std::vector<std::string> other_bus;  // of devices that were there beside it: those are not it
};

// The path of the device meant by `wanted` (a number, a path, part of a name, "" for the first one that is no
// loopback device) among those with one of `capabilities`. `kind`: what messages call them: "camera".
Result<std::string> FindV4l2Device(const std::string& wanted, uint32_t capabilities, const std::string& kind,
                                   const V4l2Identity& known);
// After it was opened.
V4l2Identity IdentifyV4l2Device(const V4l2Device& device);

// "WHO: what went wrong, and the cure", for errno `error` met while `doing` ("starting it").
Status V4l2Failure(const std::string& who, const std::string& path, const std::string& doing, int error);

// A rate for people and for parsers: "30", "29.97".
std::string RateText(double fps);

}  // namespace tempera::live
