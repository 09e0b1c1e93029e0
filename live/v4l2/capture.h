// A camera that streams into mapped buffers. Private to live/v4l2/.
#pragma once

#include <linux/videodev2.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "live/v4l2/device.h"
#include "live/v4l2/modes.h"
#include "src/base/status.h"

namespace tempera::live {

class V4l2Capture {
 public:
  V4l2Capture() = default;
  ~V4l2Capture() { Close(); }
  V4l2Capture(const V4l2Capture&) = delete;
  V4l2Capture& operator=(const V4l2Capture&) = delete;

  // What an open device offers that comes near to the choice, the best first, at least one; or why it cannot
  // be read. `who`: what messages call it.
  static Result<std::vector<V4l2Mode>> Modes(const V4l2Device& device, const std::string& who,
                                             const V4l2Choice& choice);

  // Opens, negotiates what comes nearest to the choice, and starts.
  Status Open(const std::string& path, const V4l2Choice& choice);
  void Close();

  struct Buffer {
    const uint8_t* data = nullptr;
    size_t bytes = 0;      // that hold pixels
    bool damaged = false;  // the driver says so, or its numbers make no sense
    int64_t captured_ns = 0;
    uint32_t sequence = 0;
    uint32_t index = 0;
  };
  enum class Got { kBuffer, kNothing };
  // Waits up to `timeout_ms`; kNothing where nothing came, or a signal did.
  Result<Got> Wait(int timeout_ms);
  // The next one ready, if there is one. It is the caller's until Return.
  Result<Got> Take(Buffer* buffer);
  Status Return(const Buffer& buffer);
  // Of buffers at once.
  size_t count() const { return maps_.size(); }

  const V4l2Device& device() const { return device_; }
  // "camera 'NAME' (PATH)", for messages.
  const std::string& who() const { return who_; }
  // As the device answered.
  const v4l2_pix_format& format() const { return format_; }
  double fps() const { return fps_; }  // 0: it does not say

 private:
  Status Negotiate(const V4l2Choice& choice);
  int SetFormat(const V4l2Mode& mode);
  void SetRate(double fps);
  Status Map();
  Status Start();
  Status Lost(const std::string& doing, int error);

  struct Mapped {
    void* data = nullptr;
    size_t bytes = 0;
  };
  V4l2Device device_;
  std::string who_;
  v4l2_pix_format format_ = {};
  double fps_ = 0;
  std::vector<Mapped> maps_;
  bool streaming_ = false;
  int errors_ = 0;  // of taking a buffer, one after the other
};

}  // namespace tempera::live
