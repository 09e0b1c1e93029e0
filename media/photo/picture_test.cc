// Pictures of many kinds, read and written the whole way.
#include "media/photo/picture_fixture.h"

#include "media/image.h"
#include "media/photo/color_profile.h"
#include "media/photo/embed.h"
#include "media/photo/exif.h"
#include "media/photo/facts.h"
#include "media/photo/files_for_test.h"
#include "media/photo/libraries.h"

namespace tempera::media {
namespace {

// FFmpeg marks both the passes of Adam7 and the fields of film as interlaced.
TEST_F(PictureTest, PngInPassesKeepsRowsAndTransparency) {
  const std::string source = "-f lavfi -i testsrc2=s=64x48,format=rgba,colorchannelmixer=aa=0.5 -frames:v 3";
  Make(source + " -start_number 1", "plain_%d.png");
  Make(source + " -start_number 1 -flags +ildct", "passes_%d.png");
  const Picture plain = Read(Path("plain_1.png")), passes = Read(Path("passes_1.png"));
  EXPECT_EQ(passes.frame.format, PixelFormat::kRgba);
  EXPECT_EQ(Pixels(passes.frame), Pixels(plain.frame));
  EXPECT_TRUE(passes.notices.empty()) << passes.notices.front();

  // And in a series, where frames of both kinds come through the reader of films.
  std::string notices[2];
  ASSERT_STATUS_OK(Copy(Path("plain_%d.png"), Path("plain.mkv"), &notices[0], {}, {.codec = "ffv1"}));
  ASSERT_STATUS_OK(Copy(Path("passes_%d.png"), Path("passes.mkv"), &notices[1], {}, {.codec = "ffv1"}));
  EXPECT_EQ(notices[0], notices[1]);
  EXPECT_EQ(Shell("ffmpeg -v error -i " + Path("plain.mkv") + " -f md5 -"),
            Shell("ffmpeg -v error -i " + Path("passes.mkv") + " -f md5 -"));
}

// Quarters of red, green, blue and white, stored in each of Exif's eight ways in each of the formats.
TEST_F(PictureTest, OrientationOfEveryFormatIsUndone) {
  RgbImage image{32, 16, {}};
  for (int y = 0; y < 16; ++y) {
    for (int x = 0; x < 32; ++x) {
      const bool right = x >= 16, below = y >= 8;
      for (int c = 0; c < 3; ++c) {
        const bool on = right && below ? true : c == (right ? 1 : below ? 2 : 0);
        image.pixels.push_back(on ? 255 : 0);
      }
    }
  }
  for (const char* name : {"a.png", "a.jpg", "a.webp", "a.tif"})
    ASSERT_STATUS_OK(WriteImage(Path(name), image));
  // Colours at the upper left and the upper right of the upright picture.
  const char* kUpper[9] = {"", "rg", "gr", "wb", "bw", "rb", "br", "wg", "gw"};
  for (int o = 1; o <= 8; ++o) {
    const Bytes block = ExifBlock(o, o % 2);
    Bytes prefixed = BytesOf(std::string_view("Exif\0\0", 6));
    PutBytes(&prefixed, block);
    Bytes number = {static_cast<uint8_t>(o), 0};
    const std::pair<const char*, Bytes> files[] = {
        {"t.jpg", WithSegment(Load(Path("a.jpg")), 0xe1, "", prefixed)},
        {"t.png", WithChunk(Load(Path("a.png")), "eXIf", block)},
        {"p.png", WithChunk(Load(Path("a.png")), "eXIf", prefixed)},
        {"t.webp", WithWebpChunk(Load(Path("a.webp")), 32, 16, "EXIF", block)},
        {"p.webp", WithWebpChunk(Load(Path("a.webp")), 32, 16, "EXIF", prefixed)},
        {"t.tif", AddToTiff(Load(Path("a.tif")), {}, {{kOrientationTag, 3, 1, number}})}};
    for (const auto& [name, bytes] : files) {
      const Picture picture = Read(Save(bytes, name));
      const Frame& f = picture.frame;
      EXPECT_EQ(f.width, o < 5 ? 32 : 16) << name << " " << o;
      EXPECT_EQ(Color(f, 2, 2), kUpper[o][0]) << name << " " << o;
      EXPECT_EQ(Color(f, f.width - 3, 2), kUpper[o][1]) << name << " " << o;
    }
  }
}

TEST_F(PictureTest, ExifAndXmpAreKeptAndTrue) {
  Make("-f lavfi -i testsrc2=s=64x48 -frames:v 1 -pix_fmt rgb24", "a.png");
  const Bytes png = WithChunk(Load(Path("a.png")), "eXIf", ExifBlock(6));
  Bytes xmp = BytesOf(std::string_view("XML:com.adobe.xmp\0\0\0\0\0", 22));
  PutWord(&xmp, "<x tiff:Orientation=\"6\" dc:title=\"Walk\"/>");
  Save(WithChunk(png, "iTXt", xmp), "in.png");
  for (const char* name : {"o.jpg", "o.png", "o.webp", "o.tif"}) {
    std::vector<std::string> notices;
    const PhotoFacts facts = Rewrite(Path("in.png"), name, &notices);
    EXPECT_TRUE(notices.empty()) << name << ": " << notices.front();
    const std::string exif(facts.exif.begin(), facts.exif.end());
    EXPECT_NE(exif.find("Tempera 1"), std::string::npos) << name;
    EXPECT_NE(exif.find("2024:05:06"), std::string::npos) << name;
    EXPECT_EQ(exif.find("THUMB"), std::string::npos) << name;
    EXPECT_EQ(facts.orientation, 1) << name;
    EXPECT_NE(facts.xmp.find("Walk"), std::string::npos) << name;
    EXPECT_NE(facts.xmp.find("Orientation=\"1\""), std::string::npos) << name;
    EXPECT_EQ(Probe(Path(name), "v", "stream=width,height"), "48\n64\n") << name;
    EXPECT_EQ(Shell("ffmpeg -nostdin -v error -i " + Path(name) + " -f null - 2>&1"), "") << name;
  }
  std::vector<std::string> notices;
  Rewrite(Path("in.png"), "o.bmp", &notices);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0],
            "its Exif data and XMP data are left out: write .png, .jpg, .webp or .tif to keep them");
}

