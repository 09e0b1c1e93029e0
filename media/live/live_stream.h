// Frames to an address, as they come: rtmp, srt, udp, rtp and what else FFmpeg writes to.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "media/frame.h"
#include "media/reader.h"
#include "src/base/status.h"

namespace tempera::media {

struct LiveStreamOptions {
  int bitrate_kbit = 0;  // 0: by the picture's size
  // When it becomes true, waiting for the other side is given up. Must outlive the stream.
  const std::atomic<bool>* cancel = nullptr;
};

// H.264 without look-ahead, a key frame every two seconds, no sound. One thread.
class LiveStream {
 public:
  // `info`: size, format, colours and time base of the frames. FLV for rtmp, MPEG-TS for everything else.
  // Waits for the connection. Errors name the address.
  static Result<std::unique_ptr<LiveStream>> Open(const std::string& address, const VideoInfo& info,
                                                  const LiveStreamOptions& options);
  virtual ~LiveStream() = default;
  // pts rising. May wait for the network.
  virtual Status Write(const Frame& frame) = 0;
  virtual Status Finish() = 0;
};

// Whether it is an address for LiveStream: "rtmp://...", "srt://...", "udp://..."
bool IsLiveAddress(const std::string& text);

}  // namespace tempera::media
