// Whether a file ends before its header says that it does: one that was cut short often just ends.
#pragma once

#include <cstdint>
#include <string>

#include "media/ffmpeg.h"

namespace tempera::media {

class CutShort {
 public:
  // With every packet, in the file's own times.
  void Read(const AVFormatContext& input, const AVPacket& packet, int video);

  // After the last one: "the file breaks off at 3.1 of 20.0 seconds", or "" where it does not. Some formats
  // say how long each stream is, others only how long all of them are; what FFmpeg guesses from the bit rate
  // is no word of the file's.
  std::string Note(const AVFormatContext& input, int video) const;

 private:
  // Ticks of the pictures' stream.
  int64_t video_begin_ = INT64_MAX, video_end_ = INT64_MIN;
  int64_t all_end_us_ = INT64_MIN;  // of any stream
};

}  // namespace tempera::media
