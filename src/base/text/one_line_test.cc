#include "src/base/text/one_line.h"

#include <gtest/gtest.h>

namespace tempera {
namespace {

TEST(OneLine, IsUtf8WithoutControlCharacters) {
  EXPECT_EQ(OneLine("Große Welle, \xE6\xB5\xAA"), "Große Welle, \xE6\xB5\xAA");
  EXPECT_EQ(OneLine("a\x1B[2Jb\nc\x7F"), "a [2Jb c ");
  EXPECT_EQ(OneLine("\xC2\x9B"), " ");  // the control character CSI
  EXPECT_EQ(OneLine("a\xE2\x80\xAE"
                    "b\xE2\x80\xA8"
                    "c\xE2\x81\xA6\xD8\x9C"),
            "a b c  ");  // directions, ends of lines
  EXPECT_EQ(OneLine("\xE2\x80\x99\xE2\x81\xA5"), "\xE2\x80\x99\xE2\x81\xA5");
  EXPECT_EQ(OneLine("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // a longer form than needed
  EXPECT_EQ(OneLine("\xED\xA0\x80").find("\xED"), std::string::npos);
  EXPECT_EQ(OneLine("\xE6\xB5"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // cut
}

TEST(OneLine, InPlaceToo) {
  char text[] =
      "a\x1B[2Jb\nGro\xC3\x9F"
      "e\xE2\x80\xAE\xC0\xE6\xB5";
  MakeOneLine(text);
  EXPECT_STREQ(text,
               "a [2Jb Gro\xC3\x9F"
               "e ???");
  char nothing[] = "";
  MakeOneLine(nothing);
  EXPECT_STREQ(nothing, "");
}

}  // namespace
}  // namespace tempera
