// What a photograph says of itself, from a hostile file: read, made true of a painting, and written into each
// format. What was written must say the same when it is read again.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "media/photo/color_profile.h"
#include "media/photo/embed.h"
#include "media/photo/exif.h"
#include "media/photo/facts.h"
#include "media/photo/libraries.h"
#include "media/photo/png_damage.h"
#include "media/photo/xmp.h"
#include "media/photo/xpm.h"

namespace tempera::media {
namespace {

void Check(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "photo_fuzz: %s\n", what);
  std::abort();
}

// The least that our own writers look at in a file of each format.
Bytes Plain(PhotoFormat format) {
  static const Bytes kJpeg = {0xff, 0xd8, 0xff, 0xe0, 0, 4, 'J', 'F', 0xff, 0xd9};
  static const Bytes kPng = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0,   0,   0,   13, 'I', 'H', 'D',
                             'R',  0,   0,   0,   1,    0,    0,    0,    1,   8,   2,   0,  0,   0,   0,
                             0,    0,   0,   0,   0,    0,    0,    'I',  'E', 'N', 'D', 0,  0,   0,   0};
  static const Bytes kWebp = {'R', 'I', 'F', 'F', 14,  0, 0, 0, 'W', 'E',  'B',
                              'P', 'V', 'P', '8', 'L', 2, 0, 0, 0,   0x2f, 0};
  static const Bytes kTiff = {'I', 'I', 42, 0, 8, 0, 0, 0, 2, 0, 0, 1, 3, 0, 1, 0, 0, 0, 1,
                              0,   0,   0,  1, 1, 3, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
  switch (format) {
    case PhotoFormat::kJpeg:
      return kJpeg;
    case PhotoFormat::kPng:
      return kPng;
    case PhotoFormat::kWebp:
      return kWebp;
    default:
      return kTiff;
  }
}

void WriteAndReadBack(const PhotoMetadata& metadata, PhotoFormat format) {
  std::vector<std::string> notices;
  const Bytes file = AddMetadata(Plain(format), metadata, 300, 200, false, &notices);
  const PhotoFacts facts = ReadPhotoFacts(file);
  Check(facts.format == format, "another format after writing");
  Check(!facts.cut_short, "cut short after writing");
  Check(facts.orientation == 1, "not upright after writing");
  if (format == PhotoFormat::kTiff || !notices.empty()) return;  // there a selection is kept
  Check(facts.exif == ExifOfPainting(metadata.exif, 300, 200), "other Exif after writing");
  Check(facts.xmp == XmpOfPainting(metadata.xmp), "other XMP after writing");
}

// Pixels of files whose decoders are ours, or are called by us in more than one way.
void DecodePixels(ByteSpan input, const PhotoFacts& facts) {
  // FFmpeg's memory, which frames are of: pictures that are large in nothing but their numbers take too long
  // here.
  av_max_alloc(size_t{16} << 20);
  bool damaged = false;
  if (facts.format == PhotoFormat::kXpm) {
    const Result<FramePtr> frame = ReadXpm(input, &damaged);
    Check(!frame.ok() || ((*frame)->width > 0 && (*frame)->height > 0), "an XPM without pixels");
  }
  if (facts.format == PhotoFormat::kTiff || facts.format == PhotoFormat::kBigTiff) {
    const Result<LibraryPicture> picture = DecodeWithLibtiff(input, facts.chosen_page, facts.icc);
    Check(!picture.ok() || picture->frame->width > 0, "a TIFF without pixels");
  }
}

}  // namespace
}  // namespace tempera::media

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tempera::media;
  const ByteSpan input(data, size);
  const PhotoFacts facts = ReadPhotoFacts(input);
  Check(facts.orientation >= 1 && facts.orientation <= 8, "an orientation that there is not");
  Check(facts.chosen_page >= 0 && facts.pages >= 1, "no page");
  Check(facts.exif.size() <= size + (size_t{320} << 10), "more Exif than the file can hold");
  // As a block of its own as well: mutations need not find a container first.
  for (const ByteSpan block : {ByteSpan(facts.exif), input}) {
    const int orientation = ExifOrientation(block);
    Check(orientation >= 0 && orientation <= 8, "an orientation that there is not");
    const Bytes painting = ExifOfPainting(block, 300, 200);
    Check(painting.size() <= block.size(), "a block that grew");
    PhotoMetadata metadata;
    metadata.exif.assign(block.begin(), block.end());
    metadata.xmp = facts.xmp;
    metadata.icc = ModelOfProfile(facts.icc) == ProfileModel::kRgb ? facts.icc : Bytes();
    for (PhotoFormat format :
         {PhotoFormat::kJpeg, PhotoFormat::kPng, PhotoFormat::kWebp, PhotoFormat::kTiff}) {
      WriteAndReadBack(metadata, format);
    }
  }
  DecodePixels(input, facts);
  ExifFromTiff(input);
  PngSumsAreRight(input);
  int parts = 0;
  ReadPngBeforeDamage(input, [&](ByteSpan part) {
    Check(part.size() <= size + 16, "a part larger than the file");
    return ++parts % 3 == 0;
  });
  Check(parts <= 12, "a damaged PNG read for ever");
  XmpOfPainting(std::string(input.begin(), input.end()));
  return 0;
}
