#include "media/joined/moved_on.h"

#include "media/film/packet_line.h"

namespace tempera::media {
namespace {

// What of a part's sound may lie before its first picture: half a second of some tracks.
constexpr int64_t kPacketsAhead = 64;

}  // namespace

bool MovedOn::IsTheirs(const AVFormatContext& input, int video, bool done, const AVPacket& packet) {
  const size_t index = static_cast<size_t>(packet.stream_index);
  const AVStream& stream = *input.streams[index];
  const bool ours = packet.stream_index == video;
  // A transport stream's last picture comes out as the file ends.
  if (ours && ++ours_since_ > 3) now_ = false;
  if (index >= first_met_.size()) first_met_.resize(index + 1, 0);
  if (++met_, first_met_[index] == 0) first_met_[index] = met_;
  const bool others =
      !ours && !done && LeadsTime(stream) && stream.codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
  if (others && others_.insert(index).second) now_ = true, ours_since_ = 0, other_from_ = met_;
  return !ours && now_ && (input.iformat->flags & AVFMT_TS_DISCONT) && first_met_[index] > kPacketsAhead &&
         first_met_[index] > other_from_ - kPacketsAhead;
}

}  // namespace tempera::media
