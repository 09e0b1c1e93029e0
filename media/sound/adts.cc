#include "media/sound/adts.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavutil/mathematics.h>
}

namespace tempera::media {
namespace {

constexpr int kHead = 7;
constexpr int kRates[] = {96000, 88200, 64000, 48000, 44100, 32000, 24000,
                          22050, 16000, 12000, 11025, 8000,  7350};
constexpr int kChannels[] = {0, 1, 2, 3, 4, 5, 6, 8};

// Samples of a frame, of which a packet has up to four.
constexpr int64_t kFrame = 1024;

}  // namespace

std::optional<AdtsForm> ReadAdts(const AVPacket& packet) {
  if (packet.size < kHead || packet.data[0] != 0xFF || (packet.data[1] & 0xF6) != 0xF0) return std::nullopt;
  const size_t rate = packet.data[2] >> 2 & 15;
  if (rate >= std::size(kRates)) return std::nullopt;
  return AdtsForm{kRates[rate], kChannels[(packet.data[2] & 1) << 2 | packet.data[3] >> 6]};
}

PacketPtr WithAdts(const AVPacket& like, const AVPacket& content) {
  PacketPtr packet(av_packet_alloc());
  const int size = kHead + content.size;
  if (!packet || av_new_packet(packet.get(), size) < 0 || av_packet_copy_props(packet.get(), &content) < 0)
    return nullptr;
  uint8_t* head = packet->data;
  std::memcpy(head, like.data, kHead);
  // No checksum; object type 2 (LC); 13 bits of length; a fullness that says nothing; one frame.
  head[1] |= 1;
  head[2] = static_cast<uint8_t>((head[2] & 0x3F) | 0x40);
  head[3] = static_cast<uint8_t>((head[3] & 0xFC) | size >> 11);
  head[4] = static_cast<uint8_t>(size >> 3);
  head[5] = static_cast<uint8_t>((size & 7) << 5 | 0x1F);
  head[6] = 0xFC;
  std::memcpy(head + kHead, content.data, static_cast<size_t>(content.size));
  return packet;
}

void AdtsClock::Correct(const AVStream& stream, AVPacket* packet) {
  if (stream.codecpar->codec_id != AV_CODEC_ID_AAC) return;
  const std::optional<AdtsForm> form = ReadAdts(*packet);
  if (!form) return;
  const size_t index = static_cast<size_t>(packet->stream_index);
  if (index >= lines_.size()) lines_.resize(index + 1);
  Line& line = lines_[index];
  if (!line.first) line.first = form;
  if (line.first->rate == form->rate && line.next == AV_NOPTS_VALUE) return;
  const int64_t samples = kFrame * (1 + (packet->data[6] & 3));
  packet->duration = av_rescale_q(samples, AVRational{1, form->rate}, stream.time_base);
  // The first packet that begins in a piece of the stream has its place, and with that its time.
  if (packet->pos < 0 && line.next != AV_NOPTS_VALUE) packet->pts = packet->dts = line.next;
  line.next = AV_NOPTS_VALUE;
  int64_t next = 0;
  if (packet->pts != AV_NOPTS_VALUE && !__builtin_add_overflow(packet->pts, packet->duration, &next))
    line.next = next;
}

}  // namespace tempera::media
