// TIFF files of kinds that FFmpeg does not write, made byte by byte.
#include <sys/resource.h>

#include "media/photo/color_profile.h"
#include "media/photo/embed.h"
#include "media/photo/exif.h"
#include "media/photo/libraries.h"
#include "media/photo/picture_fixture.h"

namespace tempera::media {
namespace {

std::vector<TestTag> TagsOf(uint32_t width, uint32_t height, uint32_t photometric, uint32_t samples) {
  TestTag bits(258, {});
  for (uint32_t i = 0; i < samples; ++i) PutNumber(&bits.value, 8, 2, false);
  return {{256, {width}}, {257, {height}}, bits, {259, {1}}, {262, {photometric}}, {277, {samples}}};
}

// Red beside blue, to be turned clockwise, with all that a scanner writes.
TEST_F(PictureTest, BigTiffTellsWhatTiffTells) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: BigTIFF is refused";
  const Bytes pixels = {255, 0, 0, 0, 0, 255};
  const Bytes icc = ProfileBytes("RGB ");
  for (bool wide : {false, true}) {
    std::vector<TestTag> tags = TagsOf(2, 1, 2, 3);
    tags.push_back({271, 2, BytesOf(std::string_view("Tempera 1\0", 10))});
    tags.push_back({274, {6}});
    tags.push_back({700, 1, BytesOf("<x dc:title='Walk'/>")});
    tags.push_back({34675, 7, icc});
    const Picture picture = Read(Save(TiffFile(tags, 1, pixels, wide), "a.tif"));
    ASSERT_EQ(picture.frame.width, 1) << wide;
    EXPECT_EQ(picture.frame.height, 2);
    EXPECT_EQ(Color(picture.frame, 0, 0), 'r');
    EXPECT_EQ(Color(picture.frame, 0, 1), 'b');
    EXPECT_EQ(picture.metadata->xmp, "<x dc:title='Walk'/>") << wide;
    EXPECT_EQ(picture.metadata->icc, icc) << wide;
    const Bytes& exif = picture.metadata->exif;
    EXPECT_NE(std::string(exif.begin(), exif.end()).find("Tempera 1"), std::string::npos) << wide;
  }
}

TEST_F(PictureTest, InkInTiffIsMixedOrRefused) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: ink is refused";
  // Cyan alone, then black alone.
  const Bytes four = {255, 0, 0, 0, 0, 0, 0, 255}, five = {255, 0, 0, 0, 9, 0, 0, 0, 255, 9};
  const Picture ink = Read(Save(TiffFile(TagsOf(2, 1, 5, 4), 1, four, false), "ink.tif"));
  EXPECT_EQ(Pixel(ink.frame, 0, 0), 0x00ffffu);
  EXPECT_EQ(Pixel(ink.frame, 1, 0), 0u);
  EXPECT_EQ(Said(ink), "CMYK becomes RGB without a colour profile: colours are approximate\n");
  std::vector<TestTag> tags = TagsOf(2, 1, 5, 5);
  tags.push_back({338, {2}});
  const Picture more = Read(Save(TiffFile(tags, 1, five, false), "more.tif"));
  EXPECT_EQ(Pixels(more.frame), Pixels(ink.frame));
  EXPECT_NE(Said(more).find("channels beside CMYK"), std::string::npos) << Said(more);
  tags = TagsOf(2, 1, 5, 4);
  tags.push_back({332, {2}});
  const Result<Picture> other = ReadPicture(Save(TiffFile(tags, 1, four, false), "other.tif"), 0);
  ASSERT_FALSE(other.ok());
  EXPECT_NE(other.status().message().find("other inks than CMYK"), std::string::npos);
}

TEST_F(PictureTest, InkOfTwoBytesIsMixed) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: ink is refused";
  std::vector<TestTag> tags = TagsOf(2, 1, 5, 4);
  tags[2] = {258, {16, 16, 16, 16}};
  const Bytes ink = {255, 255, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 128};
  const Picture picture = Read(Save(TiffFile(tags, 1, ink, false), "ink.tif"));
  EXPECT_EQ(Pixel(picture.frame, 0, 0), 0x00ffffu);
  EXPECT_EQ(Pixel(picture.frame, 1, 0), 0x7f7f7fu);
  EXPECT_EQ(Said(picture),
            "CMYK becomes RGB without a colour profile: colours are approximate\n16-bit becomes 8-bit\n");
  // Numbers of another size are no damage.
  tags[2] = {258, {4, 4, 4, 4}};
  const Result<Picture> four = ReadPicture(Save(TiffFile(tags, 1, {0xf0, 0, 0, 0xf0}, false), "four.tif"), 0);
  ASSERT_FALSE(four.ok());
  EXPECT_NE(four.status().message().find("CMYK TIFF of 4 bits"), std::string::npos)
      << four.status().message();
}

