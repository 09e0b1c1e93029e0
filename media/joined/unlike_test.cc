// Films joined byte by byte that are not like the first: each keeps its own speed, shape, crop, turn and
// cuts.
#include <gtest/gtest.h>

#include <cmath>

#include "media/joined/joined_test.h"

namespace tempera::media {
namespace {

class FilmUnlike : public FilmJoined {
 protected:
  // The luma of the last frame, row by row.
  std::string LastPicture(const std::string& name) const {
    const std::string raw =
        Shell("ffmpeg -nostdin -v error -i '" + Path(name) + "' -f rawvideo -pix_fmt gray -");
    const std::string sides = Probe(Path(name), "v", "stream=width,height");
    const size_t bytes = std::stoul(sides) * std::stoul(sides.substr(sides.find('\n') + 1));
    return raw.size() < bytes ? "" : raw.substr(raw.size() - bytes);
  }
  static int At(const std::string& picture, size_t width, size_t x, size_t y) {
    return picture.size() > y * width + x ? static_cast<uint8_t>(picture[y * width + x]) : -1;
  }
  std::string CopyBoth(const std::string& a, const std::string& b, const std::string& end) const {
    Join(a, b, "both" + end);
    std::string notices;
    const Status status = Copy(Path("both" + end), Path("o.mkv"), &notices);
    EXPECT_TRUE(status.ok()) << status.message();
    return notices;
  }
};

// What an edit list hides of a later film stays hidden, pictures and sound.
TEST_F(FilmUnlike, CutWithoutDecoding) {
  Make(Source("4", "-g 250") + "-c:a aac", "a.mp4");
  Make("-ss 1.5 -i a.mp4 -c copy", "cut.mp4");
  std::vector<double> alone, both;
  ReadNotes(Path("cut.mp4"), &alone);
  ASSERT_LT(alone.size(), 70u);
  const std::string notices = CopyBoth("a.mp4", "cut.mp4", ".mp4");
  ReadNotes(Path("both.mp4"), &both);
  EXPECT_EQ(both.size(), 100 + alone.size()) << notices;
  EXPECT_LT(Longest(both), 0.1);
  const auto sounds = Times(Path("o.mkv"), "a");
  EXPECT_NEAR(sounds.back() - sounds.front(), 4 + 0.04 * static_cast<double>(alone.size()), 0.12);
  EXPECT_LT(Longest(sounds), 0.08);
  // The hidden one first: its beginning is that of the file.
  both.clear();
  CopyBoth("cut.mp4", "cut.mp4", ".mp4");
  ReadNotes(Path("both.mp4"), &both);
  EXPECT_EQ(both.size(), 2 * alone.size());
}

TEST_F(FilmUnlike, OtherRates) {
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v mpeg4", "a25.avi");
  Make("-f lavfi -i testsrc2=s=64x48:r=50:d=1 -c:v mpeg4", "b50.avi");
  Make("-f lavfi -i testsrc2=s=64x48:r=30000/1001:d=1 -c:v mpeg4", "c29.avi");
  struct Kind {
    const char* a;
    const char* b;
    size_t frames;
  };
  for (const Kind& kind :
       {Kind{"a25.avi", "b50.avi", 75}, Kind{"b50.avi", "a25.avi", 75}, Kind{"c29.avi", "b50.avi", 80}}) {
    SCOPED_TRACE(kind.b);
    CopyBoth(kind.a, kind.b, ".avi");
    const auto times = Times(Path("o.mkv"), "v");
    ASSERT_EQ(times.size(), kind.frames);
    EXPECT_NEAR(times.back() - times.front(), 1.97, 0.03);
    EXPECT_GT(Shortest(times), 0.015);
  }
}

TEST_F(FilmUnlike, OtherShapes) {
  Make("-f lavfi -i color=0x808080:s=64x48:r=25:d=0.4 -vf setsar=1 -c:v libx264", "plain.mkv");
  Make("-f lavfi -i color=0x808080:s=64x48:r=25:d=0.4 -vf setsar=16/11 -c:v libx264", "wide.mkv");
  std::string notices = CopyBoth("plain.mkv", "wide.mkv", ".mkv");
  EXPECT_NE(notices.find("black bars"), std::string::npos) << notices;
  std::string last = LastPicture("o.mkv");
  ASSERT_EQ(last.size(), 64u * 48);
  EXPECT_LT(At(last, 64, 32, 1), 40) << "64x33 lie in the middle";
  EXPECT_GT(At(last, 64, 32, 10), 100);
  EXPECT_GT(At(last, 64, 1, 24), 100);
  EXPECT_LT(At(last, 64, 32, 46), 40);
  // The other way round: bars at the sides.
  CopyBoth("wide.mkv", "plain.mkv", ".mkv");
  last = LastPicture("o.mkv");
  EXPECT_LT(At(last, 64, 1, 24), 40);
  EXPECT_GT(At(last, 64, 32, 1), 100);
  // Of one shape, and other pixels: filled.
  Make("-f lavfi -i color=0x808080:s=128x96:r=25:d=0.4 -vf setsar=1 -c:v libx264", "large.mkv");
  notices = CopyBoth("plain.mkv", "large.mkv", ".mkv");
  EXPECT_EQ(notices.find("bars"), std::string::npos) << notices;
  EXPECT_GT(At(LastPicture("o.mkv"), 64, 0, 0), 100);
  // Upright behind wide, as telephones film; one of them turned by the file.
  Make("-f lavfi -i color=0x808080:s=64x48:r=25:d=0.4 -c:v libx264", "flat.mp4");
  Make("-i flat.mp4 -c copy -metadata:s:v rotate=90", "turned.mp4");
  notices = CopyBoth("flat.mp4", "turned.mp4", ".mp4");
  EXPECT_NE(notices.find("turned upright"), std::string::npos) << notices;
  last = LastPicture("o.mkv");
  ASSERT_EQ(last.size(), 64u * 48);
  EXPECT_LT(At(last, 64, 2, 24), 40);
  EXPECT_GT(At(last, 64, 32, 1), 100);
}

// So does a broadcast that changes its shape midway.
TEST_F(FilmUnlike, ShapeThatChangesInOneStream) {
  Make("-f lavfi -i color=0x808080:s=64x48:r=25:d=1 -vf setsar=1 -c:v mpeg2video -q:v 2", "plain.ts");
  Make("-f lavfi -i color=0x808080:s=64x48:r=25:d=1 -vf setdar=16/9 -c:v mpeg2video -q:v 2", "wide.ts");
  const std::string notices = CopyBoth("plain.ts", "wide.ts", ".ts");
  EXPECT_NE(notices.find("black bars"), std::string::npos) << notices;
  const std::string last = LastPicture("o.mkv");
  EXPECT_LT(At(last, 64, 32, 1), 40);
  EXPECT_GT(At(last, 64, 32, 24), 100);
}

// Heads that stand there twice make no second film, and segments that each have one are one film.
TEST_F(FilmUnlike, HeadsThatStandThereTwice) {
  const std::string how = "-c:v libx264 -preset ultrafast -g 10 -c:a aac -movflags ";
  Grey(60, "1.2", how + "faststart", "fast.mp4");
  Grey(60, "1.2", how + "frag_keyframe+empty_moov+default_base_moof", "frag.mp4");
  const std::string fast = Bytes(Path("fast.mp4")), frag = Bytes(Path("frag.mp4"));
  const size_t index = fast.find("moov") - 4, index_end = fast.find("mdat") - 12;
  ASSERT_EQ(fast.compare(index_end + 4, 4, "free"), 0);
  const size_t first = frag.find("moof") - 4, second = frag.find("moof", first + 8) - 4;
  const std::string init = frag.substr(0, first);
  std::vector<double> fast_times, frag_times;
  ReadNotes(Path("fast.mp4"), &fast_times);
  ReadNotes(Path("frag.mp4"), &frag_times);
  ASSERT_EQ(fast_times.size(), 30u);
  for (const std::string& bytes :
       {fast + fast.substr(index, index_end - index), init + frag, fast.substr(0, index_end) + fast,
        frag.substr(0, second) + init + frag.substr(second)}) {
    SetBytes(Path("twice.mp4"), bytes);
    std::vector<double> times;
    EXPECT_EQ(ReadNotes(Path("twice.mp4"), &times), "");
    // The first frame of FFmpeg's fragments lies a little early.
    EXPECT_TRUE(times == fast_times || times == frag_times) << times.size() << " " << Longest(times);
  }
}

// A white frame that one of the films says is not to be seen.
TEST_F(FilmUnlike, OtherCrops) {
  Make(
      "-f lavfi -i \"color=0x606060:s=96x64:r=25:d=0.4,drawbox=0:0:96:64:white:t=8\" -pix_fmt yuv420p -c:v "
      "libx264 -crf 1 -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv",
      "whole.mkv");
  std::string bytes = Bytes(Path("whole.mkv"));
  const size_t colours = bytes.find("\x55\xB0\x90");
  ASSERT_NE(colours, std::string::npos) << "sixteen bytes of colours";
  bytes.replace(
      colours, 19,
      std::string("\x54\xBB\x81\x0A\x54\xAA\x81\x0A\x54\xCC\x81\x0A\x54\xDD\x81\x0A\xEC\x81\0", 19));
  SetBytes(Path("cropped.mkv"), bytes);
  std::string notices = CopyBoth("cropped.mkv", "whole.mkv", ".mkv");
  std::string last = LastPicture("o.mkv");
  ASSERT_EQ(last.size(), 76u * 44) << notices;
  // 66x44 between bars, of which the frame is some pixels.
  EXPECT_GT(At(last, 76, 38, 1), 180) << "the second film's frame is to be seen";
  EXPECT_GT(At(last, 76, 7, 22), 150);
  EXPECT_LT(At(last, 76, 1, 22), 40);
  notices = CopyBoth("whole.mkv", "cropped.mkv", ".mkv");
  last = LastPicture("o.mkv");
  ASSERT_EQ(last.size(), 96u * 64) << notices;
  for (size_t x = 0; x < 96; ++x) EXPECT_LT(At(last, 96, x, 32), 130) << x;
  for (size_t y = 0; y < 64; ++y) EXPECT_LT(At(last, 96, 48, y), 130) << y;
}

// A recording without an index is named, and what is joined to it is painted.
TEST_F(FilmUnlike, TheFirstCannotBeRead) {
  Grey(60, "0.6", "-c:v libx264 -c:a aac", "dark.mp4");
  Grey(200, "0.8", "-c:v libx264 -c:a aac", "bright.mp4");
  std::string broken = Bytes(Path("dark.mp4"));
  // FFmpeg looks for an index in some other boxes as well.
  broken.replace(broken.rfind("moov"), 4, "junk");
  SetBytes(Path("broken.mp4"), broken);
  for (const char* second : {"bright.mp4", "broken.mp4"}) {
    Join("broken.mp4", second, "two.mp4");
    const std::string notices = CopyBoth("two.mp4", "bright.mp4", ".mp4");
    const size_t expected = second[1] == 'r' && second[2] == 'i' ? 40 : 20;
    EXPECT_EQ(Greys("o.mkv").size(), expected) << notices;
    EXPECT_NE(notices.find("the film at byte 0 is left out: "), std::string::npos) << notices;
    EXPECT_NE(notices.find("'tail -c +1 | head -c " + std::to_string(broken.size()) + "'"), std::string::npos)
        << notices;
    EXPECT_NE(notices.find("3 films joined byte by byte: "), std::string::npos) << notices;
    EXPECT_EQ(notices.find("byte 0 is left out", notices.find("byte 0 is left out") + 1), std::string::npos);
  }
  // Two that cannot be read are a refusal, which names the first's cause.
  Join("broken.mp4", "broken.mp4", "two.mp4");
  EXPECT_NE(ReadNotes(Path("two.mp4")).find("cannot read"), std::string::npos);
}

TEST_F(FilmUnlike, OneThatIsCutShortIsNamed) {
  const std::string how = "-c:v libx264 -c:a aac -movflags faststart";
  for (const std::string end : {".mp4", ".mkv"}) {
    Grey(60, "1", how, "dark" + end);
    Make("-f lavfi -i testsrc2=s=64x48:r=25:d=6 -f lavfi -i sine=d=6 -pix_fmt yuv420p " + how, "long" + end);
    const std::string bytes = Bytes(Path("long" + end));
    SetBytes(Path("cut" + end), bytes.substr(0, bytes.size() / 2));
    Join("dark" + end, "cut" + end, "both" + end);
    const std::string notes = ReadNotes(Path("both" + end));
    EXPECT_NE(notes.find(" breaks off"), std::string::npos) << end << notes;
    Join("dark" + end, "long" + end, "both" + end);
    EXPECT_EQ(ReadNotes(Path("both" + end)).find("breaks off"), std::string::npos) << end;
  }
}

// Heads that say lengths and digests are of one form; the languages decide which track goes on in which.
TEST_F(FilmUnlike, SoundGoesOnInItsLike) {
  for (const char* codec : {"flac", "libvorbis", "alac"}) {
    const std::string how = std::string("-c:v libx264 -preset ultrafast -c:a ") + codec;
    Grey(60, "0.8", how + " -metadata title=one", "dark.mkv");
    Grey(200, "1.2", how + " -metadata title=another", "bright.mkv");
    const std::string notices = CopyBoth("dark.mkv", "bright.mkv", ".mkv");
    EXPECT_EQ(notices.find("left out"), std::string::npos) << codec << notices;
    EXPECT_NEAR(Times(Path("o.mkv"), "a").back(), 2, 0.15) << codec;
    const std::string heard = Shell("ffmpeg -nostdin -v error -i '" + Path("o.mkv") + "' -vn -f null - 2>&1");
    EXPECT_EQ(heard, "") << codec;
  }
  const std::string pictures = "-f lavfi -i color=gray:s=64x48:r=25:d=1 ";
  const std::string tones = "-f lavfi -i sine=440:d=1 -f lavfi -i sine=880:d=1 -map 0 -map 1 -map 2 ";
  const std::string how = "-c:v libx264 -preset ultrafast -c:a aac ";
  Make(pictures + "-f lavfi -i sine=440:d=1 " + how + "-metadata:s:a:0 language=eng", "one.mkv");
  Make(pictures + tones + how + "-c:a:0 ac3 -metadata:s:a:0 language=fre -metadata:s:a:1 language=eng",
       "other.mkv");
  std::string notices = CopyBoth("one.mkv", "other.mkv", ".mkv");
  EXPECT_NEAR(Times(Path("o.mkv"), "a").back(), 2, 0.1) << notices;
  EXPECT_NE(notices.find("sound (ac3) is left out"), std::string::npos) << notices;
  EXPECT_EQ(notices.find("sound (aac) is left out"), std::string::npos) << notices;
  // Two languages in another order.
  Make(pictures + tones + how + "-metadata:s:a:0 language=eng -metadata:s:a:1 language=ger", "a.mkv");
  Make(pictures + "-f lavfi -i sine=880:d=1 -f lavfi -i sine=440:d=1 -map 0 -map 1 -map 2 " + how +
           "-metadata:s:a:0 language=ger -metadata:s:a:1 language=eng",
       "b.mkv");
  notices = CopyBoth("a.mkv", "b.mkv", ".mkv");
  for (const char* track : {"0", "1"}) {
    const std::string raw = Shell("ffmpeg -nostdin -v error -i '" + Path("o.mkv") + "' -map 0:a:" + track +
                                  " -ss 1.3 -t 0.5 -ac 1 -ar 48000 -f s16le -");
    EXPECT_NEAR(Waves(raw), track[0] == '0' ? 220 : 440, 15) << notices;
  }
}

// Sixty films cost one decoder's threads at a time, and a few lines.
TEST_F(FilmUnlike, ManyFilms) {
  Grey(60, "0.2", "-c:v libx264 -preset ultrafast -c:a aac", "first.mkv");
  Grey(60, "0.2", "-c:v libx264 -preset ultrafast -c:a mp2", "next.mkv");
  Shell("cd '" + folder_.string() +
        "' && cat first.mkv >all.mkv && for i in $(seq 60); do cat next.mkv >>all.mkv; done");
  ReaderOptions options;
  options.threads = 4;
  options.start_s = 12.1;
  auto reader = VideoReader::Open(Path("all.mkv"), options);
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  const std::string threads = Shell("grep Threads: /proc/" + std::to_string(getpid()) + "/status");
  EXPECT_LT(std::stoi(threads.substr(threads.find(':') + 1)), 30);
  const std::string notes = ReadNotes(Path("all.mkv"));
  EXPECT_LT(notes.size(), 600u) << notes;
  EXPECT_NE(notes.find("59 times more"), std::string::npos) << notes;
}

TEST_F(FilmUnlike, StoppedWithoutUntrueWords) {
  Grey(60, "0.4", "-c:v libx264 -preset ultrafast -c:a aac", "a.mkv");
  Join("a.mkv", "a.mkv", "both.mkv");
  auto reader = VideoReader::Open(Path("both.mkv"), {});
  ASSERT_TRUE(reader.ok());
  (*reader)->Stop();
  while (true) {
    auto frame = (*reader)->Read();
    if (!frame.ok() || !frame->has_value()) break;
  }
  for (const std::string& note : (*reader)->notices()) {
    EXPECT_EQ(note.find("left out"), std::string::npos) << note;
    EXPECT_EQ(note.find("breaks off"), std::string::npos) << note;
  }
}

}  // namespace
}  // namespace tempera::media
