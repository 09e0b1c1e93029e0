#include "media/image16.h"

#include "media/ffmpeg.h"

namespace tempera::media {
namespace {

// The first frame of stream 0.
Result<FramePtr> DecodeFirst(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const InputPtr input, OpenInput(path));
  if (input->nb_streams < 1) return InvalidArgument("'" + path + "' holds no picture");
  TEMPERA_ASSIGN_OR_RETURN(const CodecPtr decoder, OpenDecoder(*input->streams[0], 1));
  const PacketPtr packet(av_packet_alloc());
  FramePtr frame(av_frame_alloc());
  if (!packet || !frame) return OutOfMemory("no memory to decode '" + path + "'");
  int error = 0;
  for (bool ended = false; !ended;) {
    ended = av_read_frame(input.get(), packet.get()) < 0;
    if (!ended && packet->stream_index != 0) {
      av_packet_unref(packet.get());
      continue;
    }
    error = avcodec_send_packet(decoder.get(), ended ? nullptr : packet.get());
    av_packet_unref(packet.get());
    if (avcodec_receive_frame(decoder.get(), frame.get()) >= 0) return frame;
  }
  return FfmpegStatus(StatusCode::kInvalidArgument, "cannot decode '" + path + "'",
                      error < 0 ? error : AVERROR_INVALIDDATA);
}

}  // namespace

Result<RgbImage16> ReadImage16(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const FramePtr frame, DecodeFirst(path));
  if (frame->format != AV_PIX_FMT_RGB48BE && frame->format != AV_PIX_FMT_RGB48LE) {
    return InvalidArgument("'" + path + "' has no three channels of 16 bits");
  }
  if (frame->width > kMaxSide || frame->height > kMaxSide) {
    return InvalidArgument("'" + path + "' has more than " + std::to_string(kMaxSide) + " pixels a side");
  }
  RgbImage16 image{frame->width, frame->height, {}};
  image.pixels.resize(size_t(3) * static_cast<size_t>(image.width) * static_cast<size_t>(image.height));
  const bool big = frame->format == AV_PIX_FMT_RGB48BE;
  uint16_t* to = image.pixels.data();
  for (int y = 0; y < image.height; ++y) {
    const uint8_t* from = frame->data[0] + ptrdiff_t{y} * frame->linesize[0];
    for (int i = 0; i < 3 * image.width; ++i, from += 2) {
      *to++ = static_cast<uint16_t>(big ? from[0] << 8 | from[1] : from[1] << 8 | from[0]);
    }
  }
  return image;
}

}  // namespace tempera::media