TEST_F(PictureTest, ProfilesOfOtherColourModelsNeverReachAnRgbFile) {
  Bytes gray_icc = {1, 1}, ink_icc = {1, 1};
  PutBytes(&gray_icc, ProfileBytes("GRAY"));
  PutBytes(&ink_icc, ProfileBytes("CMYK"));
  constexpr std::string_view kMark("ICC_PROFILE\0", 12);
  Save(WithSegment(FlatJpeg({192}, false), 0xe2, kMark, gray_icc), "gray_icc.jpg");
  // No ink but cyan's: 255 is none in Adobe's files.
  Save(WithSegment(FlatJpeg({28, 228, 228, 228}, true), 0xe2, kMark, ink_icc), "ink_icc.jpg");
  Save(FlatJpeg({28, 228, 228, 228}, true), "ink.jpg");
  if (!HasLibjpeg()) {
    const Result<Picture> ink = ReadPicture(Path("ink.jpg"), 0);
    ASSERT_FALSE(ink.ok());
    EXPECT_NE(ink.status().message().find("a CMYK JPEG needs"), std::string::npos);
    GTEST_SKIP() << "built without libjpeg: ink is refused";
  }
  for (const char* name : {"gray_icc.jpg", "ink_icc.jpg", "ink.jpg"}) {
    for (const char* to : {"o.png", "o.jpg", "o.webp", "o.tif"}) {
      std::vector<std::string> notices;
      EXPECT_TRUE(Rewrite(Path(name), to, &notices).icc.empty()) << name << " " << to;
      const Bytes written = Load(Path(to));
      EXPECT_EQ(std::string(written.begin(), written.end()).find("iCCP"), std::string::npos);
    }
  }
  const uint32_t plain = Pixel(Read(Path("ink.jpg")).frame, 4, 4);
  EXPECT_LT(plain >> 16, 60u) << "cyan takes red away";
  EXPECT_GT(plain & 255, 180u);
  if (!ConvertsProfiles()) GTEST_SKIP() << "built without Little CMS: profiles are dropped, not gone through";
  // Linear grey of 192 is sRGB's 225.
  EXPECT_EQ(Said(Read(Path("gray_icc.jpg"))), "grey becomes sRGB through the picture's colour profile\n");
  EXPECT_NEAR(Pixel(Read(Path("gray_icc.jpg")).frame, 4, 4) & 255, 225, 3);
  // The profile's ink has no colour: a ninth of black alone.
  const uint32_t ink = Pixel(Read(Path("ink_icc.jpg")).frame, 4, 4);
  EXPECT_NEAR(ink >> 16, 224, 6);
  EXPECT_NEAR(ink >> 16, ink & 255, 2);
}

