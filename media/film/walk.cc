#include "media/film/walk.h"

namespace tempera::media {
namespace {

// A minute of a broadcast between two key frames.
constexpr int64_t kMostBytes = int64_t{256} << 20;

// With what holds it.
int64_t Bytes(const AVPacket& packet) { return packet.size + 256; }
bool IsKey(const AVPacket& packet) { return packet.flags & AV_PKT_FLAG_KEY; }

}  // namespace

bool Walk::Add(const AVPacket& packet, int64_t ticks, int64_t ticks_a_second) {
  PacketPtr own(av_packet_clone(&packet));
  if (!own) return false;
  // Pictures that are shown before a key frame, and come behind it, lean on those before: one more group is
  // kept, and half a second, the longest that codecs hold pictures back.
  while (ticks != AV_NOPTS_VALUE && IsKey(packet) && keys_.size() > 2) {
    const int64_t second = keys_[1];
    const int64_t when = kept_[static_cast<size_t>(second - first_)].ticks;
    if (when > ticks - ticks_a_second / 2) break;
    for (; first_ < second; ++first_) {
      bytes_ -= Bytes(*kept_.front().packet);
      kept_.pop_front();
    }
    keys_.pop_front();
  }
  if (IsKey(packet)) keys_.push_back(first_ + static_cast<int64_t>(kept_.size()));
  bytes_ += Bytes(packet);
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
