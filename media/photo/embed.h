// What belongs to a picture beside its pixels, put into the file that an encoder made. Private to media/.
#pragma once

#include <string>
#include <vector>

#include "media/photo/bytes.h"

namespace tempera::media {

struct PhotoMetadata {
  Bytes exif;       // the block, of whatever size and orientation the source had
  std::string xmp;  // the packet
  Bytes icc;        // an RGB profile, or nothing
  bool empty() const { return exif.empty() && xmp.empty() && icc.empty(); }
};

// `file` is a PNG, JPEG, WebP, TIFF or BMP of this size. Exif and XMP are made true of it; what the format
// has no place for goes to *notices. A PNG's profile is its encoder's business: it lies there compressed.
Bytes AddMetadata(Bytes file, const PhotoMetadata& metadata, int width, int height, bool alpha,
                  std::vector<std::string>* notices);

}  // namespace tempera::media
