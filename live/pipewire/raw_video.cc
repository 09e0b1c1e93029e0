#include "live/pipewire/raw_video.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "live/pipewire/color_math.h"

namespace tempera::live {
namespace {

using media::Frame;
using media::PixelFormat;

size_t RoundUp(size_t value, size_t step) { return (value + step - 1) / step * step; }

int PixelBytes(RawFormat format) {
  switch (format) {
    case RawFormat::kYuy2:
      return 2;
    case RawFormat::kRgb:
      return 3;
    case RawFormat::kBgrx:
    case RawFormat::kRgbx:
      return 4;
    default:
      return 1;
  }
}

struct Plane {
  const uint8_t* data = nullptr;
  size_t stride = 0;
  const uint8_t* Row(int y) const { return data + stride * static_cast<size_t>(y); }
};

struct Planes {
  Plane plane[3];
};

// How many planes, and of each the bytes of a row and the rows.
struct Shape {
  int planes = 1;
  size_t row_bytes[3] = {}, rows[3] = {};
};

Shape ShapeOf(RawFormat format, int width, int height) {
  const size_t w = static_cast<size_t>(width), h = static_cast<size_t>(height);
  const size_t half_w = (w + 1) / 2, half_h = (h + 1) / 2;
  switch (format) {
    case RawFormat::kI420:
      return {3, {w, half_w, half_w}, {h, half_h, half_h}};
    case RawFormat::kNv12:
      return {2, {w, 2 * half_w, 0}, {h, half_h, 0}};
    case RawFormat::kYuy2:
      return {1, {4 * half_w, 0, 0}, {h, 0, 0}};
    default:
      return {1, {w * PixelBytes(format), 0, 0}, {h, 0, 0}};
  }
}

// One block for all planes: offsets of the second and third, and the stride of those. Two customs meet here:
// chroma with half the stride of luma (Linux cameras), and GStreamer's, where every plane's rows end at a
// multiple of 4 and luma has an even number of rows. They differ for odd sizes only, and the size of the
// block then says which it is.
struct Layout {
  size_t luma_rows = 0, chroma_stride = 0, bytes = 0;
};

Layout ChooseLayout(const RawPicture& picture, size_t stride, const Shape& shape) {
  const size_t height = static_cast<size_t>(picture.height), chroma_rows = shape.rows[1];
  const size_t chroma_planes = static_cast<size_t>(shape.planes - 1);
  const bool nv12 = picture.format == RawFormat::kNv12;
  Layout halved{height, nv12 ? stride : (stride + 1) / 2, 0};
  Layout gstreamer{RoundUp(height, 2), nv12 ? stride : RoundUp(shape.row_bytes[1], 4), 0};
  for (Layout* layout : {&halved, &gstreamer})
    layout->bytes = stride * layout->luma_rows + chroma_planes * layout->chroma_stride * chroma_rows;
  const size_t given = picture.blocks[0].bytes;
  if (given == halved.bytes) return halved;
  if (given == gstreamer.bytes || picture.blocks[0].stride_bytes == 0) return gstreamer;
  return halved;
}

Result<Planes> FindPlanes(const RawPicture& picture) {
  const Shape shape = ShapeOf(picture.format, picture.width, picture.height);
  const auto too_small = [&] {
    return InvalidArgument(std::string("a ") + RawFormatName(picture.format) + " picture of " +
                           std::to_string(picture.width) + "x" + std::to_string(picture.height) +
                           " came in a buffer that is too small for it");
  };
  const bool one_block = picture.block_count == 1;
  if (picture.block_count < 1 || (!one_block && picture.block_count < shape.planes)) return too_small();
  Planes planes;
  size_t offset = 0;
  size_t chroma_stride = 0, luma_rows = 0;
  for (int i = 0; i < shape.planes; ++i) {
    const RawBlock& block = picture.blocks[one_block ? 0 : i];
    if (!block.data || block.stride_bytes < 0) return too_small();
    size_t stride =
        block.stride_bytes ? static_cast<size_t>(block.stride_bytes) : RoundUp(shape.row_bytes[i], 4);
    if (one_block && shape.planes > 1) {
      if (i == 0) {
        const Layout layout = ChooseLayout(picture, stride, shape);
        chroma_stride = layout.chroma_stride;
        luma_rows = layout.luma_rows;
      } else {
        stride = chroma_stride;
      }
    }
    const size_t needed = stride * (shape.rows[i] - 1) + shape.row_bytes[i];
    if (stride < shape.row_bytes[i] || offset > block.bytes || needed > block.bytes - offset)
      return too_small();
    planes.plane[i] = {block.data + offset, stride};
    if (one_block) offset += stride * (i == 0 && luma_rows ? luma_rows : shape.rows[i]);
  }
  return planes;
}

void CopyRows(const Plane& from, size_t x_bytes, int y, size_t row_bytes, int rows, uint8_t* to,
              int to_stride) {
  for (int i = 0; i < rows; ++i)
    std::memcpy(to + static_cast<ptrdiff_t>(to_stride) * i, from.Row(y + i) + x_bytes, row_bytes);
}

void CopyPlanar(const Planes& planes, bool nv12, const RawRegion& region, Frame* frame) {
  const int half_w = (region.width + 1) / 2, half_h = (region.height + 1) / 2;
  CopyRows(planes.plane[0], region.x, region.y, region.width, region.height, frame->planes[0],
           frame->stride_bytes[0]);
  for (int i = 1; i < (nv12 ? 2 : 3); ++i) {
    CopyRows(planes.plane[i], nv12 ? region.x : region.x / 2, region.y / 2, nv12 ? 2 * half_w : half_w,
             half_h, frame->planes[i], frame->stride_bytes[i]);
  }
}

// Chroma of two rows is averaged: 4:2:2 has it for each.
void UnpackYuy2(const Plane& plane, const RawRegion& region, Frame* frame) {
  const int half_w = (region.width + 1) / 2;
  for (int y = 0; y < region.height; ++y) {
    const uint8_t* from = plane.Row(region.y + y) + 2 * region.x;
    uint8_t* luma = frame->planes[0] + static_cast<ptrdiff_t>(frame->stride_bytes[0]) * y;
    for (int x = 0; x < region.width; ++x) luma[x] = from[2 * x];
    if (y % 2) continue;
    const uint8_t* below = y + 1 < region.height ? plane.Row(region.y + y + 1) + 2 * region.x : from;
    uint8_t* cb = frame->planes[1] + static_cast<ptrdiff_t>(frame->stride_bytes[1]) * (y / 2);
    uint8_t* cr = frame->planes[2] + static_cast<ptrdiff_t>(frame->stride_bytes[2]) * (y / 2);
    for (int x = 0; x < half_w; ++x) {
      cb[x] = static_cast<uint8_t>((from[4 * x + 1] + below[4 * x + 1] + 1) / 2);
      cr[x] = static_cast<uint8_t>((from[4 * x + 3] + below[4 * x + 3] + 1) / 2);
    }
  }
}

template <int kBytes, int kRed, int kBlue>
void FromRgb(const Plane& plane, const RawRegion& region, const YuvFromRgb& yuv, Frame* frame) {
  for (int y = 0; y < region.height; y += 2) {
    const uint8_t* rows[2];
    uint8_t* luma[2];
    // The last row of an odd height counts twice, as the last column of an odd width does.
    for (int k = 0; k < 2; ++k) {
      const int row = std::min(y + k, region.height - 1);
      rows[k] = plane.Row(region.y + row) + static_cast<ptrdiff_t>(kBytes) * region.x;
      luma[k] = frame->planes[0] + static_cast<ptrdiff_t>(frame->stride_bytes[0]) * row;
    }
    uint8_t* cb = frame->planes[1] + static_cast<ptrdiff_t>(frame->stride_bytes[1]) * (y / 2);
    uint8_t* cr = frame->planes[2] + static_cast<ptrdiff_t>(frame->stride_bytes[2]) * (y / 2);
    for (int x = 0; x < region.width; x += 2) {
      int sum[3] = {};
      for (int k = 0; k < 4; ++k) {
        const int column = std::min(x + k % 2, region.width - 1);
        const uint8_t* p = rows[k / 2] + static_cast<ptrdiff_t>(kBytes) * column;
        luma[k / 2][column] = yuv.Y(p[kRed], p[1], p[kBlue]);
        sum[0] += p[kRed], sum[1] += p[1], sum[2] += p[kBlue];
      }
      for (int& s : sum) s = (s + 2) / 4;
      cb[x / 2] = yuv.Cb(sum[0], sum[1], sum[2]);
      cr[x / 2] = yuv.Cr(sum[0], sum[1], sum[2]);
    }
  }
}

void ToYuy2(const Frame& frame, uint8_t* out) {
  const bool nv12 = frame.format == PixelFormat::kNv12;
  const int stride = RawStride(RawFormat::kYuy2, frame.width);
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* luma = frame.planes[0] + static_cast<ptrdiff_t>(frame.stride_bytes[0]) * y;
    const uint8_t* cb = frame.planes[1] + static_cast<ptrdiff_t>(frame.stride_bytes[1]) * (y / 2);
    const uint8_t* cr =
        nv12 ? cb + 1 : frame.planes[2] + static_cast<ptrdiff_t>(frame.stride_bytes[2]) * (y / 2);
    const int step = nv12 ? 2 : 1;
    uint8_t* to = out + static_cast<ptrdiff_t>(stride) * y;
    for (int x = 0; x < frame.width / 2; ++x) {
      to[4 * x] = luma[2 * x];
      to[4 * x + 1] = cb[x * step];
      to[4 * x + 2] = luma[2 * x + 1];
      to[4 * x + 3] = cr[x * step];
    }
  }
}

void ToBgrx(const Frame& frame, uint8_t* out) {
  const bool nv12 = frame.format == PixelFormat::kNv12;
  const RgbFromYuv rgb(frame.matrix, frame.full_range);
  const int stride = RawStride(RawFormat::kBgrx, frame.width), step = nv12 ? 2 : 1;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* luma = frame.planes[0] + static_cast<ptrdiff_t>(frame.stride_bytes[0]) * y;
    const uint8_t* cb = frame.planes[1] + static_cast<ptrdiff_t>(frame.stride_bytes[1]) * (y / 2);
    const uint8_t* cr =
        nv12 ? cb + 1 : frame.planes[2] + static_cast<ptrdiff_t>(frame.stride_bytes[2]) * (y / 2);
    uint8_t* to = out + static_cast<ptrdiff_t>(stride) * y;
    for (int x = 0; x < frame.width; ++x) {
      rgb(luma[x], cb[x / 2 * step], cr[x / 2 * step], &to[4 * x + 2], &to[4 * x + 1], &to[4 * x]);
      to[4 * x + 3] = 255;
    }
  }
}

