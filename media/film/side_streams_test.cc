// What lies beside the pictures and is not as announced: kept, or named.
#include "media/film/film_test.h"

namespace tempera::media {
namespace {

class FilmSides : public FilmTest {
 protected:
  void ExpectNote(const std::string& from, const std::string& to, const std::string& words) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path(from), Path(to), &notices));
    EXPECT_NE(notices.find(words), std::string::npos) << notices;
  }
  // Gives the bytes WITH for every WHAT.
  void Patch(const std::string& name, const std::string& what, const std::string& with) const {
    std::string bytes = Bytes(Path(name));
    size_t at = bytes.find(what);
    ASSERT_NE(at, std::string::npos);
    for (; at != std::string::npos; at = bytes.find(what, at + 1)) bytes.replace(at, with.size(), with);
    SetBytes(Path(name), bytes);
  }
};

// A transport stream that declares sound and holds none: its sound begins behind the end.
TEST_F(FilmSides, DeclaredAndEmptySoundIsLeftOut) {
  Make(Source("6"), "a.ts");
  // Packets of sound (the second elementary stream, 0x101) become stuffing (0x1FFF).
  std::string bytes = Bytes(Path("a.ts"));
  for (size_t at = 0; at + 188 <= bytes.size(); at += 188) {
    if ((bytes[at + 1] & 0x1F) != 1 || bytes[at + 2] != 1) continue;
    bytes[at + 1] = 0x1F;
    bytes[at + 2] = static_cast<char>(0xFF);
  }
  SetBytes(Path("a.ts"), bytes);
  for (const char* to : {"o.mp4", "o.mkv", "o.ts"}) {
    ExpectNote("a.ts", to, "is left out: it is empty, or begins late");
    EXPECT_EQ(Times(Path(to), "v").size(), 150u);
    EXPECT_EQ(Probe(Path(to), "a", "stream=codec_type"), "") << to;
  }
}

TEST_F(FilmSides, SoundThatBeginsLateIsCarried) {
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=12 -itsoffset 9 -f lavfi -i sine=d=3 -c:v libx264 -c:a mp2 "
      "-muxdelay 0 -max_interleave_delta 1",
      "a.ts");
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=12 -itsoffset 9 -f lavfi -i sine=d=3 -c:v mpeg2video -c:a mp2 "
      "-f mpeg -max_interleave_delta 1",
      "a.mpg");
  for (const char* from : {"a.ts", "a.mpg"}) {
    ASSERT_STATUS_OK(Copy(Path(from), Path("o.mkv")));
    const auto pictures = Times(Path("o.mkv"), "v"), sounds = Times(Path("o.mkv"), "a");
    ASSERT_FALSE(sounds.empty()) << from;
    EXPECT_NEAR(sounds[0] - pictures[0], 9, 0.1) << from;
    EXPECT_EQ(pictures.size(), 300u) << from;
  }
}

TEST_F(FilmSides, EncryptedFilmsAreNamed) {
  Make(Source("1") +
           "-c:a aac -encryption_scheme cenc-aes-ctr -encryption_key "
           "76a6c65c5ea762046bd749a2e632ccbb -encryption_kid a7e61c373e219033c21091fa607bf3b8",
       "a.mp4");
  auto reader = VideoReader::Open(Path("a.mp4"), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.status().message().find("a.mp4' is encrypted"), std::string::npos)
      << reader.status().message();
  // A scrambled broadcast: the two bits in all packets' heads, and rubbish behind.
  Make(Source("1"), "a.ts");
  std::string bytes = Bytes(Path("a.ts"));
  unsigned seed = 1;
  for (size_t at = 0; at + 188 <= bytes.size(); at += 188) {
    if ((bytes[at + 1] & 0x1F) != 1) continue;
    bytes[at + 3] = static_cast<char>(bytes[at + 3] | 0x80);
    for (size_t i = 4; i < 188; ++i)
      bytes[at + i] = static_cast<char>((seed = seed * 1103515245 + 12345) >> 16);
  }
  SetBytes(Path("a.ts"), bytes);
  reader = VideoReader::Open(Path("a.ts"), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.status().message().find("is encrypted"), std::string::npos) << reader.status().message();
  // The same as discs have it, with four bytes of time before each.
  std::string timed;
  for (size_t at = 0; at + 188 <= bytes.size(); at += 188)
    timed += std::string(4, '\0') + bytes.substr(at, 188);
  SetBytes(Path("a.m2ts"), timed);
  reader = VideoReader::Open(Path("a.m2ts"), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.status().message().find("is encrypted"), std::string::npos) << reader.status().message();
  // A DVD: every other sector of pictures.
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=2 -c:v mpeg2video -q:v 1 -f vob", "a.vob");
  bytes = Bytes(Path("a.vob"));
  bool other = false;
  for (size_t at = bytes.find(std::string("\0\0\1\xE0", 4)); at != std::string::npos;
       at = bytes.find(std::string("\0\0\1\xE0", 4), at + 2000)) {
    if ((other = !other) && at + 2000 < bytes.size()) {
      bytes[at + 6] = static_cast<char>(bytes[at + 6] | 0x10);
      for (size_t i = at + 40; i < at + 1900; ++i)
        bytes[i] = static_cast<char>((seed = seed * 1103515245 + 12345) >> 16);
    }
  }
  SetBytes(Path("a.vob"), bytes);
  reader = VideoReader::Open(Path("a.vob"), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.status().message().find("is encrypted"), std::string::npos) << reader.status().message();
}

