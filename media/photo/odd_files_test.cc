// PNG files with wrong bytes in their middle, and X pixmaps with colours written in every way that X11 knows.
#include "media/photo/png_damage.h"

#include "media/photo/picture_fixture.h"
#include "media/reader.h"

namespace tempera::media {
namespace {

TEST_F(PictureTest, DamageInTheMiddleOfAPngLeavesWhatIsBefore) {
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1 -pix_fmt rgb24", "a.png");
  const Bytes png = Load(Path("a.png"));
  ASSERT_TRUE(PngSumsAreRight(png));
  const Frame whole = Read(Path("a.png")).frame;
  // A few wrong bytes, zeros and a gap, near the end and earlier.
  for (int kind = 0; kind < 3; ++kind) {
    for (size_t part : {2, 4}) {
      const size_t at = png.size() - png.size() / part;
      Bytes bytes = png;
      if (kind == 0) bytes[at] ^= 0x55;
      if (kind == 1) std::fill_n(bytes.begin() + static_cast<ptrdiff_t>(at), 40, 0);
      if (kind == 2)
        bytes.erase(bytes.begin() + static_cast<ptrdiff_t>(at),
                    bytes.begin() + static_cast<ptrdiff_t>(at) + 100);
      const Result<Picture> picture = ReadPicture(Save(bytes, "d.png"), 0);
      ASSERT_TRUE(picture.ok()) << kind << ", " << part << ": " << picture.status().message();
      EXPECT_NE(Said(*picture).find("damaged or cut short"), std::string::npos) << kind;
      for (int x = 10; x < 310; x += 50) EXPECT_EQ(Pixel(picture->frame, x, 40), Pixel(whole, x, 40)) << kind;
    }
  }
}

TEST_F(PictureTest, WrongBytesThatUnpackAreNoted) {
  // Stored as it is, a wrong byte is a wrong pixel and nothing else.
  Make("-f lavfi -i testsrc2=s=64x48 -frames:v 1 -pix_fmt rgb24 -compression_level 0", "a.png");
  Bytes png = Load(Path("a.png"));
  EXPECT_EQ(Said(Read(Path("a.png"))), "");
  png[png.size() / 2] ^= 0xff;
  const Result<Picture> picture = ReadPicture(Save(png, "d.png"), 0);
  ASSERT_TRUE(picture.ok()) << picture.status().message();
  EXPECT_NE(Said(*picture).find("damaged or cut short"), std::string::npos);
}

TEST_F(PictureTest, WhatStandsBehindAPngIsNoDamage) {
  Make("-f lavfi -i testsrc2=s=320x240 -frames:v 1 -pix_fmt rgb24", "a.png");
  const Bytes png = Load(Path("a.png"));
  for (std::string_view more :
       {std::string_view("\0\0\0\4ABCDwordcrc!", 16), std::string_view("PK\3\4 a whole archive")}) {
    Bytes bytes = png;
    PutWord(&bytes, more);
    const Picture picture = Read(Save(bytes, "more.png"));
    EXPECT_EQ(Said(picture), "");
    EXPECT_EQ(Pixels(picture.frame), Pixels(Read(Path("a.png")).frame));
  }
  // Nor does it keep what is before the damage of such a file from being shown.
  Bytes bytes = png;
  bytes[png.size() - png.size() / 4] ^= 0x55;
  PutWord(&bytes, "PK\3\4 a whole archive");
  EXPECT_NE(Said(Read(Save(bytes, "both.png"))).find("damaged or cut short"), std::string::npos);
}

TEST_F(PictureTest, APngWithoutAnyRowIsCalledDamaged) {
  Make("-f lavfi -i testsrc2=s=64x48 -frames:v 1 -pix_fmt rgb24", "a.png");
  Bytes png = Load(Path("a.png"));
  // The kind of its colours: one that there is not.
  png[25] = 5;
  const Result<Picture> picture = ReadPicture(Save(png, "d.png"), 0);
  ASSERT_FALSE(picture.ok());
  EXPECT_NE(picture.status().message().find("damaged PNG: nothing of the picture can be read"),
            std::string::npos)
      << picture.status().message();
}

std::string Xpm(const std::vector<std::string>& colors, const std::string& row) {
  std::string text = "/* XPM */\nstatic char * x[] = {\n/* \"sizes\" */\n\"" + std::to_string(colors.size()) +
                     " 1 " + std::to_string(colors.size()) + " 1\",\n";
  for (const std::string& c : colors) text += "\"" + c + "\",\n";
  return text + "\"" + row + "\"};\n";
}

TEST_F(PictureTest, ColoursOfXpmAreX11s) {
  const std::pair<const char*, uint32_t> colors[] = {{"c #FF00AA", 0xff00aa},
                                                     {"c #FFFF8080AaAa", 0xff80aa},
                                                     {"c #F80", 0xff8800},
                                                     {"c #FFF800001", 0xff8000},
                                                     {"c green", 0x00ff00},
                                                     {"c maroon", 0xb03060},
                                                     {"c gray50", 0x7f7f7f},
                                                     {"c grey51", 0x828282},
                                                     {"c LightGray", 0xd3d3d3},
                                                     {"c NavyBlue", 0x000080},
                                                     {"c DimGrey", 0x696969},
                                                     {"c blue3", 0x0000cd},
                                                     {"c Violet Red", 0xd02090},
                                                     {"c light goldenrod", 0xeedd82},
                                                     {"c brown1", 0xff4040},
                                                     {"c crimson", 0xdc143c},
                                                     {"c Web Grey", 0x808080},
                                                     {"c X11 Green", 0x00ff00},
                                                     {"c yellowgreen", 0x9acd32},
                                                     {"c Gray", 0xbebebe},
                                                     {"m white c light blue", 0xadd8e6},
                                                     {"s mask g4 white c red", 0xff0000},
                                                     {"m black g #404040", 0x404040},
                                                     {"s c c navy", 0x000080}};
  std::vector<std::string> lines;
  std::string row;
  for (const auto& [text, value] : colors) {
    row += static_cast<char>('A' + lines.size());
    lines.push_back(row.substr(row.size() - 1) + " " + text);
  }
  const Picture picture = Read(Save(BytesOf(Xpm(lines, row)), "a.xpm"));
  EXPECT_EQ(Said(picture), "");
  ASSERT_EQ(picture.frame.width, static_cast<int>(std::size(colors)));
  EXPECT_EQ(picture.frame.format, PixelFormat::kRgb);
  for (size_t i = 0; i < std::size(colors); ++i)
    EXPECT_EQ(Pixel(picture.frame, static_cast<int>(i), 0), colors[i].second) << colors[i].first;
}

TEST_F(PictureTest, XpmSaysWhatItLacks) {
  const Picture late =
      Read(Save(BytesOf("\n// from icons/\n" + Xpm({"a c #FFFF00008080"}, "a")), "late.xpm"));
  EXPECT_EQ(Pixel(late.frame, 0, 0), 0xff0080u) << "the mark behind a comment";
  // Quotes that are of no array, and a mark of bytes in front.
  const Picture quoted = Read(Save(BytesOf("\xef\xbb\xbf/* of \"icons\" */\n#include \"x.h\"\n" +
                                           Xpm({"a c #FFFF00008080"}, "a").insert(9, " // \"9 9 9 9\" {\n")),
                                   "quoted.xpm"));
  EXPECT_EQ(Pixel(quoted.frame, 0, 0), 0xff0080u);
  const Picture clear = Read(Save(BytesOf(Xpm({"a c None", "b c #000"}, "ab")), "clear.xpm"));
  ASSERT_EQ(clear.frame.format, PixelFormat::kRgba);
  EXPECT_EQ(clear.frame.planes[0][3], 0);
  EXPECT_EQ(clear.frame.planes[0][7], 255);
  EXPECT_NE(
      Said(Read(Save(BytesOf(Xpm({"a c #fff", "b c #000"}, "a")), "cut.xpm"))).find("damaged or cut short"),
      std::string::npos);
  for (const char* color : {"a c random", "a c #12345", "a c burlywood5", "a c facade", "a c deadbeef",
                            "a c black1", "a c gray0x1", "a c red@0.5", "a", "a c gray101"}) {
    const Result<Picture> odd = ReadPicture(Save(BytesOf(Xpm({color}, "a")), "odd.xpm"), 0);
    ASSERT_FALSE(odd.ok()) << color;
    EXPECT_NE(odd.status().message().find("is not known: convert it to PNG"), std::string::npos)
        << odd.status().message();
  }
  for (const char* text :
       {"/* XPM */", "/* XPM */ \"1 1 9 1\", \"a c red\"", "/* XPM */ \"99999999 9 1 1\", \"a\"",
        "/* XPM */ \"1 1 1 99\", \"a\"", "/* XPM */ \"-1 1 1 1\", \"a c red\", \"a\""}) {
    EXPECT_FALSE(ReadPicture(Save(BytesOf(text), "bad.xpm"), 0).ok()) << text;
  }
}

// FFmpeg's decoder, which would take green for another green, is asked in no way.
TEST_F(PictureTest, NoXpmGoesThroughFfmpeg) {
  const std::string text = Xpm({"a c green"}, "a");
  const Result<Picture> late =
      ReadPicture(Save(BytesOf("/*" + std::string(600, '*') + "*/" + text), "late.xpm"), 0);
  ASSERT_FALSE(late.ok());
  EXPECT_NE(late.status().message().find("late.xpm': an X pixmap can be read only alone"), std::string::npos)
      << late.status().message();
  for (const char* name : {"f_1.xpm", "f_2.xpm"}) Save(BytesOf(text), name);
  const Result<std::unique_ptr<VideoReader>> film = VideoReader::Open(Path("f_%d.xpm"), {});
  ASSERT_FALSE(film.ok());
  EXPECT_NE(film.status().message().find("an X pixmap"), std::string::npos) << film.status().message();
}

TEST_F(PictureTest, UnknownColoursOfXpmAreSaidOnce) {
  testing::internal::CaptureStderr();
  EXPECT_FALSE(ReadPicture(Save(BytesOf(Xpm({"a c nosuchcolor"}, "a")), "a.xpm"), 0).ok());
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace tempera::media
