// The containers of pictures, walked for what ReadPhotoFacts tells. Each takes a file of its format, whole or
// damaged, and fills what it finds. Private to media/.
#pragma once

#include "media/photo/facts.h"

namespace tempera::media {

void ReadJpeg(ByteSpan file, PhotoFacts* facts);
void ReadPng(ByteSpan file, PhotoFacts* facts);
void ReadWebp(ByteSpan file, PhotoFacts* facts);
void ReadTiff(ByteSpan file, int wanted_page, PhotoFacts* facts);
// Whether the blocks of pixels, or the pictures, lie inside the file.
void ReadExr(ByteSpan file, PhotoFacts* facts);
void ReadIcon(ByteSpan file, PhotoFacts* facts);
// In files_of_boxes.cc.
void ReadJpegXl(ByteSpan file, PhotoFacts* facts);
void ReadJpeg2000(ByteSpan file, PhotoFacts* facts);
// The whole `meta` box at the top of a HEIF or AVIF file; empty where there is none.
ByteSpan MetaBox(ByteSpan file);
// The sections before the pixels.
void ReadPhotoshop(ByteSpan file, PhotoFacts* facts);

// A block without the "Exif\0\0" that some writers keep in front of it where that has no business.
Bytes WithoutExifMark(ByteSpan block);

}  // namespace tempera::media
