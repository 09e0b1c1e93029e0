// AAC whose every packet begins with a head of its own (ADTS, as in transport streams), so that its rate and
// channels may change midway. Private to media/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "media/ffmpeg.h"

namespace tempera::media {

struct AdtsForm {
  int rate = 0;      // samples a second, before what SBR makes of it
  int channels = 0;  // 0: the sound itself says it
  bool operator==(const AdtsForm&) const = default;
};
// What the packet's head says; nothing where it has none.
std::optional<AdtsForm> ReadAdts(const AVPacket& packet);

// Head and content of a packet, the head as the one in `like` but for its length; nullptr without memory.
PacketPtr WithAdts(const AVPacket& like, const AVPacket& content);

// FFmpeg counts the packets of a transport stream that have no time of their own with the rate that the sound
// had in the beginning: counts them anew where it has another one.
class AdtsClock {
 public:
  // packet: the next one of its stream, in the file's own time.
  void Correct(const AVStream& stream, AVPacket* packet);

 private:
  struct Line {
    std::optional<AdtsForm> first;
    int64_t next = AV_NOPTS_VALUE;  // once the form has changed
  };
  std::vector<Line> lines_;
};

}  // namespace tempera::media
