#include "live/v4l2/pixels.h"

#include <linux/videodev2.h>

#include <algorithm>
#include <cstring>

namespace tempera::live {
namespace {

using media::ColorMatrix;
using media::Frame;
using media::PixelFormat;

constexpr int kMostSide = 16384;

size_t Half(int side) { return (static_cast<size_t>(side) + 1) / 2; }

void CopyPlane(const uint8_t* from, size_t from_stride, uint8_t* to, size_t to_stride, size_t bytes,
               int lines) {
  for (int y = 0; y < lines; ++y) memcpy(to + y * to_stride, from + y * from_stride, bytes);
}

uint8_t* Line(const Frame& frame, int plane, int y) {
  return frame.planes[plane] + static_cast<ptrdiff_t>(y) * frame.stride_bytes[plane];
}

// Packed 4:2:2. first: where a pair's first luma stands, 0 (YUYV) or 1 (UYVY).
void FromPacked422(const RawLayout& layout, int first, const uint8_t* data, Frame* frame) {
  const int pairs = static_cast<int>(Half(layout.width));
  for (int y = 0; y < layout.height; ++y) {
    const uint8_t* in = data + y * layout.stride + first;
    uint8_t* out = Line(*frame, 0, y);
    for (int x = 0; x < layout.width; ++x) out[x] = in[2 * x];
  }
  for (int y = 0; y < static_cast<int>(Half(layout.height)); ++y) {
    const uint8_t* above = data + 2 * y * layout.stride + 1 - first;
    const uint8_t* below = 2 * y + 1 < layout.height ? above + layout.stride : above;
    uint8_t* u = Line(*frame, 1, y);
    uint8_t* v = Line(*frame, 2, y);
    for (int x = 0; x < pairs; ++x) {
      u[x] = static_cast<uint8_t>((above[4 * x] + below[4 * x] + 1) / 2);
      v[x] = static_cast<uint8_t>((above[4 * x + 2] + below[4 * x + 2] + 1) / 2);
    }
  }
}

// BT.709 in limited range (ITU-R BT.709-6, 3.2 and 3.4), 16 bits behind the point: luma is
// 219/255 (0.2126 R + 0.7152 G + 0.0722 B) + 16, Cb is 224/255 (B - Y) / 1.8556 + 128, Cr by 1.5748.
void FromRgb(const RawLayout& layout, int red, const uint8_t* data, Frame* frame) {
  const int blue = 2 - red;
  constexpr int kHalf = 1 << 15;
  for (int y = 0; y < layout.height; ++y) {
    const uint8_t* in = data + y * layout.stride;
    uint8_t* out = Line(*frame, 0, y);
    for (int x = 0; x < layout.width; ++x, in += 3) {
      out[x] = static_cast<uint8_t>(
          (11966 * in[red] + 40254 * in[1] + 4064 * in[blue] + (16 << 16) + kHalf) >> 16);
    }
  }
  for (int y = 0; y < static_cast<int>(Half(layout.height)); ++y) {
    const uint8_t* above = data + 2 * y * layout.stride;
    const uint8_t* below = 2 * y + 1 < layout.height ? above + layout.stride : above;
    for (int x = 0; x < static_cast<int>(Half(layout.width)); ++x) {
      const int left = 6 * x, right = 2 * x + 1 < layout.width ? left + 3 : left;
      const auto sum = [&](int c) {
        return above[left + c] + above[right + c] + below[left + c] + below[right + c];
      };
      const int r = sum(red), g = sum(1), b = sum(blue);  // four times each: 18 bits behind the point
      Line(*frame, 1, y)[x] =
          static_cast<uint8_t>((-6596 * r - 22188 * g + 28784 * b + (128 << 18) + 4 * kHalf) >> 18);
      Line(*frame, 2, y)[x] =
          static_cast<uint8_t>((28784 * r - 26145 * g - 2639 * b + (128 << 18) + 4 * kHalf) >> 18);
    }
  }
}

// 4:2:0 in planes; NV12's two planes of chroma are one of pairs.
void FromPlanes(const RawLayout& layout, const uint8_t* data, Frame* frame) {
  const auto stride = [&](int plane) { return static_cast<size_t>(frame->stride_bytes[plane]); };
  CopyPlane(data, layout.stride, frame->planes[0], stride(0), static_cast<size_t>(layout.width),
            layout.height);
  const uint8_t* chroma = data + layout.stride * layout.height;
  const int lines = static_cast<int>(Half(layout.height));
  if (layout.fourcc == V4L2_PIX_FMT_NV12) {
    CopyPlane(chroma, layout.chroma_stride, frame->planes[1], stride(1), 2 * Half(layout.width), lines);
    return;
  }
  const bool v_first = layout.fourcc == V4L2_PIX_FMT_YVU420;
  for (int i = 0; i < 2; ++i) {
    const int plane = v_first ? 2 - i : 1 + i;
    CopyPlane(chroma + i * layout.chroma_stride * lines, layout.chroma_stride, frame->planes[plane],
              stride(plane), Half(layout.width), lines);
  }
}

void FromGrey(const RawLayout& layout, const uint8_t* data, Frame* frame) {
  CopyPlane(data, layout.stride, frame->planes[0], static_cast<size_t>(frame->stride_bytes[0]),
            static_cast<size_t>(layout.width), layout.height);
  for (int plane = 1; plane < 3; ++plane) {
    for (int y = 0; y < static_cast<int>(Half(layout.height)); ++y)
      memset(Line(*frame, plane, y), 128, Half(layout.width));
  }
}

void ToYuyv(const Frame& frame, const RawLayout& layout, uint8_t* data) {
  for (int y = 0; y < layout.height; ++y) {
    const uint8_t *luma = Line(frame, 0, y), *u = Line(frame, 1, y / 2), *v = Line(frame, 2, y / 2);
    uint8_t* out = data + y * layout.stride;
    for (int x = 0; x < static_cast<int>(Half(layout.width)); ++x) {
      out[4 * x] = luma[2 * x];
      out[4 * x + 1] = u[x];
      out[4 * x + 2] = luma[std::min(2 * x + 1, layout.width - 1)];
      out[4 * x + 3] = v[x];
    }
  }
}

}  // namespace

bool RawLayout::From(const v4l2_pix_format& format, RawLayout* layout) {
  if (format.width < 1 || format.height < 1 || format.width > kMostSide || format.height > kMostSide)
    return false;
  RawLayout l;
  l.fourcc = format.pixelformat;
  l.width = static_cast<int>(format.width);
  l.height = static_cast<int>(format.height);
  size_t least = format.width;
  switch (format.pixelformat) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY:
      least = 4 * Half(l.width);
      break;
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24:
      least = 3 * size_t{format.width};
      break;
    case V4L2_PIX_FMT_NV12:
    case V4L2_PIX_FMT_YUV420:
    case V4L2_PIX_FMT_YVU420:
    case V4L2_PIX_FMT_GREY:
      break;
    default:
      return false;
  }
  // No device pads a line to more than a memory page of pixels on top: more is nonsense, and would make
  // sizes that do not fit.
  if (format.bytesperline > least + (1u << 16)) return false;
  l.stride = std::max<size_t>(least, format.bytesperline);
  const auto lines = static_cast<size_t>(l.height);
  if (format.pixelformat == V4L2_PIX_FMT_NV12) {
    l.chroma_stride = l.stride + l.stride % 2;
    l.bytes = l.stride * lines + l.chroma_stride * Half(l.height);
  } else if (format.pixelformat == V4L2_PIX_FMT_YUV420 || format.pixelformat == V4L2_PIX_FMT_YVU420) {
    l.chroma_stride = (l.stride + 1) / 2;
    l.bytes = l.stride * lines + 2 * l.chroma_stride * Half(l.height);
  } else {
    l.bytes = l.stride * (lines - 1) + least;  // the last line may come without its padding
  }
  *layout = l;
  return true;
}

