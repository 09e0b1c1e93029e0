#include "media/photo/float_picture.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "media/photo/libraries.h"

namespace tempera::media {
namespace {

// IEC 61966-2-1.
double SrgbOfLight(double light) {
  return light <= 0.0031308 ? 12.92 * light : 1.055 * std::pow(light, 1 / 2.4) - 0.055;
}

float At(const AVFrame& frame, int plane, int x, int y) {
  float value;
  std::memcpy(&value, frame.data[plane] + ptrdiff_t{y} * frame.linesize[plane] + ptrdiff_t{4} * x, 4);
  return value;
}

}  // namespace

bool IsFloatPicture(const AVFrame& frame) {
  return frame.format == AV_PIX_FMT_GBRPF32 || frame.format == AV_PIX_FMT_GBRAPF32 ||
         frame.format == AV_PIX_FMT_GRAYF32;
}

Result<FramePtr> FloatToRgb(const AVFrame& frame, bool* cut) {
  const bool gray = frame.format == AV_PIX_FMT_GRAYF32, alpha = frame.format == AV_PIX_FMT_GBRAPF32;
  TEMPERA_ASSIGN_OR_RETURN(FramePtr out,
                           NewPixels(alpha ? AV_PIX_FMT_RGBA : AV_PIX_FMT_RGB24, frame.width, frame.height));
  // FFmpeg's planes are green, blue, red.
  const int planes[3] = {gray ? 0 : 2, 0, gray ? 0 : 1};
  const int step = alpha ? 4 : 3;
  *cut = false;
  for (int y = 0; y < frame.height; ++y) {
    uint8_t* row = out->data[0] + ptrdiff_t{y} * out->linesize[0];
    for (int x = 0; x < frame.width; ++x) {
      double opaque = 1;
      if (alpha) {
        const float a = At(frame, 3, x, y);
        opaque = std::isfinite(a) ? std::clamp(a, 0.0f, 1.0f) : 1;
        row[step * x + 3] = static_cast<uint8_t>(std::lround(255 * opaque));
      }
      for (int c = 0; c < 3; ++c) {
        double light = At(frame, planes[c], x, y);
        if (std::isnan(light)) light = 0;
        if (opaque > 0) light /= opaque;
        if (light > 1.001) *cut = true;  // a little above white is rounding
        row[step * x + c] = static_cast<uint8_t>(std::lround(255 * SrgbOfLight(std::clamp(light, 0.0, 1.0))));
      }
    }
  }
  return out;
}

}  // namespace tempera::media
