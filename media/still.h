// One picture, decoded and encoded through FFmpeg. Private to media/ (the rest of the house uses
// image.h or picture.h).
#pragma once

#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/normalizer.h"

namespace tempera::media {

struct Still {
  FramePtr frame;  // RGB24, or RGBA with Target::kRgbAlpha where some pixel is not opaque
  std::vector<std::string> notices;
};

// The first picture of anything FFmpeg decodes, upright and 8-bit. Its colour profile (ICC) travels as
// side data of the frame. start_s > 0: the picture at that second of a video. Errors name the path.
Result<Still> DecodeStill(const std::string& path, Target target, double start_s = 0);

// Bytes of a file in the format the name's extension tells. `frame` is RGB24 or RGBA; alpha is
// dropped where the format has none.
Result<std::vector<uint8_t>> EncodeStill(const std::string& path, const AVFrame& frame);

// Whether the name ends in an extension of a picture format that EncodeStill writes.
bool IsStillName(const std::string& path);
// Whether that format has transparency.
bool KeepsAlpha(const std::string& path);

}  // namespace tempera::media
