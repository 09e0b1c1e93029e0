// What a camera offers, and what of it comes nearest to a wish. Private to live/v4l2/.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "live/v4l2/device.h"
#include "live/v4l2/v4l2.h"

namespace tempera::live {

// One way to ask a camera for frames.
struct V4l2Mode {
  uint32_t fourcc = 0;
  int width = 0, height = 0;
  double fps = 0;  // 0: the camera does not say
};

// "mjpeg" for MJPG and JPEG, "yuyv", ...; a fourcc that the source does not read as its letters.
std::string V4l2FormatName(uint32_t fourcc);
bool V4l2FormatUsable(uint32_t fourcc);
bool V4l2FormatCompressed(uint32_t fourcc);
// All that it may be called by, for messages: "mjpeg, yuyv, ...".
std::string V4l2FormatNames();

// All formats. Rates of sizes that are offered as a range are asked at the size nearest to `choice`.
std::vector<V4l2Format> ListV4l2Formats(const V4l2Device& device, const V4l2Choice& choice);

// The best first, at most one for each format that is usable and that the choice allows. Empty: none is.
// Where a size is asked for, it goes before the rate, else the rate goes before the size; with both equal,
// what need not be decoded.
std::vector<V4l2Mode> RankV4l2Modes(const std::vector<V4l2Format>& formats, const V4l2Choice& choice);

}  // namespace tempera::live
