#include "media/still.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>
}

#include "media/film/encrypted.h"
#include "media/film/input_facts.h"
#include "media/photo/coded_photo.h"
#include "media/photo/color_profile.h"
#include "media/photo/float_picture.h"
#include "media/photo/icon_mask.h"
#include "media/photo/libraries.h"

namespace tempera::media {
namespace {

// TIFF's eight orientations (1 = upright) as a turn.
Turn TurnOfExif(int orientation) {
  static const Turn kTurns[9] = {
      {},
      {},
      {"hflip", false, 0},
      {"hflip,vflip", false, 180},
      {"vflip", false, 0},
      {"transpose=cclock_flip", true, 90},
      {"transpose=clock", true, 90},
      {"transpose=clock_flip", true, 270},
      {"transpose=cclock", true, 270},
  };
  return orientation >= 1 && orientation <= 8 ? kTurns[orientation] : Turn();
}

Turn TurnOfStill(const AVFrame& frame) {
  const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
  return side ? TurnOf(reinterpret_cast<const int32_t*>(side->data)) : Turn();
}

Status NothingAt(const std::string& path, double start_s) {
  return InvalidArgument("'" + path + "' has no picture at second " + std::to_string(start_s) +
                         ": it ends before");
}

bool IsOpaque(const AVFrame& rgba) {
  for (int y = 0; y < rgba.height; ++y) {
    const uint8_t* row = rgba.data[0] + static_cast<ptrdiff_t>(y) * rgba.linesize[0];
    for (int x = 0; x < rgba.width; ++x) {
      if (row[4 * x + 3] != 255) return false;
    }
  }
  return true;
}

// A few minutes of a broadcast, decoded in some seconds.
constexpr int64_t kMostDecodedBytes = int64_t{256} << 20;

bool IsHdr(const AVFrame& frame) {
  return frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67;
}

bool IsIcon(const AVFormatContext& input) { return std::strcmp(input.iformat->name, "ico") == 0; }

Status Named(const std::string& path, const Status& why) {
  return Status(why.code(), "'" + path + "': " + why.message());
}

// The stream to decode: of an icon's pictures the largest, of a film what players choose.
int ChooseStream(const AVFormatContext& input, std::vector<std::string>* notices) {
  if (!IsIcon(input) || input.nb_streams < 2) {
    return av_find_best_stream(const_cast<AVFormatContext*>(&input), AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  }
  unsigned largest = 0;
  const auto area = [&input](unsigned i) {
    return int64_t{input.streams[i]->codecpar->width} * input.streams[i]->codecpar->height;
  };
  for (unsigned i = 1; i < input.nb_streams; ++i) {
    if (area(i) > area(largest)) largest = i;
  }
  notices->push_back("the file holds " + std::to_string(input.nb_streams) +
                     " pictures: the largest, number " + std::to_string(largest + 1) + ", is painted");
  return static_cast<int>(largest);
}

struct FirstPicture {
  FramePtr frame;
  int pictures = 1;
  Turn turn;
  std::vector<std::string> notices;
};

// Whether the stream goes on after its first picture.
bool GoesOn(AVFormatContext* input, int index, AVPacket* packet) {
  while (av_read_frame(input, packet) >= 0) {
    const bool same = packet->stream_index == index;
    av_packet_unref(packet);
    if (same) return true;
  }
  return false;
}

// The moment to begin at, in the stream's ticks, after a seek to there; the lowest one for the beginning.
int64_t GoTo(AVFormatContext* input, const AVStream& stream, double start_s) {
  if (start_s <= 0) return INT64_MIN;
  const int64_t origin = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
  const int64_t start_us = origin + std::llround(start_s * 1e6);
  // Without an index a seek lands anywhere: what is not too long is decoded from its beginning.
  const bool is_guess = LacksIndex(*input, stream) && input->pb && avio_size(input->pb) <= kMostDecodedBytes;
  if (!is_guess) avformat_seek_file(input, -1, INT64_MIN, start_us, start_us, 0);
  return av_rescale_q(start_us, AVRational{1, 1000000}, stream.time_base);
}

// What is to be said and done about the picture that was found. packet: room for looking at what follows.
void Describe(AVFormatContext* input, int index, bool may_go_on, AVPacket* packet, FirstPicture* out) {
  const AVStream& stream = *input->streams[index];
  const AVFrame& frame = *out->frame;
  out->turn = TurnOfStill(frame);
  if (const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
      matrix && out->turn.filters.empty()) {
    out->turn = TurnOf(reinterpret_cast<const int32_t*>(matrix));
  }
  if (frame.decode_error_flags || (frame.flags & AV_FRAME_FLAG_CORRUPT) || !TakeOwnFfmpegError().empty()) {
    out->notices.push_back("the file is damaged or cut short: what could be read of it is painted");
  }
  if (may_go_on && GoesOn(input, index, packet)) {
    out->notices.push_back(
        stream.codecpar->codec_id == AV_CODEC_ID_GIF
            ? "the first picture of an animation is painted; a film's name or .gif behind -o takes all"
            : "the first picture of a film is painted; --start says which");
  }
}

Result<FirstPicture> DecodeFirst(AVFormatContext* input, const std::string& path, double start_s, int page) {
  FirstPicture out;
  out.pictures = IsIcon(*input) ? static_cast<int>(input->nb_streams) : 1;
  if (page > out.pictures) return Named(path, NoSuchPage(page, out.pictures));
  const int index = out.pictures > 1 && page > 0 ? page - 1 : ChooseStream(*input, &out.notices);
  if (index < 0) return InvalidArgument("'" + path + "' holds no picture");
  Result<CodecPtr> decoder_or = OpenDecoder(*input->streams[index], 1);
  if (!decoder_or.ok()) return Named(path, decoder_or.status());
  const CodecPtr decoder = std::move(decoder_or).value();
  PacketPtr packet(av_packet_alloc());
  out.frame.reset(av_frame_alloc());
  AVFrame* const frame = out.frame.get();
  if (!packet || !frame) return OutOfMemory("no memory to decode '" + path + "'");
  const int64_t start = GoTo(input, *input->streams[index], start_s);
  TakeFfmpegError();
  Bytes bmp;  // of an icon: the frame's own packet
  bool ended = false;
  int error = 0, failed = 0;
  while (!ended) {
    error = av_read_frame(input, packet.get());
    ended = error < 0;
    if (!ended && packet->stream_index != index) {
      av_packet_unref(packet.get());
      continue;
    }
    if (!ended && IsEncrypted(*packet)) return Unsupported("'" + path + "'" + kIsEncrypted);
    if (!ended && IsIcon(*input)) bmp.assign(packet->data, packet->data + packet->size);
    error = avcodec_send_packet(decoder.get(), ended ? nullptr : packet.get());
    av_packet_unref(packet.get());
    if (error < 0) failed = error;
    while ((error = avcodec_receive_frame(decoder.get(), frame)) >= 0) {
      if (frame->best_effort_timestamp != AV_NOPTS_VALUE && frame->best_effort_timestamp < start) continue;
      ForgetPasses(decoder->codec_id, frame);
      Describe(input, index, start_s <= 0 && !IsIcon(*input), packet.get(), &out);
      if (!bmp.empty()) {
        TEMPERA_ASSIGN_OR_RETURN(out.frame, WithIconMask(std::move(out.frame), bmp));
      }
      return out;
    }
    if (error != AVERROR(EAGAIN) && error != AVERROR_EOF) failed = error;
  }
  if (start_s > 0 && !failed) return NothingAt(path, start_s);
  return FfmpegStatus(StatusCode::kInvalidArgument, "cannot decode '" + path + "'",
                      failed ? failed : AVERROR_INVALIDDATA);
}

bool IsGray(const AVFrame& rgb) {
  const int step = rgb.format == AV_PIX_FMT_RGBA ? 4 : 3;
  for (int y = 0; y < rgb.height; ++y) {
    const uint8_t* p = rgb.data[0] + ptrdiff_t{y} * rgb.linesize[0];
    for (int x = 0; x < rgb.width; ++x, p += step) {
      if (p[0] != p[1] || p[0] != p[2]) return false;
    }
  }
  return true;
}

// Brings a profile's colours and the frame's together: either the frame is sRGB afterwards and there is no
// profile, or the profile is one of RGB and true of the frame.
Status SettleProfile(ProfileModel model, Still* still) {
  Bytes* icc = &still->metadata.icc;
  if (model == ProfileModel::kRgb) return OkStatus();
  // Libraries give grey as RGB: it is the picture that tells.
  if (model == ProfileModel::kGray && ConvertsProfiles() && IsGray(*still->frame)) {
    const Status status = GrayToSrgb(*icc, still->frame.get());
    still->notices.push_back(status.ok() ? "grey becomes sRGB through the picture's colour profile"
                                         : "the picture's colour profile is damaged and left out");
  } else if (model != ProfileModel::kNone || !icc->empty()) {
    still->notices.push_back("the picture's colour profile does not fit an RGB picture and is left out");
  }
  icc->clear();
  return OkStatus();
}

// A picture format: FFmpeg's encoder, the layouts it takes without and with alpha, and its settings.
struct Format {
  const char* extension;
  const char* encoder;
  AVPixelFormat opaque;
  AVPixelFormat alpha;  // NONE: the format has none
};
constexpr Format kFormats[] = {
    {"png", "png", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA},
    {"jpg", "mjpeg", AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_NONE},
    {"jpeg", "mjpeg", AV_PIX_FMT_YUVJ444P, AV_PIX_FMT_NONE},
    {"webp", "libwebp", AV_PIX_FMT_BGRA, AV_PIX_FMT_BGRA},
    {"bmp", "bmp", AV_PIX_FMT_BGR24, AV_PIX_FMT_NONE},
    {"tif", "tiff", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA},
    {"tiff", "tiff", AV_PIX_FMT_RGB24, AV_PIX_FMT_RGBA},
};

const Format* FormatOf(const std::string& path) {
  const std::string ext = StillExtension(path);
  for (const Format& f : kFormats) {
    if (ext == f.extension) return &f;
  }
  return nullptr;
}

}  // namespace

std::string StillExtension(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] == '/') return "";
  std::string ext = path.substr(dot + 1);
  std::transform(ext.begin(), ext.end(), ext.begin(), [](unsigned char c) { return std::tolower(c); });
  return ext;
}

