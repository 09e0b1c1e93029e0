// Decoders beside FFmpeg's, for what it (5.1) cannot decode or decodes wrongly: libjpeg, libtiff, libheif.
// Each is optional at build time; without it the function refuses. Private to media/.
#pragma once

#include <string>
#include <vector>

#include "media/ffmpeg.h"
#include "media/photo/bytes.h"

namespace tempera::media {

struct LibraryPicture {
  FramePtr frame;         // RGB24 or RGBA; RGB48 or RGBA64 with its transfer told where it is HDR
  bool srgb_now = false;  // a profile was used up
  bool upright = false;   // the library turned it
  bool damaged = false;
  Bytes exif, icc;  // HEIF
  std::string xmp;  // HEIF
  std::vector<std::string> notices;
};

// What to say of a picture that a file does not have.
Status NoSuchPage(int page, int pages);

// A frame of this size, at most kMaxSide a side, for pixels to be put into.
Result<FramePtr> NewPixels(AVPixelFormat format, int width, int height);

// JPEG of one to four components, also by arithmetic coding. `icc`: the file's profile, through which ink is
// converted.
Result<LibraryPicture> DecodeWithLibjpeg(ByteSpan file, ByteSpan icc);
// The directory `page` (from 0) of a TIFF file.
Result<LibraryPicture> DecodeWithLibtiff(ByteSpan file, int page, ByteSpan icc);
// The picture `page` (from 1) of a HEIF or AVIF file; 0: its main one. *pictures: how many there are.
Result<LibraryPicture> DecodeWithLibheif(ByteSpan file, int page, int* pictures);

// What this build has, for messages and tests.
bool HasLibjpeg();
bool HasLibtiff();
bool HasLibheif();

// Colours that alpha was multiplied into get their own values back. RGBA only.
void Unpremultiply(AVFrame* rgba);

}  // namespace tempera::media
