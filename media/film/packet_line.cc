#include "media/film/packet_line.h"

#include <cmath>
#include <cstdio>

extern "C" {
#include <libavutil/mathematics.h>
}

#include "media/joined/joined.h"

namespace tempera::media {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};

// AV_NOPTS_VALUE and kUnknown are the same number, which what does not fit becomes as well.
static_assert(AV_NOPTS_VALUE == Timeline::kUnknown);
int64_t ToUs(int64_t ticks, AVRational base) {
  return ticks == AV_NOPTS_VALUE ? Timeline::kUnknown : av_rescale_q(ticks, base, kMicroseconds);
}

Timeline::Stream Describe(const AVStream& stream) {
  Timeline::Stream is;
  is.leads = LeadsTime(stream);
  const AVCodecParameters& par = *stream.codecpar;
  const AVRational rate = stream.avg_frame_rate.num > 0 ? stream.avg_frame_rate : stream.r_frame_rate;
  if (par.codec_type == AVMEDIA_TYPE_VIDEO && rate.num > 0 && rate.den > 0) {
    is.step_us = av_rescale_q(1, av_inv_q(rate), kMicroseconds);
  } else if (par.codec_type == AVMEDIA_TYPE_AUDIO && par.frame_size > 0 && par.sample_rate > 0) {
    is.step_us = av_rescale(par.frame_size, 1000000, par.sample_rate);
  }
  // Wider clocks than these do not come to their end in a film.
  if (stream.pts_wrap_bits > 0 && stream.pts_wrap_bits < 60) {
    is.turn_us = av_rescale_q(int64_t{1} << stream.pts_wrap_bits, stream.time_base, kMicroseconds);
  }
  return is;
}

// `ticks` moved by whole turns and a shift, where that is a number.
void Move(int64_t* ticks, int64_t turns, int64_t shift_us, const AVStream& stream, AVRational base) {
  if (*ticks == AV_NOPTS_VALUE || (turns == 0 && shift_us == 0)) return;
  int64_t moved = av_rescale_q(shift_us, kMicroseconds, base);
  int64_t turned = 0;
  // Where there are turns, clocks are short: turns that leave the numbers are no turns.
  if (turns != 0 && (__builtin_mul_overflow(turns, int64_t{1} << stream.pts_wrap_bits, &turned) ||
                     __builtin_add_overflow(moved, turned, &moved))) {
    *ticks = AV_NOPTS_VALUE;
  } else if (moved == AV_NOPTS_VALUE || __builtin_add_overflow(*ticks, moved, ticks)) {
    *ticks = AV_NOPTS_VALUE;
  }
}

}  // namespace

bool LeadsTime(const AVStream& stream) {
  if (stream.disposition & (AV_DISPOSITION_ATTACHED_PIC | AV_DISPOSITION_STILL_IMAGE)) return false;
  const AVMediaType type = stream.codecpar->codec_type;
  return type == AVMEDIA_TYPE_VIDEO || type == AVMEDIA_TYPE_AUDIO;
}

PacketLine::PacketLine(const AVFormatContext& input, int video, AVRational base)
    : input_(input),
      video_(video),
      base_(base),
      line_(input.iformat->flags & AVFMT_TS_DISCONT),
      gaps_(!(input.iformat->flags & AVFMT_TS_DISCONT)) {}

Status PacketLine::Push(AVPacket* packet) {
  for (; known_ < input_.nb_streams; ++known_) {
    line_.SetStream(static_cast<int>(known_), Describe(*input_.streams[known_]));
  }
  PacketPtr own(av_packet_alloc());
  if (!own) return OutOfMemory("no memory for a packet");
  av_packet_move_ref(own.get(), packet);
  adts_.Correct(*input_.streams[own->stream_index], own.get());
  const AVRational base = Base(own->stream_index);
  line_.Push({own->stream_index, ToUs(own->dts, base), ToUs(own->pts, base), ToUs(own->duration, base),
              own->size, PartOf(*own), PartOf(*own) > 0 && (own->flags & AV_PKT_FLAG_DISCARD) != 0});
  packets_.push_back(std::move(own));
  return OkStatus();
}

PacketPtr PacketLine::Pop() {
  const std::optional<Timeline::Place> place = line_.Pop();
  if (!place || packets_.empty()) return nullptr;
  PacketPtr packet = std::move(packets_.front());
  packets_.pop_front();
  if (!place->trusted) {
    packet->pts = packet->dts = AV_NOPTS_VALUE;
    return packet;
  }
  const AVStream& stream = *input_.streams[packet->stream_index];
  const AVRational base = Base(packet->stream_index);
  // What an edit list hides lies in the time of the film's own beginning: fragments whose clock begins anew
  // come again at those times.
  if (place->shift_us != 0 && PartOf(*packet) == 0) packet->flags &= ~AV_PKT_FLAG_DISCARD;
  Move(&packet->dts, place->dts_turns, place->shift_us, stream, base);
  Move(&packet->pts, place->pts_turns, place->shift_us, stream, base);
  const int64_t at = packet->dts != AV_NOPTS_VALUE ? packet->dts : packet->pts;
  if (LeadsTime(stream) && at != AV_NOPTS_VALUE) {
    gaps_.Add(static_cast<size_t>(packet->stream_index), stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO,
              ToUs(at, base), ToUs(packet->duration, base));
  }
  return packet;
}

void PacketLine::AddNotices(int64_t origin_us, int64_t length_us, std::vector<std::string>* all) const {
  for (const std::string& note :
       {JumpNote(origin_us, length_us), gaps_.Note(static_cast<size_t>(video_), origin_us, length_us)}) {
    if (!note.empty()) all->push_back(note);
  }
}

std::string PacketLine::JumpNote(int64_t origin_us, int64_t length_us) const {
  // What lies before --start and behind --duration is no part of the film.
  const Timeline::Jump* first = nullptr;
  long long count = 0;
  for (const Timeline::Jump& jump : line_.jumps()) {
    if (jump.at_us <= origin_us || jump.at_us - origin_us >= length_us) continue;
    if (count++ == 0) first = &jump;
  }
  if (count == 0) return "";
  const double at = static_cast<double>(first->at_us - origin_us) * 1e-6;
  char text[160];
  if (count == 1) {
    std::snprintf(text, sizeof text,
                  "the file's clock jumps %s by %.1f s at second %.1f: picture and sound go on without a gap",
                  first->by_us < 0 ? "back" : "ahead", std::abs(static_cast<double>(first->by_us)) * 1e-6,
                  at);
  } else {
    std::snprintf(text, sizeof text,
                  "the file's clock jumps %lld times, first at second %.1f: picture and sound go on without "
                  "gaps",
                  count, at);
  }
  return text;
}

}  // namespace tempera::media