// libtiff's own way to paint multiplies alpha in, which leaves few levels where there is little of it.
TEST_F(PictureTest, LittleOpacityKeepsItsColour) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: such files are refused";
  for (int bits : {8, 16}) {
    for (uint32_t said : {0u, 2u}) {
      std::vector<TestTag> tags = TagsOf(1, 1, 2, 4);
      const uint32_t b = static_cast<uint32_t>(bits);
      tags[2] = {258, {b, b, b, b}};
      tags.push_back({266, {2}});  // bits the other way round: not FFmpeg's
      tags.push_back({338, {said}});
      Bytes pixel;
      for (uint32_t n : {200u, 100u, 50u, 3u}) {
        uint32_t turned = 0;
        for (int i = 0; i < 8; ++i) turned |= (n >> i & 1) << (7 - i);
        PutNumber(&pixel, turned * (bits == 16 ? 257 : 1), bits / 8, false);
      }
      const Picture picture = Read(Save(TiffFile(tags, 1, pixel, false), "a.tif"));
      ASSERT_EQ(picture.frame.format, PixelFormat::kRgba);
      EXPECT_EQ(Pixel(picture.frame, 0, 0), 0xc86432u) << bits << " bits, kind " << said;
      EXPECT_EQ(picture.frame.planes[0][3], 3);
    }
  }
}

TEST_F(PictureTest, PlanesAndTilesAreReadAsOne) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: such files are refused";
  // Two tiles of 16x16 for 20x10 pixels of ink: cyan in the first, none in the second.
  Bytes tiles;
  for (int tile = 0; tile < 2; ++tile) {
    for (int i = 0; i < 256; ++i) PutBytes(&tiles, Bytes{uint8_t(tile ? 0 : 255), 0, 0, 0});
  }
  const Picture picture = Read(Save(TiledTiff(TagsOf(20, 10, 5, 4), 16, 16, tiles, 2), "tiles.tif"));
  EXPECT_EQ(Pixel(picture.frame, 15, 9), 0x00ffffu);
  EXPECT_EQ(Pixel(picture.frame, 16, 9), 0xffffffu);
  EXPECT_EQ(Said(picture), "CMYK becomes RGB without a colour profile: colours are approximate\n");

  // Grey and its alpha one behind the other, in one strip each.
  std::vector<TestTag> tags = TagsOf(2, 1, 1, 2);
  tags.push_back({284, {2}});
  tags.push_back({338, {2}});
  Bytes file = TiffFile(tags, 1, {10, 20, 200, 100}, false);
  PutBytes(&file, Bytes(8, 0));
  size_t next = 0;
  const ByteView planes(file, false);
  const std::vector<TiffTag> own = TagsAt(planes, FirstDirectory(planes), &next);
  const uint32_t begin = TagNumber(planes, FindTag(own, 273), 0);
  // The offsets and the sizes of two, behind the file as it was.
  const uint32_t list = static_cast<uint32_t>(file.size());
  for (uint32_t n : {begin, begin + 2, 2u, 2u}) PutNumber(&file, n, 4, false);
  for (uint16_t tag : {273, 279}) {
    const size_t entry = FindTag(own, tag)->entry_at;
    SetNumber(&file, entry + 4, 2, 4, false);
    SetNumber(&file, entry + 8, tag == 273 ? list : list + 8, 4, false);
  }
  const Picture gray = Read(Save(file, "planes.tif"));
  ASSERT_EQ(gray.frame.format, PixelFormat::kRgba);
  EXPECT_EQ(Pixel(gray.frame, 1, 0), 0x141414u);
  EXPECT_EQ(gray.frame.planes[0][7], 100);
}

// Eight kilobytes ask for no gigabytes: a row of tiles that reach far below it.
TEST_F(PictureTest, TilesTakeMemoryByTheirPicture) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: such files are refused";
  constexpr uint32_t kTiles = 1024;
  const std::vector<TestTag> tags = TagsOf(16 * kTiles, 1, 5, 4);
  const auto most_kib = [] {
    rusage usage = {};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  };
  const long before = most_kib();
  const Result<Picture> tall =
      ReadPicture(Save(TiledTiff(tags, 16, 32768, Bytes(kTiles), kTiles), "tall.tif"), 0);
  ASSERT_FALSE(tall.ok());
  EXPECT_NE(tall.status().message().find("tiles far larger than its picture"), std::string::npos)
      << tall.status().message();
  const Result<Picture> high =
      ReadPicture(Save(TiledTiff(tags, 16, 16384, Bytes(kTiles), kTiles), "high.tif"), 0);
  EXPECT_TRUE(high.ok()) << high.status().message();
  EXPECT_LT(most_kib() - before, 200 << 10);
  // As large as many programs' tiles, of a picture of one pixel.
  EXPECT_TRUE(ReadPicture(Save(TiledTiff(TagsOf(1, 1, 5, 4), 1024, 1024, Bytes(9), 1), "one.tif"), 0).ok());
  EXPECT_FALSE(
      ReadPicture(Save(TiledTiff(TagsOf(1, 1, 2, 3), 16384, 16384, Bytes(9), 1), "big.tif"), 0).ok());
}

