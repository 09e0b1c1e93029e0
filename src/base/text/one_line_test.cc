#include "src/base/text/one_line.h"

#include <gtest/gtest.h>

namespace tempera {
namespace {

TEST(OneLine, IsUtf8WithoutControlCharacters) {
  EXPECT_EQ(OneLine("Große Welle, \xE6\xB5\xAA"), "Große Welle, \xE6\xB5\xAA");
  EXPECT_EQ(OneLine("a\x1B[2Jb\nc\x7F"), "a [2Jb c ");
  EXPECT_EQ(OneLine("\xC2\x9B"), " ");                         // the control character CSI
  EXPECT_EQ(OneLine("\xC0\xAF"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // a longer form than needed
  EXPECT_EQ(OneLine("\xED\xA0\x80").find("\xED"), std::string::npos);
  EXPECT_EQ(OneLine("\xE6\xB5"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // cut
}

}  // namespace
}  // namespace tempera
