#include "cli/cli.h"

#include <gtest/gtest.h>

#include "cli/json/json.h"
#include "cli/progress.h"

namespace tempera::cli {
namespace {

TEST(ParseSize, TakesWidthByHeightOnly) {
  auto size = ParseSize("640x360");
  ASSERT_TRUE(size.ok());
  EXPECT_EQ(size->width, 640);
  EXPECT_EQ(size->height, 360);
  for (const char* bad : {"", "640", "x", "640x", "x360", "640x360x2", "0x5", "5x0", "-4x4", "4x-4",
                          "16385x4", "1e3x4", "4 x4", "99999999999x1"}) {
    auto r = ParseSize(bad);
    ASSERT_FALSE(r.ok()) << bad;
    EXPECT_NE(r.status().message().find("'" + std::string(bad) + "'"), std::string::npos);
  }
}

TEST(ParseTime, TakesSecondsAndColons) {
  const std::pair<const char*, double> good[] = {{"0", 0},          {"12.5", 12.5},     {"1:02", 62},
                                                 {"1:02:03", 3723}, {"0:00:00.5", 0.5}, {".5", 0.5}};
  for (const auto& [text, seconds] : good) {
    auto r = ParseTime(text);
    ASSERT_TRUE(r.ok()) << text;
    EXPECT_DOUBLE_EQ(*r, seconds) << text;
  }
  for (const char* bad : {"", ":", "-1", "1:", ":1", "1:2:3:4", "a", "1.5:2", "1..2", "nan", "inf", "1e9",
                          "99999999999", "5s", " 5"}) {
    EXPECT_FALSE(ParseTime(bad).ok()) << bad;
  }
}

TEST(Printable, LeavesNothingForATerminalToObey) {
  EXPECT_EQ(Printable("Großes Ölbild 画 🎨"), "Großes Ölbild 画 🎨");
  EXPECT_EQ(Printable("a\x1b[31mred\x07\x7f"), "a?[31mred??");
  EXPECT_EQ(Printable("two\nlines\tand\rmore"), "two lines and more");
  // Control characters of Latin-1, as UTF-8 and as bare bytes: some terminals obey both.
  EXPECT_EQ(Printable("\xc2\x9b"
                      "31m"),
            "?31m");
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "?31m");
  // Turned writing: "gnp.exe" must not look like "exe.png".
  EXPECT_EQ(Printable("\u202egnp.exe"), "?gnp.exe");
  // No UTF-8: overlong, a half of a pair, cut short, beyond Unicode.
  EXPECT_EQ(Printable("\xc0\xaf"), "??");
  EXPECT_EQ(Printable("\xed\xa0\x80"), "???");
  EXPECT_EQ(Printable("x\xe7\x94"), "x??");
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "????");
}

TEST(Printable, CutsBetweenCharacters) {
  EXPECT_EQ(Printable("0123456789", 10), "0123456789");
  EXPECT_EQ(Printable("0123456789a", 10), "0123456...");
  EXPECT_EQ(Printable("012345ö789a", 10), "012345...");
}

TEST(JsonString, EscapesWhatJsonForbids) {
  EXPECT_EQ(JsonString("a\"b\\c\n\x01"), "\"a\\\"b\\\\c\\u000a\\u0001\"");
  EXPECT_EQ(JsonString("Großes Ölbild 画 🎨"), "\"Großes Ölbild 画 🎨\"");
  // Not UTF-8: a lone byte, an overlong slash, a surrogate, a cut character.
  EXPECT_EQ(JsonString("\xff"), "\"\\ufffd\"");
  EXPECT_EQ(JsonString("\xc0\xaf"), "\"\\ufffd\\ufffd\"");
  EXPECT_EQ(JsonString("\xed\xa0\x80"), "\"\\ufffd\\ufffd\\ufffd\"");
  EXPECT_EQ(JsonString("x\xe7\x94"), "\"x\\ufffd\\ufffd\"");
}

TEST(ProgressText, SaysHowFarAndHowLong) {
  EXPECT_EQ(ProgressText(50, 250, 5), "50 of 250 frames, 10.0 fps, 0:20 left");
  EXPECT_EQ(ProgressText(10, 100000, 10), "10 of 100000 frames, 1.0 fps, 27:46:30 left");
  EXPECT_EQ(ProgressText(50, 0, 5), "50 frames, 10.0 fps");
  // More than the file promised.
  EXPECT_EQ(ProgressText(300, 250, 10), "300 frames, 30.0 fps");
  EXPECT_EQ(ProgressText(0, 250, 0), "0 of 250 frames, 0.0 fps");
}

}  // namespace
}  // namespace tempera::cli