TEST_F(PictureTest, RgbProfilesAreKeptOrNoted) {
  bool missing = false;
  const Bytes wide = ProfileOfPrimaries(AVCOL_PRI_SMPTE432, &missing);
  if (missing) GTEST_SKIP() << "built without Little CMS, which makes this test's profile";
  Make("-f lavfi -i testsrc2=s=64x48 -frames:v 1", "a.jpg");
  Bytes icc = {1, 1};
  PutBytes(&icc, wide);
  Save(WithSegment(Load(Path("a.jpg")), 0xe2, std::string_view("ICC_PROFILE\0", 12), icc), "wide.jpg");
  for (const char* to : {"o.jpg", "o.webp", "o.tif"}) {
    std::vector<std::string> notices;
    EXPECT_EQ(Rewrite(Path("wide.jpg"), to, &notices).icc, wide) << to;
    EXPECT_TRUE(notices.empty());
  }
  std::vector<std::string> notices;
  Rewrite(Path("wide.jpg"), "o.png", &notices);
  EXPECT_TRUE(notices.empty());
  EXPECT_EQ(Read(Path("o.png")).metadata->icc, wide);
  Rewrite(Path("wide.jpg"), "o.bmp", &notices);
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_NE(notices[0].find("colour profile is left out"), std::string::npos);
}

// A PNG that says what light its numbers mean, without a profile: the painting says the same by one.
TEST_F(PictureTest, ColoursThatAPngTellsAreKept) {
  Make("-f lavfi -i testsrc2=s=16x16 -frames:v 1 -pix_fmt rgb24", "a.png");
  const auto with_gamma = [this](uint32_t gamma) {
    Bytes body;
    PutNumber(&body, gamma, 4, true);
    return Read(Save(WithChunk(Load(Path("a.png")), "gAMA", body), "g.png"));
  };
  EXPECT_TRUE(with_gamma(45455).metadata->icc.empty()) << "what everybody assumes";
  const Picture linear = with_gamma(100000);
  if (!ConvertsProfiles()) {
    EXPECT_NE(Said(linear).find("as if they were sRGB"), std::string::npos);
    GTEST_SKIP() << "built without Little CMS: it is said instead";
  }
  EXPECT_EQ(ModelOfProfile(linear.metadata->icc), ProfileModel::kRgb);
  EXPECT_EQ(Said(linear), "");
}

TEST_F(PictureTest, JpegInTiffHasItsColours) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: such files are refused";
  // FFmpeg writes no JPEG into TIFF: the stream lies in one strip, its colours are YCbCr.
  Make("-f lavfi -i color=0xe02080:s=32x32 -frames:v 1 -pix_fmt yuvj420p", "a.jpg");
  const Bytes jpeg = Load(Path("a.jpg"));
  Bytes tiff;
  PutWord(&tiff, std::string_view("II*\0\x08\0\0\0", 8));
  const std::pair<uint32_t, std::pair<uint32_t, uint32_t>> tags[] = {
      {256, {3, 32}}, {257, {3, 32}}, {258, {3, 8}},
      {259, {3, 7}},  {262, {3, 6}},  {273, {4, 134}},
      {277, {3, 3}},  {278, {3, 32}}, {279, {4, static_cast<uint32_t>(jpeg.size())}},
      {284, {3, 1}}};
  PutNumber(&tiff, 10, 2, false);
  for (const auto& [tag, value] : tags) {
    PutNumber(&tiff, tag, 2, false);
    PutNumber(&tiff, value.first, 2, false);
    PutNumber(&tiff, 1, 4, false);
    PutNumber(&tiff, value.second, 4, false);
  }
  PutNumber(&tiff, 0, 4, false);
  ASSERT_EQ(tiff.size(), 134u);
  PutBytes(&tiff, jpeg);
  const Frame frame = Read(Save(tiff, "a.tif")).frame;
  const uint32_t pixel = Pixel(frame, 16, 16);
  EXPECT_NEAR(pixel >> 16, 0xe0, 6);
  EXPECT_NEAR(pixel >> 8 & 255, 0x20, 6);
  EXPECT_NEAR(pixel & 255, 0x80, 6);
}

