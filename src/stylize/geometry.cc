#include "src/stylize/geometry.h"

#include <algorithm>
#include <cmath>

#include "src/base/checked_math.h"

namespace tempera::stylize {

std::string SizeToString(Size size) { return std::to_string(size.width) + "x" + std::to_string(size.height); }

Result<Size> WorkingSize(Size frame, Size working, int short_side) {
  if (frame.width < 1 || frame.height < 1 || frame.width > kMaxExtent || frame.height > kMaxExtent) {
    return InvalidArgument("frame size " + SizeToString(frame) + " is not within 1x1 to 16384x16384");
  }
  if (working.width < 0 || working.height < 0) {
    return InvalidArgument("working size " + SizeToString(working) + " is negative");
  }
  if (working.width == 0 && working.height == 0) {
    if (short_side <= 0 || std::min(frame.width, frame.height) <= short_side) return frame;
    (frame.width < frame.height ? working.width : working.height) = short_side;
  }
  const auto other = [](int given, int frame_given, int frame_other) {
    return std::max(1.0, std::round(static_cast<double>(frame_other) * given / frame_given));
  };
  double width = working.width, height = working.height;
  if (working.width == 0) width = other(working.height, frame.height, frame.width);
  if (working.height == 0) height = other(working.width, frame.width, frame.height);
  if (width > kMaxExtent || height > kMaxExtent) {
    return InvalidArgument("a working size of " + std::to_string(std::llround(width)) + "x" +
                           std::to_string(std::llround(height)) + " for a frame of " + SizeToString(frame) +
                           " is above 16384; choose a smaller one");
  }
  return Size{static_cast<int>(width), static_cast<int>(height)};
}

Size PaddedSize(Size size, int multiple) {
  const auto pad = [multiple](int n) {
    return static_cast<int>(RoundUp(std::max(n, kMinPaddedExtent), multiple));
  };
  return {pad(size.width), pad(size.height)};
}

int ReflectIndex(int i, int count) {
  if (count == 1) return 0;
  const int period = 2 * (count - 1);
  const int phase = i % period;
  return phase < count ? phase : period - phase;
}

}  // namespace tempera::stylize