bool KeepsAlpha(const std::string& path) {
  const Format* format = FormatOf(path);
  return format && format->alpha != AV_PIX_FMT_NONE;
}

bool IsStillName(const std::string& path) { return FormatOf(path) != nullptr; }

namespace {

// Tone-mapping knows no transparency: gives RGB its alpha back, from the same picture converted without it.
Status RestoreAlpha(const Turn& turn, const AVFrame& decoded, FramePtr* rgb) {
  FramePtr plain(av_frame_clone(&decoded));
  if (!plain) return OutOfMemory("no memory for the picture's transparency");
  plain->color_trc = AVCOL_TRC_UNSPECIFIED;
  Normalizer normalizer(Target::kRgbAlpha, turn, AVRational{1, 25}, 1);
  std::vector<FramePtr> ready;
  TEMPERA_RETURN_IF_ERROR(normalizer.Push(plain.get(), &ready));
  TEMPERA_RETURN_IF_ERROR(normalizer.Push(nullptr, &ready));
  const int width = (*rgb)->width, height = (*rgb)->height;
  if (ready.empty() || ready.front()->format != AV_PIX_FMT_RGBA || ready.front()->width != width ||
      ready.front()->height != height)
    return OkStatus();
  // The alphas stay where they are, the colours go between them.
  AVFrame* out = ready.front().get();
  if (av_frame_make_writable(out) < 0) return OutOfMemory("no memory for the picture's transparency");
  const int step = (*rgb)->format == AV_PIX_FMT_RGBA ? 4 : 3;
  for (int y = 0; y < height; ++y) {
    const uint8_t* in = (*rgb)->data[0] + ptrdiff_t{y} * (*rgb)->linesize[0];
    uint8_t* to = out->data[0] + ptrdiff_t{y} * out->linesize[0];
    for (int x = 0; x < width; ++x) std::memcpy(to + ptrdiff_t{4} * x, in + ptrdiff_t{step} * x, 3);
  }
  *rgb = std::move(ready.front());
  return OkStatus();
}

// The frame upright, in 8 bits, without a channel of transparency where nothing is transparent.
Status Normalize(const std::string& path, const Turn& turn, Target target, AVFrame* decoded, Still* still) {
  if (decoded->width > kMaxSide || decoded->height > kMaxSide) {
    return InvalidArgument("'" + path + "' is " + std::to_string(decoded->width) + "x" +
                           std::to_string(decoded->height) + " pixels: at most " + std::to_string(kMaxSide) +
                           " a side can be painted; scale it down first");
  }
  const AVRational tick{1, 25};
  Normalizer normalizer(target, turn, tick, 1);
  std::vector<FramePtr> ready;
  decoded->pts = 0;
  Status status = normalizer.Push(decoded, &ready);
  if (status.ok()) status = normalizer.Push(nullptr, &ready);
  if (!status.ok()) return Named(path, status);
  if (ready.empty()) return Internal("'" + path + "' gave no picture");
  still->frame = std::move(ready.front());
  const AVPixFmtDescriptor* layout = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(decoded->format));
  if (target == Target::kRgbAlpha && IsHdr(*decoded) && layout && (layout->flags & AV_PIX_FMT_FLAG_ALPHA))
    TEMPERA_RETURN_IF_ERROR(RestoreAlpha(turn, *decoded, &still->frame));
  if (still->frame->format == AV_PIX_FMT_RGBA && IsOpaque(*still->frame)) {
    Normalizer drop_alpha(Target::kRgb, Turn(), tick, 1);
    ready.clear();
    TEMPERA_RETURN_IF_ERROR(drop_alpha.Push(still->frame.get(), &ready));
    TEMPERA_RETURN_IF_ERROR(drop_alpha.Push(nullptr, &ready));
    if (!ready.empty()) still->frame = std::move(ready.front());
  }
  // The turn is done and must not be done again by whoever reads the side data.
  av_frame_remove_side_data(still->frame.get(), AV_FRAME_DATA_DISPLAYMATRIX);
  for (const std::string& n : normalizer.notices()) still->notices.push_back(n);
  return OkStatus();
}

}  // namespace