TEST_F(PictureTest, OfSeveralPicturesTheLargestIsPainted) {
  Make("-f lavfi -i color=red:s=16x16 -frames:v 1", "small.png");
  Make("-f lavfi -i color=blue:s=48x48 -frames:v 1", "large.png");
  Bytes file, pictures;
  PutWord(&file, std::string_view("\0\0\1\0\2\0", 6));
  for (auto [name, side] : {std::pair{"small.png", 16}, {"large.png", 48}}) {
    const Bytes png = Load(Path(name));
    PutBytes(&file, Bytes{static_cast<uint8_t>(side), static_cast<uint8_t>(side), 0, 0, 1, 0, 32, 0});
    PutNumber(&file, static_cast<uint32_t>(png.size()), 4, false);
    PutNumber(&file, static_cast<uint32_t>(38 + pictures.size()), 4, false);
    PutBytes(&pictures, png);
  }
  PutBytes(&file, pictures);
  Save(file, "a.ico");
  const Picture icon = Read(Path("a.ico"));
  EXPECT_EQ(icon.frame.width, 48);
  EXPECT_NE(Said(icon).find("the largest, number 2, is painted"), std::string::npos) << Said(icon);
  EXPECT_EQ(Said(icon).find("damaged"), std::string::npos);
  EXPECT_EQ(icon.pictures, 2);
  const Result<Picture> first = ReadPicture(Path("a.ico"), 0, 1), third = ReadPicture(Path("a.ico"), 0, 3);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(first->frame.width, 16);
  EXPECT_EQ(Said(*first), "");
  ASSERT_FALSE(third.ok());
  EXPECT_NE(third.status().message().find("no picture number 3: the file holds 2"), std::string::npos);
  file.resize(file.size() - 20);
  const Result<Picture> cut = ReadPicture(Save(file, "cut.ico"), 0);
  EXPECT_TRUE(!cut.ok() || Said(*cut).find("damaged or cut short") != std::string::npos) << Said(*cut);
}

TEST_F(PictureTest, PagesOfTiffAreChosen) {
  if (!HasLibtiff()) GTEST_SKIP() << "built without libtiff: only the first page is read";
  // A second directory behind the first picture, which is the larger: one strip of eight grey rows.
  Make("-f lavfi -i color=red:s=16x4 -frames:v 1 -pix_fmt rgb24", "a.tif");
  Bytes file = Load(Path("a.tif"));
  file.resize((file.size() + 1) / 2 * 2);
  size_t next = 0;
  TagsAt(ByteView(file, false), FirstDirectory(ByteView(file, false)), &next);
  ASSERT_EQ(next, 0u);
  const size_t first = FirstDirectory(ByteView(file, false));
  const uint32_t second = static_cast<uint32_t>(file.size());
  SetNumber(&file, first + 2 + 12 * ByteView(file, false).U16(first), second, 4, false);
  const std::pair<uint32_t, uint32_t> tags[] = {{256, 32},           {257, 8}, {258, 8}, {259, 1},  {262, 1},
                                                {273, second + 114}, {277, 1}, {278, 8}, {279, 256}};
  PutNumber(&file, 9, 2, false);
  for (const auto& [tag, value] : tags) {
    PutNumber(&file, tag, 2, false);
    PutNumber(&file, 4, 2, false);
    PutNumber(&file, 1, 4, false);
    PutNumber(&file, value, 4, false);
  }
  PutNumber(&file, 0, 4, false);
  PutBytes(&file, Bytes(256, 0x40));
  Save(file, "two.tif");
  const Picture largest = Read(Path("two.tif"));
  EXPECT_EQ(largest.frame.width, 32);
  EXPECT_EQ(Pixel(largest.frame, 5, 5), 0x404040u);
  EXPECT_EQ(largest.pictures, 2);
  EXPECT_NE(Said(largest).find("the largest, number 2, is painted"), std::string::npos);
  const Result<Picture> page = ReadPicture(Path("two.tif"), 0, 1);
  ASSERT_TRUE(page.ok());
  EXPECT_EQ(Color(page->frame, 3, 2), 'r');
  EXPECT_FALSE(ReadPicture(Path("two.tif"), 0, 3).ok());
}

