#include "media/still.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

extern "C" {
#include <libavutil/mathematics.h>
#include <libavutil/pixdesc.h>
}

#include "src/base/atomic_file.h"

namespace tempera::media {
namespace {

// TIFF's eight orientations (1 = upright) as a turn; JPEG carries them as a display matrix, WebP as
// a word of EXIF.
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
  if (const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX)) {
    return TurnOf(reinterpret_cast<const int32_t*>(side->data));
  }
  if (const AVDictionaryEntry* e = av_dict_get(frame.metadata, "Orientation", nullptr, 0)) {
    return TurnOfExif(std::atoi(e->value));
  }
  return {};
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

Result<FramePtr> DecodeFirst(AVFormatContext* input, const std::string& path, double start_s, Turn* turn) {
  const int index = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (index < 0) return InvalidArgument("'" + path + "' holds no picture");
  TEMPERA_ASSIGN_OR_RETURN(CodecPtr decoder, OpenDecoder(*input->streams[index], 1));
  PacketPtr packet(av_packet_alloc());
  FramePtr frame(av_frame_alloc());
  if (!packet || !frame) return OutOfMemory("no memory to decode '" + path + "'");
  const AVStream& stream = *input->streams[index];
  int64_t start = INT64_MIN;
  if (start_s > 0) {
    const int64_t origin = input->start_time == AV_NOPTS_VALUE ? 0 : input->start_time;
    const int64_t start_us = origin + std::llround(start_s * 1e6);
    avformat_seek_file(input, -1, INT64_MIN, start_us, start_us, 0);
    start = av_rescale_q(start_us, AVRational{1, 1000000}, stream.time_base);
  }
  TakeFfmpegError();
  bool ended = false;
  int error = 0, failed = 0;
  while (!ended) {
    error = av_read_frame(input, packet.get());
    ended = error < 0;
    if (!ended && packet->stream_index != index) {
      av_packet_unref(packet.get());
      continue;
    }
    error = avcodec_send_packet(decoder.get(), ended ? nullptr : packet.get());
    av_packet_unref(packet.get());
    if (error < 0) failed = error;
    while ((error = avcodec_receive_frame(decoder.get(), frame.get())) >= 0) {
      if (frame->best_effort_timestamp != AV_NOPTS_VALUE && frame->best_effort_timestamp < start) continue;
      ForgetPasses(decoder->codec_id, frame.get());
      *turn = TurnOfStill(*frame);
      if (const uint8_t* matrix = StreamSideData(stream, AV_PKT_DATA_DISPLAYMATRIX);
          matrix && turn->filters.empty()) {
        *turn = TurnOf(reinterpret_cast<const int32_t*>(matrix));
      }
      return frame;
    }
    if (error != AVERROR(EAGAIN) && error != AVERROR_EOF) failed = error;
  }
  if (start_s > 0 && !failed) {
    return InvalidArgument("'" + path + "' has no picture at second " + std::to_string(start_s) +
                           ": it ends before");
  }
  return FfmpegStatus(StatusCode::kInvalidArgument, "cannot decode '" + path + "'",
                      failed ? failed : AVERROR_INVALIDDATA);
}

std::string Extension(const std::string& path) {
  const size_t dot = path.find_last_of("./");
  if (dot == std::string::npos || path[dot] == '/') return "";
  std::string ext = path.substr(dot + 1);
  std::transform(ext.begin(), ext.end(), ext.begin(), [](unsigned char c) { return std::tolower(c); });
  return ext;
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
  const std::string ext = Extension(path);
  for (const Format& f : kFormats) {
    if (ext == f.extension) return &f;
  }
  return nullptr;
}

}  // namespace

bool KeepsAlpha(const std::string& path) {
  const Format* format = FormatOf(path);
  return format && format->alpha != AV_PIX_FMT_NONE;
}

bool IsStillName(const std::string& path) { return FormatOf(path) != nullptr; }

Result<Still> DecodeStill(const std::string& path, Target target, double start_s) {
  TEMPERA_ASSIGN_OR_RETURN(InputPtr input, OpenInput(path));
  Turn turn;
  TEMPERA_ASSIGN_OR_RETURN(FramePtr decoded, DecodeFirst(input.get(), path, start_s, &turn));
  if (decoded->width > kMaxSide || decoded->height > kMaxSide) {
    return InvalidArgument("'" + path + "' is " + std::to_string(decoded->width) + "x" +
                           std::to_string(decoded->height) + " pixels: at most " + std::to_string(kMaxSide) +
                           " a side can be painted; scale it down first");
  }
  const AVRational tick{1, 25};
  Normalizer normalizer(target, turn, tick, 1);
  std::vector<FramePtr> ready;
  decoded->pts = 0;
  Status status = normalizer.Push(decoded.get(), &ready);
  if (status.ok()) status = normalizer.Push(nullptr, &ready);
  if (!status.ok()) return Status(status.code(), "'" + path + "': " + status.message());
  if (ready.empty()) return Internal("'" + path + "' gave no picture");
  Still still;
  still.frame = std::move(ready.front());
  if (still.frame->format == AV_PIX_FMT_RGBA && IsOpaque(*still.frame)) {
    Normalizer drop_alpha(Target::kRgb, Turn(), tick, 1);
    ready.clear();
    TEMPERA_RETURN_IF_ERROR(drop_alpha.Push(still.frame.get(), &ready));
    TEMPERA_RETURN_IF_ERROR(drop_alpha.Push(nullptr, &ready));
    if (!ready.empty()) still.frame = std::move(ready.front());
  }
  // The turn is done and must not be done again by whoever reads the side data.
  av_frame_remove_side_data(still.frame.get(), AV_FRAME_DATA_DISPLAYMATRIX);
  still.notices = normalizer.notices();
  return still;
}

Result<std::vector<uint8_t>> EncodeStill(const std::string& path, const AVFrame& frame) {
  CaptureFfmpegLog();
  const Format* format = FormatOf(path);
  if (!format) {
    return InvalidArgument("'" + path +
                           "' is no picture name that can be written: use .png, .jpg, .webp or .bmp");
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
  if (codec->id == AV_CODEC_ID_WEBP) options.Set("quality", "92");
  TakeFfmpegError();
  int error = avcodec_open2(encoder.get(), codec, options.get());
  if (error >= 0) error = avcodec_send_frame(encoder.get(), converted.get());
  if (error >= 0) error = avcodec_send_frame(encoder.get(), nullptr);
  if (error >= 0) error = avcodec_receive_packet(encoder.get(), packet.get());
  if (error < 0) return FfmpegStatus(StatusCode::kUnsupported, "cannot encode '" + path + "'", error);
  return std::vector<uint8_t>(packet->data, packet->data + packet->size);
}

}  // namespace tempera::media
