#include "media/photo/exif.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>

#include "media/photo/containers.h"
#include "media/photo/facts.h"
#include "media/photo/files_for_test.h"
#include "media/photo/xmp.h"

namespace tempera::media {
namespace {

std::string TextOf(const Bytes& bytes) { return {bytes.begin(), bytes.end()}; }

TEST(Exif, TellsOrientationInBothByteOrders) {
  for (bool big : {false, true}) {
    for (int o = 1; o <= 8; ++o) EXPECT_EQ(ExifOrientation(ExifBlock(o, big)), o);
    EXPECT_EQ(ExifOrientation(ExifBlock(9, big)), 0);
  }
  EXPECT_EQ(ExifOrientation(BytesOf("II*")), 0);
  EXPECT_EQ(ExifOrientation({}), 0);
}

TEST(Exif, OfAPaintingIsUprightHasItsSizeAndNoThumbnail) {
  for (bool big : {false, true}) {
    const Bytes block = ExifOfPainting(ExifBlock(6, big), 300, 200);
    EXPECT_EQ(ExifOrientation(block), 1);
    EXPECT_EQ(TextOf(block).find("THUMB"), std::string::npos);
    EXPECT_NE(TextOf(block).find("Tempera 1"), std::string::npos);
    EXPECT_NE(TextOf(block).find("2024:05:06"), std::string::npos);
    const ByteView view(block, big);
    size_t next = 1;
    const auto tags = TagsAt(view, FirstDirectory(view), &next);
    EXPECT_EQ(next, 0u);
    const auto below = TagsAt(view, TagNumber(view, FindTag(tags, kExifTag), 0), &next);
    EXPECT_EQ(TagNumber(view, FindTag(below, 40962), 0), 300u);
  }
}

// A directory that is its own Exif directory, forty times over, and lists one caption again and again.
TEST(Exif, DirectoriesOverEachOtherCostLittle) {
  constexpr uint32_t kPointers = 40, kCaptions = 400, kCaption = 4000;
  Bytes block;
  PutWord(&block, std::string_view("II*\0\x08\0\0\0", 8));
  PutNumber(&block, kPointers + kCaptions, 2, false);
  const auto entry = [&block](uint32_t tag, uint32_t type, uint32_t count, uint32_t value) {
    PutNumber(&block, tag, 2, false);
    PutNumber(&block, type, 2, false);
    PutNumber(&block, count, 4, false);
    PutNumber(&block, value, 4, false);
  };
  for (uint32_t i = 0; i < kPointers; ++i) entry(kExifTag, 4, 1, 8);
  for (uint32_t i = 0; i < kCaptions; ++i) entry(i == 0 ? 270 : 50000 + i, 2, kCaption, 100);
  PutNumber(&block, 0, 4, false);
  block.resize(std::max<size_t>(block.size(), 100 + kCaption));
  EXPECT_LT(ExifFromTiff(block).size(), size_t{300} << 10);
  Bytes tiff;
  PutWord(&tiff, std::string_view("II*\0\x08\0\0\0\x01\0", 10));
  PutWord(&tiff, std::string_view("\0\x01\x03\0\x01\0\0\0\x07\0\0\0\0\0\0\0", 16));
  const Bytes both = AddToTiff(tiff, block, {});
  EXPECT_GT(both.size(), tiff.size());
  EXPECT_LT(both.size(), size_t{300} << 10);
}

// Every cut and every changed byte of a block, and all it can lead to.
TEST(Exif, BoundsHoldForDamagedBlocks) {
  for (bool big : {false, true}) {
    const Bytes whole = ExifBlock(6, big);
    for (size_t keep = 0; keep <= whole.size(); ++keep) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(keep));
      ExifOrientation(cut);
      EXPECT_LE(ExifOfPainting(cut, 1, 1).size(), keep);
      ExifFromTiff(cut);
    }
    for (size_t at = 0; at < whole.size(); ++at) {
      for (uint8_t value : {uint8_t{0}, uint8_t{8}, uint8_t{0x7f}, uint8_t{0xff}}) {
        Bytes changed = whole;
        changed[at] = value;
        EXPECT_LE(ExifOfPainting(changed, 1, 1).size(), whole.size());
        EXPECT_LT(ExifFromTiff(changed).size(), 10000u);
      }
    }
  }
}

