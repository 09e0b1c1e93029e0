#include "media/film/joined.h"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>

extern "C" {
#include <libavutil/mathematics.h>
}

#include "media/film/input_facts.h"
#include "media/film/packet_line.h"
#include "media/film/track_facts.h"
#include "media/normalizer.h"

namespace tempera::media {
namespace {

// Elements that are looked at: fragments and tags of a film of hours are some hundred thousand. What lies
// behind that is not looked for.
constexpr int kMostElements = 1 << 20;
constexpr size_t kMostParts = 10000;

#ifdef AV_PROFILE_AAC_LOW
constexpr int kPlainAac = AV_PROFILE_AAC_LOW;
#else
constexpr int kPlainAac = FF_PROFILE_AAC_LOW;
#endif

class File {
 public:
  explicit File(const std::string& path) {
    // Heads lie far apart: a buffer would be filled for each.
    file_.rdbuf()->pubsetbuf(nullptr, 0);
    file_.open(path, std::ios::binary | std::ios::ate);
    size_ = file_ ? static_cast<int64_t>(file_.tellg()) : 0;
  }
  int64_t size() const { return size_; }
  // False where the file has not as many bytes.
  bool Read(int64_t at, uint8_t* to, int64_t bytes) {
    if (at < 0 || at > size_ - bytes) return false;
    file_.seekg(at);
    return static_cast<bool>(file_.read(reinterpret_cast<char*>(to), bytes));
  }

