// Files whose clocks begin anew, jump or wrap: one film comes out, sound beside its pictures.
#include "media/film/film_test.h"

namespace tempera::media {
namespace {

class FilmClocks : public FilmTest {
 protected:
  // Both parts' pictures and sound, and the same distance between them in both.
  void ExpectOneFilm(const std::string& joined, size_t frames, double seconds, const char* word) {
    SCOPED_TRACE(joined);
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path(joined), Path("o.mkv"), &notices));
    const auto pictures = Times(Path("o.mkv"), "v"), sounds = Times(Path("o.mkv"), "a");
    EXPECT_EQ(pictures.size(), frames);
    EXPECT_NEAR(pictures.back() - pictures.front(), seconds - 0.04, 0.06);
    EXPECT_NEAR(sounds.back() - sounds.front(), seconds - 0.024, 0.1);
    EXPECT_LT(Longest(pictures), 0.1);
    EXPECT_GT(Shortest(pictures), 0.02) << "squeezed";
    EXPECT_GT(Shortest(sounds), 0.01) << "squeezed";
    EXPECT_EQ(sounds.size(), Times(Path(joined), "a").size()) << "sound is missing";
    EXPECT_NE(notices.find(word), std::string::npos) << notices;
  }
  // What lies between the first picture and the first sound of a part.
  static double Apart(const std::string& path, size_t picture, size_t sound) {
    return Times(path, "v").at(picture) - Times(path, "a").at(sound);
  }
};

TEST_F(FilmClocks, JoinedFilesFollowEachOther) {
  Make(Source("3"), "a.ts");
  Make(Source("3") + "-output_ts_offset 600", "late.ts");
  Make(Source("3") + "-output_ts_offset 3", "on.ts");
  Join("a.ts", "a.ts", "back.ts");
  Join("a.ts", "late.ts", "ahead.ts");
  Join("late.ts", "a.ts", "far_back.ts");
  Join("a.ts", "on.ts", "steady.ts");
  ExpectOneFilm("back.ts", 150, 6, "clock jumps back by 3.0 s");
  ExpectOneFilm("ahead.ts", 150, 6, "clock jumps ahead by");
  ExpectOneFilm("far_back.ts", 150, 6, "clock jumps back by 60");
  ExpectOneFilm("steady.ts", 150, 6, "");
  EXPECT_EQ(ReadNotes(Path("steady.ts")).find("jumps"), std::string::npos);
  // Sound lies beside the pictures of its own part.
  const size_t sounds = Times(Path("a.ts"), "a").size();
  for (const char* name : {"back.ts", "ahead.ts", "far_back.ts"}) {
    ASSERT_STATUS_OK(Copy(Path(name), Path("o.mkv")));
    EXPECT_NEAR(Apart(Path("o.mkv"), 0, 0), Apart(Path("a.ts"), 0, 0), 0.002) << name;
    EXPECT_NEAR(Apart(Path("o.mkv"), 75, sounds), Apart(Path("a.ts"), 0, 0), 0.002) << name;
  }
}

TEST_F(FilmClocks, ProgramStreamsAndManyPartsToo) {
  Make(Source("2") + "-c:v mpeg2video -f mpeg", "a.mpg");
  Join("a.mpg", "a.mpg", "back.mpg");
  ExpectOneFilm("back.mpg", 100, 4, "clock jumps");
  Make(Source("1"), "a.ts");
  Shell("cd '" + folder_.string() + "' && for i in 1 2 3 4 5 6 7 8; do cat a.ts; done >many.ts");
  ExpectOneFilm("many.ts", 200, 8.16, "clock jumps 7 times");
}

// What its demuxer makes of joined Ogg. Joined MP4 and the like: joined_test.cc.
TEST_F(FilmClocks, JoinedFilesOfOtherKinds) {
  Make("-f lavfi -i testsrc=s=64x48:r=25:d=2 -f lavfi -i sine=d=2 -c:v libtheora -g 10 -c:a libvorbis",
       "a.ogv");
  for (const char* name : {"a.ogv"}) {
    Join(name, name, "both");
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("both"), Path("o.mkv"), &notices));
    std::vector<double> once;
    ReadNotes(Path(name), &once);
    const auto pictures = Times(Path("o.mkv"), "v"), sounds = Times(Path("o.mkv"), "a");
    EXPECT_EQ(pictures.size(), 2 * once.size()) << name << notices;
    EXPECT_NEAR(pictures.back(), 4, 0.25) << name;
    EXPECT_NEAR(sounds.back(), 4, 0.25) << name;
    EXPECT_NE(notices.find("clock jumps back"), std::string::npos) << name << notices;
    EXPECT_EQ(notices.find("damaged"), std::string::npos) << name << notices;
  }
}

// FFmpeg stops at what is no tag: that is said.
TEST_F(FilmClocks, WhatIsNotReadIsSaid) {
  Make(Source("2") + "-c:a aac", "a.flv");
  EXPECT_EQ(ReadNotes(Path("a.flv")).find("left out"), std::string::npos);
  SetBytes(Path("both.flv"), Bytes(Path("a.flv")) + "\xFF" + Bytes(Path("a.flv")));
  EXPECT_NE(ReadNotes(Path("both.flv")).find("KiB of the file are left out"), std::string::npos)
      << ReadNotes(Path("both.flv"));
}

TEST_F(FilmClocks, ClocksWrapUnseen) {
  // 33 bits of 90 kHz end at 95443.717 s.
  Make(Source("4") + "-output_ts_offset 95440", "wrap.ts");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("wrap.ts"), Path("o.mkv"), &notices));
  EXPECT_EQ(Times(Path("o.mkv"), "v").size(), 100u);
  EXPECT_LT(Longest(Times(Path("o.mkv"), "v")), 0.05);
  EXPECT_LT(Longest(Times(Path("o.mkv"), "a")), 0.05);
  EXPECT_EQ(notices.find("jumps"), std::string::npos) << notices;
}

