#include "src/kernels/conv/conv_geometry.h"

#include <algorithm>
#include <string>

#include "src/base/checked_math.h"

namespace tempera::kernels {
namespace {

int64_t FloorDiv(int64_t a, int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

// Whether the enlargement can go into the weights: every enlarged pixel, padding included, must be
// the small pixel at half its coordinate. Constant and edge padding always are; reflection by one
// pixel shows the border's twin, which is edge padding of the small image.
bool Foldable(const ConvShape& s) {
  if (s.upsample != 2) return false;
  for (const ConvAxis& a : {AxisH(s), AxisW(s)}) {
    if (a.stride != 1 || a.dilation != 1) return false;
    if (s.pad_mode == PadMode::kReflect && (a.before > 1 || a.after() > 1)) return false;
  }
  return true;
}

enum class Kind { kPlain, kFolded, kTransposed };
Kind KindOf(const ConvShape& s) {
  if (s.transposed) return Kind::kTransposed;
  return Foldable(s) ? Kind::kFolded : Kind::kPlain;
}

// Offset of tap k's input pixel from output pixel i's own (i * stride when plain, i otherwise), before
// the window's start is subtracted; false when the tap has nothing to add in this phase.
//   plain: output i reads i * stride + k * dilation - before.
//   folded: output 2 * i + phase reads enlarged pixel 2 * i + phase - before + k, half of it (down) small.
//   transposed: output scale * i + phase gets input j where scale * j = scale * i + phase + before - k *
//   dilation.
bool OffsetOf(Kind kind, const ConvAxis& a, int64_t scale, int64_t phase, int64_t k, int64_t* offset) {
  switch (kind) {
    case Kind::kPlain:
      *offset = k * a.dilation - a.before;
      return true;
    case Kind::kFolded:
      *offset = FloorDiv(phase - a.before + k, scale);
      return true;
    case Kind::kTransposed: {
      const int64_t twice = phase + a.before - k * a.dilation;
      *offset = FloorDiv(twice, scale);
      return *offset * scale == twice;
    }
  }
  return false;
}

struct Extent {
  int64_t first = 0, last = 0;  // over all phases and taps; [0, 0] when there are none
};
Extent ExtentOf(Kind kind, const ConvAxis& a, int64_t scale) {
  Extent e;
  bool any = false;
  for (int64_t phase = 0; phase < scale; ++phase) {
    for (int64_t k = 0; k < a.kernel; ++k) {
      int64_t offset;
      if (!OffsetOf(kind, a, scale, phase, k, &offset)) continue;
      e.first = any ? std::min(e.first, offset) : offset;
      e.last = any ? std::max(e.last, offset) : offset;
      any = true;
    }
  }
  return e;
}

std::vector<AxisTap> Taps(const ConvGeometry& p, const ConvAxis& a, int64_t phase, int64_t start) {
  std::vector<AxisTap> taps;
  for (int64_t k = 0; k < a.kernel; ++k) {
    int64_t offset;
    if (!OffsetOf(KindOf(p.shape), a, p.scale, phase, k, &offset)) continue;
    offset += start;
    if (taps.empty() || taps.back().offset != offset) taps.push_back({offset, {}});
    taps.back().kernels.push_back(k);
  }
  return taps;
}

}  // namespace

ConvAxis AxisH(const ConvShape& s) {
  return {s.in_h * s.upsample, s.out_h, s.kernel_h, s.stride_h, s.dilation_h, s.pad_top};
}
ConvAxis AxisW(const ConvShape& s) {
  return {s.in_w * s.upsample, s.out_w, s.kernel_w, s.stride_w, s.dilation_w, s.pad_left};
}

Status CheckConvShape(const ConvShape& s) {
  // Each number below 2^24 and each tensor below 2^34 numbers keeps every product in 64 bits.
  constexpr int64_t kMost = int64_t{1} << 24, kMostNumbers = int64_t{1} << 34;
  for (int64_t d : {s.n, s.in_channels, s.in_h, s.in_w, s.out_channels, s.out_h, s.out_w, s.kernel_h,
                    s.kernel_w, s.stride_h, s.stride_w, s.dilation_h, s.dilation_w, s.group}) {
    if (d < 1 || d > kMost)
      return InvalidArgument("convolution size " + std::to_string(d) + " is not in 1..2^24");
  }
  if (s.upsample < 1 || s.upsample > 16) return InvalidArgument("convolution enlarges by more than 16");
  if (s.shuffle < 1 || s.shuffle > 4 || s.out_channels % s.pixels_a_channel() != 0 ||
      (s.shuffle > 1 && (s.group != 1 || s.upsample != 1 || s.transposed))) {
    return InvalidArgument("convolution whose channels cannot become blocks of pixels");
  }
  if (s.in_channels % s.group != 0 || s.out_channels % s.group != 0) {
    return InvalidArgument("convolution channels do not divide into " + std::to_string(s.group) + " groups");
  }
  const int64_t tensors[3][4] = {{s.n, s.in_channels, s.in_h, s.in_w},
                                 {s.n, s.out_channels, s.out_h, s.out_w},
                                 {s.out_channels, s.in_channels, s.kernel_h, s.kernel_w}};
  for (const auto& dims : tensors) {
    int64_t count = 0;
    if (!CheckedElementCount(dims, &count) || count > kMostNumbers) {
      return InvalidArgument("convolution tensor is larger than 2^34 numbers");
    }
  }
  if (s.transposed && (s.stride_h != s.stride_w || s.stride_h > 2 || s.upsample != 1 ||
                       s.pad_mode != PadMode::kConstant || s.pad_value != 0)) {
    return Unsupported("transposed convolution with this stride or padding");
  }
  for (const ConvAxis& a : {AxisH(s), AxisW(s)}) {
    const int64_t after = s.transposed ? 0 : a.after();
    if (a.before < 0 || a.before > kMost || after > kMost) {
      return InvalidArgument("convolution padding is not in 0..2^24");
    }
    if (s.pad_mode == PadMode::kReflect && (a.before >= a.in || after >= a.in)) {
      return InvalidArgument("reflect padding of " + std::to_string(std::max(a.before, after)) +
                             " needs an image of at least " + std::to_string(std::max(a.before, after) + 1) +
                             " pixels, not " + std::to_string(a.in) + "; use a larger size");
    }
  }
  return OkStatus();
}

TaskRegion ConvGeometry::ShownBy(const ConvWindow& window, int64_t image) const {
  TaskRegion r = RegionRead(ShownPixels(window.rows, shape.in_h, read_upsample, pad_mode),
                            ShownPixels(window.columns, shape.in_w, read_upsample, pad_mode), shape.in_w);
  r.image = image;
  r.channels = shape.in_channels;
  return r;
}

TaskRegion ConvGeometry::WrittenBy(const ConvTile& tile, int64_t image) const {
  const int64_t r = shape.shuffle;
  const Interval rows = InsidePixels({tile.y0, tile.rows}, scale * r, shape.out_h * r);
  const Interval columns = InsidePixels({tile.x0, tile.columns}, scale * r, shape.out_w * r);
  return {
      image,        0, shape.out_channels / shape.pixels_a_channel(), rows.first, columns.first, rows.count,
      columns.count};
}

void PlanWindow(ConvGeometry& p) {
  const ConvShape& s = p.shape;
  const Kind kind = KindOf(s);
  p.pad_mode = s.pad_mode;
  p.read_upsample = kind == Kind::kFolded ? 1 : s.upsample;
  p.scale = kind == Kind::kPlain ? 1 : kind == Kind::kFolded ? 2 : s.stride_h;
  p.read_stride_h = kind == Kind::kPlain ? s.stride_h : 1;
  p.read_stride_w = kind == Kind::kPlain ? s.stride_w : 1;
  if (kind == Kind::kFolded && p.pad_mode == PadMode::kReflect) p.pad_mode = PadMode::kEdge;
  p.phase_h = CeilDiv(s.out_h, p.scale);
  p.phase_w = CeilDiv(s.out_w, p.scale);
  const Extent h = ExtentOf(kind, AxisH(s), p.scale), w = ExtentOf(kind, AxisW(s), p.scale);
  p.window_top = -h.first;
  p.window_left = -w.first;
  p.window_h = h.last - h.first + 1;
  p.window_w = w.last - w.first + 1;
}

std::vector<AxisTap> TapsH(const ConvGeometry& p, int64_t phase) {
  return Taps(p, AxisH(p.shape), phase, p.window_top);
}
std::vector<AxisTap> TapsW(const ConvGeometry& p, int64_t phase) {
  return Taps(p, AxisW(p.shape), phase, p.window_left);
}

}  // namespace tempera::kernels