TEST(Exif, FromAndIntoTiffKeepsWordsAndDirectories) {
  // A block is a TIFF file without pixels.
  const Bytes from = ExifFromTiff(ExifBlock(6, true));
  EXPECT_EQ(ExifOrientation(from), 0) << "what describes pixels stays with them";
  EXPECT_NE(TextOf(from).find("Tempera 1"), std::string::npos);
  Bytes tiff;  // one directory with a width
  PutWord(&tiff, std::string_view("II*\0\x08\0\0\0\x01\0", 10));
  PutWord(&tiff, std::string_view("\0\x01\x03\0\x01\0\0\0\x07\0\0\0\0\0\0\0", 16));
  const Bytes both = AddToTiff(tiff, from, {{kXmpTag, 1, 3, {'x', 'm', 'p'}}});
  const ByteView view(both, false);
  size_t next = 0;
  const auto tags = TagsAt(view, FirstDirectory(view), &next);
  EXPECT_EQ(TagNumber(view, FindTag(tags, 256), 0), 7u);
  ASSERT_NE(FindTag(tags, 271), nullptr);
  ASSERT_NE(FindTag(tags, kXmpTag), nullptr);
  const auto below = TagsAt(view, TagNumber(view, FindTag(tags, kExifTag), 0), &next);
  EXPECT_NE(FindTag(below, 36867), nullptr);
  for (size_t i = 1; i < tags.size(); ++i) EXPECT_LT(tags[i - 1].tag, tags[i].tag);
}

TEST(Xmp, OrientationBecomesUprightAndThumbnailsGo) {
  EXPECT_EQ(XmpOfPainting("<r tiff:Orientation=\"6\" a='6'/>"), "<r tiff:Orientation=\"1\" a='6'/>");
  EXPECT_EQ(XmpOfPainting("<tiff:Orientation>8</tiff:Orientation>"),
            "<tiff:Orientation>1</tiff:Orientation>");
  EXPECT_EQ(XmpOfPainting("tiff:Orientation"), "tiff:Orientation");
  EXPECT_EQ(XmpOfPainting("a<xmp:Thumbnails><x/></xmp:Thumbnails>b"), "ab");
  EXPECT_EQ(XmpOfPainting("a<xmp:Thumbnails>b"), "a<xmp:Thumbnails>b");
  EXPECT_TRUE(XmpTellsOfOtherPictures("<x hdrgm:Version=\"1.0\"/>"));
  EXPECT_FALSE(XmpTellsOfOtherPictures("<x dc:title=\"hdr\"/>"));
}

TEST(Xmp, WhatAPaintingMakesUntrueGoes) {
  EXPECT_EQ(XmpOfPainting("<x tiff:ImageWidth=\"9\" dc:title='a' exif:PixelXDimension = '9' b='c'/>"),
            "<x dc:title='a' b='c'/>");
  EXPECT_EQ(XmpOfPainting("<photoshop:ICCProfile>CMYK</photoshop:ICCProfile><photoshop:ICCProfileX/>"),
            "<photoshop:ICCProfileX/>");
  EXPECT_EQ(XmpOfPainting("<tiff:Orientation rdf:datatype=\"int\"> 6</tiff:Orientation>"),
            "<tiff:Orientation rdf:datatype=\"int\"> 1</tiff:Orientation>");
  EXPECT_EQ(XmpOfPainting("<r xmpNote:HasExtendedXMP=\"AB\" a=\"\"/>"), "<r a=\"\"/>");
  EXPECT_EQ(XmpOfPainting("<tiff:ImageWidth/><tiff:ImageLength>7"), "<tiff:ImageLength>7");
}