TEST_F(FilmClocks, SegmentsOfHlsWithDiscontinuities) {
  Make(Source("2"), "a.ts");
  Make(Source("2") + "-output_ts_offset 50", "b.ts");
  std::ofstream(Path("list.m3u8"))
      << "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\na.ts\n"
         "#EXT-X-DISCONTINUITY\n#EXTINF:2,\nb.ts\n#EXT-X-DISCONTINUITY\n#EXTINF:2,\n"
         "a.ts\n#EXT-X-ENDLIST\n";
  ExpectOneFilm("list.m3u8", 150, 6, "clock jumps 2 times");
}

TEST_F(FilmClocks, PausesAndJitterStay) {
  // Variable frame rate with a pause of four seconds, no jump of the clock.
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=8 -vf \"select='not(between(n,50,149))*not(eq(mod(n,7),3))'\" "
      "-vsync vfr -c:v libx264",
      "a.ts");
  for (const char* name : {"o.mkv", "o.mp4", "o.ts", "o.mov", "o.webm"}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("a.ts"), Path(name), &notices));
    EXPECT_EQ(notices.find("jumps"), std::string::npos) << notices;
    const auto before = Times(Path("a.ts"), "v"), after = Times(Path(name), "v");
    ASSERT_EQ(before.size(), after.size()) << name;
    for (size_t i = 0; i < before.size(); ++i) {
      EXPECT_NEAR(before[i] - before[0], after[i] - after[0], 0.0011) << name << i;
    }
  }
}

TEST_F(FilmClocks, DurationCountsOnTheFilmsClock) {
  Make(Source("3"), "a.ts");
  Join("a.ts", "a.ts", "back.ts");
  ReaderOptions options;
  options.start_s = 2;
  options.duration_s = 2;
  ASSERT_STATUS_OK(Copy(Path("back.ts"), Path("o.mkv"), nullptr, options));
  EXPECT_EQ(Times(Path("o.mkv"), "v").size(), 50u);
  const auto sounds = Times(Path("o.mkv"), "a");
  EXPECT_NEAR(sounds.back() - sounds.front(), 2, 0.06);
  // Jumps that lie outside are nobody's.
  options.start_s = 4;
  options.duration_s = 1;
  EXPECT_EQ(ReadNotes(Path("back.ts"), nullptr, options).find("jumps"), std::string::npos);
  options.start_s = 0;
  options.duration_s = 2.9;
  EXPECT_EQ(ReadNotes(Path("back.ts"), nullptr, options).find("jumps"), std::string::npos);
}

// Where the second part's streams have other numbers, FFmpeg has two films: that is said.
TEST_F(FilmClocks, JoinedFilesWithOtherNumbers) {
  Make(Source("2"), "a.ts");
  Make(Source("2") + "-mpegts_start_pid 0x200", "b.ts");
  Make(Source("2") + "-mpegts_start_pid 0x200 -mpegts_pmt_start_pid 0x1100", "c.ts");
  for (const char* other : {"b.ts", "c.ts"}) {
    Join("a.ts", other, "both.ts");
    SCOPED_TRACE(other);
    const std::string notes = ReadNotes(Path("both.ts"));
    EXPECT_NE(notes.find("pictures and sound behind second 2.0 are left out"), std::string::npos) << notes;
    EXPECT_EQ(notes.find("breaks off"), std::string::npos) << notes;
    // Nor does their sound lie over that of the first part, but for what comes before its first picture.
    ASSERT_STATUS_OK(Copy(Path("both.ts"), Path("o.mkv")));
    EXPECT_NEAR(static_cast<double>(Times(Path("o.mkv"), "a").size()),
                static_cast<double>(Times(Path("a.ts"), "a").size()), 8);
  }
  EXPECT_EQ(ReadNotes(Path("a.ts")), "");
}

// Slides that stand for seconds, in the order in which they are decoded; the container tells only when each
// is shown.
TEST_F(FilmClocks, SlidesOutOfOrderKeepTheirTimes) {
  for (const char* rate : {"1/4", "1/10", "1"}) {
    SCOPED_TRACE(rate);
    const double step = rate[1] == 0 ? 1 : std::stod(rate + 2);
    Make("-f lavfi -i testsrc2=s=64x48:r=" + std::string(rate) + ":d=" + std::to_string(10 * step) +
             " -pix_fmt yuv420p -c:v libx264 -bf 5 -b_strategy 0",
         "slides.mkv");
    std::vector<double> times;
    EXPECT_EQ(ReadNotes(Path("slides.mkv"), &times), "");
    ASSERT_EQ(times.size(), 10u);
    for (size_t i = 0; i < times.size(); ++i) EXPECT_NEAR(times[i], step * static_cast<double>(i), 0.002);
  }
}

TEST_F(FilmClocks, UnknownDurationsAreNotBelieved) {
  const std::string clip =
      Make(Source("3", "-g 25") + "-c:a aac -movflags frag_keyframe+empty_moov", "a.mp4");
  std::string bytes = Bytes(clip);
  int patched = 0;
  for (size_t at = bytes.find("mdhd"); at != std::string::npos; at = bytes.find("mdhd", at + 4), ++patched) {
    bytes.replace(at + 20, 4, "\xFF\xFF\xFF\xFF");
  }
  ASSERT_EQ(patched, 2);
  SetBytes(clip, bytes);
  std::vector<double> times;
  EXPECT_EQ(ReadNotes(clip, &times), "");
  EXPECT_EQ(times.size(), 75u);
}

}  // namespace
}  // namespace tempera::media
