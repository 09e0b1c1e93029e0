// Videos in: anything FFmpeg decodes, as frames ready to paint.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "media/frame.h"
#include "src/base/status.h"

struct AVFormatContext;
struct AVPacket;

namespace tempera::media {

struct Rational {
  int num = 0;
  int den = 1;
};

// What is known before the first frame is painted. Sizes are of the upright picture.
struct VideoInfo {
  int width = 0;                 // pixels
  int height = 0;                // pixels
  Rational sample_aspect;        // of one pixel; num 0 = not said
  Rational time_base;            // seconds per tick of Frame::pts
  Rational frame_rate;           // average frames a second; num 0 = unknown
  int64_t estimated_frames = 0;  // of what will be read; 0 = unknown
  // Whether that is the video's own length, as its file tells it: not that of a sound which goes on behind
  // it, nor what MPEG's time stamps and bit rates let guess.
  bool tells_length = false;
  // The video's own length in the file, whatever of it is read, as the file tells it; 0: it does not.
  double whole_s = 0;
  int64_t whole_frames = 0;
  // More it cannot be, however long the file's other streams are; 0 where its length is guessed.
  int64_t most_frames = 0;
  PixelFormat format = PixelFormat::kI420;
  // FFmpeg's (and H.273's) numbers for the colours of what Read gives; 2 = not said.
  int color_primaries = 2, color_transfer = 2, color_space = 2;
  int color_range = 0;          // 0 not said, 1 limited, 2 full
  int chroma_location = 0;      // 0 not said
  bool has_alpha = false;       // transparency lies beside the frames, for writers that can hold it
  bool single_picture = false;  // the input is a picture file, not a video
};

struct ReaderOptions {
  double start_s = 0;      // where to begin
  double duration_s = -1;  // how much to read; negative = to the end
  int threads = 0;         // of the decoder; 0 = up to four
  // The film was telecined: of five frames that were made from four, those four are wanted.
  bool detelecine = false;
  // When it becomes true, waiting for input is given up. May be null; must outlive the reader.
  const std::atomic<bool>* cancel = nullptr;
};

// Frames come out upright, whole (not interlaced), 8-bit I420 or NV12 and in standard range, all of
// one size; notices() says what was changed. Damaged parts are decoded as far as they can be. One
// thread at a time.
class VideoReader {
 public:
  // "-" is Y4M on standard input. Decodes up to the first frame. Errors name the path.
  static Result<std::unique_ptr<VideoReader>> Open(const std::string& path, const ReaderOptions& options);
  virtual ~VideoReader() = default;

  virtual const VideoInfo& info() const = 0;

  // The next frame, or nothing at the end. An input that breaks off ends there, with a notice.
  virtual Result<std::optional<Frame>> Read() = 0;

  // Packets of the other streams, as Read comes across them, timed from the first frame's origin.
  // Without a sink they are dropped. The sink gets those met so far at once; a status that is not
  // ok ends Read with it. It is called on the thread that calls Read.
  using PacketSink = std::function<Status(AVPacket*)>;
  virtual Status SetPacketSink(PacketSink sink) = 0;

  // From any thread: a Read that waits for input gives up at its next look, as with ReaderOptions::cancel; a
  // wait inside a system call (a pipe that nobody fills) looks when a signal interrupts it. Nothing is read
  // any more.
  virtual void Stop() = 0;

  // The first frame that could not be decoded, from 0, once it was met: Read gives the one behind it in its
  // place.
  virtual std::optional<int64_t> lost_frame() const { return std::nullopt; }

  // What was changed or repaired so far, a few words each; complete after the last frame.
  virtual std::vector<std::string> notices() const = 0;

  // For the writer: the opened input, and its moment that became time 0, in microseconds.
  virtual AVFormatContext* input() = 0;
  virtual int video_stream() const = 0;
  virtual int64_t origin_us() const = 0;
  // The end in microseconds from the origin; INT64_MAX when reading to the end.
  virtual int64_t end_us() const = 0;
};

}  // namespace tempera::media
