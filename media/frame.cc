#include "media/frame.h"

#include <string>

extern "C" {
#include <libavutil/imgutils.h>
}

#include "media/film/alpha_plane.h"
#include "media/frame_bridge.h"

namespace tempera::media {

AVPixelFormat ToAvFormat(PixelFormat format) {
  switch (format) {
    case PixelFormat::kRgba:
      return AV_PIX_FMT_RGBA;
    case PixelFormat::kBgra:
      return AV_PIX_FMT_BGRA;
    case PixelFormat::kRgb:
      return AV_PIX_FMT_RGB24;
    case PixelFormat::kNv12:
      return AV_PIX_FMT_NV12;
    case PixelFormat::kI420:
      return AV_PIX_FMT_YUV420P;
  }
  return AV_PIX_FMT_NONE;
}

Frame WrapAvFrame(FramePtr av) {
  Frame frame;
  switch (av->format) {
    case AV_PIX_FMT_RGBA:
      frame.format = PixelFormat::kRgba;
      break;
    case AV_PIX_FMT_BGRA:
      frame.format = PixelFormat::kBgra;
      break;
    case AV_PIX_FMT_RGB24:
      frame.format = PixelFormat::kRgb;
      break;
    case AV_PIX_FMT_NV12:
      frame.format = PixelFormat::kNv12;
      break;
    default:
      frame.format = PixelFormat::kI420;
      break;
  }
  frame.width = av->width;
  frame.height = av->height;
  for (int i = 0; i < 3; ++i) {
    frame.planes[i] = av->data[i];
    frame.stride_bytes[i] = av->linesize[i];
  }
  frame.matrix = MatrixOf(*av);
  frame.full_range = av->color_range == AVCOL_RANGE_JPEG || av->format == AV_PIX_FMT_YUVJ420P;
  frame.pts = av->pts;
  AVFrame* raw = av.release();
  frame.av = raw;
  frame.storage = std::shared_ptr<void>(raw, [](void* p) {
    AVFrame* owned = static_cast<AVFrame*>(p);
    av_frame_free(&owned);
  });
  return frame;
}

Result<FramePtr> ToAvFrame(const Frame& frame) {
  const auto no_memory = [&frame] {
    return OutOfMemory("no memory for a frame of " + std::to_string(frame.width) + "x" +
                       std::to_string(frame.height));
  };
  if (frame.av != nullptr) {
    FramePtr same(av_frame_clone(frame.av));
    if (!same) return no_memory();
    return same;
  }
  TEMPERA_ASSIGN_OR_RETURN(const Frame copy, Frame::Allocate(frame.format, frame.width, frame.height));
  FramePtr av(av_frame_clone(copy.av));
  if (!av) return no_memory();
  const uint8_t* planes[4] = {frame.planes[0], frame.planes[1], frame.planes[2], nullptr};
  const int strides[4] = {frame.stride_bytes[0], frame.stride_bytes[1], frame.stride_bytes[2], 0};
  av_image_copy(av->data, av->linesize, planes, strides, ToAvFormat(frame.format), frame.width, frame.height);
  av->color_range = frame.full_range ? AVCOL_RANGE_JPEG : AVCOL_RANGE_UNSPECIFIED;
  if (frame.format == PixelFormat::kNv12 || frame.format == PixelFormat::kI420) {
    av->colorspace = frame.matrix == ColorMatrix::kBt2020  ? AVCOL_SPC_BT2020_NCL
                     : frame.matrix == ColorMatrix::kBt601 ? AVCOL_SPC_SMPTE170M
                                                           : AVCOL_SPC_BT709;
  }
  av->pts = frame.pts;
  return av;
}

ColorMatrix MatrixOf(const AVFrame& av) {
  switch (av.colorspace) {
    case AVCOL_SPC_BT709:
      return ColorMatrix::kBt709;
    case AVCOL_SPC_BT2020_NCL:
      return ColorMatrix::kBt2020;
    case AVCOL_SPC_SMPTE170M:
    case AVCOL_SPC_BT470BG:
      return ColorMatrix::kBt601;
    default:
      // Untagged: what players assume (mpv's rule): high definition is BT.709, and JPEG is BT.601.
      if (av.format == AV_PIX_FMT_YUVJ420P) return ColorMatrix::kBt601;
      return av.width >= 1280 || av.height > 576 ? ColorMatrix::kBt709 : ColorMatrix::kBt601;
  }
}

Result<Frame> Frame::Allocate(PixelFormat format, int width, int height) {
  if (width < 1 || height < 1 || width > kMaxSide || height > kMaxSide) {
    return InvalidArgument("a frame of " + std::to_string(width) + "x" + std::to_string(height) +
                           " pixels cannot be held: each side must be 1 to " + std::to_string(kMaxSide));
  }
  FramePtr av(av_frame_alloc());
  if (av) {
    av->format = ToAvFormat(format);
    av->width = width;
    av->height = height;
  }
  if (!av || av_frame_get_buffer(av.get(), 0) < 0) {
    return OutOfMemory("no memory for a frame of " + std::to_string(width) + "x" + std::to_string(height));
  }
  return WrapAvFrame(std::move(av));
}

Result<Frame> Frame::AllocateLike(const Frame& other) {
  TEMPERA_ASSIGN_OR_RETURN(Frame frame, Allocate(other.format, other.width, other.height));
  frame.matrix = other.matrix;
  frame.full_range = other.full_range;
  frame.pts = other.pts;
  frame.pts_us = other.pts_us;
  frame.duration = other.duration;
  if (other.av)
    TEMPERA_RETURN_IF_ERROR(CopyAlphaPlane(*other.av, static_cast<AVFrame*>(frame.storage.get())));
  // Captions (CEA-608 and 708) travel beside the pictures they belong to, and how two of them make depth.
  for (const AVFrameSideDataType type : {AV_FRAME_DATA_A53_CC, AV_FRAME_DATA_STEREO3D}) {
    const AVFrameSideData* side = other.av ? av_frame_get_side_data(other.av, type) : nullptr;
    if (!side || !side->buf) continue;
    AVBufferRef* shared = av_buffer_ref(side->buf);
    auto* own = static_cast<AVFrame*>(frame.storage.get());
    if (!shared || !av_frame_new_side_data_from_buf(own, type, shared)) {
      av_buffer_unref(&shared);
      return OutOfMemory("no memory for what lies beside a frame");
    }
  }
  return frame;
}

}  // namespace tempera::media