 private:
  std::ifstream file_;
  int64_t size_ = 0;
};

uint64_t BigEndian(const uint8_t* bytes, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | bytes[i];
  return value;
}
bool Is(const uint8_t* bytes, const char* name) { return !std::memcmp(bytes, name, 4); }

using Bounds = std::vector<int64_t>;

// Boxes on the file's own level. A film begins with its 'ftyp', or, where there is none, behind the first
// one's pictures and index, whichever comes last.
Bounds PartsOfBoxes(File* file) {
  Bounds begins = {0};
  int64_t at = 0, index_end = 0, media_end = 0;
  bool index = false, media = false, media_first = false;
  uint8_t head[16];
  for (int i = 0; i < kMostElements && file->Read(at, head, 8); ++i) {
    uint64_t size = BigEndian(head, 4);
    int64_t least = 8;
    if (size == 1) {
      if (!file->Read(at, head, 16)) break;
      size = BigEndian(head + 8, 8);
      least = 16;
    }
    if (size < static_cast<uint64_t>(least) || size > static_cast<uint64_t>(file->size() - at)) break;
    const bool is_index = Is(head + 4, "moov");
    if ((Is(head + 4, "ftyp") && (index || media)) || (is_index && index)) {
      const int64_t begin = !is_index ? at : media_first ? index_end : media_end;
      if (begin > begins.back()) begins.push_back(begin);
      media = is_index && media_first, index = false;
    }
    if (is_index) media_first = media, index = true, index_end = at + static_cast<int64_t>(size);
    at += static_cast<int64_t>(size);
    if (Is(head + 4, "mdat")) media = true, media_end = at;
  }
  return begins;
}

// A number of EBML with its length in its first bits: how many bytes it has, 0 where it is none.
int Vint(const uint8_t* bytes, bool keep_mark, uint64_t* value) {
  int length = 1;
  while (length <= 8 && !(bytes[0] & (0x80 >> (length - 1)))) ++length;
  if (length > 8) return 0;
  *value = BigEndian(bytes, length);
  if (!keep_mark) *value &= (uint64_t{1} << (7 * length)) - 1;
  return length;
}

// A film begins with an EBML head. What is written as it comes has segments and clusters of unknown length,
// whose elements then follow one another like their neighbours.
Bounds PartsOfElements(File* file) {
  constexpr uint64_t kHead = 0x1A45DFA3, kSegment = 0x18538067, kCluster = 0x1F43B675;
  Bounds begins;
  int64_t at = 0;
  uint8_t head[12];
  for (int i = 0; i < kMostElements && at < file->size(); ++i) {
    std::memset(head, 0, sizeof head);
    if (!file->Read(at, head, std::min<int64_t>(sizeof head, file->size() - at))) break;
    uint64_t id = 0, size = 0;
    const int id_length = Vint(head, true, &id);
    const int length = id_length > 0 && id_length <= 4 ? Vint(head + id_length, false, &size) : 0;
    if (length == 0) break;
    if (id == kHead) begins.push_back(at);
    at += id_length + length;
    if (size == (uint64_t{1} << (7 * length)) - 1) {
      if (id != kSegment && id != kCluster) break;
    } else if (size > static_cast<uint64_t>(file->size() - at)) {
      break;
    } else {
      at += static_cast<int64_t>(size);
    }
  }
  return begins;
}

Bounds PartsOfTags(File* file) {
  Bounds begins;
  int64_t at = 0;
  uint8_t head[11];
  for (int i = 0; i < kMostElements && file->Read(at, head, 11); ++i) {
    if (!std::memcmp(head, "FLV\1", 4)) {
      begins.push_back(at);
      at += static_cast<int64_t>(BigEndian(head + 5, 4)) + 4;
      continue;
    }
    // Sound, pictures and scripts; then the length of the tag behind it.
    const int kind = head[0] & 0x1F;
    if (kind != 8 && kind != 9 && kind != 18) break;
    at += 11 + static_cast<int64_t>(BigEndian(head + 1, 3)) + 4;
  }
  return begins;
}

// 'RIFF' of kind 'AVI ', and 'AVIX' for more of it.
Bounds PartsOfRiffs(File* file) {
  Bounds begins;
  int64_t at = 0;
  uint8_t head[12];
  for (int i = 0; i < kMostElements && file->Read(at, head, 12); ++i) {
    if (!Is(head, "RIFF")) break;
    const int64_t size = head[4] | head[5] << 8 | head[6] << 16 | int64_t{head[7]} << 24;
    if (size < 4) break;
    if (Is(head + 8, "AVI ")) begins.push_back(at);
    at += 8 + size + (size & 1);
  }
  return begins;
}

// Whether packets of the one can stand among the other's. Heads of texts hold their styles: better another
// style than no text.
bool SameForm(const AVCodecParameters& a, const AVCodecParameters& b) {
  if (a.codec_id == b.codec_id && IsTextSubtitle(a.codec_id)) return true;
  return a.codec_id == b.codec_id && a.sample_rate == b.sample_rate &&
         a.ch_layout.nb_channels == b.ch_layout.nb_channels && a.extradata_size == b.extradata_size &&
         (a.extradata_size == 0 ||
          !std::memcmp(a.extradata, b.extradata, static_cast<size_t>(a.extradata_size)));
}

// Whether sound of the second form can be made into the first: that of AAC which says its form once.
bool CanReform(const AVCodecParameters& first, const AVCodecParameters& now) {
  return first.codec_id == AV_CODEC_ID_AAC && now.codec_id == AV_CODEC_ID_AAC && first.extradata_size > 0 &&
         now.extradata_size > 0 && first.profile == kPlainAac;
}

std::string TurnName(const AVStream& stream) {
  const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
  return TurnOf(reinterpret_cast<const int32_t*>(matrix)).filters;
}

}  // namespace

std::vector<int64_t> FindParts(const std::string& path) {
  // What comes through a pipe can be read once only.
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return {};
  File file(path);
  uint8_t head[12] = {};
  if (!file.Read(0, head, 12)) return {};
  Bounds begins;
  if (BigEndian(head, 4) == 0x1A45DFA3) {
    begins = PartsOfElements(&file);
  } else if (!std::memcmp(head, "FLV\1", 4)) {
    begins = PartsOfTags(&file);
  } else if (Is(head, "RIFF") && Is(head + 8, "AVI ")) {
    begins = PartsOfRiffs(&file);
  } else {
    for (const char* name : {"ftyp", "moov", "mdat", "wide", "free", "skip", "pnot"}) {
      if (Is(head + 4, name)) begins = PartsOfBoxes(&file);
    }
  }
  if (begins.size() < 2) return {};
  if (begins.size() > kMostParts) begins.resize(kMostParts);
  begins.push_back(file.size());
  return begins;
}

int PartOf(const AVPacket& packet) { return static_cast<int>(reinterpret_cast<intptr_t>(packet.opaque)); }

Result<InputPtr> Parts::Open(const std::string& path, const Cancels* cancels) {
  path_ = path;
  cancels_ = cancels;
  if (path != "-" && !IsUrl(path)) bounds_ = FindParts(path);
  if (any()) {
    // An FFmpeg without the means to read a stretch of a file reads the first film as part of it all.
    auto first = OpenInput(path, cancels, {bounds_[0], bounds_[1]});
    if (first.ok()) return first;
  }
  return OpenInput(path, cancels);
}

void Parts::LeaveOut(const std::string& why) {
  if (std::find(left_out_.begin(), left_out_.end(), why) == left_out_.end()) left_out_.push_back(why);
}

// Which stream of the first film each of the others is like; what is of another form is left out.
void Parts::MatchOthers(const AVFormatContext& first, int video) {
  std::vector<bool> taken(first.nb_streams, false);
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const AVStream& stream = *input_->streams[i];
    if (number_[i] >= 0 || (stream.disposition & AV_DISPOSITION_ATTACHED_PIC)) continue;
    const AVMediaType type = stream.codecpar->codec_type;
    if (type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE) continue;
    for (unsigned j = 0; j < first.nb_streams && number_[i] < 0; ++j) {
      if (static_cast<int>(j) == video || taken[j] || first.streams[j]->codecpar->codec_type != type)
        continue;
      taken[j] = true;
      const AVCodecParameters& before = *first.streams[j]->codecpar;
      const bool same = SameForm(before, *stream.codecpar);
      if (!same && !CanReform(before, *stream.codecpar)) break;
      reforms_ |= !same;
      number_[i] = static_cast<int>(j);
    }
    if (number_[i] < 0) {
      LeaveOut("of film " + std::to_string(part_ + 1) + ", " + TrackName(stream) +
               " is left out: the first film has none of that form there");
    }
  }
}

