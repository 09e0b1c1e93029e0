// The tables of a TIFF file, which Exif is written in as well: directories of tags. Untrusted: offsets and
// counts are compared with the bytes that are there, and directories are followed to a bounded depth and
// number. Private to media/. Tags after TIFF 6.0 and Exif 2.32 (CIPA DC-008).
#pragma once

#include <string>
#include <vector>

#include "media/photo/bytes.h"

namespace tempera::media {

// One tag of a directory: `size` bytes of value at `value_at`, all of them inside the block.
struct TiffTag {
  uint16_t tag = 0;
  uint16_t type = 0;
  uint32_t count = 0;
  size_t entry_at = 0;
  size_t value_at = 0;
  size_t size = 0;
};

// Whether a block begins as TIFF does; its byte order.
bool IsTiff(ByteSpan block, bool* big_endian);
// The same of BigTIFF, which the tables below read as well.
bool IsBigTiff(ByteSpan block, bool* big_endian);

// The directory at `at`; tags whose value is not there are left out. *next: where the following one is, 0:
// none.
std::vector<TiffTag> TagsAt(const ByteView& block, size_t at, size_t* next);
// The directory that the header names.
size_t FirstDirectory(const ByteView& block);
const TiffTag* FindTag(const std::vector<TiffTag>& tags, uint16_t tag);
// The first number of a tag of bytes, shorts or longs; `otherwise` where there is none.
uint32_t TagNumber(const ByteView& block, const TiffTag* tag, uint32_t otherwise);

// The number `i` of a tag of bytes, shorts, longs or BigTIFF's longs; 0 of others, and behind its end.
uint64_t TagNumberAt(const ByteView& block, const TiffTag& tag, uint32_t i);

// Where the directory at `at` ends, the offset of the next one included.
size_t DirectoryEnd(const ByteView& block, size_t at);

// Where a tag of offsets points first.
size_t TagOffset(const ByteView& block, const TiffTag* tag);

// Tags named below.
inline constexpr uint16_t kOrientationTag = 274, kXmpTag = 700, kIccTag = 34675, kExifTag = 34665,
                          kGpsTag = 34853;

// Exif's "which row and column come first": 1 (upright) to 8; 0 where the block does not say.
int ExifOrientation(ByteSpan block);

// The same block for a picture that was turned upright, has this size and is no longer what its thumbnail
// shows. Edited in place, because the notes of camera makers point into the block. Empty where it is no such
// block.
Bytes ExifOfPainting(ByteSpan block, int width, int height);

// What of a TIFF file's own first directory is worth keeping (who, when, with what, where), as a block of its
// own. Empty where there is nothing. `block` may be a whole file, BigTIFF too.
Bytes ExifFromTiff(ByteSpan block);

// A value as a TIFF file gets it beside its own.
struct TiffValue {
  uint16_t tag = 0;
  uint16_t type = 0;
  uint32_t count = 0;
  Bytes value;  // little-endian
};
// A little-endian TIFF file with one directory, with the tags of an Exif block and `more` in that directory.
// What the file has of its own stays. Empty where the file is not of that kind or would grow beyond what
// offsets reach.
Bytes AddToTiff(ByteSpan file, ByteSpan exif, std::vector<TiffValue> more);

}  // namespace tempera::media
