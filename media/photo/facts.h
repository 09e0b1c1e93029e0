// What the file of a picture says of itself beside its pixels: read by tables of our own, because FFmpeg 5.1
// hands on a part of it only (docs/decisions/0012). Untrusted bytes. Private to media/.
#pragma once

#include <array>
#include <string>
#include <string_view>

#include "media/photo/bytes.h"

namespace tempera::media {

enum class PhotoFormat {
  kUnknown,
  kJpeg,
  kPng,
  kWebp,
  kTiff,
  kBigTiff,
  kGif,
  kBmp,
  kIcon,
  kHeif,
  kAvif,
  kJpegXl,
  kJpeg2000,
  kExr,
  kRadianceHdr,
  kPortableMap,  // PBM, PGM, PPM, PAM and PFM
  kPhotoshop,
  kXpm,
  kCameraRaw,
  kSvg,
  kPdf,
};

// By the first bytes alone; names lie.
PhotoFormat SniffPhoto(ByteSpan begin);
// How many bytes SniffPhoto wants to see.
inline constexpr size_t kSniffBytes = 512;
// "HEIC", "camera raw", ...
const char* PhotoFormatName(PhotoFormat format);

struct PhotoFacts {
  PhotoFormat format = PhotoFormat::kUnknown;
  int orientation = 1;     // as Exif counts: what is still to be done to the pixels as they are coded
  Bytes exif;              // the block, without "Exif\0\0"
  std::string xmp;         // the packet
  Bytes icc;               // where it lies in the file as it is (in PNG it is compressed)
  bool cut_short = false;  // the end that the format demands is missing
  bool animated = false;
  bool packed = false;  // there is Exif or XMP, compressed: it is not unpacked
  int primaries = 0;    // PNG's cICP: H.273's numbers, 0: not told
  int transfer = 0;
  bool profile_used = false;  // JPEG XL: the decoder goes through the profile: it is not of the pixels
  std::string refusal;        // why the picture cannot be painted rightly; empty where it can

  // PNG's gAMA, in hundred-thousandths (45455: about sRGB's), and cHRM: x and y of white, red, green, blue;
  // the chromaticities of OpenEXR likewise. 0: not told, or overruled by what says more.
  uint32_t gamma = 0;
  std::array<uint32_t, 8> corners = {};
  bool odd_corners = false;  // OpenEXR: chromaticities that no profile holds

  int components = 0;       // JPEG
  int bits = 0;             // JPEG
  bool arithmetic = false;  // JPEG
  bool plain_tiff = false;  // TIFF: of the kinds that FFmpeg decodes rightly
  int pages = 1;            // TIFF: directories that hold pictures
  int chosen_page = 0;      // TIFF: its directory, from 0; what is said of the file is said of that one
  int chosen_number = 1;    // TIFF: which of the pages it is, from 1
  bool lost_pages = false;  // TIFF: of pages behind the first some are not in the file, or not all of them
  int frame_at_x = 0, frame_at_y = 0, canvas_width = 0, canvas_height = 0;  // animated WebP
  Bytes first_frame;  // animated WebP: its first picture as a WebP file of its own
};

// `page`: of several pictures in a TIFF file the one to tell of, from 1; 0: the largest.
PhotoFacts ReadPhotoFacts(ByteSpan file, int page = 0);

}  // namespace tempera::media
