#include "src/base/digest.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace tempera {
namespace {

Digest OfText(std::string_view text) {
  return DigestOf({reinterpret_cast<const uint8_t*>(text.data()), text.size()});
}

TEST(Digest, IsMurmur3) {
  EXPECT_EQ(Hex(OfText("")), "00000000000000000000000000000000");
  EXPECT_EQ(Hex(OfText("hello")), "cbd8a7b341bd9b025b1e906a48ae1d19");
  EXPECT_EQ(Hex(OfText("The quick brown fox jumps over the lazy dog")), "e34bbc7bbc071b6c7a433ca9c49a9347");
}

TEST(Digest, TellsEveryLengthAndBitApart) {
  std::set<std::string> seen;
  for (size_t length = 0; length <= 48; ++length) {
    std::vector<uint8_t> bytes(length);
    EXPECT_TRUE(seen.insert(Hex(DigestOf(bytes))).second) << length;
    for (size_t bit = 0; bit < 8 * length; ++bit) {
      bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
      EXPECT_TRUE(seen.insert(Hex(DigestOf(bytes))).second) << length << " bit " << bit;
      bytes[bit / 8] ^= static_cast<uint8_t>(1u << (bit % 8));
    }
  }
}

TEST(Digest, WhereOneThingEndsCounts) {
  Digester a, b, c;
  a.Add("ab"), a.Add("c");
  b.Add("a"), b.Add("bc");
  c.Add("ab"), c.Add("c"), c.Add("");
  EXPECT_NE(Hex(a.digest()), Hex(b.digest()));
  EXPECT_NE(Hex(a.digest()), Hex(c.digest()));
}

}  // namespace
}  // namespace tempera
