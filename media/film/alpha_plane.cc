#include "media/film/alpha_plane.h"

#include <cstring>

extern "C" {
#include <libavutil/buffer.h>
}

namespace tempera::media {
namespace {

Status NoMemory() { return OutOfMemory("no memory for a film's transparency"); }

// An empty picture with all but the pixels of `like`.
Result<FramePtr> NewLike(const AVFrame& like, AVPixelFormat format) {
  FramePtr made(av_frame_alloc());
  if (!made || av_frame_copy_props(made.get(), &like) < 0) return NoMemory();
  av_buffer_unref(&made->opaque_ref);
  made->format = format;
  made->width = like.width;
  made->height = like.height;
  if (av_frame_get_buffer(made.get(), 0) < 0) return NoMemory();
  return made;
}

void CopyRows(const uint8_t* from, int from_stride, uint8_t* to, int to_stride, int bytes, int rows) {
  for (int y = 0; y < rows; ++y) {
    std::memcpy(to + static_cast<ptrdiff_t>(y) * to_stride, from + static_cast<ptrdiff_t>(y) * from_stride,
                static_cast<size_t>(bytes));
  }
}

}  // namespace

Status SetAlphaPlane(const uint8_t* plane, int stride_bytes, AVFrame* frame) {
  AVBufferRef* own = av_buffer_alloc(static_cast<size_t>(frame->width) * static_cast<size_t>(frame->height));
  if (!own) return NoMemory();
  CopyRows(plane, stride_bytes, own->data, frame->width, frame->width, frame->height);
  av_buffer_unref(&frame->opaque_ref);
  frame->opaque_ref = own;
  return OkStatus();
}

const uint8_t* AlphaPlane(const AVFrame& frame) {
  const AVBufferRef* plane = frame.opaque_ref;
  const size_t size = static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height);
  return plane && plane->size == size ? plane->data : nullptr;
}

Status CopyAlphaPlane(const AVFrame& from, AVFrame* to) {
  if (!AlphaPlane(from)) return OkStatus();
  AVBufferRef* shared = av_buffer_ref(from.opaque_ref);
  if (!shared) return NoMemory();
  av_buffer_unref(&to->opaque_ref);
  to->opaque_ref = shared;
  return OkStatus();
}

Result<FramePtr> JoinAlpha(const AVFrame& frame) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr joined, NewLike(frame, AV_PIX_FMT_YUVA420P));
  const int w = frame.width, h = frame.height, half_w = (w + 1) / 2, half_h = (h + 1) / 2;
  CopyRows(frame.data[0], frame.linesize[0], joined->data[0], joined->linesize[0], w, h);
  if (frame.format == AV_PIX_FMT_NV12) {
    for (int y = 0; y < half_h; ++y) {
      const uint8_t* pairs = frame.data[1] + static_cast<ptrdiff_t>(y) * frame.linesize[1];
      for (int x = 0; x < half_w; ++x) {
        for (int c = 0; c < 2; ++c)
          joined->data[1 + c][static_cast<ptrdiff_t>(y) * joined->linesize[1 + c] + x] = pairs[2 * x + c];
      }
    }
  } else {
    for (int c = 1; c <= 2; ++c)
      CopyRows(frame.data[c], frame.linesize[c], joined->data[c], joined->linesize[c], half_w, half_h);
  }
  if (const uint8_t* plane = AlphaPlane(frame)) {
    CopyRows(plane, w, joined->data[3], joined->linesize[3], w, h);
  } else {
    for (int y = 0; y < h; ++y)
      std::memset(joined->data[3] + static_cast<ptrdiff_t>(y) * joined->linesize[3], 255,
                  static_cast<size_t>(w));
  }
  return joined;
}

Result<FramePtr> JoinAlphaRgb(const AVFrame& rgb, const AVFrame& of) {
  TEMPERA_ASSIGN_OR_RETURN(FramePtr joined, NewLike(rgb, AV_PIX_FMT_RGBA));
  const uint8_t* plane = of.width == rgb.width && of.height == rgb.height ? AlphaPlane(of) : nullptr;
  for (int y = 0; y < rgb.height; ++y) {
    const uint8_t* from = rgb.data[0] + static_cast<ptrdiff_t>(y) * rgb.linesize[0];
    uint8_t* to = joined->data[0] + static_cast<ptrdiff_t>(y) * joined->linesize[0];
    for (int x = 0; x < rgb.width; ++x) {
      std::memcpy(to + 4 * x, from + 3 * x, 3);
      to[4 * x + 3] = plane ? plane[static_cast<ptrdiff_t>(y) * rgb.width + x] : 255;
    }
  }
  return joined;
}

}  // namespace tempera::media