// I420 or NV12, from either.
void ToPlanar(const Frame& frame, bool to_nv12, uint8_t* out) {
  const bool nv12 = frame.format == PixelFormat::kNv12;
  const ptrdiff_t width = frame.width, half_w = width / 2, half_h = frame.height / 2;
  for (int y = 0; y < frame.height; ++y)
    std::memcpy(out + width * y, frame.planes[0] + static_cast<ptrdiff_t>(frame.stride_bytes[0]) * y, width);
  uint8_t* const chroma = out + width * frame.height;
  for (ptrdiff_t y = 0; y < half_h; ++y) {
    const uint8_t* cb = frame.planes[1] + static_cast<ptrdiff_t>(frame.stride_bytes[1]) * y;
    const uint8_t* cr = nv12 ? cb + 1 : frame.planes[2] + static_cast<ptrdiff_t>(frame.stride_bytes[2]) * y;
    uint8_t* to_cb = to_nv12 ? chroma + width * y : chroma + half_w * y;
    uint8_t* to_cr = to_nv12 ? to_cb + 1 : to_cb + half_w * half_h;
    const int step = nv12 ? 2 : 1, to_step = to_nv12 ? 2 : 1;
    for (ptrdiff_t x = 0; x < half_w; ++x) {
      to_cb[x * to_step] = cb[x * step];
      to_cr[x * to_step] = cr[x * step];
    }
  }
}

}  // namespace

