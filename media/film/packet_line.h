// Packets of a file put on one timeline (timeline.h). Private to media/.
#pragma once

#include <deque>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/film/gaps.h"
#include "media/film/timeline.h"
#include "media/sound/adts.h"

namespace tempera::media {

class PacketLine {
 public:
  // The input must outlive this; streams that it finds later are taken as they come. Packets are in the time
  // bases of their streams, those of `video` in `base`.
  PacketLine(const AVFormatContext& input, int video, AVRational base);

  // Takes the packet's content, in the order of the file.
  Status Push(AVPacket* packet);
  // The next one, in the same order, with its times on the line; nullptr while a join is looked at.
  PacketPtr Pop();
  // The end of the file.
  void End() { line_.End(); }

  bool jumped() const { return !line_.jumps().empty(); }
  // What is to be said of jumps and gaps in the film, which begins at `origin_us` and is `length_us` long.
  void AddNotices(int64_t origin_us, int64_t length_us, std::vector<std::string>* all) const;

 private:
  std::string JumpNote(int64_t origin_us, int64_t length_us) const;
  AVRational Base(int stream) const { return stream == video_ ? base_ : input_.streams[stream]->time_base; }

  const AVFormatContext& input_;
  const int video_;
  const AVRational base_;
  Timeline line_;
  Gaps gaps_;
  AdtsClock adts_;
  unsigned known_ = 0;  // streams that the line knows
  std::deque<PacketPtr> packets_;
};

// Pictures or sound that go on, rather than a cover or a text.
bool LeadsTime(const AVStream& stream);

}  // namespace tempera::media