// A file that grows by pages, each directory behind its pixels.
struct TiffPages {
  // Of tag and value, 32 bits each.
  void Directory(const std::vector<std::pair<uint32_t, uint32_t>>& tags) {
    SetNumber(&file, link, static_cast<uint32_t>(file.size()), 4, false);
    PutNumber(&file, static_cast<uint32_t>(tags.size()), 2, false);
    for (const auto& [tag, value] : tags) {
      PutNumber(&file, tag, 2, false);
      PutNumber(&file, 4, 2, false);
      PutNumber(&file, 1, 4, false);
      PutNumber(&file, value, 4, false);
    }
    link = file.size();
    PutNumber(&file, 0, 4, false);
  }
  // 16x16 of one grey.
  void Page(uint8_t grey) {
    const auto at = static_cast<uint32_t>(file.size());
    PutBytes(&file, Bytes(256, grey));
    Directory(
        {{256, 16}, {257, 16}, {258, 8}, {259, 1}, {262, 1}, {273, at}, {277, 1}, {278, 16}, {279, 256}});
  }

  Bytes file = {'I', 'I', 42, 0, 0, 0, 0, 0};
  size_t link = 4;  // where the next directory's place is written
};

// A thumbnail's directory has no size, or names its JPEG as Exif does: nothing of the picture is lost with
// it.
TEST_F(PictureTest, AThumbnailIsNoLostPage) {
  TiffPages tiff;
  tiff.Page(60);
  tiff.Directory({{259, 6}, {513, 8}, {514, 200}});
  tiff.Directory({{256, 8}, {257, 8}, {259, 6}, {513, 8}, {514, 200}});
  tiff.Page(120);
  const Picture first = Read(Save(tiff.file, "a.tif"));
  EXPECT_EQ(Said(first), "the file holds 3 pictures: the largest, number 1, is painted\n");
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: later pages are refused";
  // Pages are counted by what they hold.
  const Result<Picture> third = ReadPicture(Path("a.tif"), 0, 3);
  ASSERT_TRUE(third.ok()) << third.status().message();
  EXPECT_EQ(Pixel(third->frame, 0, 0), 0x787878u);
}

TEST_F(PictureTest, PagesThatACutFileLacksAreSaid) {
  TiffPages tiff;
  std::vector<size_t> ends;
  for (int page = 0; page < 3; ++page) {
    tiff.Page(static_cast<uint8_t>(60 * page));
    ends.push_back(tiff.file.size());
  }
  const Bytes& file = tiff.file;
  const std::string lost = "some of the pictures that the file names are missing or cut short in it";
  EXPECT_EQ(Said(Read(Save(file, "a.tif"))).find(lost), std::string::npos);
  for (size_t keep : {ends[2] - 20, ends[1] + 30, ends[1], ends[0] + 10}) {
    const std::string cut = Save(Bytes(file.begin(), file.begin() + static_cast<ptrdiff_t>(keep)), "cut.tif");
    EXPECT_NE(Said(Read(cut)).find(lost), std::string::npos) << keep;
  }
  const Result<Picture> third = ReadPicture(Path("cut.tif"), 0, 3);
  ASSERT_FALSE(third.ok());
  EXPECT_NE(third.status().message().find(lost), std::string::npos) << third.status().message();
}

// Three channels are no RGB where the first is said to be grey.
TEST_F(PictureTest, GreyWithTwoMoreChannelsIsGrey) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: such files are refused";
  std::vector<TestTag> tags = TagsOf(2, 1, 1, 3);
  tags.push_back({338, {0, 0}});
  const Picture picture = Read(Save(TiffFile(tags, 1, {64, 200, 10, 128, 200, 10}, false), "a.tif"));
  EXPECT_EQ(Pixel(picture.frame, 0, 0), 0x404040u);
  EXPECT_EQ(Pixel(picture.frame, 1, 0), 0x808080u);
}

TEST_F(PictureTest, LostDepthIsSaid) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: such files are refused";
  // 16 bits and an alpha that is multiplied in: libtiff's.
  std::vector<TestTag> tags = TagsOf(1, 1, 2, 4);
  tags[2].value.clear();
  for (int i = 0; i < 4; ++i) PutNumber(&tags[2].value, 16, 2, false);
  tags.push_back({338, {1}});
  const Picture picture = Read(Save(TiffFile(tags, 1, {0, 64, 0, 0, 0, 32, 0, 128}, false), "a.tif"));
  EXPECT_EQ(picture.frame.format, PixelFormat::kRgba);
  EXPECT_NEAR(Pixel(picture.frame, 0, 0) >> 16, 127, 2);
  EXPECT_EQ(Said(picture), "16-bit becomes 8-bit\n");
}

TEST_F(PictureTest, DamagedExifIsSaidToBeLeftOut) {
  Make("-f lavfi -i testsrc2=s=16x16 -frames:v 1 -pix_fmt rgb24", "a.png");
  Save(WithChunk(Load(Path("a.png")), "eXIf", BytesOf("no such block")), "d.png");
  std::vector<std::string> notices;
  EXPECT_TRUE(Rewrite(Path("d.png"), "o.jpg", &notices).exif.empty());
  EXPECT_EQ(notices, std::vector<std::string>{"its Exif data is damaged and left out"});
}

}  // namespace
}  // namespace tempera::media