Result<Still> DecodeStill(const std::string& path, Target target, double start_s, int page) {
  Still still;
  FirstPicture first;
  bool srgb_now = false;
  TEMPERA_ASSIGN_OR_RETURN(std::optional<CodedPhoto> photo, DecodePhoto(path, page));
  if (photo && photo->frame) {
    if (start_s > 0) return InvalidArgument("'" + path + "' is read as one picture: --start is for films");
    first.frame = std::move(photo->frame);
    first.turn = TurnOfExif(photo->orientation);
    still.notices = std::move(photo->notices);
    still.metadata = std::move(photo->metadata);
    still.pictures = photo->pictures;
    srgb_now = photo->srgb_now;
  } else {
    TEMPERA_ASSIGN_OR_RETURN(InputPtr input, OpenInput(path));
    TEMPERA_ASSIGN_OR_RETURN(first, DecodeFirst(input.get(), path, start_s, page));
    still.notices = std::move(first.notices);
    still.pictures = first.pictures;
    if (photo) still.metadata = std::move(photo->metadata);
    for (std::string& n : photo ? photo->notices : std::vector<std::string>()) {
      if (std::find(still.notices.begin(), still.notices.end(), n) == still.notices.end())
        still.notices.push_back(std::move(n));
    }
  }
  if (IsFloatPicture(*first.frame) && (!photo || photo->linear_floats)) {
    bool cut = false;
    TEMPERA_ASSIGN_OR_RETURN(first.frame, FloatToRgb(*first.frame, &cut));
    still.notices.push_back(cut ? "linear light becomes sRGB; what is brighter than white is cut"
                                : "linear light becomes sRGB");
  }
  AVFrame* const decoded = first.frame.get();
  Bytes* const icc = &still.metadata.icc;
  if (const AVFrameSideData* side = av_frame_get_side_data(decoded, AV_FRAME_DATA_ICC_PROFILE);
      side && icc->empty())
    icc->assign(side->data, side->data + side->size);
  av_frame_remove_side_data(decoded, AV_FRAME_DATA_ICC_PROFILE);
  const int primaries = decoded->color_primaries;
  const bool was_hdr = IsHdr(*decoded);
  TEMPERA_RETURN_IF_ERROR(Normalize(path, first.turn, target, decoded, &still));
  if (srgb_now || was_hdr) {
    icc->clear();
  } else if (icc->empty() && photo) {
    bool missing = false;
    *icc = ProfileOfPrimaries(primaries, &missing);
    if (missing) still.notices.push_back("the picture's wide colours are painted as if they were sRGB");
  }
  TEMPERA_RETURN_IF_ERROR(SettleProfile(ModelOfProfile(*icc), &still));
  return still;
}