// Erased one by one from a string, a hundred thousand thumbnails take half a minute.
TEST(Xmp, LargePacketsTakeOnePass) {
  std::string packet, open;
  for (int i = 0; i < 200000; ++i) {
    packet += "<xmp:Thumbnails>0</xmp:Thumbnails>-";
    open += "<xmp:Thumbnails <tiff:Orientation  tiff:ImageWidth='";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(XmpOfPainting(packet), std::string(200000, '-'));
  EXPECT_LE(XmpOfPainting(open).size(), open.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
}

// OpenEXR tells red, green, blue and white; PNG's order is another.
TEST(Facts, ChromaticitiesOfLightAreRead) {
  const auto exr = [](std::initializer_list<float> numbers) {
    Bytes file;
    PutWord(&file, std::string_view("\x76\x2f\x31\x01\2\0\0\0", 8));
    PutWord(&file, std::string_view("chromaticities\0chromaticities\0\x20\0\0\0", 34));
    for (float n : numbers) {
      uint8_t raw[4];
      std::memcpy(raw, &n, 4);
      PutBytes(&file, raw);
    }
    file.push_back(0);
    return ReadPhotoFacts(file);
  };
  const PhotoFacts p3 = exr({0.68f, 0.32f, 0.265f, 0.69f, 0.15f, 0.06f, 0.3127f, 0.329f});
  EXPECT_EQ(p3.corners, (std::array<uint32_t, 8>{31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000}));
  EXPECT_FALSE(p3.odd_corners);
  // ACES AP0.
  EXPECT_TRUE(exr({0.7347f, 0.2653f, 0, 1, 0.0001f, -0.077f, 0.32168f, 0.33767f}).odd_corners);
}

Bytes BoxOf(std::string_view name, const Bytes& body) {
  Bytes box;
  PutNumber(&box, static_cast<uint32_t>(8 + body.size()), 4, true);
  PutWord(&box, name);
  PutBytes(&box, body);
  return box;
}

TEST(Facts, BoxesAreFoundWhereverTheyLie) {
  // What describes a picture may come behind it.
  Bytes heif = BoxOf("ftyp", BytesOf("avif"));
  EXPECT_TRUE(MetaBox(heif).empty());
  PutBytes(&heif, BoxOf("mdat", Bytes(70000, 0)));
  PutBytes(&heif, BoxOf("meta", BytesOf("grid")));
  const ByteSpan meta = MetaBox(heif);
  EXPECT_EQ(std::string(meta.begin(), meta.end()), "grid");

  const auto jp2 = [](const Bytes& colour) {
    Bytes file = BoxOf("jP  ", {13, 10, 0x87, 10});
    PutBytes(&file, BoxOf("jp2h", BoxOf("colr", colour)));
    return ReadPhotoFacts(file);
  };
  const Bytes icc = ProfileBytes("GRAY");
  Bytes with_profile = {2, 0, 0};
  PutBytes(&with_profile, icc);
  EXPECT_EQ(jp2(with_profile).icc, icc);
  EXPECT_EQ(jp2(with_profile).refusal, "");
  EXPECT_NE(jp2({1, 0, 0, 0, 0, 0, 12}).refusal.find("CMYK"), std::string::npos);
}

TEST(Facts, FormatsAreToldByContent) {
  const auto sniff = [](std::string_view text) {
    Bytes bytes = BytesOf(text);
    bytes.resize(64);
    return SniffPhoto(bytes);
  };
  EXPECT_EQ(sniff("\xff\xd8\xff\xe0"), PhotoFormat::kJpeg);
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x18"
                                   "ftypheic",
                                   12)),
            PhotoFormat::kHeif);
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x18"
                                   "ftypavif",
                                   12)),
            PhotoFormat::kAvif);
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x18"
                                   "ftypmif1\0\0\0\0mif1avif",
                                   24)),
            PhotoFormat::kAvif);
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x18"
                                   "ftypisom\0\0\0\0mp42",
                                   20)),
            PhotoFormat::kUnknown);
  EXPECT_EQ(sniff(std::string_view("\0\0\0\x18"
                                   "ftypcrx ",
                                   12)),
            PhotoFormat::kCameraRaw);
  EXPECT_EQ(sniff(std::string_view("\0\0\1\0\2\0", 6)), PhotoFormat::kIcon);
  EXPECT_EQ(sniff(std::string_view("\0\0\2\0\0\0\0\0\0\0\0\0\x20\0\x20\0\x18\0", 18)), PhotoFormat::kUnknown)
      << "Targa";
  EXPECT_EQ(sniff("<?xml version='1.0'?> <svg width='9'>"), PhotoFormat::kSvg);
  EXPECT_EQ(sniff("P6\n2 2"), PhotoFormat::kPortableMap);
  EXPECT_EQ(sniff("PK\3\4"), PhotoFormat::kUnknown);
  EXPECT_EQ(SniffPhoto({}), PhotoFormat::kUnknown);
}

// JPEG and PNG of a few bytes, cut anywhere: never beyond the end, and always said to be cut.
TEST(Facts, CutFilesAreToldAndBounded) {
  Bytes png = BytesOf(std::string_view("\x89PNG\r\n\x1a\n\0\0\0\rIHDR0123456789abccrc!\0\0\0\0IENDcrc!", 45));
  for (const Bytes& whole :
       {WithSegment(FlatJpeg({40}, false), 0xe1, std::string_view("Exif\0\0", 6), ExifBlock(6)),
        WithChunk(png, "eXIf", ExifBlock(6))}) {
    const PhotoFacts facts = ReadPhotoFacts(whole);
    EXPECT_FALSE(facts.cut_short);
    EXPECT_EQ(facts.orientation, 6);
    for (size_t keep = 12; keep + 8 < whole.size(); ++keep) {
      const PhotoFacts part = ReadPhotoFacts(ByteSpan(whole).first(keep));
      EXPECT_TRUE(part.cut_short) << keep << " of " << whole.size();
    }
  }
}

}  // namespace
}  // namespace tempera::media
