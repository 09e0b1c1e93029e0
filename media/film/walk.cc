#include "media/film/walk.h"

namespace tempera::media {
namespace {

// A minute of a broadcast between two key frames.
constexpr int64_t kMostBytes = int64_t{256} << 20;

bool IsKey(const AVPacket& packet) { return packet.flags & AV_PKT_FLAG_KEY; }

}  // namespace

bool Walk::Add(const AVPacket& packet, int64_t ticks, int64_t ticks_a_second) {
  PacketPtr own(av_packet_clone(&packet));
  if (!own) return false;
  // Pictures that are shown before a key frame, and come behind it, lean on those before: one more group is
  // kept, and half a second, the longest that codecs hold pictures back.
  while (keys_ > 2 && IsKey(packet)) {
    size_t second = 1;
    while (second < kept_.size() && !IsKey(*kept_[second].packet)) ++second;
    if (second == kept_.size() || kept_[second].ticks > ticks - ticks_a_second / 2) break;
    for (; second > 0; --second) {
      keys_ -= IsKey(*kept_.front().packet);
      bytes_ -= kept_.front().packet->size;
      kept_.pop_front();
    }
  }
  keys_ += IsKey(packet);
  bytes_ += packet.size;
  kept_.push_back({std::move(own), ticks});
  arrived_ |= ticks == AV_NOPTS_VALUE || ticks >= 0 || bytes_ > kMostBytes;
  return true;
}

PacketPtr Walk::Next() {
  if (kept_.empty()) return nullptr;
  PacketPtr packet = std::move(kept_.front().packet);
  kept_.pop_front();
  return packet;
}

}  // namespace tempera::media
