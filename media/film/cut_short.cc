#include "media/film/cut_short.h"

#include <algorithm>

#include "media/film/input_facts.h"

namespace tempera::media {
namespace {

constexpr int64_t kMostTicks = int64_t{1} << 60;

// What a header may be wrong by: the last frame's length, the run-in of sound.
double Allowance(double said) { return std::max(1.0, 0.02 * said); }

}  // namespace

void CutShort::Read(const AVFormatContext& input, const AVPacket& packet, int video) {
  const int64_t at = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (at == AV_NOPTS_VALUE || at < -kMostTicks || at > kMostTicks) return;
  const int64_t end = at + std::clamp<int64_t>(packet.duration, 0, kMostTicks);
  const AVStream& stream = *input.streams[packet.stream_index];
  if (packet.stream_index == video)
    video_end_ = std::max(video_end_, end), video_begin_ = std::min(video_begin_, at);
  all_end_us_ = std::max(all_end_us_, av_rescale_q(end, stream.time_base, AVRational{1, 1000000}));
}

std::string CutShort::Note(const AVFormatContext& input, int video) const {
  if (video_end_ == INT64_MIN) return "";
  // Where one length is all ones, the file's own follows from that.
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    if (input.streams[i]->duration > 0 && BelievedDuration(*input.streams[i]) == 0) return "";
  }
  const AVStream& stream = *input.streams[video];
  double said = 0, got = 0;
  if (BelievedDuration(stream) > 0) {
    // FFmpeg takes the first packet with a time of decoding for the beginning, which may be seconds late.
    const int64_t start =
        std::min(video_begin_, stream.start_time == AV_NOPTS_VALUE ? int64_t{0} : stream.start_time);
    said = static_cast<double>(BelievedDuration(stream)) * av_q2d(stream.time_base);
    got = (static_cast<double>(video_end_) - static_cast<double>(start)) * av_q2d(stream.time_base);
  } else if (input.duration > 0 && input.duration_estimation_method != AVFMT_DURATION_FROM_BITRATE &&
             !LacksIndex(input, stream)) {
    const int64_t start = input.start_time == AV_NOPTS_VALUE ? 0 : input.start_time;
    said = static_cast<double>(input.duration) * 1e-6;
    got = (static_cast<double>(all_end_us_) - static_cast<double>(start)) * 1e-6;
  }
  return said - got > Allowance(said) ? BreakNote(got, said) : "";
}

}  // namespace tempera::media