// Why the film cannot follow the first; "" where it can.
std::string Parts::Match(const AVFormatContext& first, int video) {
  auto chosen = ChooseVideo(*input_, "it");
  if (!chosen.ok()) return chosen.status().message();
  const AVStream& ours = *input_->streams[*chosen];
  const AVStream& before = *first.streams[video];
  if (TurnName(ours) != TurnName(before)) return "it lies the other way round";
  auto decoder = OpenDecoder(ours, 4);
  if (!decoder.ok()) return decoder.status().message();
  (*decoder)->pkt_timebase = before.time_base;
  decoders_[part_] = std::move(decoder).value();
  number_.assign(input_->nb_streams, -1);
  number_[static_cast<size_t>(*chosen)] = video;
  MatchOthers(first, video);
  return "";
}

bool Parts::Next(const AVFormatContext& first, int video) {
  while (part_ + 2 < static_cast<int>(bounds_.size())) {
    ++part_;
    const int64_t begin = bounds_[static_cast<size_t>(part_)], end = bounds_[static_cast<size_t>(part_) + 1];
    auto input = OpenInput(path_, cancels_, {begin, end});
    if (input.ok()) input_ = std::move(input).value();
    const std::string why = input.ok() ? Match(first, video) : input.status().message();
    if (why.empty()) {
      if (input_->nb_chapters > 0) LeaveOut("chapters of all films but the first are left out");
      return true;
    }
    LeaveOut("the film at byte " + std::to_string(begin) + " is left out: " + why + "; 'tail -c +" +
             std::to_string(begin + 1) + "' takes it out of the file");
  }
  return false;
}

int Parts::Read(AVFormatContext* first, int video, AVPacket* packet) {
  for (;;) {
    const int error = av_read_frame(input_ ? input_.get() : first, packet);
    if (error == AVERROR(EAGAIN) || (cancels_ && cancels_->now())) return error;
    if (error < 0 && !any()) return error;
    if (error < 0) {
      const int part = part_;
      if (!Next(*first, video)) return error;
      if (error != AVERROR_EOF)
        LeaveOut("film " + std::to_string(part + 1) + " breaks off: " + ErrorText(error));
      continue;
    }
    packet->opaque = nullptr;
    if (!input_) return error;
    const size_t index = static_cast<size_t>(packet->stream_index);
    if (index >= number_.size() || number_[index] < 0) {
      av_packet_unref(packet);
      continue;
    }
    const AVCodecParameters& par = *input_->streams[index]->codecpar;
    if (reforms_ && par.codec_id == AV_CODEC_ID_AAC && par.extradata_size > 0) {
      const size_t size = static_cast<size_t>(par.extradata_size);
      uint8_t* const form = av_packet_new_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, size);
      if (!form) return AVERROR(ENOMEM);
      std::memcpy(form, par.extradata, size);
    }
    const AVRational from = input_->streams[index]->time_base;
    packet->stream_index = number_[index];
    av_packet_rescale_ts(packet, from, first->streams[packet->stream_index]->time_base);
    packet->opaque = reinterpret_cast<void*>(static_cast<intptr_t>(part_));
    return error;
  }
}

CodecPtr Parts::TakeDecoder(int part) {
  CodecPtr decoder = std::move(decoders_[part]);
  decoders_.erase(decoders_.begin(), decoders_.upper_bound(part));
  return decoder;
}

std::vector<std::string> Parts::notices() const {
  if (!any()) return {};
  std::vector<std::string> all = left_out_;
  all.push_back("the file is " + std::to_string(bounds_.size() - 1) +
                " films joined byte by byte: they follow one another");
  return all;
}

}  // namespace tempera::media
