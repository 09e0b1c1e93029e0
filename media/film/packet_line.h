// Packets of a file put on one timeline (timeline.h). Private to media/.
#pragma once

#include <deque>
#include <string>

#include "media/ffmpeg.h"
#include "media/film/timeline.h"

namespace tempera::media {

class PacketLine {
 public:
  // The input must outlive this; streams that it finds later are taken as they come.
  explicit PacketLine(const AVFormatContext& input);

  // Takes the packet's content, in the order of the file.
  Status Push(AVPacket* packet);
  // The next one, in the same order, with its times on the line; nullptr while a join is looked at.
  PacketPtr Pop();
  // The end of the file.
  void End() { line_.End(); }

  bool jumped() const { return !line_.jumps().empty(); }
  // What was done about jumps in the film, which begins at `origin_us` and is `length_us` long, for a note.
  // "" for nothing.
  std::string notice(int64_t origin_us, int64_t length_us) const;

 private:
  const AVFormatContext& input_;
  Timeline line_;
  unsigned known_ = 0;  // streams that the line knows
  std::deque<PacketPtr> packets_;
};

// Pictures or sound that go on, rather than a cover or a text.
bool LeadsTime(const AVStream& stream);

}  // namespace tempera::media
