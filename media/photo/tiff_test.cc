// TIFF files of kinds that FFmpeg does not write, made byte by byte.
#include "media/photo/color_profile.h"
#include "media/photo/embed.h"
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
