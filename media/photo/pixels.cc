#include <algorithm>

#include "media/photo/libraries.h"

namespace tempera::media {

Status NoSuchPage(int page, int pages) {
  return InvalidArgument("there is no picture number " + std::to_string(page) + ": the file holds " +
                         std::to_string(pages));
}

Result<FramePtr> NewPixels(AVPixelFormat format, int width, int height) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    return InvalidArgument("the picture has a side of 0 or of more than " + std::to_string(kMaxSide) +
                           " pixels: scale it down first");
  }
  FramePtr frame(av_frame_alloc());
  if (frame) {
    frame->format = format;
    frame->width = width;
    frame->height = height;
    frame->colorspace = AVCOL_SPC_RGB;
    frame->color_range = AVCOL_RANGE_JPEG;
  }
  if (!frame || av_frame_get_buffer(frame.get(), 0) < 0) {
    return OutOfMemory("no memory for a picture of " + std::to_string(width) + "x" + std::to_string(height));
  }
  // Rows that a damaged file never reaches are black, not what lay in memory.
  for (int y = 0; y < height; ++y) {
    std::fill_n(frame->data[0] + ptrdiff_t{y} * frame->linesize[0],
                std::min<ptrdiff_t>(frame->linesize[0], ptrdiff_t{8} * width), 0);
  }
  return frame;
}

void Unpremultiply(AVFrame* rgba) {
  for (int y = 0; y < rgba->height; ++y) {
    uint8_t* row = rgba->data[0] + ptrdiff_t{y} * rgba->linesize[0];
    for (int x = 0; x < rgba->width; ++x) {
      uint8_t* pixel = row + ptrdiff_t{4} * x;
      const int alpha = pixel[3];
      if (alpha == 0 || alpha == 255) continue;
      for (int c = 0; c < 3; ++c) {
        pixel[c] = static_cast<uint8_t>(std::min(255, (pixel[c] * 255 + alpha / 2) / alpha));
      }
    }
  }
}

}  // namespace tempera::media
