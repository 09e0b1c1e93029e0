// Still pictures as frames, for painting: alpha and colour profile are kept. (image.h is the plain RGB door.)
#pragma once

#include <string>
#include <vector>

#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::media {

struct Picture {
  Frame frame;  // RGB, or RGBA where some pixel is not opaque
  std::vector<std::string> notices;
};

// The first picture of anything FFmpeg decodes, or the one at start_s seconds of a video; upright, 8-bit.
Result<Picture> ReadPicture(const std::string& path, double start_s);

// By the name's extension; beside, then renamed. The colour profile is `profile_of`'s.
Status WritePicture(const std::string& path, const Frame& frame, const Frame& profile_of);

// Whether WritePicture knows the extension of this name.
bool IsPictureName(const std::string& path);
// Whether that format has transparency.
bool PictureKeepsAlpha(const std::string& path);

}  // namespace tempera::media