Result<std::vector<uint8_t>> EncodeStill(const std::string& path, const AVFrame& frame,
                                         const PhotoMetadata& metadata, std::vector<std::string>* notices,
                                         bool lossless) {
  CaptureFfmpegLog();
  const Format* format = FormatOf(path);
  if (!format) {
    return InvalidArgument("'" + path +
                           "' is no picture name that can be written: use .png, .jpg, .webp, .tif or .bmp");
  }
  const AVCodec* codec = avcodec_find_encoder_by_name(format->encoder);
  if (!codec) return Unsupported(std::string("this FFmpeg has no encoder ") + format->encoder);
  const bool alpha = frame.format == AV_PIX_FMT_RGBA && format->alpha != AV_PIX_FMT_NONE;
  const AVPixelFormat layout = alpha ? format->alpha : format->opaque;

  FramePtr converted(av_frame_clone(&frame));
  if (!converted) return OutOfMemory("no memory to write '" + path + "'");
  if (frame.format != layout) {
    const bool jpeg = layout == AV_PIX_FMT_YUVJ444P;
    std::string chain = "scale=flags=bicubic+accurate_rnd+full_chroma_int";
    if (jpeg) chain += ":out_color_matrix=bt601:out_range=full";
    chain += std::string(",format=") + av_get_pix_fmt_name(layout);
    TEMPERA_ASSIGN_OR_RETURN(auto graph, FilterGraph::Video(frame, AVRational{1, 25}, chain, 1));
    TEMPERA_RETURN_IF_ERROR(graph->Push(&frame));
    TEMPERA_RETURN_IF_ERROR(graph->Push(nullptr));
    TEMPERA_ASSIGN_OR_RETURN(converted, graph->Pull());
    if (!converted) return Internal("'" + path + "' could not be converted");
  }
  av_frame_remove_side_data(converted.get(), AV_FRAME_DATA_ICC_PROFILE);
  if (codec->id == AV_CODEC_ID_PNG && !metadata.icc.empty()) {
    AVFrameSideData* icc =
        av_frame_new_side_data(converted.get(), AV_FRAME_DATA_ICC_PROFILE, metadata.icc.size());
    if (!icc) return OutOfMemory("no memory to write '" + path + "'");
    std::memcpy(icc->data, metadata.icc.data(), metadata.icc.size());
  }
  converted->pts = 0;
  converted->pict_type = AV_PICTURE_TYPE_NONE;

  CodecPtr encoder(avcodec_alloc_context3(codec));
  PacketPtr packet(av_packet_alloc());
  if (!encoder || !packet) return OutOfMemory("no memory to write '" + path + "'");
  encoder->width = converted->width;
  encoder->height = converted->height;
  encoder->pix_fmt = layout;
  encoder->time_base = AVRational{1, 25};
  encoder->color_range = AVCOL_RANGE_JPEG;
  encoder->thread_count = 1;
  Options options;
  if (codec->id == AV_CODEC_ID_MJPEG) {
    // About quality 95 of libjpeg: 2 is the finest quantiser that keeps its tables of 8 bits useful.
    encoder->flags |= AV_CODEC_FLAG_QSCALE;
    encoder->global_quality = converted->quality = 2 * FF_QP2LAMBDA;
  }
  // Of a lossless one it says how long a smaller file is looked for.
  if (codec->id == AV_CODEC_ID_WEBP) options.Set("quality", lossless ? "75" : "92");
  if (codec->id == AV_CODEC_ID_WEBP && lossless) options.Set("lossless", "1");
  TakeFfmpegError();
  int error = avcodec_open2(encoder.get(), codec, options.get());
  if (error >= 0) error = avcodec_send_frame(encoder.get(), converted.get());
  if (error >= 0) error = avcodec_send_frame(encoder.get(), nullptr);
  if (error >= 0) error = avcodec_receive_packet(encoder.get(), packet.get());
  if (error < 0) return FfmpegStatus(StatusCode::kUnsupported, "cannot encode '" + path + "'", error);
  return AddMetadata(Bytes(packet->data, packet->data + packet->size), metadata, converted->width,
                     converted->height, alpha, notices);
}

}  // namespace tempera::media
