#include "media/encoder.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <libavutil/opt.h>
#include <libavutil/pixdesc.h>
}

#include "media/thread_rank.h"

namespace tempera::media {
namespace {

struct Alias {
  const char* name;
  const char* encoder;
};
constexpr Alias kAliases[] = {
    {"h264", "libx264"}, {"x264", "libx264"},     {"avc", "libx264"},   {"h265", "libx265"},
    {"x265", "libx265"}, {"hevc", "libx265"},     {"av1", "libsvtav1"}, {"vp9", "libvpx-vp9"},
    {"vp8", "libvpx"},   {"theora", "libtheora"},
};

// Our settings per encoder: even quality near the eye's limit at a speed that leaves the cores to the
// network. crf_option is the name of its quality knob, nullptr where it has none. x264: on three painted
// films the SSIM of "veryfast" at 18 (0.9791 and 0.9796, 0.932 and 0.935, 0.981 and 0.978), files 2 to 36 %
// larger, in 36 to 51 % of its time: 1280x720 in 13 ms of a core instead of 37, where the network takes 75.
struct Settings {
  const char* encoder;
  const char* crf_option;
  int crf, worst_crf;
  const char* options[8];  // name, value, ...
};
constexpr Settings kSettings[] = {
    {"libx264", "crf", 17, 51, {"preset", "superfast", "coder", "vlc"}},
    {"libx265", "crf", 20, 51, {"preset", "veryfast", "x265-params", "log-level=none"}},
    {"libvpx-vp9", "crf", 24, 63, {"b", "0", "deadline", "good", "cpu-used", "5", "row-mt", "1"}},
    {"libvpx", "crf", 10, 63, {"b", "8M", "deadline", "good", "cpu-used", "5"}},
    {"libsvtav1", "crf", 26, 63, {"preset", "9"}},
    {"libaom-av1", "crf", 26, 63, {"b", "0", "cpu-used", "7", "row-mt", "1"}},
};

const Settings* SettingsOf(const AVCodec& codec) {
  for (const Settings& s : kSettings) {
    if (!std::strcmp(s.encoder, codec.name)) return &s;
  }
  return nullptr;
}

bool NameIs(const AVOutputFormat& container, std::initializer_list<const char*> names) {
  return std::any_of(names.begin(), names.end(),
                     [&](const char* n) { return !std::strcmp(container.name, n); });
}

bool Lists(const AVPixelFormat* list, AVPixelFormat format) {
  for (; list && *list != AV_PIX_FMT_NONE; ++list) {
    if (*list == format) return true;
  }
  return false;
}

// H.264 and HEVC crop in whole chroma samples: 4:2:0 has even sizes only.
bool NeedsEvenSize(const AVCodec& codec) {
  return codec.id == AV_CODEC_ID_H264 || codec.id == AV_CODEC_ID_HEVC;
}

bool HasOption(const AVCodec& codec, const char* name) {
  return codec.priv_class && av_opt_find(const_cast<void*>(static_cast<const void*>(&codec.priv_class)), name,
                                         nullptr, 0, AV_OPT_SEARCH_FAKE_OBJ);
}

// A rate that MPEG-1, MPEG-2 and MPEG-4 part 2 can write: they know no free timing.
bool HasFixedRate(const AVCodec& codec) {
  return codec.id == AV_CODEC_ID_MPEG1VIDEO || codec.id == AV_CODEC_ID_MPEG2VIDEO ||
         codec.id == AV_CODEC_ID_MPEG4 || codec.id == AV_CODEC_ID_H263 || codec.id == AV_CODEC_ID_THEORA ||
         codec.id == AV_CODEC_ID_WRAPPED_AVFRAME;
}

AVRational SupportedRate(const AVCodec& codec, AVRational rate) {
  if (!codec.supported_framerates) return rate;
  return codec.supported_framerates[av_find_nearest_q_idx(rate, codec.supported_framerates)];
}

// The layout of pictures with transparency, where codec and container can hold them; NONE elsewhere.
AVPixelFormat AlphaFormat(const AVCodec& codec, const AVOutputFormat& container) {
  // VP8 and VP9 have none themselves: it is a second stream, for which Matroska alone has a place.
  const bool beside = codec.id == AV_CODEC_ID_VP8 || codec.id == AV_CODEC_ID_VP9;
  if (beside && !NameIs(container, {"matroska", "webm"})) return AV_PIX_FMT_NONE;
  for (const AVPixelFormat format :
       {AV_PIX_FMT_YUVA420P, AV_PIX_FMT_YUVA444P, AV_PIX_FMT_YUVA422P, AV_PIX_FMT_YUVA444P10, AV_PIX_FMT_RGBA,
        AV_PIX_FMT_ARGB, AV_PIX_FMT_BGRA}) {
    if (Lists(codec.pix_fmts, format)) return format;
  }
  return AV_PIX_FMT_NONE;
}

// Encodes transparency, where codec and container can.
bool ChooseAlpha(const AVCodec& codec, const AVOutputFormat& container, Encoder* encoder) {
  const AVPixelFormat format = AlphaFormat(codec, container);
  if (format == AV_PIX_FMT_NONE) return false;
  encoder->takes_alpha = true;
  encoder->context->pix_fmt = format;
  if (format != AV_PIX_FMT_YUVA420P) {
    encoder->filters =
        std::string("scale=flags=bicubic+accurate_rnd+full_chroma_int,format=") + av_get_pix_fmt_name(format);
  }
  if (av_pix_fmt_desc_get(format)->flags & AV_PIX_FMT_FLAG_RGB) encoder->context->colorspace = AVCOL_SPC_RGB;
  return true;
}

// The pixel format to encode, and the filters that lead there.
Status ChoosePixels(const AVCodec& codec, const VideoInfo& info, const AVOutputFormat& container,
                    Encoder* encoder) {
  AVCodecContext& context = *encoder->context;
  const AVPixelFormat ours = info.format == PixelFormat::kNv12 ? AV_PIX_FMT_NV12 : AV_PIX_FMT_YUV420P;
  const bool odd = (info.width | info.height) & 1;
  const bool full = info.color_range == AVCOL_RANGE_JPEG;
  const std::string scale = "scale=flags=bicubic+accurate_rnd+full_chroma_int,format=";
  if (codec.id == AV_CODEC_ID_GIF) {
    // 256 colours chosen for each picture.
    encoder->filters =
        "format=bgra,split[a][b];[a]palettegen=stats_mode=single:reserve_transparent=0[p];"
        "[b][p]paletteuse=new=1:dither=sierra2_4a";
    context.pix_fmt = AV_PIX_FMT_PAL8;
    encoder->notices.push_back("GIF holds 256 colours a picture");
    return OkStatus();
  }
  if (odd && NeedsEvenSize(codec)) {
    if (!Lists(codec.pix_fmts, AV_PIX_FMT_YUV444P)) {
      return Unsupported(std::string(codec.name) + " cannot write the odd size " +
                         std::to_string(info.width) + "x" + std::to_string(info.height) +
                         ": use --codec libvpx-vp9 with a .webm or .mkv name");
    }
    context.pix_fmt = AV_PIX_FMT_YUV444P;
    encoder->filters = scale + "yuv444p";
    encoder->notices.push_back("the odd size " + std::to_string(info.width) + "x" +
                               std::to_string(info.height) +
                               " is kept with 4:4:4 colour, which some players lack");
    return OkStatus();
  }
  if (info.has_alpha && ChooseAlpha(codec, container, encoder)) return OkStatus();
  context.pix_fmt = ours;
  if (!codec.pix_fmts || Lists(codec.pix_fmts, ours)) {
    if (ours == AV_PIX_FMT_NV12 && codec.pix_fmts && Lists(codec.pix_fmts, AV_PIX_FMT_YUV420P)) {
      context.pix_fmt = AV_PIX_FMT_YUV420P;
      encoder->filters = "format=yuv420p";
    }
    return OkStatus();
  }
  if (ours == AV_PIX_FMT_NV12 && Lists(codec.pix_fmts, AV_PIX_FMT_YUV420P)) {
    context.pix_fmt = AV_PIX_FMT_YUV420P;
  } else if (codec.id == AV_CODEC_ID_MJPEG) {
    context.pix_fmt = AV_PIX_FMT_YUVJ420P;
    context.color_range = AVCOL_RANGE_JPEG;
    context.colorspace = AVCOL_SPC_BT470BG;
    encoder->filters =
        "scale=flags=bicubic+accurate_rnd:out_range=full:out_color_matrix=bt601,format=yuvj420p";
    return OkStatus();
  } else {
    context.pix_fmt = avcodec_find_best_pix_fmt_of_list(codec.pix_fmts, AV_PIX_FMT_YUV420P, 0, nullptr);
  }
  if (context.pix_fmt == AV_PIX_FMT_NONE) {
    return Unsupported(std::string(codec.name) + " takes no pixel format we can make: use another --codec");
  }
  const AVPixFmtDescriptor* desc = av_pix_fmt_desc_get(context.pix_fmt);
  encoder->filters = "scale=flags=bicubic+accurate_rnd+full_chroma_int";
  if (!(desc->flags & AV_PIX_FMT_FLAG_RGB))
    encoder->filters += full ? ":out_range=full" : ":out_range=limited";
  encoder->filters += std::string(",format=") + av_get_pix_fmt_name(context.pix_fmt);
  if (desc->flags & AV_PIX_FMT_FLAG_RGB) context.colorspace = AVCOL_SPC_RGB;
  return OkStatus();
}

}  // namespace

bool HoldsAlpha(const AVCodec& codec, const AVOutputFormat& container) {
  return AlphaFormat(codec, container) != AV_PIX_FMT_NONE;
}

Result<const AVCodec*> ChooseEncoder(const std::string& name, const AVOutputFormat& container,
                                     const std::string& path) {
  const AVCodec* codec = nullptr;
  if (!name.empty()) {
    codec = avcodec_find_encoder_by_name(name.c_str());
    for (const Alias& a : kAliases) {
      if (!codec && name == a.name) codec = avcodec_find_encoder_by_name(a.encoder);
    }
    if (!codec) {
      if (const AVCodecDescriptor* d = avcodec_descriptor_get_by_name(name.c_str())) {
        codec = avcodec_find_encoder(d->id);
      }
    }
    if (!codec || codec->type != AVMEDIA_TYPE_VIDEO) {
      std::string known;
      for (const Settings& s : kSettings) {
        if (avcodec_find_encoder_by_name(s.encoder))
          known += std::string(known.empty() ? "" : ", ") + s.encoder;
      }
      return InvalidArgument("'" + name + "' is no video encoder of this FFmpeg: try " + known + " or ffv1");
    }
    return codec;
  }
  if (NameIs(container, {"mp4", "mov", "ipod", "matroska", "avi", "mpegts", "flv", "nut", "3gp", "3g2"})) {
    codec = avcodec_find_encoder_by_name("libx264");
  }
  if (NameIs(container, {"mpeg", "vob", "svcd"})) codec = avcodec_find_encoder(AV_CODEC_ID_MPEG2VIDEO);
  if (NameIs(container, {"webm"})) codec = avcodec_find_encoder_by_name("libvpx-vp9");
  if (!codec) {
    const AVCodecID id = av_guess_codec(&container, nullptr, path.c_str(), nullptr, AVMEDIA_TYPE_VIDEO);
    if (id == AV_CODEC_ID_NONE) {
      return InvalidArgument("'" + path +
                             "' is the name of a format without video: use .mp4, .mkv, .webm or .mov");
    }
    codec = avcodec_find_encoder(id);
  }
  if (!codec) return Unsupported("this FFmpeg has no encoder for '" + path + "': use .mp4, .mkv or --codec");
  return codec;
}

Result<Encoder> OpenEncoder(const AVCodec& codec, const VideoInfo& info, const AVOutputFormat& container,
                            int crf, int threads) {
  Encoder encoder;
  encoder.context.reset(avcodec_alloc_context3(&codec));
  if (!encoder.context) return OutOfMemory(std::string("no memory for ") + codec.name);
  AVCodecContext& context = *encoder.context;
  context.width = info.width;
  context.height = info.height;
  context.sample_aspect_ratio = {info.sample_aspect.num, info.sample_aspect.den};
  context.color_primaries = static_cast<AVColorPrimaries>(info.color_primaries);
  context.color_trc = static_cast<AVColorTransferCharacteristic>(info.color_transfer);
  context.colorspace = static_cast<AVColorSpace>(info.color_space);
  context.color_range = static_cast<AVColorRange>(info.color_range);
  context.chroma_sample_location = static_cast<AVChromaLocation>(info.chroma_location);
  context.thread_count = threads;
  TEMPERA_RETURN_IF_ERROR(ChoosePixels(codec, info, container, &encoder));

  AVRational rate{info.frame_rate.num, info.frame_rate.den};
  // FFmpeg 5 does not flag MP4 and its kin, which have timed every frame from the beginning.
  const bool timed = ((container.flags & AVFMT_VARIABLE_FPS) ||
                      NameIs(container, {"mp4", "mov", "ipod", "3gp", "3g2", "psp", "f4v", "ismv"})) &&
                     !HasFixedRate(codec);
  if (timed) {
    context.time_base = {info.time_base.num, info.time_base.den};
    // GIF counts hundredths of a second.
    if (codec.id == AV_CODEC_ID_GIF) context.time_base = {1, 100};
    context.framerate = rate;
  } else {
    if (rate.num <= 0) rate = {25, 1};
    rate = SupportedRate(codec, rate);
    av_reduce(&rate.num, &rate.den, rate.num, rate.den, 65535);
    context.time_base = av_inv_q(rate);
    context.framerate = rate;
    encoder.constant_rate = true;
  }
  if (container.flags & AVFMT_GLOBALHEADER) context.flags |= AV_CODEC_FLAG_GLOBAL_HEADER;

  Options options;
  if (const Settings* settings = SettingsOf(codec)) {
    if (crf > settings->worst_crf) {
      return InvalidArgument(std::string(codec.name) + " takes --crf 0 to " +
                             std::to_string(settings->worst_crf) + ", not " + std::to_string(crf));
    }
    for (int i = 0; i + 1 < 8 && settings->options[i]; i += 2) {
      options.Set(settings->options[i], settings->options[i + 1]);
    }
    options.Set(settings->crf_option, std::to_string(crf >= 0 ? crf : settings->crf));
  } else if (crf >= 0) {
    if (!HasOption(codec, "crf")) {
      const bool x264 = avformat_query_codec(&container, AV_CODEC_ID_H264, FF_COMPLIANCE_NORMAL) == 1;
      return InvalidArgument(std::string(codec.name) + " has no --crf: leave it out, or " +
                             (x264 ? "use --codec libx264" : "write .mp4, .mkv or .webm"));
    }
    options.Set("crf", std::to_string(crf));
  } else {
    // Encoders with a fixed quantiser: 3 of 31 is close to invisible.
    context.flags |= AV_CODEC_FLAG_QSCALE;
    context.global_quality = 3 * FF_QP2LAMBDA;
    context.bit_rate = 0;
  }
  encoder.takes_captions = HasOption(codec, "a53cc");
  // VP8's encoder refuses transparency beside pictures that are never shown.
  if (encoder.takes_alpha && codec.id == AV_CODEC_ID_VP8) options.Set("auto-alt-ref", "0");
  // It prints by itself otherwise.
  setenv("SVT_LOG", "1", 0);
  if (codec.id == AV_CODEC_ID_PRORES) context.flags &= ~AV_CODEC_FLAG_QSCALE;
  if (!std::strcmp(codec.name, "ffv1")) {
    options.Set("level", "3");
    context.slices = 4;
  }
  context.strict_std_compliance = FF_COMPLIANCE_UNOFFICIAL;  // full-range MJPEG and such
  TakeFfmpegError();
  const ThreadRankKeeper ranks;
  if (int error = avcodec_open2(&context, &codec, options.get()); error < 0) {
    Status status = FfmpegStatus(StatusCode::kUnsupported, std::string("cannot start ") + codec.name, error);
    return Unsupported(status.message() + "; try another --codec");
  }
  return encoder;
}

namespace {

// One grey picture.
void Feed(AVCodecContext* context) {
  FramePtr picture(av_frame_alloc());
  if (!picture) return;
  picture->format = context->pix_fmt;
  picture->width = context->width;
  picture->height = context->height;
  picture->pts = 0;
  if (av_frame_get_buffer(picture.get(), 0) < 0) return;
  for (int i = 0; i < 3; ++i) {
    const size_t bytes =
        static_cast<size_t>(picture->linesize[i]) * (i == 0 ? context->height : (context->height + 1) / 2);
    std::memset(picture->data[i], 0x80, bytes);
  }
  (void)avcodec_send_frame(context, picture.get());
}

void Drain(AVCodecContext* context) {
  PacketPtr packet(av_packet_alloc());
  (void)avcodec_send_frame(context, nullptr);
  while (packet && avcodec_receive_packet(context, packet.get()) >= 0) av_packet_unref(packet.get());
}

}  // namespace

void CloseEncoder(Encoder* encoder) {
  AVCodecContext* context = encoder->context.get();
  if (!context) return;
  // SVT-AV1 1.4 waits for its last packet when it is closed, which never comes where there was no picture.
  const bool svt = !std::strcmp(context->codec->name, "libsvtav1");
  if (svt && !encoder->fed) Feed(context);
  // FFmpeg 5.1 frees what it noted beside a picture for x265 only as the packet comes back.
  const bool x265 = !std::strcmp(context->codec->name, "libx265") && encoder->fed;
  if (svt || x265) Drain(context);
  encoder->context.reset();
}

}  // namespace tempera::media
