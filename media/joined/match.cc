#include "media/joined/match.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "media/film/track_facts.h"

namespace tempera::media {
namespace {

#ifdef AV_PROFILE_AAC_LOW
constexpr int kPlainAac = AV_PROFILE_AAC_LOW;
#else
constexpr int kPlainAac = FF_PROFILE_AAC_LOW;
#endif

std::string Head(const AVCodecParameters& par) {
  if (par.extradata_size <= 0) return "";
  return {reinterpret_cast<const char*>(par.extradata), static_cast<size_t>(par.extradata_size)};
}

// Vorbis has three heads, of which the second holds texts (Xiph's lacing, as FFmpeg keeps them).
std::string WithoutTexts(const std::string& head) {
  if (head.empty() || head[0] != 2) return head;
  size_t at = 1, length[2] = {0, 0};
  for (size_t& l : length) {
    for (; at < head.size() && static_cast<uint8_t>(head[at]) == 255; ++at) l += 255;
    if (at >= head.size()) return head;
    l += static_cast<uint8_t>(head[at++]);
  }
  if (length[0] + length[1] > head.size() - at) return head;
  return head.substr(at, length[0]) + head.substr(at + length[0] + length[1]);
}

// What of a codec's head decoding depends on.
std::string Essence(const AVCodecParameters& par) {
  std::string head = Head(par);
  const auto forget = [&head](size_t at, size_t bytes) {
    if (head.size() >= at + bytes) head.replace(at, bytes, bytes, '\0');
  };
  switch (par.codec_id) {
    case AV_CODEC_ID_FLAC:
      // STREAMINFO: the sizes of frames; below rate, channels and bits the number of samples, and a digest.
      forget(4, 6);
      if (head.size() >= 34) head[13] = static_cast<char>(head[13] & 0xF0);
      forget(14, 20);
      return head;
    case AV_CODEC_ID_ALAC:
      // The largest frame and the bit rate, behind a box's head.
      if (head.size() == 36) forget(24, 8);
      return head;
    case AV_CODEC_ID_OPUS:
      // What to skip in the beginning, and the rate before encoding.
      if (head.compare(0, 8, "OpusHead") == 0) forget(10, 6);
      return head;
    case AV_CODEC_ID_VORBIS:
      return WithoutTexts(head);
    default:
      return head;
  }
}

std::string Language(const AVStream& stream) {
  const AVDictionaryEntry* const e = av_dict_get(stream.metadata, "language", nullptr, 0);
  return e && std::strcmp(e->value, "und") != 0 ? e->value : "";
}

bool IsBeside(const AVStream& stream) {
  const AVMediaType type = stream.codecpar->codec_type;
  return (type == AVMEDIA_TYPE_AUDIO || type == AVMEDIA_TYPE_SUBTITLE) &&
         !(stream.disposition & AV_DISPOSITION_ATTACHED_PIC);
}

}  // namespace

bool SameForm(const AVCodecParameters& a, const AVCodecParameters& b) {
  if (a.codec_id != b.codec_id) return false;
  // Heads of texts hold their styles: better another style than no text.
  if (IsTextSubtitle(a.codec_id)) return true;
  return a.sample_rate == b.sample_rate && a.ch_layout.nb_channels == b.ch_layout.nb_channels &&
         Essence(a) == Essence(b);
}

bool CanReform(const AVCodecParameters& first, const AVCodecParameters& now) {
  return first.codec_id == AV_CODEC_ID_AAC && now.codec_id == AV_CODEC_ID_AAC && first.extradata_size > 0 &&
         now.extradata_size > 0 && first.profile == kPlainAac;
}

Matched MatchStreams(const AVFormatContext& first, int video, const AVFormatContext& theirs,
                     int their_video) {
  Matched all;
  all.number.assign(theirs.nb_streams, -1);
  all.number[static_cast<size_t>(their_video)] = video;
  std::vector<bool> taken(first.nb_streams, false);
  // Nearest first: another form is made the same, another language stays one.
  for (int pass = 0; pass < 4; ++pass) {
    const bool same_language = pass < 2, same_form = pass % 2 == 0;
    for (unsigned i = 0; i < theirs.nb_streams; ++i) {
      const AVStream& now = *theirs.streams[i];
      if (all.number[i] >= 0 || !IsBeside(now)) continue;
      for (unsigned j = 0; j < first.nb_streams; ++j) {
        const AVStream& before = *first.streams[j];
        if (taken[j] || !IsBeside(before) || (same_language && Language(before) != Language(now))) continue;
        if (same_form ? !SameForm(*before.codecpar, *now.codecpar)
                      : !CanReform(*before.codecpar, *now.codecpar)) {
          continue;
        }
        taken[j] = true;
        all.number[i] = static_cast<int>(j);
        all.reforms |= !same_form;
        const std::string was = Language(before), is = Language(now);
        if (!was.empty() && !is.empty() && was != is) all.other_language.push_back(static_cast<int>(i));
        break;
      }
    }
  }
  return all;
}

}  // namespace tempera::media
