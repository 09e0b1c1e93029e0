#include "media/film/side_packet.h"

#include <algorithm>

extern "C" {
#include <libavutil/mathematics.h>
}

namespace tempera::media {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};

// AAC runs in over 21 to 46 ms, Opus over 80.
constexpr int64_t kLongestRunInUs = 100000;

}  // namespace

int64_t Moment(int64_t ts) { return ts >= -kMostTicks && ts <= kMostTicks ? ts : AV_NOPTS_VALUE; }
int64_t Bounded(int64_t ticks) { return std::clamp(ticks, -kMostTicks, kMostTicks); }

Side CutSidePacket(const AVStream& stream, int64_t origin_us, int64_t end_us, bool starts, AVPacket* packet) {
  const int64_t origin = Bounded(av_rescale_q(origin_us, kMicroseconds, stream.time_base));
  packet->pts = Moment(packet->pts);
  packet->dts = Moment(packet->dts);
  if (packet->pts != AV_NOPTS_VALUE) packet->pts -= origin;
  if (packet->dts != AV_NOPTS_VALUE) packet->dts -= origin;
  if (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) {
    packet->pts = packet->dts = 0;
    return Side::kKept;
  }
  const int64_t ts = packet->pts != AV_NOPTS_VALUE ? packet->pts : packet->dts;
  if (ts == AV_NOPTS_VALUE) return Side::kKept;
  if (starts && ts < 0) {
    const bool text = stream.codecpar->codec_type == AVMEDIA_TYPE_SUBTITLE;
    if (!text || Moment(packet->duration) == AV_NOPTS_VALUE || packet->duration + ts <= 0)
      return Side::kBefore;
    packet->duration += ts;
    packet->pts = packet->dts = 0;
    return Side::kKept;
  }
  // What an edit list hides; the little that codecs need to run in stays.
  if ((packet->flags & AV_PKT_FLAG_DISCARD) &&
      av_compare_ts(ts, stream.time_base, -kLongestRunInUs, kMicroseconds) < 0) {
    return Side::kBefore;
  }
  if (end_us != INT64_MAX && av_compare_ts(ts, stream.time_base, end_us, kMicroseconds) >= 0)
    return Side::kBehind;
  return Side::kKept;
}

}  // namespace tempera::media
