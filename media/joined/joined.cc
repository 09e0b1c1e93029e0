#include "media/joined/joined.h"

#include <algorithm>
#include <cstring>

extern "C" {
#include <libavutil/mathematics.h>
}

#include "media/film/input_facts.h"
#include "media/film/track_facts.h"

namespace tempera::media {
namespace {

constexpr char kTheFile[] = "the file";

// Whether this FFmpeg can read a stretch of a file.
bool ReadsStretches() { return avio_find_protocol_name("subfile,,:x") != nullptr; }

Turn TurnOfStream(const AVStream& stream) {
  const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
  return TurnOf(reinterpret_cast<const int32_t*>(matrix));
}

std::string FilmName(int film) { return "film " + std::to_string(film + 1); }

// STREAMINFO tells the first film's number of samples and digest, which are none of all: zeros mean unknown.
void ForgetLength(AVCodecParameters* par) {
  if (par->codec_id != AV_CODEC_ID_FLAC || par->extradata_size != 34) return;
  par->extradata[13] &= 0xF0;
  std::memset(par->extradata + 14, 0, 20);
}

}  // namespace

int PartOf(const AVPacket& packet) { return static_cast<int>(reinterpret_cast<intptr_t>(packet.opaque)); }

Result<InputPtr> Parts::OpenFilm(int film) const {
  const size_t i = static_cast<size_t>(film);
  return OpenInput(path_, cancels_, {bounds_.at[i], bounds_.at[i + 1]});
}

Result<InputPtr> Parts::Open(const std::string& path, const FilmBounds& bounds, const Cancels* cancels) {
  path_ = path;
  cancels_ = cancels;
  bounds_ = bounds;
  as_one_ = bounds_.films() > 1 && !ReadsStretches();
  if (bounds_.at.empty() || !ReadsStretches()) {
    bounds_.at.clear();
    return OpenInput(path, cancels);
  }
  films_ = bounds_.films();
  Status why;
  for (first_ = 0; first_ < films_; ++first_) {
    Result<InputPtr> input = OpenFilm(first_);
    Status status = input.status();
    if (status.ok()) status = ChooseVideo(**input, ShownName(path)).status();
    if (status.ok()) {
      film_ = first_;
      for (unsigned i = 0; any() && i < (*input)->nb_streams; ++i)
        ForgetLength((*input)->streams[i]->codecpar);
      return input;
    }
    if (first_ == 0) why = status;
    if (cancels_ && cancels_->now()) break;
    LeaveOut(first_, status);
  }
  return why;
}

AVRational Parts::TimeBase(const AVStream& video) {
  base_ = video.time_base;
  // Ticks of a frame's length, as in AVI, are no measure for films of other rates.
  if (any() && av_cmp_q(base_, AVRational{1, 1000}) > 0) {
    const int64_t times = std::max<int64_t>(1, av_rescale_q(90000, base_, AVRational{1, 1}));
    if (int64_t{base_.den} * times <= INT32_MAX) base_.den = static_cast<int>(base_.den * times);
  }
  return base_;
}

void Parts::Say(Kind kind, const std::string& what) {
  Said& said = said_[kind];
  if (said.count++ == 0) said.first = what;
}

void Parts::LeaveOut(int film, const Status& why) {
  ++left_films_;
  const int64_t begin = bounds_.at[static_cast<size_t>(film)];
  std::string way = "'tail -c +" + std::to_string(begin + 1);
  if (film + 1 < films_)
    way += " | head -c " + std::to_string(bounds_.at[static_cast<size_t>(film) + 1] - begin);
  std::string cause = why.message();
  // The file's name belongs to all of them.
  const std::string name = ShownName(path_);
  if (const size_t at = cause.find(name); at != std::string::npos) cause.replace(at, name.size(), "it");
  Say(Kind::kFilm, "the film at byte " + std::to_string(begin) + " is left out: " + cause + "; " + way +
                       "' takes it out of the file");
}

// Keeps what a decoder of these pictures is opened with.
Status Parts::Wait(AVStream* pictures) {
  Waiting film;
  film.turn = TurnOfStream(*pictures);
  film.seen = SeenPart(path_, *input_, pictures, bounds_.at[static_cast<size_t>(film_)]);
  film.sample_aspect = pictures->sample_aspect_ratio;
  // Whether it can be decoded is known now, and one decoder at a time is kept.
  TEMPERA_RETURN_IF_ERROR(OpenDecoder(*pictures, 1).status());
  film.stream.reset(avformat_alloc_context());
  AVStream* const copy = film.stream ? avformat_new_stream(film.stream.get(), nullptr) : nullptr;
  if (!copy || avcodec_parameters_copy(copy->codecpar, pictures->codecpar) < 0 ||
      av_dict_copy(&copy->metadata, pictures->metadata, 0) < 0) {
    return OutOfMemory("no memory for its decoder");
  }
  copy->time_base = base_;
  waiting_[film_ - first_] = std::move(film);
  return OkStatus();
}

// Whether the film can follow the first, and which of its streams go on in which.
Status Parts::Match(const AVFormatContext& first, int video) {
  TEMPERA_ASSIGN_OR_RETURN(video_, ChooseVideo(*input_, "it"));
  TEMPERA_RETURN_IF_ERROR(Wait(input_->streams[video_]));
  streams_ = MatchStreams(first, video, *input_, video_);
  reforms_ |= streams_.reforms;
  const std::string of = "of " + FilmName(film_) + ", ";
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const AVStream& stream = *input_->streams[i];
    const AVMediaType type = stream.codecpar->codec_type;
    if (streams_.number[i] >= 0 || (stream.disposition & AV_DISPOSITION_ATTACHED_PIC)) continue;
    if (type != AVMEDIA_TYPE_AUDIO && type != AVMEDIA_TYPE_SUBTITLE) continue;
    Say(type == AVMEDIA_TYPE_AUDIO ? Kind::kSound : Kind::kText,
        of + TrackName(stream) + " is left out: the first film has none of that form there");
  }
  for (const int i : streams_.other_language) {
    Say(Kind::kLanguage, of + TrackName(*input_->streams[i]) + " goes on in a track of another language");
  }
  if (input_->nb_chapters > 0) Say(Kind::kChapters, "chapters of all films but the first are left out");
  return OkStatus();
}

