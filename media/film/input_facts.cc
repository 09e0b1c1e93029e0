#include "media/film/input_facts.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

extern "C" {
#include <libavutil/dovi_meta.h>
}

#include "media/film/alpha_plane.h"
#include "media/film/clean_aperture.h"
#include "media/film/encrypted.h"

namespace tempera::media {

Result<int> ChooseVideo(AVFormatContext& input, const std::string& name) {
  int video = -1;
  for (unsigned i = 0; i < input.nb_streams; ++i) {
    // A cover picture of an audio file is no video.
    if (input.streams[i]->disposition & AV_DISPOSITION_ATTACHED_PIC) {
      input.streams[i]->discard = AVDISCARD_DEFAULT;
    }
  }
  const int best = av_find_best_stream(&input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (best >= 0 && !(input.streams[best]->disposition & AV_DISPOSITION_ATTACHED_PIC)) video = best;
  if (video < 0) return InvalidArgument(name + " holds no video");
  const AVStream& stream = *input.streams[video];
  const AVCodecParameters& par = *stream.codecpar;
  if (IsEncrypted(stream)) return Unsupported(name + kIsEncrypted);
  if (par.width > kMaxSide || par.height > kMaxSide) {
    return InvalidArgument(name + " is " + std::to_string(par.width) + "x" + std::to_string(par.height) +
                           " pixels: at most " + std::to_string(kMaxSide) +
                           " a side can be painted; scale it down first");
  }
  if (const uint8_t* data = StreamSideData(stream, AV_PKT_DATA_DOVI_CONF)) {
    const auto* dovi = reinterpret_cast<const AVDOVIDecoderConfigurationRecord*>(data);
    if (dovi->dv_profile == 5) {
      return Unsupported(name +
                         " is Dolby Vision profile 5, whose colours FFmpeg cannot convert: "
                         "export it as HDR10 or SDR first");
    }
  }
  return video;
}

std::optional<Crop> SeenPart(const std::string& path, const AVFormatContext& input, AVStream* video,
                             int64_t begin) {
  if (IsUrl(path)) return std::nullopt;
  std::optional<Aperture> seen;
  if (!std::strncmp(input.iformat->name, "mov", 3)) {
    seen = ReadCleanAperture(path, static_cast<uint32_t>(video->id), begin);
  } else if (!std::strncmp(input.iformat->name, "matroska", 8)) {
    int number = 0;
    for (int i = 0; i < video->index; ++i) {
      const AVStream& before = *input.streams[i];
      number += before.codecpar->codec_type == AVMEDIA_TYPE_VIDEO &&
                !(before.disposition & AV_DISPOSITION_ATTACHED_PIC);
    }
    seen = ReadPixelCrop(path, number, begin);
  }
  if (!seen) return std::nullopt;
  if (seen->display_width > 0 && seen->display_height > 0) {
    av_reduce(&video->sample_aspect_ratio.num, &video->sample_aspect_ratio.den,
              int64_t{seen->display_width} * seen->height, int64_t{seen->display_height} * seen->width,
              INT32_MAX);
  }
  return Crop{seen->x, seen->y, seen->width, seen->height};
}

bool LacksIndex(const AVFormatContext& input, const AVStream& stream) {
  const int flags = input.iformat->flags;
  return (flags & (AVFMT_TS_DISCONT | AVFMT_NOTIMESTAMPS)) ||
         ((flags & AVFMT_GENERIC_INDEX) && stream.start_time == AV_NOPTS_VALUE);
}

int64_t BelievedDuration(const AVStream& stream) {
  return stream.duration > 0 && stream.duration != int64_t{UINT32_MAX} ? stream.duration : 0;
}

std::string DamageNote(int64_t repaired, int64_t lost) {
  const auto frames = [](int64_t n) { return std::to_string(n) + (n == 1 ? " frame" : " frames"); };
  std::string damage = "the file is damaged: ";
  if (repaired > 0) damage += frames(repaired) + " repaired";
  if (repaired > 0 && lost > 0) damage += ", ";
  if (lost > 0) damage += frames(lost) + " could not be decoded";
  return damage;
}

std::string BreakNote(double got, double said) {
  char text[96];
  std::snprintf(text, sizeof text, "the file breaks off at %.1f of %.1f seconds", got, said);
  return text;
}

int64_t UnreadEnd(const AVFormatContext& input, int64_t read_to) {
  // FLV has nothing behind its last packet, and a second file's head there is taken for one packet of all the
  // rest. Others keep an index at their end.
  if (std::strcmp(input.iformat->name, "flv") != 0 || !input.pb || read_to <= 0) return 0;
  const int64_t unread = avio_size(input.pb) - read_to;
  return unread < 4096 || unread * 20 < read_to ? 0 : unread;
}

std::string UnreadNote(int64_t bytes) {
  return "the last " + std::to_string(bytes / 1024) +
         " KiB of the file are left out, as FFmpeg finds no film there: are several files joined?";
}

std::string Seconds(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", seconds);
  return text;
}

std::string NoTelecineNote(AVRational rate) {
  // 3:2 pull-down makes 30 frames a second from 24, and no other rate.
  const double fps = rate.den > 0 ? av_q2d(rate) : 0;
  if (fps >= 29.9 && fps <= 30.1) return "";
  return "telecine has 30 frames a second, and this film " +
         (fps > 0 ? Seconds(std::round(fps * 100) / 100) : "an unknown number") + ": nothing is taken back";
}

std::string MovedOnNote(double at) {
  char text[160];
  std::snprintf(text, sizeof text,
                "pictures and sound behind second %.1f are left out, as they are in other streams of the "
                "file: paint its "
                "parts one by one",
                at);
  return text;
}

Status NoFrame(const std::string& name, double start_s, const std::string& said) {
  if (start_s > 0)
    return InvalidArgument(name + " has no frame at second " + Seconds(start_s) + ": it ends before");
  return InvalidArgument("no frame of " + name + " could be decoded" + (said.empty() ? "" : ": " + said) +
                         "; the file is damaged or cut short");
}

bool IsSinglePicture(const AVFormatContext& input) {
  const std::string name = input.iformat->name;
  // Of a numbered series it counts the pictures.
  if (name == "image2") return input.streams[0]->duration <= 1;
  return name.size() > 5 && name.compare(name.size() - 5, 5, "_pipe") == 0;
}

namespace {

// Of the pictures alone, in seconds; 0: the file does not tell.
double WholeLength(const AVFormatContext& input, const AVStream& stream) {
  if (input.duration_estimation_method == AVFMT_DURATION_FROM_BITRATE) return 0;
  if (BelievedDuration(stream) > 0) return static_cast<double>(stream.duration) * av_q2d(stream.time_base);
  // Matroska keeps it in a tag, "00:01:02.345000000", beside that of all streams together.
  const AVDictionaryEntry* const tag = av_dict_get(stream.metadata, "DURATION", nullptr, 0);
  int hours = 0, minutes = 0;
  double seconds = 0;
  if (tag && std::sscanf(tag->value, "%3d:%2d:%lf", &hours, &minutes, &seconds) == 3 && hours >= 0 &&
      minutes >= 0 && seconds >= 0 && seconds < 60)
    // It is when they end.
    return hours * 3600.0 + minutes * 60.0 + seconds -
           static_cast<double>(std::max<int64_t>(0, stream.start_time)) * av_q2d(stream.time_base);
  return input.nb_streams == 1 && input.duration > 0 ? static_cast<double>(input.duration) * 1e-6 : 0;
}

}  // namespace

void DescribeVideo(AVFormatContext* input, int video, const AVFrame& first, const ReaderOptions& options,
                   bool detelecined, VideoInfo* info) {
  const AVStream& stream = *input->streams[video];
  const AVRational time_base = stream.time_base;
  info->width = first.width;
  info->height = first.height;
  info->time_base = {time_base.num, time_base.den};
  AVRational sar = av_guess_sample_aspect_ratio(input, const_cast<AVStream*>(&stream), nullptr);
  const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
  if (TurnOf(reinterpret_cast<const int32_t*>(matrix)).swaps_axes && sar.num > 0) sar = av_inv_q(sar);
  if (sar.num > 0 && sar.den > 0) info->sample_aspect = {sar.num, sar.den};
  info->format = first.format == AV_PIX_FMT_NV12 ? PixelFormat::kNv12 : PixelFormat::kI420;
  info->color_primaries = first.color_primaries;
  info->color_transfer = first.color_trc;
  info->color_space = first.colorspace;
  info->color_range = first.format == AV_PIX_FMT_YUVJ420P ? AVCOL_RANGE_JPEG : first.color_range;
  info->chroma_location = first.chroma_location;
  info->has_alpha = AlphaPlane(first) != nullptr;
  info->single_picture = IsSinglePicture(*input);

  double seconds = 0;
  if (BelievedDuration(stream) > 0) {
    seconds = stream.duration * av_q2d(time_base);
  } else if (input->duration > 0 && stream.duration <= 0) {
    seconds = input->duration * 1e-6;
  }
  info->whole_s = WholeLength(*input, stream);
  info->whole_frames = std::max<int64_t>(0, stream.nb_frames);
  double wanted = std::max(0.0, seconds - options.start_s);
  if (options.duration_s >= 0)
    wanted = seconds > 0 ? std::min(wanted, options.duration_s) : options.duration_s;
  const bool guessed = input->duration_estimation_method != AVFMT_DURATION_FROM_STREAM;
  info->tells_length = !guessed && (stream.nb_frames > 0 || input->nb_streams == 1);
  if (!guessed) {
    // Where pictures last as they like, the mean of the first ones may be too low.
    const AVRational mean = {info->frame_rate.num, std::max(info->frame_rate.den, 1)};
    const AVRational finest = stream.r_frame_rate;
    const double rate = std::max(av_q2d(mean), finest.den > 0 ? av_q2d(finest) * (detelecined ? 0.8 : 1) : 0);
    info->most_frames = std::llround(wanted * rate);
  }
  if (stream.nb_frames > 0 && seconds > 0) {
    info->estimated_frames = std::llround(stream.nb_frames * wanted / seconds * (detelecined ? 0.8 : 1));
  } else if (info->frame_rate.num > 0) {
    info->estimated_frames = std::llround(wanted * info->frame_rate.num / info->frame_rate.den);
  }
}

}  // namespace tempera::media
