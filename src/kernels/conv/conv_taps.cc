#include "src/kernels/conv/conv_taps.h"

#include <algorithm>

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

std::vector<AxisTap> Taps(const ConvPlan& p, const ConvAxis& a, int64_t phase, int64_t start) {
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

void PlanWindow(ConvPlan& p) {
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

std::vector<AxisTap> TapsH(const ConvPlan& p, int64_t phase) {
  return Taps(p, AxisH(p.shape), phase, p.window_top);
}
std::vector<AxisTap> TapsW(const ConvPlan& p, int64_t phase) {
  return Taps(p, AxisW(p.shape), phase, p.window_left);
}

}  // namespace tempera::kernels