TEST_F(PictureTest, DamageIsNoted) {
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1", "a.jpg");
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1 -pix_fmt rgb24", "a.png");
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1 -pix_fmt rgb24 -compression_algo lzw", "a.tif");
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1", "a.webp");
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1", "a.bmp");
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1 -compression none", "a.exr");
  for (const char* name : {"a.jpg", "a.png", "a.tif", "a.webp", "a.bmp", "a.exr"}) {
    // What is said of whole ones.
    const std::string usual = name == std::string("a.exr") ? "linear light becomes sRGB\n" : "";
    EXPECT_EQ(Said(Read(Path(name))), usual) << name;
    Bytes bytes = Load(Path(name));
    bytes.resize(bytes.size() * 2 / 3);
    const std::string cut = Save(bytes, std::string("cut") + (name + 1));
    Result<Picture> picture = ReadPicture(cut, 0);
    if (name == std::string("a.tif")) {
      // Its directory was at the end: there is nothing to know it by.
      ASSERT_FALSE(picture.ok());
      EXPECT_NE(picture.status().message().find("damaged TIFF"), std::string::npos);
      continue;
    }
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    EXPECT_NE(Said(*picture).find("damaged or cut short"), std::string::npos) << cut;
    // What comes first in the file is what it was; BMP begins with the last row.
    const Frame whole = Read(Path(name)).frame;
    const int y = name == std::string("a.bmp") ? 200 : 40;
    for (int x = 10; x < 310; x += 50) EXPECT_EQ(Pixel(picture->frame, x, y), Pixel(whole, x, y)) << cut;
  }
  // What telephones put behind the picture is no damage.
  Bytes more = Load(Path("a.jpg"));
  PutBytes(&more, Bytes(5000, 7));
  EXPECT_EQ(Said(Read(Save(more, "more.jpg"))), "");
}

TEST_F(PictureTest, NamesMayLieAboutTheFormat) {
  Make("-f lavfi -i color=0xff0000:s=32x32 -frames:v 1", "a.jpg");
  std::filesystem::rename(Path("a.jpg"), Path("100%d.png"));
  EXPECT_EQ(Color(Read(Path("100%d.png")).frame, 9, 9), 'r');
}

TEST_F(PictureTest, LinearLightBecomesSrgb) {
  // A quarter of white's light is sRGB's 137; FFmpeg's own conversion would give 64. Twice white's is cut.
  // The last row comes first.
  Bytes pfm = BytesOf("PF\n2 2\n-1.0\n");
  for (float light : {0.0f, 0.0f, 1.0f, 0.0f, 0.0f, 0.0f, 0.25f, 0.25f, 0.25f, 2.0f, 1.0f, 0.0f}) {
    uint8_t raw[4];
    std::memcpy(raw, &light, 4);
    PutBytes(&pfm, raw);
  }
  const Picture picture = Read(Save(pfm, "a.pfm"));
  EXPECT_EQ(Pixel(picture.frame, 0, 0), 0x898989u);
  EXPECT_EQ(Pixel(picture.frame, 1, 0), 0xffff00u);
  EXPECT_EQ(Pixel(picture.frame, 0, 1), 0x0000ffu);
  EXPECT_NE(Said(picture).find("brighter than white is cut"), std::string::npos);
}

