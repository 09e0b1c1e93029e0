// Files that end before their headers say so, and sound that does not go on as it began.
#include <gtest/gtest.h>

#include "media/film/film_test.h"

namespace tempera::media {
namespace {

using FilmCut = FilmTest;

TEST_F(FilmCut, IsSaidWhateverTellsTheLength) {
  for (const char* name : {"a.mkv", "a.webm", "a.mp4", "a.mov"}) {
    SCOPED_TRACE(name);
    const bool webm = std::string(name) == "a.webm";
    Make("-f lavfi -i testsrc2=s=64x48:r=25:d=8,noise=alls=40:allf=t -f lavfi -i sine=d=8 -pix_fmt yuv420p " +
             std::string(webm ? "-c:v libvpx -deadline realtime -cpu-used 8 -c:a libopus"
                              : "-c:v libx264 -preset ultrafast -c:a aac -movflags faststart"),
         name);
    EXPECT_EQ(ReadNotes(Path(name)), "");
    const std::string bytes = Bytes(Path(name));
    SetBytes(Path(name), bytes.substr(0, bytes.size() / 2));
    const std::string notes = ReadNotes(Path(name));
    EXPECT_NE(notes.find("the file breaks off at "), std::string::npos) << notes;
  }
}

// The last picture stands for four seconds; the sound goes on behind the pictures.
TEST_F(FilmCut, WholeFilmsAreNotCalledSo) {
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=2 -vf \"setpts='if(eq(N,49),6/TB,PTS)'\" -vsync passthrough "
      "-pix_fmt yuv420p -c:v libx264 -preset ultrafast",
      "slow.mp4");
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=6 -pix_fmt yuv420p -c:v libx264 -c:a aac",
       "long.mkv");
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i sine=d=6 -pix_fmt yuv420p -c:v libx264 -c:a aac",
       "long.mp4");
  for (const char* name : {"slow.mp4", "long.mkv", "long.mp4"}) EXPECT_EQ(ReadNotes(Path(name)), "") << name;
}

// Two tracks of pictures beside each other are no join.
TEST_F(FilmCut, ASecondTrackIsNoSecondPart) {
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=1 -f lavfi -i testsrc=s=32x32:r=25:d=1 -map 0 -map 1 -pix_fmt "
      "yuv420p "
      "-c:v libx264",
      "two.mkv");
  EXPECT_EQ(ReadNotes(Path("two.mkv")), "");
}

// Nine seconds are no jump yet where clocks may jump; so are lost packets.
TEST_F(FilmCut, GapsAreSaid) {
  Make(Source("2") + "-muxdelay 0 -muxpreload 0", "a.ts");
  Make(Source("2") + "-muxdelay 0 -muxpreload 0 -output_ts_offset 9", "late.ts");
  Join("a.ts", "late.ts", "gap.ts");
  std::string notes = ReadNotes(Path("gap.ts"));
  EXPECT_NE(notes.find("nothing is in the file from second 2.0 to 9.0"), std::string::npos) << notes;
  ReaderOptions options;
  options.duration_s = 1.5;
  EXPECT_EQ(ReadNotes(Path("gap.ts"), nullptr, options), "");
  // Five seconds of packets in the middle are gone.
  Make(Source("12", "-g 10"), "long.ts");
  const std::string bytes = Bytes(Path("long.ts"));
  const size_t packets = bytes.size() / 188;
  SetBytes(Path("lost.ts"), bytes.substr(0, packets / 4 * 188) + bytes.substr(packets * 2 / 3 * 188));
  notes = ReadNotes(Path("lost.ts"));
  EXPECT_NE(notes.find("nothing is in the file from second 3"), std::string::npos) << notes;
  // Without sound, at an even pace.
  Make("-i lost.ts -c copy -an -copyts", "silent.ts");
  notes = ReadNotes(Path("silent.ts"));
  EXPECT_NE(notes.find("nothing is in the file from second 3"), std::string::npos) << notes;
}

// Sound goes on over a picture that stands still; slides and recordings of screens change when they do.
TEST_F(FilmCut, PausesAreNoGaps) {
  const std::string vfr =
      "-f lavfi -i testsrc2=s=64x48:r=25:d=9 -f lavfi -i sine=d=9 -vf \"select='not(between(n,50,149))'\" "
      "-vsync vfr -c:v libx264 -preset ultrafast -c:a aac ";
  const std::string slides =
      "-f lavfi -i testsrc2=s=64x48:r=1/4:d=20 -pix_fmt yuv420p -c:v libx264 -preset ultrafast ";
  const std::string screen =
      "-f lavfi -i testsrc2=s=64x48:r=25:d=9 -vf \"select='not(between(n,50,149))*not(eq(mod(n,7),3))'\" "
      "-vsync vfr -c:v libx264 -preset ultrafast ";
  for (const char* end : {".ts", ".mp4", ".mkv"}) {
    for (const std::string& how : {vfr, slides, screen}) {
      EXPECT_EQ(ReadNotes(Make(how, std::string("a") + end)), "") << end << how;
    }
  }
}

TEST_F(FilmCut, ListsOfFilesAreNotWritten) {
  for (const char* name : {"a.m3u8", "a.mpd"}) {
    const Status status = CheckVideoName(name);
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << name;
  }
  EXPECT_EQ(CheckVideoName("a.tga").code(), StatusCode::kUnsupported);
  EXPECT_TRUE(CheckVideoName("a.ts").ok());
}

}  // namespace
}  // namespace tempera::media
