#include "media/image.h"

#include <cstring>

#include "media/frame_bridge.h"
#include "media/normalizer.h"
#include "media/still.h"
#include "src/base/atomic_file.h"

namespace tempera::media {
namespace {

bool Sound(const RgbImage& image) {
  return image.width > 0 && image.height > 0 && image.width <= kMaxSide && image.height <= kMaxSide &&
         image.pixels.size() == size_t(3) * image.width * image.height;
}

AVCodecID CodecOf(const std::vector<uint8_t>& bytes) {
  const auto begins = [&bytes](const std::string& with, size_t at) {
    return bytes.size() >= at + with.size() && std::memcmp(bytes.data() + at, with.data(), with.size()) == 0;
  };
  if (begins("\xff\xd8\xff", 0)) return AV_CODEC_ID_MJPEG;
  if (begins("\x89PNG", 0)) return AV_CODEC_ID_PNG;
  return begins("RIFF", 0) && begins("WEBP", 8) ? AV_CODEC_ID_WEBP : AV_CODEC_ID_NONE;
}

RgbImage ImageOf(const AVFrame& frame) {
  RgbImage image;
  image.width = frame.width;
  image.height = frame.height;
  const size_t row_bytes = size_t(3) * frame.width;
  image.pixels.resize(row_bytes * frame.height);
  for (int y = 0; y < frame.height; ++y) {
    std::memcpy(image.pixels.data() + row_bytes * y, frame.data[0] + ptrdiff_t(y) * frame.linesize[0],
                row_bytes);
  }
  return image;
}

}  // namespace

Result<RgbImage> ReadImage(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const Still still, DecodeStill(path, Target::kRgb));
  return ImageOf(*still.frame);
}

Result<RgbImage> DecodeImage(const std::string& name, const std::vector<uint8_t>& bytes) {
  CaptureFfmpegLog();
  constexpr size_t kMostBytes = size_t{64} << 20;
  const AVCodec* codec = avcodec_find_decoder(CodecOf(bytes));
  if (!codec || bytes.size() > kMostBytes)
    return InvalidArgument("the picture of " + name + " is no JPEG, PNG or WebP that can be shown");
  const CodecPtr decoder(avcodec_alloc_context3(codec));
  const PacketPtr packet(av_packet_alloc());
  const FramePtr frame(av_frame_alloc());
  if (!decoder || !packet || !frame || av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0)
    return OutOfMemory("no memory for the picture of " + name);
  std::memcpy(packet->data, bytes.data(), bytes.size());
  decoder->thread_count = 1;
  decoder->max_pixels = int64_t{16} << 20;
  TakeFfmpegError();
  int error = avcodec_open2(decoder.get(), codec, nullptr);
  if (error >= 0) error = avcodec_send_packet(decoder.get(), packet.get());
  if (error >= 0) error = avcodec_send_packet(decoder.get(), nullptr);
  if (error >= 0) error = avcodec_receive_frame(decoder.get(), frame.get());
  if (error < 0)
    return FfmpegStatus(StatusCode::kInvalidArgument, "the picture of " + name + " cannot be shown", error);
  ForgetPasses(codec->id, frame.get());
  frame->pts = 0;
  Normalizer normalizer(Target::kRgb, Turn(), AVRational{1, 25}, 1);
  std::vector<FramePtr> ready;
  TEMPERA_RETURN_IF_ERROR(normalizer.Push(frame.get(), &ready));
  TEMPERA_RETURN_IF_ERROR(normalizer.Push(nullptr, &ready));
  if (ready.empty()) return Internal("the picture of " + name + " came to nothing");
  return ImageOf(*ready.front());
}

Result<std::vector<uint8_t>> EncodeImage(const std::string& path, const RgbImage& image) {
  if (!Sound(image)) return InvalidArgument("'" + path + "': the picture's size does not fit its pixels");
  FramePtr frame(av_frame_alloc());
  if (!frame) return OutOfMemory("no memory to write '" + path + "'");
  frame->format = AV_PIX_FMT_RGB24;
  frame->width = image.width;
  frame->height = image.height;
  if (av_frame_get_buffer(frame.get(), 0) < 0) return OutOfMemory("no memory to write '" + path + "'");
  const size_t row_bytes = size_t(3) * image.width;
  for (int y = 0; y < image.height; ++y) {
    std::memcpy(frame->data[0] + ptrdiff_t(y) * frame->linesize[0], image.pixels.data() + row_bytes * y,
                row_bytes);
  }
  return EncodeStill(path, *frame, {}, nullptr);
}

Status WriteImage(const std::string& path, const RgbImage& image) {
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<uint8_t> bytes, EncodeImage(path, image));
  return WriteWholeFile(path, bytes);
}

}  // namespace tempera::media