V4l2Colours ColoursOf(const v4l2_pix_format& format) {
  V4l2Colours colours;
  // Older drivers leave these fields unset, and rubbish in them.
  const bool extended = format.priv == V4L2_PIX_FMT_PRIV_MAGIC;
  uint32_t encoding = extended ? format.ycbcr_enc : uint32_t{V4L2_YCBCR_ENC_DEFAULT};
  if (encoding == V4L2_YCBCR_ENC_DEFAULT) encoding = V4L2_MAP_YCBCR_ENC_DEFAULT(format.colorspace);
  switch (encoding) {
    case V4L2_YCBCR_ENC_709:
    case V4L2_YCBCR_ENC_XV709:
    case V4L2_YCBCR_ENC_SMPTE240M:  // the nearest that the engine knows
      colours.matrix = ColorMatrix::kBt709;
      break;
    case V4L2_YCBCR_ENC_BT2020:
    case V4L2_YCBCR_ENC_BT2020_CONST_LUM:
      colours.matrix = ColorMatrix::kBt2020;
      break;
    default:
      colours.matrix = ColorMatrix::kBt601;
  }
  const uint32_t range = extended ? format.quantization : uint32_t{V4L2_QUANTIZATION_DEFAULT};
  colours.says_range = range != V4L2_QUANTIZATION_DEFAULT;
  colours.full_range = range == V4L2_QUANTIZATION_FULL_RANGE ||
                       (range == V4L2_QUANTIZATION_DEFAULT && format.colorspace == V4L2_COLORSPACE_JPEG);
  return colours;
}

