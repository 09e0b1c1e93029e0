// A picture file decoded as it is coded, and what is still to be done to it. Private to media/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/photo/embed.h"
#include "media/photo/facts.h"

namespace tempera::media {

struct CodedPhoto {
  FramePtr frame;             // null: FFmpeg's demuxers are to read it; the notices are true all the same
  int pictures = 1;           // in the file
  int orientation = 1;        // as Exif counts, to be undone
  bool srgb_now = false;      // a profile was used up
  bool linear_floats = true;  // numbers with a fraction are light; of JPEG XL they are like others
  PhotoMetadata metadata;     // as it was found; the profile may be of any colour model
  std::vector<std::string> notices;
};

// Nothing where the file does not begin like a picture; without a frame where FFmpeg's demuxers are to read
// it (GIF, icons, what has no mark). Pictures that cannot be read rightly are refused by name. `page`: which
// of several pictures, from 1; 0: the largest, or the one that the file calls its main one. Errors name the
// path.
Result<std::optional<CodedPhoto>> DecodePhoto(const std::string& path, int page);

}  // namespace tempera::media
