#include "media/stream_copier.h"

#include <algorithm>
#include <cmath>
#include <cstring>

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/mathematics.h>
#include <libavutil/samplefmt.h>
}

#include "media/film/encrypted.h"
#include "media/film/input_facts.h"
#include "media/film/track_facts.h"
#include "media/sound/adts.h"
#include "media/sound/blocks.h"

namespace tempera::media {
namespace {

constexpr AVRational kMicroseconds{1, 1000000};

// Bit rate a channel for sound that must be converted: beyond hearing for AAC and Opus.
constexpr int64_t kAudioBitsPerChannel = 96000;

}  // namespace

struct StreamCopier::Track {
  AVStream* in = nullptr;
  AVStream* out = nullptr;
  int64_t last_dts = AV_NOPTS_VALUE;
  int64_t skipped = 0, encrypted = 0;
  // Sound each of whose packets says its form: the first one of these, and where another form comes.
  PacketPtr first;
  int64_t changed = 0, changed_us = 0;
  bool reforms = false;                  // it is encoded again from there on
  int64_t reform_from = AV_NOPTS_VALUE;  // in the encoder's time base
  // Only for converted ones.
  CodecPtr decoder, encoder;
  std::unique_ptr<FilterGraph> resampler;
  int like_rate = 0, like_format = 0, like_channels = 0;  // of the sound that it takes
  std::unique_ptr<Blocks> blocks;                         // sound, as the encoder takes it
};

StreamCopier::StreamCopier(AVFormatContext* input, int video_stream, AVFormatContext* output)
    : input_(input), video_(video_stream), output_(output) {}
StreamCopier::~StreamCopier() = default;

Status StreamCopier::AddStreams(bool sound_only, bool encode_sound) {
  encode_sound_ = encode_sound;
  tracks_.resize(input_->nb_streams);
  for (unsigned i = 0; i < input_->nb_streams; ++i) {
    const bool wanted = !sound_only || input_->streams[i]->codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    if (wanted && static_cast<int>(i) != video_) TEMPERA_RETURN_IF_ERROR(AddTrack(i));
  }
  return OkStatus();
}

// What the new container cannot be asked for; *silent: nor is that worth a word.
std::string StreamCopier::WhyLeftOut(const AVStream& in, bool* silent) const {
  const AVMediaType type = in.codecpar->codec_type;
  // Time codes and chapter texts (which the demuxer discards) are made anew by the muxer from the metadata.
  *silent = (type == AVMEDIA_TYPE_DATA || type == AVMEDIA_TYPE_UNKNOWN) &&
            (in.discard == AVDISCARD_ALL || in.codecpar->codec_tag == MKTAG('t', 'm', 'c', 'd'));
  if (type == AVMEDIA_TYPE_DATA || type == AVMEDIA_TYPE_UNKNOWN) return " is left out";
  if (IsEncrypted(in)) return " is left out: it is encrypted";
  if (type == AVMEDIA_TYPE_AUDIO && in.codecpar->codec_id != AV_CODEC_ID_NONE && !HasParameters(in))
    return " is left out: it is empty, or begins late (behind a minute, or 64 MiB)";
  const AVOutputFormat& container = *output_->oformat;
  const bool cover = in.disposition & AV_DISPOSITION_ATTACHED_PIC;
  const bool takes_covers = IsMatroska(container) || !std::strcmp(container.name, "mp4") ||
                            !std::strcmp(container.name, "mov") || !std::strcmp(container.name, "ipod");
  return type == AVMEDIA_TYPE_VIDEO && !(cover && takes_covers) ? " is left out" : "";
}

Status StreamCopier::CopyAsIs(Track* track) {
  const AVStream& in = *track->in;
  const AVOutputFormat& container = *output_->oformat;
  track->out = avformat_new_stream(output_, nullptr);
  if (!track->out || avcodec_parameters_copy(track->out->codecpar, in.codecpar) < 0) {
    return OutOfMemory("no memory to copy " + TrackName(in));
  }
  // A tag of the old container means something else in the new one, unless it says the same.
  uint32_t tag = 0;
  if (!container.codec_tag ||
      av_codec_get_id(container.codec_tag, in.codecpar->codec_tag) == in.codecpar->codec_id ||
      !av_codec_get_tag2(container.codec_tag, in.codecpar->codec_id, &tag)) {
    tag = in.codecpar->codec_tag;
  }
  track->out->codecpar->codec_tag = tag;
  track->out->time_base = in.time_base;
  track->out->avg_frame_rate = in.avg_frame_rate;
  track->out->duration = 0;
  return OkStatus();
}

// False when it is left out, which was said then.
bool StreamCopier::Convert(Track* track) {
  const AVStream& in = *track->in;
  const AVMediaType type = in.codecpar->codec_type;
  const std::string container = output_->oformat->name;
  if (type != AVMEDIA_TYPE_AUDIO &&
      (type != AVMEDIA_TYPE_SUBTITLE || !IsTextSubtitle(in.codecpar->codec_id))) {
    notices_.push_back(TrackName(in) + " is left out: " + container + " cannot hold it");
    return false;
  }
  const Status status = type == AVMEDIA_TYPE_AUDIO ? OpenAudio(track) : OpenSubtitle(track);
  if (!status.ok()) {
    notices_.push_back(TrackName(in) + " is left out: " + status.message());
    return false;
  }
  notices_.push_back(TrackName(in) + (type == AVMEDIA_TYPE_AUDIO ? " becomes " : " become ") +
                     avcodec_get_name(track->out->codecpar->codec_id) + ", as " + container +
                     " cannot hold it" + ChannelChange(in, *track->out));
  return true;
}

Status StreamCopier::AddTrack(unsigned index) {
  AVStream& in = *input_->streams[index];
  const AVOutputFormat& container = *output_->oformat;
  bool silent = false;
  if (const std::string why = WhyLeftOut(in, &silent); !why.empty()) {
    if (!silent) notices_.push_back(TrackName(in) + why);
    return OkStatus();
  }
  if ((in.disposition & AV_DISPOSITION_ATTACHED_PIC) && IsMatroska(container)) {
    if (!CanAttachCover(in)) {
      notices_.push_back(TrackName(in) + " is left out: matroska cannot hold it");
      return OkStatus();
    }
    return AttachCover(in, output_);
  }
  auto track = std::make_unique<Track>();
  track->in = &in;
  const bool encoded = encode_sound_ && in.codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
  if (!encoded && CanCopy(container, in) && MuxerStarts(*output_, in)) {
    TEMPERA_RETURN_IF_ERROR(CopyAsIs(track.get()));
  } else if (!Convert(track.get())) {
    return OkStatus();
  }
  track->out->disposition = in.disposition;
  CopyTags(&track->out->metadata, in.metadata);
  tracks_[index] = std::move(track);
  return OkStatus();
}

Status StreamCopier::OpenAudio(Track* track) {
  const AVCodec* codec = SoundEncoder(*output_->oformat, encode_sound_);
  if (!codec) return Unsupported(std::string(output_->oformat->name) + " cannot hold sound");
  TEMPERA_ASSIGN_OR_RETURN(track->decoder, OpenDecoder(*track->in, 1));
  const AVCodecParameters& par = *track->in->codecpar;
  if (par.ch_layout.nb_channels < 1) return InvalidArgument("it has no channels");
  Status status;
  for (const AVChannelLayout& layout : LayoutsFor(par.ch_layout)) {
    status = StartEncoder(track, *codec, par.sample_rate, layout);
    if (status.ok()) break;
  }
  TEMPERA_RETURN_IF_ERROR(status);
  track->out = avformat_new_stream(output_, nullptr);
  if (!track->out || avcodec_parameters_from_context(track->out->codecpar, track->encoder.get()) < 0)
    return OutOfMemory("no memory");
  track->out->time_base = track->encoder->time_base;
  return OkStatus();
}

Status StreamCopier::StartEncoder(Track* track, const AVCodec& codec, int rate,
                                  const AVChannelLayout& layout) {
  const AVCodecParameters& par = *track->in->codecpar;
  track->encoder.reset(avcodec_alloc_context3(&codec));
  if (!track->encoder) return OutOfMemory("no memory");
  AVCodecContext& enc = *track->encoder;
  enc.sample_fmt = codec.sample_fmts ? codec.sample_fmts[0] : static_cast<AVSampleFormat>(par.format);
  enc.sample_rate = rate;
  if (codec.supported_samplerates) {
    // The nearest rate not below, or else the highest.
    int best = 0;
    for (const int* r = codec.supported_samplerates; *r; ++r) {
      const bool fits = *r >= rate;
      if (!best || (fits && (best < rate || *r < best)) || (!fits && best < rate && *r > best)) {
        best = *r;
      }
    }
    enc.sample_rate = best;
  }
  if (av_channel_layout_copy(&enc.ch_layout, &layout) < 0) return OutOfMemory("no memory");
  enc.bit_rate = kAudioBitsPerChannel * layout.nb_channels;
  enc.time_base = {1, enc.sample_rate};
  enc.strict_std_compliance = FF_COMPLIANCE_EXPERIMENTAL;
  enc.thread_count = 1;
  if (output_->oformat->flags & AVFMT_GLOBALHEADER) enc.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  const int error = avcodec_open2(&enc, &codec, nullptr);
  if (error < 0) return FfmpegStatus(StatusCode::kUnsupported, "its encoder does not start", error);
  TEMPERA_ASSIGN_OR_RETURN(track->blocks, Blocks::For(enc));
  return OkStatus();
}

Status StreamCopier::OpenSubtitle(Track* track) {
  AVCodecID id = output_->oformat->subtitle_codec;
  if (!std::strcmp(output_->oformat->name, "mp4") || !std::strcmp(output_->oformat->name, "mov") ||
      !std::strcmp(output_->oformat->name, "ipod")) {
    id = AV_CODEC_ID_MOV_TEXT;
  }
  const AVCodec* codec = id == AV_CODEC_ID_NONE ? nullptr : avcodec_find_encoder(id);
  if (!codec || !IsTextSubtitle(id)) {
    return Unsupported(std::string(output_->oformat->name) + " cannot hold subtitles");
  }
  TEMPERA_ASSIGN_OR_RETURN(track->decoder, OpenDecoder(*track->in, 1));
  track->encoder.reset(avcodec_alloc_context3(codec));
  if (!track->encoder) return OutOfMemory("no memory");
  AVCodecContext& enc = *track->encoder;
  enc.time_base = {1, 1000};
  // Text decoders describe their styles in an ASS header that the encoder builds on.
  if (track->decoder->subtitle_header) {
    const size_t bytes = track->decoder->subtitle_header_size;
    enc.subtitle_header = static_cast<uint8_t*>(av_mallocz(bytes + 1));
    if (!enc.subtitle_header) return OutOfMemory("no memory");
    std::memcpy(enc.subtitle_header, track->decoder->subtitle_header, bytes);
    enc.subtitle_header_size = static_cast<int>(bytes);
  }
  int error = avcodec_open2(&enc, codec, nullptr);
  if (error < 0) return FfmpegStatus(StatusCode::kUnsupported, "its encoder does not start", error);
  track->out = avformat_new_stream(output_, nullptr);
  if (!track->out || avcodec_parameters_from_context(track->out->codecpar, &enc) < 0)
    return OutOfMemory("no memory");
  track->out->time_base = enc.time_base;
  return OkStatus();
}

Status StreamCopier::CopyMetadata(int64_t origin_us, int64_t end_us, bool trimmed) {
  const AVDictionaryEntry* e = nullptr;
  while ((e = av_dict_get(input_->metadata, "", e, AV_DICT_IGNORE_SUFFIX))) {
    const std::string key = e->key;
    // The old container's own marks.
    if (key == "major_brand" || key == "minor_version" || key == "compatible_brands" || key == "encoder" ||
        key == "ENCODER" || key == "DURATION" || (trimmed && key == "timecode")) {
      continue;
    }
    av_dict_set(&output_->metadata, e->key, e->value, 0);
  }
  if (input_->nb_chapters == 0) return OkStatus();
  auto** chapters = static_cast<AVChapter**>(av_calloc(input_->nb_chapters, sizeof(AVChapter*)));
  if (!chapters) return OutOfMemory("no memory for the chapters");
  av_freep(&output_->chapters);
  output_->chapters = chapters;
  output_->nb_chapters = 0;
  for (unsigned i = 0; i < input_->nb_chapters; ++i) {
    const AVChapter& in = *input_->chapters[i];
    const int64_t origin = av_rescale_q(origin_us, kMicroseconds, in.time_base);
    int64_t start = in.start - origin;
    int64_t end = in.end == AV_NOPTS_VALUE ? start : in.end - origin;
    if (end_us != INT64_MAX) {
      const int64_t last = av_rescale_q(end_us, kMicroseconds, in.time_base);
      if (start >= last) continue;
      end = std::min(end, last);
    }
    if (trimmed && end <= 0) continue;
    auto* out = static_cast<AVChapter*>(av_mallocz(sizeof(AVChapter)));
    if (!out) return OutOfMemory("no memory for the chapters");
    out->id = in.id;
    out->time_base = in.time_base;
    out->start = std::max<int64_t>(0, start);
    out->end = std::max(out->start, end);
    av_dict_copy(&out->metadata, in.metadata, 0);
    output_->chapters[output_->nb_chapters++] = out;
  }
  return OkStatus();
}

// Into the output stream's time base, in rising order, and away.
Status StreamCopier::Send(Track* track, AVPacket* packet, AVRational from, const Write& write) {
  av_packet_rescale_ts(packet, from, track->out->time_base);
  packet->stream_index = track->out->index;
  packet->pos = -1;
  if (packet->dts == AV_NOPTS_VALUE) packet->dts = packet->pts;
  if (packet->dts != AV_NOPTS_VALUE && track->last_dts != AV_NOPTS_VALUE) {
    const bool strict = !(output_->oformat->flags & AVFMT_TS_NONSTRICT);
    packet->dts = std::max(packet->dts, track->last_dts + (strict ? 1 : 0));
  }
  if (packet->pts != AV_NOPTS_VALUE && packet->dts != AV_NOPTS_VALUE)
    packet->pts = std::max(packet->pts, packet->dts);
  if (packet->dts != AV_NOPTS_VALUE) track->last_dts = packet->dts;
  return write(packet);
}

Status StreamCopier::Handle(AVPacket* packet, const Write& write) {
  const size_t index = static_cast<size_t>(packet->stream_index);
  if (index >= tracks_.size() && late_.insert(index).second) {
    notices_.push_back(TrackName(*input_->streams[index]) +
                       " is left out: it begins in mid-film, and nothing before said that it is there");
  }
  if (index >= tracks_.size() || !tracks_[index]) return OkStatus();
  if (IsEncrypted(*packet)) return ++tracks_[index]->encrypted, OkStatus();
  Track* track = tracks_[index].get();
  if (!track->encoder) {
    if (!ChangesSound(track, *packet)) return Send(track, packet, track->in->time_base, write);
    if (track->changed++ > 0 || !StartReform(track, *packet).ok()) return OkStatus();
  }
  return track->in->codecpar->codec_type == AVMEDIA_TYPE_AUDIO ? HandleAudio(track, packet, write)
                                                               : HandleSubtitle(track, packet, write);
}

// AAC of joined transport streams, each of whose packets says its rate and channels, which other containers
// say once: what comes behind a change would play at the wrong speed, or not at all.
bool StreamCopier::ChangesSound(Track* track, const AVPacket& packet) const {
  const AVCodecParameters& par = *track->in->codecpar;
  // Of films joined byte by byte (joined/joined.h), a packet brings the form of its own.
  size_t size = 0;
  const uint8_t* own = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (own) return static_cast<int>(size) != par.extradata_size || std::memcmp(own, par.extradata, size) != 0;
  if (par.codec_id != AV_CODEC_ID_AAC || !std::strcmp(output_->oformat->name, "mpegts")) return false;
  const auto form = ReadAdts(packet);
  if (!form) return false;
  if (!track->first) track->first.reset(av_packet_clone(&packet));
  return track->first && form != ReadAdts(*track->first);
}

// From `packet` on the sound becomes what it was in the beginning.
Status StreamCopier::StartReform(Track* track, const AVPacket& packet) {
  const int64_t at = packet.pts != AV_NOPTS_VALUE ? packet.pts : packet.dts;
  if (at != AV_NOPTS_VALUE) track->changed_us = av_rescale_q(at, track->in->time_base, kMicroseconds);
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  const AVCodecParameters& par = *track->in->codecpar;
  const auto form =
      track->first ? ReadAdts(*track->first) : AdtsForm{par.sample_rate, par.ch_layout.nb_channels};
  if (!codec || !form || form->channels == 0) return Unsupported("its first form cannot be made");
  TEMPERA_ASSIGN_OR_RETURN(CodecPtr decoder, OpenDecoder(*track->in, 1));
  AVChannelLayout layout = {};
  av_channel_layout_default(&layout, form->channels);
  const Status status = StartEncoder(track, *codec, form->rate, layout);
  if (!status.ok() || track->encoder->sample_rate != form->rate) {
    track->encoder.reset();
    return status.ok() ? Unsupported("its first rate cannot be made") : status;
  }
  track->decoder = std::move(decoder);
  track->reforms = true;
  if (at != AV_NOPTS_VALUE)
    track->reform_from = av_rescale_q(at, track->in->time_base, track->encoder->time_base);
  return OkStatus();
}

bool StreamCopier::IsLike(const Track& track, const AVFrame& frame) {
  return frame.sample_rate == track.like_rate && frame.format == track.like_format &&
         frame.ch_layout.nb_channels == track.like_channels;
}

// From sound like the frame's to what the encoder takes; none where that cannot be.
void StreamCopier::StartResampler(Track* track, const AVFrame& frame) {
  const AVCodecContext& enc = *track->encoder;
  const std::string filters = "aformat=sample_fmts=" + std::string(av_get_sample_fmt_name(enc.sample_fmt)) +
                              ":sample_rates=" + std::to_string(enc.sample_rate) +
                              ":channel_layouts=" + LayoutName(enc.ch_layout);
  auto resampler = FilterGraph::Audio(frame, track->in->time_base, filters);
  if (resampler.ok()) track->resampler = std::move(resampler).value();
  track->like_rate = frame.sample_rate;
  track->like_format = frame.format;
  track->like_channels = frame.ch_layout.nb_channels;
}

Status StreamCopier::HandleAudio(Track* track, const AVPacket* packet, const Write& write) {
  if (avcodec_send_packet(track->decoder.get(), packet) < 0) ++track->skipped;
  FramePtr frame(av_frame_alloc());
  if (!frame) return OutOfMemory("no memory to convert sound");
  while (avcodec_receive_frame(track->decoder.get(), frame.get()) >= 0) {
    if (frame->ch_layout.order == AV_CHANNEL_ORDER_UNSPEC) {
      av_channel_layout_default(&frame->ch_layout, frame->ch_layout.nb_channels);
    }
    // Sound that changes its nature midway, between a programme and what interrupts it, gets a new resampler.
    if (track->resampler && !IsLike(*track, *frame)) {
      TEMPERA_RETURN_IF_ERROR(track->resampler->Push(nullptr));
      TEMPERA_RETURN_IF_ERROR(DrainFilter(track, write));
      track->resampler.reset();
    }
    if (!track->resampler) StartResampler(track, *frame);
    frame->pts = frame->best_effort_timestamp;
    if (!track->resampler || !track->resampler->Push(frame.get()).ok()) {
      track->resampler.reset();
      ++track->skipped;
    } else {
      TEMPERA_RETURN_IF_ERROR(DrainFilter(track, write));
    }
    av_frame_unref(frame.get());
  }
  return OkStatus();
}

Status StreamCopier::DrainFilter(Track* track, const Write& write) {
  for (;;) {
    TEMPERA_ASSIGN_OR_RETURN(FramePtr out, track->resampler->Pull());
    if (!out) return OkStatus();
    if (out->pts != AV_NOPTS_VALUE)
      out->pts = av_rescale_q(out->pts, track->resampler->time_base(), track->encoder->time_base);
    std::vector<FramePtr> ready;
    TEMPERA_RETURN_IF_ERROR(track->blocks->Push(*out, &ready));
    for (const FramePtr& block : ready) TEMPERA_RETURN_IF_ERROR(EncodeAudio(track, block.get(), write));
  }
}

Status StreamCopier::EncodeAudio(Track* track, const AVFrame* frame, const Write& write) {
  if (avcodec_send_frame(track->encoder.get(), frame) < 0) ++track->skipped;
  PacketPtr packet(av_packet_alloc());
  if (!packet) return OutOfMemory("no memory to convert sound");
  while (avcodec_receive_packet(track->encoder.get(), packet.get()) >= 0) {
    // What the encoder needs to run in has its place taken by what was copied.
    const bool runs_in = track->reforms && packet->pts < track->reform_from;
    if (track->reforms && track->first && !runs_in) packet = WithAdts(*track->first, *packet);
    if (!packet) return OutOfMemory("no memory to convert sound");
    if (!runs_in) TEMPERA_RETURN_IF_ERROR(Send(track, packet.get(), track->encoder->time_base, write));
    av_packet_unref(packet.get());
  }
  return OkStatus();
}

Status StreamCopier::HandleSubtitle(Track* track, AVPacket* packet, const Write& write) {
  AVSubtitle subtitle = {};
  int got = 0;
  if (packet->pts == AV_NOPTS_VALUE) packet->pts = packet->dts;
  if (packet->pts == AV_NOPTS_VALUE) return ++track->skipped, OkStatus();
  if (avcodec_decode_subtitle2(track->decoder.get(), &subtitle, &got, packet) < 0) ++track->skipped;
  if (!got) return OkStatus();
  const int64_t shown_ms = av_rescale_q(packet->pts, track->in->time_base, AVRational{1, 1000});
  const int64_t packet_ms = av_rescale_q(packet->duration, track->in->time_base, AVRational{1, 1000});
  int64_t length_ms = subtitle.end_display_time == UINT32_MAX
                          ? packet_ms
                          : int64_t{subtitle.end_display_time} - subtitle.start_display_time;
  if (length_ms <= 0) length_ms = packet_ms;
  const int64_t start_ms = shown_ms + subtitle.start_display_time;
  subtitle.start_display_time = 0;
  subtitle.end_display_time = static_cast<uint32_t>(std::max<int64_t>(0, length_ms));
  // FFmpeg's own tool gives every encoder this much.
  std::vector<uint8_t> bytes(1024 * 1024);
  const int size =
      avcodec_encode_subtitle(track->encoder.get(), bytes.data(), static_cast<int>(bytes.size()), &subtitle);
  avsubtitle_free(&subtitle);
  if (size <= 0) {
    ++track->skipped;
    return OkStatus();
  }
  PacketPtr out(av_packet_alloc());
  if (!out || av_new_packet(out.get(), size) < 0) return OutOfMemory("no memory to convert subtitles");
  std::memcpy(out->data, bytes.data(), static_cast<size_t>(size));
  out->pts = out->dts = start_ms;
  out->duration = length_ms;
  return Send(track, out.get(), AVRational{1, 1000}, write);
}

Status StreamCopier::Flush(const Write& write) {
  for (auto& track : tracks_) {
    if (!track || !track->encoder || track->in->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) continue;
    TEMPERA_RETURN_IF_ERROR(HandleAudio(track.get(), nullptr, write));
    if (track->resampler) {
      TEMPERA_RETURN_IF_ERROR(track->resampler->Push(nullptr));
      TEMPERA_RETURN_IF_ERROR(DrainFilter(track.get(), write));
    }
    std::vector<FramePtr> rest;
    TEMPERA_RETURN_IF_ERROR(track->blocks->End(&rest));
    for (const FramePtr& block : rest) TEMPERA_RETURN_IF_ERROR(EncodeAudio(track.get(), block.get(), write));
    TEMPERA_RETURN_IF_ERROR(EncodeAudio(track.get(), nullptr, write));
  }
  for (auto& track : tracks_) {
    if (track && track->changed > 0) {
      const std::string from = TrackName(*track->in) + " from second " +
                               Seconds(std::round(1e-5 * track->changed_us) / 10) + " on ";
      // Transport streams hold sound of any form only where each packet tells its own.
      notices_.push_back(from +
                         (track->reforms
                              ? "has another rate or other channels: it becomes what it was before"
                              : "is left out where its rate or channels are others than before: give the "
                                "sound one form first (ffmpeg -c:v copy)") +
                         (track->reforms || !track->first ? "" : ", or write .ts"));
    }
    if (track && track->encrypted > 0) {
      notices_.push_back(std::to_string(track->encrypted) + " encrypted packets of " + TrackName(*track->in) +
                         " are left out");
    }
    if (track && track->skipped > 0) {
      notices_.push_back(std::to_string(track->skipped) +
                         (track->skipped == 1 ? " damaged packet of " : " damaged packets of ") +
                         TrackName(*track->in) + " skipped");
    }
  }
  return OkStatus();
}

}  // namespace tempera::media