Result<Frame> FrameFromRaw(const RawLayout& layout, const V4l2Colours& colours, const uint8_t* data) {
  const bool nv12 = layout.fourcc == V4L2_PIX_FMT_NV12;
  TEMPERA_ASSIGN_OR_RETURN(Frame frame, Frame::Allocate(nv12 ? PixelFormat::kNv12 : PixelFormat::kI420,
                                                        layout.width, layout.height));
  frame.matrix = colours.matrix;
  frame.full_range = colours.full_range;
  switch (layout.fourcc) {
    case V4L2_PIX_FMT_YUYV:
    case V4L2_PIX_FMT_UYVY:
      FromPacked422(layout, layout.fourcc == V4L2_PIX_FMT_UYVY ? 1 : 0, data, &frame);
      break;
    case V4L2_PIX_FMT_RGB24:
    case V4L2_PIX_FMT_BGR24:
      FromRgb(layout, layout.fourcc == V4L2_PIX_FMT_RGB24 ? 0 : 2, data, &frame);
      frame.matrix = ColorMatrix::kBt709;
      frame.full_range = false;
      break;
    case V4L2_PIX_FMT_GREY:
      FromGrey(layout, data, &frame);
      break;
    default:
      FromPlanes(layout, data, &frame);
  }
  return frame;
}

void RawFromI420(const Frame& frame, const RawLayout& layout, uint8_t* data) {
  const auto stride = [&](int plane) { return static_cast<size_t>(frame.stride_bytes[plane]); };
  if (layout.fourcc == V4L2_PIX_FMT_YUYV) return ToYuyv(frame, layout, data);
  CopyPlane(frame.planes[0], stride(0), data, layout.stride, static_cast<size_t>(layout.width),
            layout.height);
  uint8_t* chroma = data + layout.stride * layout.height;
  const int lines = static_cast<int>(Half(layout.height));
  if (layout.fourcc == V4L2_PIX_FMT_NV12) {
    for (int y = 0; y < lines; ++y) {
      const uint8_t *u = Line(frame, 1, y), *v = Line(frame, 2, y);
      uint8_t* out = chroma + y * layout.chroma_stride;
      for (size_t x = 0; x < Half(layout.width); ++x) out[2 * x] = u[x], out[2 * x + 1] = v[x];
    }
    return;
  }
  const bool v_first = layout.fourcc == V4L2_PIX_FMT_YVU420;
  for (int i = 0; i < 2; ++i) {
    const int plane = v_first ? 2 - i : 1 + i;
    CopyPlane(frame.planes[plane], stride(plane), chroma + i * layout.chroma_stride * lines,
              layout.chroma_stride, Half(layout.width), lines);
  }
}

}  // namespace tempera::live