TEST_F(PictureTest, WhatCannotBeReadRightlyIsRefusedByName) {
  Bytes twelve = FlatJpeg({40}, false);
  for (size_t i = 0; i + 4 < twelve.size(); ++i) {
    if (twelve[i] == 0xff && twelve[i + 1] == 0xc0) twelve[i + 4] = 12;
  }
  const std::pair<Bytes, const char*> files[] = {
      {twelve, "12 bits"},
      {BytesOf("<svg width='8' height='8'></svg>"), "render it to PNG"},
      {BytesOf("#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 1 +X 1\n0000"), "Radiance HDR"},
      {BytesOf("%PDF-1.4\n%%EOF"), "render a page"},
      {BytesOf("FUJIFILMCCD-RAW 0201"), "develop it"},
  };
  for (const auto& [bytes, word] : files) {
    const Result<Picture> picture = ReadPicture(Save(bytes, "x.jpg"), 0);
    ASSERT_FALSE(picture.ok()) << word;
    EXPECT_NE(picture.status().message().find(word), std::string::npos) << picture.status().message();
    EXPECT_NE(picture.status().message().find("x.jpg"), std::string::npos);
  }
}

TEST_F(PictureTest, AnAnimatedWebpGivesItsFirstPicture) {
  // Two pictures of FFmpeg's as the frames of one file; the first lies at 8, 4 of a canvas of 64x32.
  Make("-f lavfi -i color=red:s=32x16 -frames:v 1", "r.webp");
  Make("-f lavfi -i color=blue:s=32x16 -frames:v 1", "b.webp");
  Bytes body;
  PutWord(&body, "WEBPVP8X");
  for (uint32_t n : {10u, 2u}) PutNumber(&body, n, 4, false);
  PutNumber(&body, 63, 3, false);
  PutNumber(&body, 31, 3, false);
  PutWord(&body, std::string_view("ANIM\6\0\0\0\0\0\0\0\0\0", 14));
  for (const char* name : {"r.webp", "b.webp"}) {
    const Bytes still = Load(Path(name));
    PutWord(&body, "ANMF");
    PutNumber(&body, static_cast<uint32_t>(16 + still.size() - 12), 4, false);
    for (uint32_t n : {4u, 2u, 31u, 15u, 100u}) PutNumber(&body, n, 3, false);
    body.push_back(0);
    PutBytes(&body, ByteSpan(still).subspan(12));
  }
  Bytes file;
  PutWord(&file, "RIFF");
  PutNumber(&file, static_cast<uint32_t>(body.size()), 4, false);
  PutBytes(&file, body);
  const Picture picture = Read(Save(file, "a.webp"));
  EXPECT_EQ(picture.frame.width, 64);
  EXPECT_EQ(picture.frame.height, 32);
  EXPECT_EQ(Color(picture.frame, 9, 5), 'r');
  EXPECT_EQ(Color(picture.frame, 39, 19), 'r');
  EXPECT_EQ(Pixel(picture.frame, 6, 5), 0u);
  EXPECT_NE(Said(picture).find("first picture of an animation"), std::string::npos);
}

// One more box in a list of boxes at `path` of the file, whose sizes grow; gives where it was put.
size_t AddBox(Bytes* file, std::initializer_list<std::string_view> path, const Bytes& box) {
  size_t from = 0, to = file->size();
  for (std::string_view name : path) {
    const ByteView view(*file, true);
    for (size_t at = from; at + 8 <= to; at += std::max<size_t>(8, view.U32(at))) {
      if (!view.Is(at + 4, name)) continue;
      to = at + view.U32(at);
      // meta is a full box: four more bytes.
      from = at + 8 + (name == "meta" ? 4 : 0);
      SetNumber(file, at, ByteView(*file, true).U32(at) + static_cast<uint32_t>(box.size()), 4, true);
      break;
    }
  }
  file->insert(file->begin() + static_cast<ptrdiff_t>(to), box.begin(), box.end());
  return to;
}

