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
// Boxes at the top of a JPEG XL file.
void ReadBoxes(ByteSpan file, PhotoFacts* facts);

// A PNG whose last chunk breaks off, with that chunk ended where the file does: what it holds can then be
// decoded.
Bytes EndCutPng(ByteSpan file);

}  // namespace tempera::media