bool Parts::Next(const AVFormatContext& first, int video) {
  while (film_ + 1 < films_ && !(cancels_ && cancels_->now())) {
    ++film_;
    cut_short_ = CutShort();
    auto input = OpenFilm(film_);
    if (input.ok()) input_ = std::move(input).value();
    const Status why = input.ok() ? Match(first, video) : input.status();
    if (why.ok()) return true;
    if (!(cancels_ && cancels_->now())) LeaveOut(film_, why);
  }
  return false;
}

void Parts::EndFilm(const AVFormatContext& first, int video, int error) {
  const std::string name = FilmName(film_);
  if (error != AVERROR_EOF) {
    Say(Kind::kBreaksOff, name + " breaks off: " + ErrorText(error));
    return;
  }
  std::string note = input_ ? cut_short_.Note(*input_, video_) : cut_short_.Note(first, video);
  if (note.compare(0, sizeof kTheFile - 1, kTheFile) == 0) note.replace(0, sizeof kTheFile - 1, name);
  if (!note.empty()) Say(Kind::kCut, note);
}

// Puts a packet of a film behind the first into the streams and ticks of that.
int Parts::OnLine(const AVFormatContext& first, AVPacket* packet) const {
  const size_t index = static_cast<size_t>(packet->stream_index);
  const AVStream& stream = *input_->streams[index];
  const AVCodecParameters& par = *stream.codecpar;
  if (reforms_ && par.codec_id == AV_CODEC_ID_AAC && par.extradata_size > 0) {
    const size_t size = static_cast<size_t>(par.extradata_size);
    uint8_t* const form = av_packet_new_side_data(packet, AV_PKT_DATA_NEW_EXTRADATA, size);
    if (!form) return AVERROR(ENOMEM);
    std::memcpy(form, par.extradata, size);
  }
  packet->stream_index = streams_.number[index];
  const bool picture = static_cast<int>(index) == video_;
  av_packet_rescale_ts(packet, stream.time_base,
                       picture ? base_ : first.streams[packet->stream_index]->time_base);
  packet->opaque = reinterpret_cast<void*>(static_cast<intptr_t>(film_ - first_));
  return 0;
}

int Parts::Read(AVFormatContext* first, int video, AVPacket* packet) {
  for (;;) {
    const int error = av_read_frame(input_ ? input_.get() : first, packet);
    if (error == AVERROR(EAGAIN) || (cancels_ && cancels_->now())) return error;
    if (error < 0) {
      if (!any() || ended_) return error;
      // The last one's end is the file's.
      const bool is_last = film_ + 1 == films_;
      if (error == AVERROR_EOF || !is_last) EndFilm(*first, video, error);
      if (Next(*first, video)) continue;
      ended_ = true;
      return is_last ? error : AVERROR_EOF;
    }
    packet->opaque = nullptr;
    if (any()) cut_short_.Read(input_ ? *input_ : *first, *packet, input_ ? video_ : video);
    if (!input_) {
      if (packet->stream_index == video)
        av_packet_rescale_ts(packet, first->streams[video]->time_base, base_);
      return error;
    }
    const size_t index = static_cast<size_t>(packet->stream_index);
    if (index < streams_.number.size() && streams_.number[index] >= 0) return OnLine(*first, packet);
    av_packet_unref(packet);
  }
}

Result<Parts::Pictures> Parts::Take(int part, int threads) {
  const auto at = waiting_.find(part);
  if (at == waiting_.end()) return Internal("a film whose pictures nobody looked at");
  const Waiting film = std::move(at->second);
  waiting_.erase(waiting_.begin(), std::next(at));
  Pictures pictures{nullptr, film.turn, film.seen, film.sample_aspect};
  TEMPERA_ASSIGN_OR_RETURN(pictures.decoder, OpenDecoder(*film.stream->streams[0], threads));
  return pictures;
}

std::vector<std::string> Parts::notices(bool jumped) const {
  std::vector<std::string> all;
  if (bounds_.looked_to >= 0) {
    all.push_back("of a film that is joined behind byte " + std::to_string(bounds_.looked_to) +
                  " nothing is known, as the file has very many parts");
  }
  if (as_one_) {
    all.push_back(
        "several films are joined byte by byte in the file, and this FFmpeg (without its protocol "
        "'subfile') reads them as one");
  }
  if (!any()) return all;
  for (const auto& [kind, said] : said_) {
    if (kind == Kind::kCut && jumped) continue;
    std::string line = said.first;
    if (said.count > 1 && kind != Kind::kChapters)
      line += " (and the like " + std::to_string(said.count - 1) + " times more in later films)";
    all.push_back(line);
  }
  const int painted = films_ - left_films_;
  all.push_back("the file is " + std::to_string(films_) + " films joined byte by byte: " +
                (left_films_ == 0 ? "they" : std::to_string(painted) + " of them") +
                (painted == 1 ? " is painted" : " follow one another"));
  return all;
}

}  // namespace tempera::media