const char* RawFormatName(RawFormat format) {
  static constexpr const char* kNames[] = {"I420", "NV12", "YUY2", "BGRx", "RGBx", "RGB"};
  return kNames[static_cast<int>(format)];
}

Result<Frame> FrameFromRaw(const RawPicture& picture, const RawRegion& wanted) {
  const bool rgb = PixelBytes(picture.format) > 2, nv12 = picture.format == RawFormat::kNv12;
  RawRegion region = wanted;
  if (region.x < 0 || region.y < 0 || region.width < 1 || region.height < 1 ||
      region.width > picture.width - region.x || region.height > picture.height - region.y) {
    return InvalidArgument("a region outside its picture of " + std::to_string(picture.width) + "x" +
                           std::to_string(picture.height));
  }
  if (!rgb) region.x -= region.x % 2;
  if (!rgb && picture.format != RawFormat::kYuy2) region.y -= region.y % 2;
  TEMPERA_ASSIGN_OR_RETURN(Frame frame, Frame::Allocate(nv12 ? PixelFormat::kNv12 : PixelFormat::kI420,
                                                        region.width, region.height));
  TEMPERA_ASSIGN_OR_RETURN(const Planes planes, FindPlanes(picture));
  frame.matrix = rgb ? media::ColorMatrix::kBt709 : picture.matrix;
  frame.full_range = !rgb && picture.full_range;
  const YuvFromRgb yuv(frame.matrix, frame.full_range);
  switch (picture.format) {
    case RawFormat::kI420:
    case RawFormat::kNv12:
      CopyPlanar(planes, nv12, region, &frame);
      break;
    case RawFormat::kYuy2:
      UnpackYuy2(planes.plane[0], region, &frame);
      break;
    case RawFormat::kBgrx:
      FromRgb<4, 2, 0>(planes.plane[0], region, yuv, &frame);
      break;
    case RawFormat::kRgbx:
      FromRgb<4, 0, 2>(planes.plane[0], region, yuv, &frame);
      break;
    case RawFormat::kRgb:
      FromRgb<3, 0, 2>(planes.plane[0], region, yuv, &frame);
      break;
  }
  frame.av = nullptr;  // its colours would no longer be these
  return frame;
}

int RawStride(RawFormat format, int width) { return width * PixelBytes(format); }

size_t RawBytes(RawFormat format, int width, int height) {
  const size_t luma = static_cast<size_t>(RawStride(format, width)) * static_cast<size_t>(height);
  return PixelBytes(format) == 1 ? luma / 2 * 3 : luma;
}

void RawFromFrame(const Frame& frame, RawFormat format, uint8_t* out) {
  if (format == RawFormat::kYuy2) return ToYuy2(frame, out);
  if (format == RawFormat::kBgrx) return ToBgrx(frame, out);
  ToPlanar(frame, format == RawFormat::kNv12, out);
}

}  // namespace tempera::live
