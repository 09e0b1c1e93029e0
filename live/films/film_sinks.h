// Sinks that FFmpeg writes: recordings, Y4M on standard output, addresses.
#pragma once

#include <memory>
#include <string>

#include "live/sink.h"

namespace tempera::live {

class FilmSound;

struct RecordingOptions {
  std::string path;   // "-": Y4M on standard output
  std::string codec;  // "": the container's best
  int crf = -1;
  std::shared_ptr<FilmSound> sound;  // what is heard in it; may be null
  double fps = 0;                    // the rate that the file names; 0: the source's
};
// Frames at the times at which they were captured, from 0. A frame of another size ends the recording.
std::unique_ptr<Sink> MakeRecordingSink(const RecordingOptions& options);

// rtmp://, srt://, udp://, rtp://, tcp://: H.264; connects again when it is lost.
// fps as above.
std::unique_ptr<Sink> MakeStreamSink(const std::string& address, double fps);

// What the encoders are told of such frames. Time base: 90000 ticks a second.
struct RecordingClock {
  // Ticks from the first painting, later and later: when its frame was captured, or, where the same one is
  // painted again (a frozen source), as much later as it was painted later.
  int64_t PtsOf(const PaintedFrame& painted);

  int64_t first_ns = -1, captured_ns = -1, painted_ns = 0, at_ns = 0, last_pts = -1;
};

}  // namespace tempera::live
