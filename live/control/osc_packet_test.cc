#include "live/control/osc_packet.h"

#include <gtest/gtest.h>

#include <chrono>
#include <random>

namespace tempera::live {
namespace {

using Bytes = std::vector<uint8_t>;

Bytes Of(const std::string& text) { return {text.begin(), text.end()}; }
using namespace std::string_literals;  // NOLINT: for bytes with zeros in them

TEST(OscPacket, ReadsWhatTheSpecificationShows) {
  // The two examples of the OSC 1.0 specification.
  auto read = ParseOsc(Of("/oscillator/4/frequency\0,f\0\0\x43\xdc\0\0"s));
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->size(), 1u);
  EXPECT_EQ(read->at(0).address, "/oscillator/4/frequency");
  EXPECT_EQ(read->at(0).arguments.at(0).number, 440);
  read = ParseOsc(
      Of("/foo\0\0\0\0,iisff\0\0\0\0\x03\xe8\xff\xff\xff\xffhello\0\0\0\x3f\x9d\xf3\xb6\x40\xb5\xb2\x2d"s));
  ASSERT_TRUE(read.ok()) << read.status().message();
  const auto& a = read->at(0).arguments;
  ASSERT_EQ(a.size(), 5u);
  EXPECT_EQ(a[0].number, 1000);
  EXPECT_EQ(a[1].number, -1);
  EXPECT_EQ(a[2].text, "hello");
  EXPECT_FLOAT_EQ(static_cast<float>(a[3].number), 1.234f);
  EXPECT_FLOAT_EQ(static_cast<float>(a[4].number), 5.678f);
}

TEST(OscPacket, AllTypesAndBundlesComeBack) {
  const OscMessage message = {"/x",
                              {{'i', -5},
                               {'f', 0.25},
                               {'s', 0, "abc"},
                               {'b', 0, "12345"},
                               {'T', 1},
                               {'F', 0},
                               {'N', 0},
                               {'I', 0},
                               {'d', 1e100},
                               {'h', -1e15},
                               {'s', 0, ""}}};
  const auto bundle = ParseOsc(OscBundle({message, {"/y"}, message}));
  ASSERT_TRUE(bundle.ok()) << bundle.status().message();
  ASSERT_EQ(bundle->size(), 3u);
  for (const int i : {0, 2}) {
    const auto& read = bundle->at(static_cast<size_t>(i)).arguments;
    ASSERT_EQ(read.size(), message.arguments.size());
    for (size_t k = 0; k < read.size(); ++k) {
      EXPECT_EQ(read[k].type, message.arguments[k].type);
      EXPECT_EQ(read[k].number, message.arguments[k].number) << k;
      EXPECT_EQ(read[k].text, message.arguments[k].text);
    }
  }
  // Without types, as old senders write.
  EXPECT_TRUE(ParseOsc(Of("/old\0\0\0\0"s)).ok());
}

TEST(OscPacket, WrongOnesAreRefused) {
  std::string deep = "/x\0\0,\0\0\0"s;
  for (int i = 0; i < kMostOscDepth + 1; ++i) {
    const auto size = static_cast<char>(deep.size());
    deep = "#bundle\0\0\0\0\0\0\0\0\1\0\0"s + std::string(1, deep.size() > 255 ? 1 : 0) + size + deep;
  }
  for (const std::string& text : std::vector<std::string>{
           "", "a", "abcd", "/ab", "/abc", "x\0\0\0"s, "/x\0\0i\0\0\0\0\0\0\0"s, "/x\0\0,i\0\0"s,
           "/x\0\0,i\0\0\0\0\0"s, "/x\0\0,s\0\0abcd"s, "/x\0\0,b\0\0\xff\xff\xff\xff"s,
           "/x\0\0,b\0\0\0\0\0\x05\x31\x32\x33\x34"s, "/x\0\0,q\0\0\0\0\0\0"s, "/x\0\0,[i]\0\0\0\0\0\0\0\0"s,
           "/x\0\0,\0\0\0\0\0\0\1"s, "#bundle\0"s, "#bundle\0\0\0\0\0\0\0\0\1\0\0\0\x09/x\0\0,\0\0\0"s,
           "#bundle\0\0\0\0\0\0\0\0\1\xff\xff\xff\xff"s, deep}) {
    EXPECT_FALSE(ParseOsc(Of(text)).ok()) << testing::PrintToString(text);
  }
  EXPECT_FALSE(ParseOsc(OscBundle(std::vector<OscMessage>(kMostOscMessages + 1, {"/x"}))).ok());
}

TEST(OscPacket, RandomBytesAreReadWithinTheirBounds) {
  std::mt19937 random(11);
  const Bytes good = OscBundle({{"/tempera/param/strength", {{'f', 0.5}, {'s', 0, "abc"}, {'b', 0, "xyz"}}},
                                {"/tempera/scene", {{'i', 3}, {'d', 1.5}}}});
  int read_ones = 0;
  for (int round = 0; round < 20000; ++round) {
    // Of its own size, so that a sanitizer sees what lies behind.
    Bytes bytes = good;
    for (int k = static_cast<int>(random() % 4); k >= 0; --k)
      bytes[random() % bytes.size()] = static_cast<uint8_t>(random());
    bytes.resize(random() % 3 ? bytes.size() : random() % bytes.size() / 4 * 4);
    bytes.shrink_to_fit();
    const auto read = ParseOsc(bytes);
    if (read.ok()) ++read_ones;
  }
  EXPECT_GT(read_ones, 500);
}

TEST(OscMatches, AsTheSpecificationSays) {
  for (const auto& [pattern, address] : std::vector<std::pair<std::string, std::string>>{
           {"/a/b", "/a/b"},
           {"/a/*", "/a/bcd"},
           {"/*/b", "/x/b"},
           {"/a?c", "/abc"},
           {"/[a-c]x", "/bx"},
           {"/[!a-c]x", "/dx"},
           {"/{foo,bar}/1", "/bar/1"},
           {"/fader/[12]*", "/fader/23"},
           {"/*", "/"},
           {"/tempera/param/style_weights/{great-wave,b}", "/tempera/param/style_weights/great-wave"},
           {"/x*y*z", "/xaybz"},
           {"/[-a]", "/-"}}) {
    EXPECT_TRUE(OscMatches(pattern, address)) << pattern << " " << address;
  }
  for (const auto& [pattern, address] :
       std::vector<std::pair<std::string, std::string>>{{"/a/b", "/a/bc"},
                                                        {"/a/*", "/a/b/c"},
                                                        {"/*", "/a/b"},
                                                        {"/a?", "/a"},
                                                        {"/a?b", "/a/b"},
                                                        {"/[a-c", "/a"},
                                                        {"/{foo", "/foo"},
                                                        {"/[!a]", "/a"},
                                                        {"/a[!x]b", "/a/b"},
                                                        {"/{foo,bar}", "/baz"},
                                                        {"", "/"}}) {
    EXPECT_FALSE(OscMatches(pattern, address)) << pattern << " " << address;
  }
}

TEST(OscMatches, PatternsThatWouldTakeForEverTakeNone) {
  const auto begin = std::chrono::steady_clock::now();
  const std::string long_text = "/" + std::string(200, 'a');
  std::string stars = "/", braces = "/";
  for (int i = 0; i < 60; ++i) stars += "*a", braces += "{a,aa,,a}";
  EXPECT_FALSE(OscMatches(stars + "b", long_text));
  EXPECT_FALSE(OscMatches(braces + "b", long_text));
  EXPECT_FALSE(OscMatches("/{" + std::string(60000, ',') + "}b", long_text));
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(500));
}

}  // namespace
}  // namespace tempera::live
