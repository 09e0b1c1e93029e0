// RGB and luma with chroma in whole numbers of 1/65536. Private to live/pipewire.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "media/frame.h"

namespace tempera::live {

inline uint8_t Clamp8(int value) { return static_cast<uint8_t>(std::clamp(value, 0, 255)); }

// ITU-R BT.601, BT.709 and BT.2020 (non-constant luminance): weights of red and blue in luma.
struct LumaWeights {
  double red = 0, blue = 0;
  explicit LumaWeights(media::ColorMatrix matrix) {
    red = matrix == media::ColorMatrix::kBt601   ? 0.299
          : matrix == media::ColorMatrix::kBt709 ? 0.2126
                                                 : 0.2627;
    blue = matrix == media::ColorMatrix::kBt601   ? 0.114
           : matrix == media::ColorMatrix::kBt709 ? 0.0722
                                                  : 0.0593;
  }
};

// In limited range black to white are 16 to 235, chroma 16 to 240.
struct YuvFromRgb {
  int y[3], cb[3], cr[3], black;
  YuvFromRgb(media::ColorMatrix matrix, bool full_range) {
    const LumaWeights w(matrix);
    const double luma = (full_range ? 1.0 : 219.0 / 255) * 65536,
                 chroma = (full_range ? 1.0 : 224.0 / 255) * 65536;
    const double weights[3] = {w.red, 1 - w.red - w.blue, w.blue};
    for (int i = 0; i < 3; ++i) {
      y[i] = static_cast<int>(std::lround(weights[i] * luma));
      cb[i] = static_cast<int>(std::lround(((i == 2) - weights[i]) / (2 * (1 - w.blue)) * chroma));
      cr[i] = static_cast<int>(std::lround(((i == 0) - weights[i]) / (2 * (1 - w.red)) * chroma));
    }
    black = full_range ? 0 : 16;
  }
  uint8_t Y(int r, int g, int b) const {
    return Clamp8(black + ((y[0] * r + y[1] * g + y[2] * b + 32768) >> 16));
  }
  uint8_t Cb(int r, int g, int b) const {
    return Clamp8(128 + ((cb[0] * r + cb[1] * g + cb[2] * b + 32768) >> 16));
  }
  uint8_t Cr(int r, int g, int b) const {
    return Clamp8(128 + ((cr[0] * r + cr[1] * g + cr[2] * b + 32768) >> 16));
  }
};

struct RgbFromYuv {
  int luma, red_cr, green_cb, green_cr, blue_cb, black;
  RgbFromYuv(media::ColorMatrix matrix, bool full_range) {
    const LumaWeights w(matrix);
    const double chroma = (full_range ? 1.0 : 255.0 / 224) * 65536, green = 1 - w.red - w.blue;
    luma = static_cast<int>(std::lround((full_range ? 1.0 : 255.0 / 219) * 65536));
    red_cr = static_cast<int>(std::lround(2 * (1 - w.red) * chroma));
    blue_cb = static_cast<int>(std::lround(2 * (1 - w.blue) * chroma));
    green_cb = static_cast<int>(std::lround(2 * (1 - w.blue) * w.blue / green * chroma));
    green_cr = static_cast<int>(std::lround(2 * (1 - w.red) * w.red / green * chroma));
    black = full_range ? 0 : 16;
  }
  void operator()(int y, int cb, int cr, uint8_t* red, uint8_t* green, uint8_t* blue) const {
    const int base = (y - black) * luma + 32768;
    *red = Clamp8((base + red_cr * (cr - 128)) >> 16);
    *green = Clamp8((base - green_cb * (cb - 128) - green_cr * (cr - 128)) >> 16);
    *blue = Clamp8((base + blue_cb * (cb - 128)) >> 16);
  }
};

}  // namespace tempera::live
