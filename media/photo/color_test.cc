// Pictures that say what their numbers mean, each in the way of its format.
#include <cstdlib>

#include "media/photo/color_profile.h"
#include "media/photo/embed.h"
#include "media/photo/libraries.h"
#include "media/photo/picture_fixture.h"

namespace tempera::media {
namespace {

bool Encodes(const std::string& list, const char* encoder) { return list.find(encoder) != std::string::npos; }

class ColorTest : public PictureTest {
 protected:
  Result<Picture> WithNumbers(const Bytes& cicp) const {
    return ReadPicture(Save(WithChunk(Load(Path("a.png")), "cICP", cicp), "n.png"), 0);
  }
};

TEST_F(ColorTest, NumbersOfPngAreHeeded) {
  Make("-f lavfi -i testsrc2=s=16x16 -frames:v 1 -pix_fmt rgb24", "a.png");
  const Result<Picture> srgb = WithNumbers({1, 13, 0, 1}), wide = WithNumbers({12, 13, 0, 1});
  ASSERT_TRUE(srgb.ok() && wide.ok());
  EXPECT_EQ(Said(*srgb), "");
  EXPECT_TRUE(srgb->metadata->icc.empty());
  if (ConvertsProfiles()) {
    EXPECT_EQ(ModelOfProfile(wide->metadata->icc), ProfileModel::kRgb);
  } else {
    EXPECT_NE(Said(*wide).find("as if they were sRGB"), std::string::npos);
  }
  const Result<Picture> odd = WithNumbers({8, 4, 0, 1});
  ASSERT_TRUE(odd.ok());
  EXPECT_NE(Said(*odd).find("primaries (cICP 8)"), std::string::npos) << Said(*odd);
  EXPECT_NE(Said(*odd).find("transfer curve (cICP 4)"), std::string::npos) << Said(*odd);
  const Result<Picture> limited = WithNumbers({1, 13, 0, 0});
  ASSERT_FALSE(limited.ok());
  EXPECT_NE(limited.status().message().find("limited range"), std::string::npos);
}

TEST_F(ColorTest, ToneMappingKeepsTransparency) {
  Make(
      "-f lavfi -i \"nullsrc=s=32x16,format=rgba,geq=r=120:g=120:b=120:a='if(lt(X,16),255,64)'\" -frames:v 1",
      "a.png");
  const Result<Picture> hdr = WithNumbers({9, 16, 0, 1});
  if (!hdr.ok() && hdr.status().message().find("zscale") != std::string::npos)
    GTEST_SKIP() << "this FFmpeg does not tone-map";
  ASSERT_TRUE(hdr.ok()) << hdr.status().message();
  ASSERT_EQ(hdr->frame.format, PixelFormat::kRgba);
  const uint8_t* row = hdr->frame.planes[0];
  EXPECT_EQ(row[4 * 4 + 3], 255);
  EXPECT_EQ(row[4 * 24 + 3], 64);
  // Nobody sees whether PQ's curve was used but by the colours: those of plain numbers would be 120.
  EXPECT_GT(std::abs(row[4 * 4] - 120), 10);
  EXPECT_NE(Said(*hdr).find("tone-mapped"), std::string::npos);
}

TEST_F(ColorTest, SyccIsOfFullRange) {
  Make(
      "-f lavfi -i color=0xe02080:s=32x32,format=gbrp -frames:v 1 -vf "
      "scale=out_range=full:out_color_matrix=bt601,format=yuv444p -c:v jpeg2000",
      "a.jp2");
  const uint32_t pixel = Pixel(Read(Path("a.jp2")).frame, 16, 16);
  EXPECT_NEAR(pixel >> 16, 0xe0, 4);
  EXPECT_NEAR(pixel >> 8 & 255, 0x20, 4);
  EXPECT_NEAR(pixel & 255, 0x80, 4);
}

// libjxl goes through a lossy picture's profile: it is none of the pixels that come out.
TEST_F(ColorTest, ProfilesThatWereUsedAreNotKept) {
  if (!Encodes(Shell("ffmpeg -hide_banner -encoders"), "libjxl"))
    GTEST_SKIP() << "this ffmpeg writes no JPEG XL";
  bool missing = false;
  Bytes wide = ProfileOfPrimaries(AVCOL_PRI_SMPTE432, &missing);
  if (missing) GTEST_SKIP() << "built without Little CMS, which makes this test's profile";
  // A curve that JPEG XL has no name for, so that the profile goes along as it is: an exponent of 1.6,
  // not 2.4.
  const size_t curve = std::string(wide.begin(), wide.end()).find(std::string_view("para\0\0\0\0\0\3", 10));
  ASSERT_NE(curve, std::string::npos);
  SetNumber(&wide, curve + 12, 0x1999a, 4, true);
  Make("-f lavfi -i color=0xc03030:s=64x64 -frames:v 1", "a.jpg");
  Bytes icc = {1, 1};
  PutBytes(&icc, wide);
  Save(WithSegment(Load(Path("a.jpg")), 0xe2, std::string_view("ICC_PROFILE\0", 12), icc), "wide.jpg");
  std::vector<std::string> notices;
  Rewrite(Path("wide.jpg"), "wide.png", &notices);
  const uint32_t before = Pixel(Read(Path("wide.png")).frame, 30, 30);
  Make("-i wide.png -c:v libjxl -distance 1", "lossy.jxl");
  Make("-i wide.png -c:v libjxl -distance 0", "exact.jxl");
  const Picture lossy = Read(Path("lossy.jxl")), exact = Read(Path("exact.jxl"));
  EXPECT_EQ(exact.metadata->icc, wide);
  EXPECT_EQ(Pixel(exact.frame, 30, 30), before);
  // FFmpeg asks libjxl for the primaries of BT.2020 and sRGB's curve: what the first of those numbers is
  // there.
  EXPECT_NEAR(Pixel(lossy.frame, 30, 30) >> 16, 192, 5);
  EXPECT_NE(lossy.metadata->icc, wide);
  EXPECT_EQ(lossy.metadata->icc, ProfileOfPrimaries(AVCOL_PRI_BT2020, &missing));
}

// As some programs write them: hexadecimal digits in a text, plain or compressed (here: in one block as it
// is).
TEST_F(ColorTest, RawProfilesOfPngTurnThePicture) {
  Make("-f lavfi -i testsrc2=s=32x16 -frames:v 1 -pix_fmt rgb24", "a.png");
  const Bytes block = ExifBlock(6);
  std::string text = "\nexif\n    " + std::to_string(block.size()) + "\n";
  for (size_t i = 0; i < block.size(); ++i) {
    constexpr char kDigits[] = "0123456789abcdef";
    text += {kDigits[block[i] >> 4], kDigits[block[i] & 15]};
    if (i % 36 == 35) text += '\n';
  }
  Bytes plain = BytesOf(std::string_view("Raw profile type exif\0", 22)), packed = plain;
  PutWord(&plain, text);
  // zlib: its header, a last block of bytes as they are, the sum of Adler.
  PutBytes(&packed, Bytes{0, 0x78, 0x01, 0x01});
  PutNumber(&packed, static_cast<uint32_t>(text.size()), 2, false);
  PutNumber(&packed, static_cast<uint32_t>(~text.size()), 2, false);
  PutWord(&packed, text);
  uint32_t a = 1, b = 0;
  for (char c : text) {
    a = (a + static_cast<uint8_t>(c)) % 65521;
    b = (b + a) % 65521;
  }
  PutNumber(&packed, b << 16 | a, 4, true);
  for (const auto& [name, body] : {std::pair{"tEXt", plain}, {"zTXt", packed}}) {
    const Picture picture = Read(Save(WithChunk(Load(Path("a.png")), name, body), "t.png"));
    EXPECT_EQ(picture.frame.width, 16) << name;
    EXPECT_EQ(picture.frame.height, 32) << name;
    EXPECT_EQ(picture.metadata->exif, block) << name;
  }
}

TEST_F(ColorTest, TheMaskOfAnIconIsItsTransparency) {
  // 8x8 of 24 bits, all red; the mask hides the upper row.
  Bytes bmp;
  for (uint32_t n : {40u, 8u, 16u, 1u | 24u << 16, 0u, 0u, 0u, 0u, 0u, 0u}) PutNumber(&bmp, n, 4, false);
  for (int i = 0; i < 64; ++i) PutBytes(&bmp, Bytes{0, 0, 255});
  for (int y = 7; y >= 0; --y) PutBytes(&bmp, Bytes{static_cast<uint8_t>(y == 0 ? 0xff : 0), 0, 0, 0});
  Bytes icon = {0, 0, 1, 0, 1, 0, 8, 8, 0, 0, 1, 0, 24, 0};
  PutNumber(&icon, static_cast<uint32_t>(bmp.size()), 4, false);
  PutNumber(&icon, 22, 4, false);
  PutBytes(&icon, bmp);
  const Picture picture = Read(Save(icon, "a.ico"));
  ASSERT_EQ(picture.frame.format, PixelFormat::kRgba);
  EXPECT_EQ(picture.frame.planes[0][4 * 3 + 3], 0);
  EXPECT_EQ(picture.frame.planes[0][picture.frame.stride_bytes[0] + 3], 255);
  EXPECT_EQ(Pixel(picture.frame, 3, 3), 0xff0000u);
}

TEST_F(ColorTest, PhotoshopOfInkIsRefused) {
  Bytes file = BytesOf(std::string_view("8BPS\0\1\0\0\0\0\0\0\0\4\0\0\0\1\0\0\0\1\0\x08\0\4", 26));
  file.resize(64);
  const Result<Picture> picture = ReadPicture(Save(file, "a.psd"), 0);
  ASSERT_FALSE(picture.ok());
  EXPECT_NE(picture.status().message().find("Photoshop picture of CMYK"), std::string::npos);
}

}  // namespace
}  // namespace tempera::media
