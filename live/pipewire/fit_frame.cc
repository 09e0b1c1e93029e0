// FitFrame: for readers that were promised one size and one kind of colours.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "live/pipewire/color_math.h"
#include "live/pipewire/raw_video.h"

namespace tempera::live {
namespace {

using media::Frame;
using media::PixelFormat;

// One output sample of one axis: weights of `count` inputs from `first`, in 1/4096.
struct Tap {
  int first = 0, count = 0;
  size_t weights = 0;  // where they begin
};
struct Taps {
  std::vector<Tap> taps;
  std::vector<int> weights;
};

// Smaller: each pixel is the mean of what it covers. Larger: bilinear.
Taps MakeTaps(int from, int to) {
  Taps all;
  const double scale = static_cast<double>(from) / to;
  for (int i = 0; i < to; ++i) {
    Tap tap;
    tap.weights = all.weights.size();
    if (scale > 1) {
      const double begin = i * scale, end = std::min<double>(from, (i + 1) * scale);
      tap.first = static_cast<int>(begin);
      for (int k = tap.first; k < end && k < from; ++k) {
        const double share = (std::min<double>(end, k + 1) - std::max<double>(begin, k)) / scale;
        all.weights.push_back(static_cast<int>(std::lround(share * 4096)));
      }
    } else {
      const double center = std::clamp((i + 0.5) * scale - 0.5, 0.0, from - 1.0);
      tap.first = static_cast<int>(center);
      const int second = static_cast<int>(std::lround((center - tap.first) * 4096));
      all.weights.push_back(4096 - second);
      if (second) all.weights.push_back(second);
    }
    tap.count = static_cast<int>(all.weights.size() - tap.weights);
    // Rounding must not make white grey.
    int sum = 0;
    for (int k = 0; k < tap.count; ++k) sum += all.weights[tap.weights + k];
    all.weights[tap.weights + tap.count / 2] += 4096 - sum;
    all.taps.push_back(tap);
  }
  return all;
}

// `step`: bytes from one sample to the next in the row: 2 for a chroma plane of NV12.
void ScalePlane(const uint8_t* from, int stride, int step, int width, int height, uint8_t* to, int to_stride,
                int to_width, int to_height) {
  const Taps columns = MakeTaps(width, to_width), rows = MakeTaps(height, to_height);
  std::vector<int> sums(static_cast<size_t>(width));
  for (int y = 0; y < to_height; ++y) {
    const Tap& row = rows.taps[y];
    std::fill(sums.begin(), sums.end(), 0);
    for (int k = 0; k < row.count; ++k) {
      const uint8_t* in = from + static_cast<ptrdiff_t>(stride) * (row.first + k);
      const int weight = rows.weights[row.weights + k];
      for (int x = 0; x < width; ++x) sums[x] += weight * in[static_cast<ptrdiff_t>(step) * x];
    }
    uint8_t* out = to + static_cast<ptrdiff_t>(to_stride) * y;
    for (int x = 0; x < to_width; ++x) {
      const Tap& column = columns.taps[x];
      int64_t sum = 0;
      for (int k = 0; k < column.count; ++k)
        sum += static_cast<int64_t>(columns.weights[column.weights + k]) * sums[column.first + k];
      out[x] = Clamp8(static_cast<int>((sum + (1 << 23)) >> 24));
    }
  }
}

// Where a picture of that shape lies in a frame: even places and sizes.
RawRegion Inside(int width, int height, int in_width, int in_height) {
  const double across = static_cast<double>(in_width) / width, down = static_cast<double>(in_height) / height;
  // The bars would be narrower than anybody sees a face stretched by that.
  if (std::fabs(across / down - 1) <= 0.02) return {0, 0, in_width, in_height};
  const double scale = std::min(across, down);
  const auto even = [&](double size, int most) {
    return std::clamp(static_cast<int>(std::lround(size * scale / 2)) * 2, 2, most);
  };
  RawRegion region{0, 0, even(width, in_width), even(height, in_height)};
  region.x = (in_width - region.width) / 4 * 2;
  region.y = (in_height - region.height) / 4 * 2;
  return region;
}

// Any frame as I420 of its own size and these colours.
Result<Frame> AsI420(const Frame& frame, media::ColorMatrix matrix, bool full_range) {
  TEMPERA_ASSIGN_OR_RETURN(Frame out, Frame::Allocate(PixelFormat::kI420, frame.width, frame.height));
  out.matrix = matrix;
  out.full_range = full_range;
  out.av = nullptr;
  const YuvFromRgb yuv(matrix, full_range);
  const RgbFromYuv rgb(frame.matrix, frame.full_range);
  const bool nv12 = frame.format == PixelFormat::kNv12, packed = !nv12 && frame.format != PixelFormat::kI420;
  const int bytes = frame.format == PixelFormat::kRgb ? 3 : 4,
            red = frame.format == PixelFormat::kBgra ? 2 : 0;
  const auto pixel = [&](int x, int y, uint8_t* to) {
    const uint8_t* row = frame.planes[0] + static_cast<ptrdiff_t>(frame.stride_bytes[0]) * y;
    if (packed) {
      const uint8_t* p = row + static_cast<ptrdiff_t>(bytes) * x;
      to[0] = p[red], to[1] = p[1], to[2] = p[2 - red];
      return;
    }
    const ptrdiff_t chroma = static_cast<ptrdiff_t>(frame.stride_bytes[1]) * (y / 2);
    const int cb = frame.planes[1][chroma + (nv12 ? x / 2 * 2 : x / 2)];
    const int cr = nv12 ? frame.planes[1][chroma + x / 2 * 2 + 1]
                        : frame.planes[2][static_cast<ptrdiff_t>(frame.stride_bytes[2]) * (y / 2) + x / 2];
    rgb(row[x], cb, cr, &to[0], &to[1], &to[2]);
  };
  for (int y = 0; y < frame.height; y += 2) {
    for (int x = 0; x < frame.width; x += 2) {
      int sum[3] = {};
      for (int k = 0; k < 4; ++k) {
        const int column = std::min(x + k % 2, frame.width - 1), row = std::min(y + k / 2, frame.height - 1);
        uint8_t p[3];
        pixel(column, row, p);
        out.planes[0][static_cast<ptrdiff_t>(out.stride_bytes[0]) * row + column] = yuv.Y(p[0], p[1], p[2]);
        for (int c = 0; c < 3; ++c) sum[c] += p[c];
      }
      for (int& s : sum) s = (s + 2) / 4;
      out.planes[1][static_cast<ptrdiff_t>(out.stride_bytes[1]) * (y / 2) + x / 2] =
          yuv.Cb(sum[0], sum[1], sum[2]);
      out.planes[2][static_cast<ptrdiff_t>(out.stride_bytes[2]) * (y / 2) + x / 2] =
          yuv.Cr(sum[0], sum[1], sum[2]);
    }
  }
  return out;
}

}  // namespace

Result<Frame> FitFrame(const Frame& given, int width, int height, media::ColorMatrix matrix,
                       bool full_range) {
  Frame frame = given;
  const bool planar = given.format == PixelFormat::kI420 || given.format == PixelFormat::kNv12;
  if (!planar || given.matrix != matrix || given.full_range != full_range) {
    TEMPERA_ASSIGN_OR_RETURN(frame, AsI420(given, matrix, full_range));
    if (frame.width == width && frame.height == height) return frame;
  }
  TEMPERA_ASSIGN_OR_RETURN(Frame out, Frame::Allocate(PixelFormat::kI420, width, height));
  out.matrix = matrix;
  out.full_range = full_range;
  out.av = nullptr;
  const RawRegion inside = Inside(frame.width, frame.height, width, height);
  for (int i = 0; i < 3; ++i) {
    const int shift = i ? 1 : 0;
    if (inside.width < width || inside.height < height) {
      for (int y = 0; y < (height + shift) >> shift; ++y)
        std::memset(out.planes[i] + static_cast<ptrdiff_t>(out.stride_bytes[i]) * y,
                    i            ? 128
                    : full_range ? 0
                                 : 16,
                    static_cast<size_t>((width + shift) >> shift));
    }
    const bool nv12 = frame.format == PixelFormat::kNv12;
    const uint8_t* from = nv12 && i == 2 ? frame.planes[1] + 1 : frame.planes[i];
    ScalePlane(from, frame.stride_bytes[nv12 && i ? 1 : i], nv12 && i ? 2 : 1, (frame.width + shift) >> shift,
               (frame.height + shift) >> shift,
               out.planes[i] + static_cast<ptrdiff_t>(out.stride_bytes[i]) * (inside.y >> shift) +
                   (inside.x >> shift),
               out.stride_bytes[i], (inside.width + shift) >> shift, (inside.height + shift) >> shift);
  }
  return out;
}

}  // namespace tempera::live
