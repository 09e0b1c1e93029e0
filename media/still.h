// One picture, decoded and encoded through FFmpeg. Private to media/ (the rest of the house uses
// image.h or picture.h).
#pragma once

#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/normalizer.h"
#include "media/photo/embed.h"

namespace tempera::media {

struct Still {
  FramePtr frame;          // RGB24, or RGBA with Target::kRgbAlpha where some pixel is not opaque
  int pictures = 1;        // in the file; of a film or an animation 1
  PhotoMetadata metadata;  // the profile is one of RGB that is true of the frame, or empty
  std::vector<std::string> notices;
};

// The first picture of a film or an animation, the largest of several in a file; upright and 8-bit.
// start_s > 0: the picture at that second of a video. page > 0: that picture of a file of several. Errors
// name the path.
Result<Still> DecodeStill(const std::string& path, Target target, double start_s = 0, int page = 0);

// Bytes of a file in the format the name's extension tells. `frame` is RGB24 or RGBA; alpha is
// dropped where the format has none. Of the metadata, what the format has no place for goes to *notices.
Result<std::vector<uint8_t>> EncodeStill(const std::string& path, const AVFrame& frame,
                                         const PhotoMetadata& metadata, std::vector<std::string>* notices,
                                         bool lossless = false);

// Of a name, in small letters, without the dot; "" where there is none.
std::string StillExtension(const std::string& path);

// Whether the name ends in an extension of a picture format that EncodeStill writes.
bool IsStillName(const std::string& path);
// Whether that format has transparency.
bool KeepsAlpha(const std::string& path);

}  // namespace tempera::media
