// Films joined byte by byte: each is painted, one behind the other, with its own sound beside it.
#include <gtest/gtest.h>

#include <cmath>

#include "media/joined/find_parts.h"
#include "media/joined/joined_test.h"

namespace tempera::media {
namespace {

TEST_F(FilmJoined, EachContainerThatIsNotMadeForIt) {
  const std::string x264 = "-c:v libx264 -preset ultrafast -c:a aac ";
  const std::string vpx = "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus ";
  struct Kind {
    const char* name;
    std::string how;
  };
  for (const Kind& kind : {Kind{".mp4", x264}, Kind{".mov", x264 + "-movflags faststart"},
                           Kind{".frag.mp4", x264 + "-movflags frag_keyframe+empty_moov"},
                           Kind{".dash.mp4", x264 + "-movflags frag_keyframe+empty_moov+default_base_moof"},
                           Kind{".mkv", x264}, Kind{".webm", vpx}, Kind{".live.webm", vpx + "-live 1"},
                           Kind{".flv", x264}, Kind{".avi", "-c:v mpeg4 -c:a mp2"}}) {
    const std::string end = kind.name;
    // Both longer and shorter than what clocks may be off by.
    for (const char* length : {"1.6", "0.6"}) {
      if (length[0] == '1' && end != ".mkv" && end != ".frag.mp4") continue;
      Grey(60, length, kind.how, "dark" + end);
      Grey(200, "0.8", kind.how + " -g 7", "bright" + end);
      Join("dark" + end, "bright" + end, "both" + end);
      ExpectBoth("both" + end, std::lround(25 * std::stod(length)), 20);
      EXPECT_TRUE(FindParts(Path("dark" + end)).at.empty()) << end;
    }
  }
  // Fragments behind a film of one piece, and the other way round.
  Join("dark.mp4", "bright.frag.mp4", "mixed.mp4");
  ExpectBoth("mixed.mp4", 15, 20);
  Join("dark.frag.mp4", "bright.mp4", "mixed.mp4");
  ExpectBoth("mixed.mp4", 15, 20);
}

// Old .mov files have no 'ftyp'.
TEST_F(FilmJoined, WithoutAnyFileType) {
  for (const char* flags : {"", "-movflags faststart"}) {
    for (const char* name : {"dark.mov", "bright.mov"}) {
      Grey(name[0] == 'd' ? 60 : 200, "0.6", std::string("-c:v libx264 -c:a aac ") + flags, name);
      std::string bytes = Bytes(Path(name));
      ASSERT_EQ(bytes.compare(4, 4, "ftyp"), 0);
      bytes.replace(4, 4, "free");
      SetBytes(Path(name), bytes);
    }
    Join("dark.mov", "bright.mov", "both.mov");
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("both.mov"), Path("o.mkv"), &notices));
    EXPECT_EQ(Greys("o.mkv").size(), 30u) << flags << notices;
    EXPECT_GT(Greys("o.mkv").back(), 150) << flags;
  }
}

TEST_F(FilmJoined, GifsToo) {
  Make("-f lavfi -i color=0x303030:s=32x32:r=10:d=1", "dark.gif");
  Make("-f lavfi -i color=0xd0d0d0:s=32x32:r=10:d=1", "bright.gif");
  Join("dark.gif", "bright.gif", "both.gif");
  ASSERT_STATUS_OK(Copy(Path("both.gif"), Path("o.mkv")));
  const auto greys = Greys("o.mkv");
  ASSERT_EQ(greys.size(), 20u);
  EXPECT_LT(greys[9], 100);
  EXPECT_GT(greys[10], 150);
  EXPECT_NEAR(Times(Path("o.mkv"), "v").back(), 1.9, 0.01);
}

