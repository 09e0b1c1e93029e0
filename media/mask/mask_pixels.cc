#include "media/mask/mask_pixels.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "media/film/alpha_plane.h"
#include "media/frame_bridge.h"

namespace tempera::media {
namespace {

// BT.709's weights of red, green and blue in parts of 256; grey stays itself.
constexpr int kRed = 54, kGreen = 183, kBlue = 19;

int BytesAPixel(PixelFormat format) {
  return format == PixelFormat::kRgba || format == PixelFormat::kBgra ? 4 : 3;
}

bool IsPlanar(const Frame& frame) {
  return frame.format == PixelFormat::kI420 || frame.format == PixelFormat::kNv12;
}

// Luma to mask: limited range lies in 16..235.
std::array<uint8_t, 256> FromLuma(bool full_range) {
  std::array<uint8_t, 256> table;
  for (int i = 0; i < 256; ++i) {
    const int wide = full_range ? i : ((std::clamp(i, 16, 235) - 16) * 255 + 109) / 219;
    table[static_cast<size_t>(i)] = static_cast<uint8_t>(wide);
  }
  return table;
}

std::array<uint8_t, 256> ToLuma(bool full_range) {
  std::array<uint8_t, 256> table;
  for (int i = 0; i < 256; ++i)
    table[static_cast<size_t>(i)] = static_cast<uint8_t>(full_range ? i : 16 + (i * 219 + 127) / 255);
  return table;
}

uint8_t* Row(const Frame& frame, int plane, int y) {
  return frame.planes[plane] + ptrdiff_t{y} * frame.stride_bytes[plane];
}

const uint8_t* MaskRow(const std::vector<uint8_t>& mask, const Frame& frame, int y) {
  return mask.data() + static_cast<size_t>(y) * static_cast<size_t>(frame.width);
}

void FillChroma(const Frame& frame, int y0, int rows, int x0, int columns) {
  const bool pairs = frame.format == PixelFormat::kNv12;
  for (int y = y0; y < y0 + rows; ++y) {
    for (int plane = 1; plane <= (pairs ? 1 : 2); ++plane)
      std::memset(Row(frame, plane, y) + (pairs ? 2 * x0 : x0), 128,
                  static_cast<size_t>(pairs ? 2 * columns : columns));
  }
}

// Black where a whole square is not seen.
void HideSquares(const uint8_t* alpha, Frame* frame) {
  constexpr int kSide = 16;
  const uint8_t black = frame->full_range ? 0 : 16;
  for (int y = 0; y < frame->height; y += kSide) {
    const int rows = std::min(kSide, frame->height - y);
    for (int x = 0; x < frame->width; x += kSide) {
      const int columns = std::min(kSide, frame->width - x);
      bool seen = false;
      for (int i = 0; i < rows && !seen; ++i) {
        const uint8_t* a = alpha + static_cast<size_t>(y + i) * static_cast<size_t>(frame->width) + x;
        seen = std::any_of(a, a + columns, [](uint8_t v) { return v != 0; });
      }
      if (seen) continue;
      for (int i = 0; i < rows; ++i)
        std::memset(Row(*frame, 0, y + i) + x, black, static_cast<size_t>(columns));
      FillChroma(*frame, y / 2, (rows + 1) / 2, x / 2, (columns + 1) / 2);
    }
  }
}

uint8_t Times(int a, int b) { return static_cast<uint8_t>((a * b + 127) / 255); }

}  // namespace

bool ShowsThrough(const Frame& frame) {
  const auto is_clear = [](uint8_t v) { return v != 255; };
  if (IsPlanar(frame)) {
    const uint8_t* alpha = frame.av ? AlphaPlane(*frame.av) : nullptr;
    return alpha &&
           std::any_of(alpha, alpha + static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height),
                       is_clear);
  }
  if (BytesAPixel(frame.format) != 4) return false;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* p = Row(frame, 0, y) + 3;
    for (int x = 0; x < frame.width; ++x, p += 4) {
      if (is_clear(*p)) return true;
    }
  }
  return false;
}

