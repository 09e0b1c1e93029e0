#include "media/image.h"

#include <cstring>

#include "media/frame_bridge.h"
#include "media/still.h"
#include "src/base/atomic_file.h"

namespace tempera::media {
namespace {

bool Sound(const RgbImage& image) {
  return image.width > 0 && image.height > 0 && image.width <= kMaxSide && image.height <= kMaxSide &&
         image.pixels.size() == size_t(3) * image.width * image.height;
}

}  // namespace

Result<RgbImage> ReadImage(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(Still still, DecodeStill(path, Target::kRgb));
  const AVFrame& frame = *still.frame;
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