TEST_F(PictureTest, AvifThatIsToBeTurnedOrMirroredIsUpright) {
  if (!HasLibheif()) GTEST_SKIP() << "built without libheif: such a picture is refused";
  if (Shell("ffmpeg -hide_banner -encoders").find("libaom-av1") == std::string::npos)
    GTEST_SKIP() << "this ffmpeg has no encoder for AVIF";
  // Red and green above blue and white.
  Make(
      "-f lavfi -i color=red:s=64x32,format=gbrp -vf drawbox=x=32:w=32:h=16:c=0x00ff00:t=fill,"
      "drawbox=y=16:w=32:h=16:c=blue:t=fill,drawbox=x=32:y=16:w=32:h=16:c=white:t=fill -frames:v 1 -c:v "
      "libaom-av1 -still-picture 1 -cpu-used 8 -pix_fmt gbrp",
      "a.avif");
  // What each does to the corners: upper left, upper right, lower left, lower right (ISO/IEC 23008-12: imir's
  // 0 exchanges above and below, its 1 left and right; irot's 1 is once anti-clockwise).
  const std::pair<Bytes, const char*> turns[] = {{{0, 0, 0, 9, 'i', 'r', 'o', 't', 1}, "gwrb"},
                                                 {{0, 0, 0, 9, 'i', 'm', 'i', 'r', 0}, "bwrg"},
                                                 {{0, 0, 0, 9, 'i', 'm', 'i', 'r', 1}, "grwb"}};
  for (const auto& [turn, wanted] : turns) {
    Bytes file = Load(Path("a.avif"));
    // How many properties there are: the new one comes behind them.
    const std::string text(file.begin(), file.end());
    const size_t ipco = text.find("ipco") - 4, ipma = text.find("ipma") - 4, iloc = text.find("iloc") - 4;
    ASSERT_LT(ipco, ipma);
    ASSERT_LT(iloc, ipco);
    uint8_t properties = 0;
    for (size_t at = ipco + 8; at < ipma; at += ByteView(file, true).U32(at)) ++properties;
    AddBox(&file, {"meta", "iprp", "ipco"}, turn);
    AddBox(&file, {"meta", "iprp", "ipma"}, {static_cast<uint8_t>(0x80 | (properties + 1))});
    // Behind the version and flags (4), the count (4) and the item's number (2): how many it has.
    ++file[ipma + 9 + 8 + 10];
    // The picture's bytes lie ten further: FFmpeg writes their offset (of 4 bytes) before their length.
    const size_t at = iloc + ByteView(file, true).U32(iloc) - 8;
    SetNumber(&file, at, ByteView(file, true).U32(at) + 10, 4, true);
    const Frame f = Read(Save(file, "t.avif")).frame;
    ASSERT_EQ(f.width, wanted[0] == 'g' && wanted[1] == 'w' ? 32 : 64);
    const int right = f.width - 5, below = f.height - 5;
    EXPECT_EQ((std::string{Color(f, 4, 4), Color(f, right, 4), Color(f, 4, below), Color(f, right, below)}),
              wanted)
        << turn[5] << int{turn[8]};
  }
}

TEST_F(PictureTest, AvifKeepsItsColours) {
  if (Shell("ffmpeg -hide_banner -encoders").find("libaom-av1") == std::string::npos)
    GTEST_SKIP() << "this ffmpeg has no encoder for AVIF";
  // Ranges and matrices that a reader must go by; the last one's primaries are Display P3's.
  const std::pair<const char*, const char*> kinds[] = {
      {"out_range=full:out_color_matrix=bt709", "-color_range pc -colorspace bt709 -color_primaries bt709"},
      {"out_range=limited:out_color_matrix=bt709",
       "-color_range tv -colorspace bt709 -color_primaries bt709"},
      {"out_range=full:out_color_matrix=bt601",
       "-color_range pc -colorspace smpte170m -color_primaries bt709"},
      {"out_range=full:out_color_matrix=bt709",
       "-color_range pc -colorspace bt709 -color_primaries smpte432"}};
  for (const auto& [scale, tags] : kinds) {
    Make("-f lavfi -i color=0xe02080:s=64x64,format=gbrp -frames:v 1 -vf scale=" + std::string(scale) +
             ",format=yuv420p " + tags +
             " -color_trc iec61966-2-1 -c:v libaom-av1 -still-picture 1 -cpu-used 8 -crf 10",
         "a.avif");
    const Picture picture = Read(Path("a.avif"));
    const uint32_t pixel = Pixel(picture.frame, 30, 30);
    EXPECT_NEAR(pixel >> 16, 0xe0, 8) << tags;
    EXPECT_NEAR(pixel >> 8 & 255, 0x20, 8) << tags;
    EXPECT_NEAR(pixel & 255, 0x80, 8) << tags;
    const bool wide = std::string(tags).find("smpte432") != std::string::npos;
    if (HasLibheif() && ConvertsProfiles()) EXPECT_EQ(!picture.metadata->icc.empty(), wide) << tags;
  }
}

}  // namespace
}  // namespace tempera::media