bool IsColored(const Frame& frame) {
  // Beyond what JPEG and rounding make of grey; a hundredth of all pixels is no speck.
  constexpr int kFarRgb = 64, kFarChroma = 32;
  int64_t colored = 0, all = 0;
  if (IsPlanar(frame)) {
    const bool pairs = frame.format == PixelFormat::kNv12;
    const int rows = (frame.height + 1) / 2, columns = (frame.width + 1) / 2 * (pairs ? 2 : 1);
    for (int plane = 1; plane <= (pairs ? 1 : 2); ++plane) {
      for (int y = 0; y < rows; ++y) {
        const uint8_t* p = Row(frame, plane, y);
        colored += std::count_if(p, p + columns,
                                 [](uint8_t v) { return v + kFarChroma < 128 || v > 128 + kFarChroma; });
      }
      all += int64_t{rows} * columns;
    }
    return colored * 100 > all;
  }
  const int step = BytesAPixel(frame.format);
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* p = Row(frame, 0, y);
    for (int x = 0; x < frame.width; ++x, p += step)
      colored += std::max({p[0], p[1], p[2]}) - std::min({p[0], p[1], p[2]}) > kFarRgb;
  }
  all = int64_t{frame.width} * frame.height;
  return colored * 100 > all;
}

Result<std::vector<uint8_t>> MaskOf(const Frame& frame, MaskBy by) try {
  const size_t width = static_cast<size_t>(frame.width);
  const bool by_light = by == MaskBy::kLight;
  std::vector<uint8_t> mask(width * static_cast<size_t>(frame.height), 255);
  if (IsPlanar(frame)) {
    if (!by_light) {
      const uint8_t* alpha = frame.av ? AlphaPlane(*frame.av) : nullptr;
      if (alpha) std::memcpy(mask.data(), alpha, mask.size());
      return mask;
    }
    const auto table = FromLuma(frame.full_range);
    for (int y = 0; y < frame.height; ++y) {
      const uint8_t* from = Row(frame, 0, y);
      uint8_t* to = mask.data() + static_cast<size_t>(y) * width;
      for (size_t x = 0; x < width; ++x) to[x] = table[from[x]];
    }
    return mask;
  }
  const int step = BytesAPixel(frame.format);
  if (!by_light && step != 4) return mask;
  const int red = frame.format == PixelFormat::kBgra ? 2 : 0;
  for (int y = 0; y < frame.height; ++y) {
    const uint8_t* p = Row(frame, 0, y);
    uint8_t* to = mask.data() + static_cast<size_t>(y) * width;
    for (size_t x = 0; x < width; ++x, p += step) {
      const int light = (kRed * p[red] + kGreen * p[1] + kBlue * p[2 - red] + 128) >> 8;
      to[x] = by_light ? static_cast<uint8_t>(light) : p[3];
    }
  }
  return mask;
} catch (const std::bad_alloc&) {
  return OutOfMemory("no memory for a mask of " + std::to_string(frame.width) + "x" +
                     std::to_string(frame.height));
}

void DrawMask(const std::vector<uint8_t>& mask, Frame* frame) {
  if (IsPlanar(*frame)) {
    const auto table = ToLuma(frame->full_range);
    for (int y = 0; y < frame->height; ++y) {
      const uint8_t* from = MaskRow(mask, *frame, y);
      uint8_t* to = Row(*frame, 0, y);
      for (int x = 0; x < frame->width; ++x) to[x] = table[from[x]];
    }
    FillChroma(*frame, 0, (frame->height + 1) / 2, 0, (frame->width + 1) / 2);
    return;
  }
  const int step = BytesAPixel(frame->format);
  for (int y = 0; y < frame->height; ++y) {
    const uint8_t* from = MaskRow(mask, *frame, y);
    uint8_t* p = Row(*frame, 0, y);
    for (int x = 0; x < frame->width; ++x, p += step) {
      std::memset(p, from[x], 3);
      if (step == 4) p[3] = 255;
    }
  }
}

Status CutOut(const std::vector<uint8_t>& mask, Frame* frame) try {
  if (!IsPlanar(*frame)) {
    if (BytesAPixel(frame->format) != 4) return OkStatus();  // a format that keeps no transparency
    for (int y = 0; y < frame->height; ++y) {
      const uint8_t* from = MaskRow(mask, *frame, y);
      uint8_t* p = Row(*frame, 0, y);
      for (int x = 0; x < frame->width; ++x, p += 4) {
        p[3] = Times(p[3], from[x]);
        if (p[3] == 0) std::memset(p, 0, 3);
      }
    }
    return OkStatus();
  }
  std::vector<uint8_t> alpha = mask;
  auto* av = static_cast<AVFrame*>(frame->storage.get());
  if (const uint8_t* before = AlphaPlane(*av)) {
    for (size_t i = 0; i < alpha.size(); ++i) alpha[i] = Times(alpha[i], before[i]);
  }
  HideSquares(alpha.data(), frame);
  return SetAlphaPlane(alpha.data(), frame->width, av);
} catch (const std::bad_alloc&) {
  return OutOfMemory("no memory for a film's transparency");
}

}  // namespace tempera::media