// Other sizes and codecs of pictures are painted; sound and texts of another form are left out by name.
TEST_F(FilmJoined, UnlikeFilms) {
  Grey(60, "1", "-c:v libx264 -c:a aac", "dark.mkv");
  Grey(200, "1", "-c:v mpeg4 -s 96x72 -c:a mp2", "bright.mkv");
  Join("dark.mkv", "bright.mkv", "both.mkv");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("both.mkv"), Path("o.mkv"), &notices));
  const auto greys = Greys("o.mkv");
  ASSERT_EQ(greys.size(), 50u) << notices;
  EXPECT_LT(greys[24], 100);
  EXPECT_GT(greys[25], 150);
  EXPECT_NE(notices.find("of film 2, sound (mp2) is left out"), std::string::npos) << notices;
  EXPECT_NE(notices.find("scaled to the first size"), std::string::npos) << notices;
  EXPECT_NEAR(Times(Path("o.mkv"), "a").back(), 1, 0.1);
  // One that cannot be read is named with its way out.
  std::string bytes = Bytes(Path("dark.mkv"));
  SetBytes(Path("rest.mkv"), bytes + Bytes(Path("bright.mkv")).substr(0, 60));
  const std::string notes = ReadNotes(Path("rest.mkv"));
  EXPECT_NE(notes.find("'tail -c +" + std::to_string(bytes.size() + 1) + "'"), std::string::npos) << notes;
}

// Sound of another rate and other channels keeps the first film's form, and its place.
TEST_F(FilmJoined, SoundOfAnotherForm) {
  Grey(60, "1.6", "-c:v libx264 -preset ultrafast -c:a aac -ar 44100", "dark.mp4");
  Grey(200, "0.8", "-c:v libx264 -preset ultrafast -c:a aac -ar 48000 -ac 2", "bright.mp4");
  Make("-i dark.mp4 -c copy", "dark.mkv");
  Make("-i bright.mp4 -c copy", "bright.mkv");
  for (const char* end : {".mp4", ".mkv"}) {
    const std::string e = end;
    Join("dark" + e, "bright" + e, "both" + e);
    ExpectBoth("both" + e, 40, 20);
    Shell("cat '" + Path("dark" + e) + "' >>'" + Path("both" + e) + "'");
    for (const char* to : {"o.mkv", "o.mp4", "o.ts", "o.webm"}) {
      SCOPED_TRACE(e + to);
      std::string notices;
      ASSERT_STATUS_OK(Copy(Path("both" + e), Path(to), &notices));
      const auto sounds = Times(Path(to), "a");
      EXPECT_NEAR(sounds.back() - sounds.front(), 4, 0.15) << notices;
      EXPECT_LT(Longest(sounds), 0.15);
      EXPECT_EQ(notices.find("left out"), std::string::npos) << notices;
      // 440 waves a second all the way.
      const std::string raw =
          Shell("ffmpeg -nostdin -v error -i '" + Path(to) + "' -vn -ac 1 -ar 48000 -f s16le -");
      EXPECT_NEAR(Waves(raw), 1760, 90);
    }
  }
}

TEST_F(FilmJoined, PartsOfThemAreWanted) {
  Grey(60, "2", "-c:v libx264 -g 10 -c:a aac", "dark.mp4");
  Grey(200, "2", "-c:v libx264 -g 10 -c:a aac", "bright.mp4");
  Join("dark.mp4", "bright.mp4", "both.mp4");
  ReaderOptions options;
  options.start_s = 1.5;
  options.duration_s = 1;
  ASSERT_STATUS_OK(Copy(Path("both.mp4"), Path("o.mkv"), nullptr, options));
  auto greys = Greys("o.mkv");
  ASSERT_NEAR(greys.size(), 25, 1);
  EXPECT_LT(greys[11], 100);
  EXPECT_GT(greys[14], 150);
  options.start_s = 3;
  ASSERT_STATUS_OK(Copy(Path("both.mp4"), Path("o.mkv"), nullptr, options));
  greys = Greys("o.mkv");
  ASSERT_NEAR(greys.size(), 25, 1);
  EXPECT_GT(greys.front(), 150);
  const auto sounds = Times(Path("o.mkv"), "a");
  EXPECT_NEAR(sounds.back() - sounds.front(), 1, 0.06);
}

}  // namespace
}  // namespace tempera::media