TEST_F(FilmSides, UnknownCodecsAreNamed) {
  Make(Source("1") + "-c:a pcm_s16le", "a.mov");
  Patch("a.mov", "sowt", "apac");
  ExpectNote("a.mov", "o.mp4", "sound (apac) is left out: this FFmpeg has no decoder for apac");
  Make(Source("1") + "-c:a aac", "b.mp4");
  Patch("b.mp4", "avc1", "vvc1");
  auto reader = VideoReader::Open(Path("b.mp4"), {});
  ASSERT_FALSE(reader.ok());
  EXPECT_NE(reader.status().message().find("VVC (H.266)"), std::string::npos) << reader.status().message();
}

TEST_F(FilmSides, WhatHappensToChannelsIsSaid) {
  const std::string picture = "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i ";
  Make(picture + "anoisesrc=d=1,aformat=channel_layouts=4.0 -c:v libx264 -c:a pcm_s16le", "four.mov");
  Make(picture + "anoisesrc=d=1,aformat=channel_layouts=7.1 -c:v libx264 -c:a pcm_s16le", "eight.mov");
  Make(picture + "anoisesrc=d=1,aformat=channel_layouts=5.1 -c:v libx264 -c:a pcm_s16le", "six.mov");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("four.mov"), Path("o.mp4"), &notices));
  EXPECT_EQ(Probe(Path("o.mp4"), "a", "stream=channels,channel_layout"), "4\n4.0\n");
  EXPECT_EQ(notices.find("mixed"), std::string::npos) << notices;
  ASSERT_STATUS_OK(Copy(Path("six.mov"), Path("o.mp4"), &notices));
  EXPECT_EQ(Probe(Path("o.mp4"), "a", "stream=channels"), "6\n");
  ExpectNote("four.mov", "o.flv", "its 4 channels (4.0) are mixed to 2 (stereo)");
  EXPECT_EQ(Probe(Path("o.flv"), "a", "stream=channels"), "2\n");
  ExpectNote("eight.mov", "o.mpg", "channels (7.1) are mixed to");
}

// Sound whose layout changes midway, as broadcasts do between programme and advertisement.
TEST_F(FilmSides, ChannelsMayChangeMidway) {
  const std::string picture = "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -f lavfi -i ";
  Make(picture + "sine=d=2,aformat=channel_layouts=mono -c:v libx264 -c:a ac3", "a.ts");
  Make(picture + "sine=d=2,aformat=channel_layouts=5.1 -c:v libx264 -c:a ac3 -output_ts_offset 2", "b.ts");
  Join("a.ts", "b.ts", "both.ts");
  for (const char* to : {"o.webm", "o.mkv"}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("both.ts"), Path(to), &notices));
    EXPECT_EQ(notices.find("damaged"), std::string::npos) << notices;
    const auto sounds = Times(Path(to), "a");
    EXPECT_NEAR(sounds.back() - sounds.front(), 4, 0.1) << to;
    EXPECT_LT(Longest(sounds), 0.06) << to;
  }
}

TEST_F(FilmSides, TextAndDataAreCarriedOrNamed) {
  std::ofstream(Path("s.vtt")) << "WEBVTT\n\n00:00.200 --> 00:00.900\nHello\n";
  const std::string clip =
      Make(Source("1").replace(0, 0, "-i s.vtt ") + "-map 1 -map 2 -map 0 -c:s webvtt", "a.mkv");
  for (const char* to : {"o.mkv", "o.mp4", "o.webm", "o.mov"}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(clip, Path(to), &notices));
    EXPECT_NE(Shell("ffmpeg -v error -i '" + Path(to) + "' -map 0:s -f srt -").find("Hello"),
              std::string::npos)
        << to << notices;
  }
  ExpectNote("a.mkv", "o.ts", "subtitles (webvtt) is left out");
  // A track that only its maker's programs understand.
  Make(Source("1") + "-c:a aac -timecode 01:00:00:00", "c.mov");
  ExpectNote("c.mov", "p.mov", "");
  EXPECT_EQ(Probe(Path("p.mov"), "v", "stream_tags=timecode"), "01:00:00:00\n");
  Patch("c.mov", "tmcd", "gpmd");
  ExpectNote("c.mov", "q.mov", "a data track (gpmd) is left out");
}

}  // namespace
}  // namespace tempera::media
