// --start where the file cannot be asked for a moment.
#include <cmath>

#include "media/film/film_test.h"
#include "media/film/walk.h"
#include "media/picture.h"

namespace tempera::media {
namespace {

class FilmStart : public FilmTest {
 protected:
  // Lightness of the frame's number, so that frames can be told: 25 a second.
  std::string Numbered(const std::string& codec, const std::string& name, double seconds = 8) const {
    return Make("-f lavfi -i \"color=black:s=64x48:r=25:d=" + std::to_string(seconds) +
                    ",format=yuv420p,geq=lum='20+mod(N,200)':cb=128:cr=128\" -f lavfi -i sine=440:d=" +
                    std::to_string(seconds) + " " + codec,
                name);
  }
  static std::vector<int> Numbers(const std::string& path, double start, double duration) {
    ReaderOptions options;
    options.start_s = start;
    options.duration_s = duration;
    std::vector<int> numbers;
    auto reader = VideoReader::Open(path, options);
    EXPECT_TRUE(reader.ok()) << reader.status().message();
    while (reader.ok()) {
      auto frame = (*reader)->Read();
      EXPECT_TRUE(frame.ok());
      if (!frame.ok() || !frame->has_value()) break;
      numbers.push_back((*frame)->planes[0][20 * (*frame)->stride_bytes[0] + 20] - 20);
    }
    return numbers;
  }
  static void ExpectNumbers(const std::vector<int>& numbers, int first, int count) {
    ASSERT_EQ(numbers.size(), static_cast<size_t>(count));
    for (int i = 0; i < count; ++i) EXPECT_NEAR(numbers[i], first + i, 0.6) << i;
  }
};

TEST_F(FilmStart, IsExactInEveryFormat) {
  const std::string x264 = "-c:v libx264 -crf 1 -g 50 -bf 2 -keyint_min 50 -sc_threshold 0 -c:a mp2 ";
  struct Case {
    std::string codec, name;
    bool sound;
  };
  for (const Case& c :
       {Case{x264, "a.ts", true},
        {x264 + "-an ", "a.h264", false},
        {x264, "a.mkv", true},
        {x264, "a.mp4", true},
        {"-c:v mpeg2video -q:v 1 -g 50 -bf 2 -sc_threshold 1000000000 -c:a mp2 -f vob ", "a.vob", true},
        {"-an -c:v libx265 -crf 1 -x265-params log-level=none:keyint=50:open-gop=1 ", "a.hevc", false},
        {x264 + "-x264-params open-gop=1 ", "open.ts", true}}) {
    SCOPED_TRACE(c.name);
    const std::string clip = Numbered(c.codec, c.name);
    // The film begins with its earliest stream; the first picture may come a little later.
    const auto pictures = Times(clip, "v");
    const double shift =
        c.sound && !pictures.empty() ? pictures[0] - std::min(pictures[0], Times(clip, "a").at(0)) : 0;
    for (double start : {3.0, 1.5, 0.1, 7.0}) {
      SCOPED_TRACE(start);
      const int first = static_cast<int>(std::ceil((start - shift) * 25 - 1e-6));
      ExpectNumbers(Numbers(clip, start, 0.8), first, 20);
    }
    ReaderOptions late;
    late.start_s = 9;
    auto reader = VideoReader::Open(clip, late);
    ASSERT_FALSE(reader.ok());
    EXPECT_NE(reader.status().message().find("ends before"), std::string::npos) << reader.status().message();
  }
}

TEST_F(FilmStart, SoundIsCutAtTheSamePlace) {
  Numbered("-c:v libx264 -g 50 -c:a mp2 ", "a.ts");
  ReaderOptions options;
  options.start_s = 3;
  ASSERT_STATUS_OK(Copy(Path("a.ts"), Path("o.mkv"), nullptr, options));
  EXPECT_NEAR(Times(Path("o.mkv"), "v")[0], Times(Path("o.mkv"), "a")[0], 0.04);
  EXPECT_NEAR(Times(Path("o.mkv"), "a").back(), 5, 0.08);
}

// One picture out of a film that has no index, and none out of one that is encrypted.
TEST_F(FilmStart, OnePictureIsTheRightOne) {
  const std::string clip =
      Numbered("-c:v libx264 -crf 1 -g 50 -bf 2 -keyint_min 50 -sc_threshold 0 -an ", "a.ts");
  for (const double start : {3.0, 1.2}) {
    auto picture = ReadPicture(clip, start);
    ASSERT_TRUE(picture.ok()) << picture.status().message();
    const double level = (20 + start * 25 - 16) * 255 / 219;
    EXPECT_NEAR(picture->frame.planes[0][0], level, 1) << start;
  }
  Make(
      "-i a.ts -c copy -encryption_scheme cenc-aes-ctr -encryption_key 76a6c65c5ea762046bd749a2e632ccbb "
      "-encryption_kid a7e61c373e219033c21091fa607bf3b8",
      "b.mp4");
  auto refused = ReadPicture(Path("b.mp4"), 0);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.status().message().find("is encrypted"), std::string::npos) << refused.status().message();
}

TEST_F(FilmStart, InTheSecondOfTwoJoinedFiles) {
  Numbered("-c:v libx264 -crf 1 -g 25 -c:a mp2 ", "a.ts", 3);
  Join("a.ts", "a.ts", "both.ts");
  const std::vector<int> numbers = Numbers(Path("both.ts"), 4, 1);
  ASSERT_EQ(numbers.size(), 25u);
  EXPECT_NEAR(numbers[0], 25, 2) << "a second into the second part";
}

// From afar the file's clock is asked, and that is said.
TEST_F(FilmStart, FromAfarTheFilesClockIsAsked) {
  Numbered("-c:v libx264 -crf 1 -g 25 -c:a mp2 ", "a.ts", 3);
  Join("a.ts", "a.ts", "both.ts");
  const std::string url = "file://" + Path("both.ts");
  const std::vector<int> numbers = Numbers(url, 4, 1);
  ASSERT_EQ(numbers.size(), 25u);
  EXPECT_NEAR(numbers[0], 25, 2) << "a second into the second part";
  ReaderOptions options;
  options.start_s = 4;
  EXPECT_NE(ReadNotes(url, nullptr, options).find("the file's own clock"), std::string::npos);
  EXPECT_EQ(ReadNotes(Path("both.ts"), nullptr, options).find("the file's own clock"), std::string::npos);
}

// An index without the key frame that is wanted: the reader sees that it came out too late, and goes back.
TEST_F(FilmStart, ABrokenIndexIsSeenThrough) {
  const std::string clip =
      Numbered("-c:v libx264 -crf 1 -g 50 -keyint_min 50 -an -cluster_time_limit 1000 ", "a.mkv");
  std::string bytes = Bytes(clip);
  const size_t cues = bytes.rfind("\x1C\x53\xBB\x6B");
  ASSERT_NE(cues, std::string::npos);
  // Each point of it is given the place of the last cluster: 0xF1 says where it lies.
  const size_t last = bytes.rfind('\xF1');
  ASSERT_GT(last, cues);
  const size_t length = static_cast<uint8_t>(bytes[last + 1]) & 0x7F;
  for (size_t at = bytes.find('\xF1', cues); at < last; at = bytes.find('\xF1', at + 1)) {
    const size_t own = static_cast<uint8_t>(bytes[at + 1]) & 0x7F;
    if (own == length) bytes.replace(at + 2, length, bytes, last + 2, length);
  }
  SetBytes(clip, bytes);
  ExpectNumbers(Numbers(clip, 3.2, 0.8), 80, 20);
}

// A packet without a moment ends the way, and nothing that was kept is thrown away for it.
TEST(FilmWalk, AMomentThatIsUnknown) {
  Walk walk;
  for (int i = 0; i < 5; ++i) {
    PacketPtr packet(av_packet_alloc());
    ASSERT_EQ(av_new_packet(packet.get(), 1), 0);
    packet->flags = AV_PKT_FLAG_KEY;
    packet->pos = i;
    ASSERT_TRUE(walk.Add(*packet, i < 4 ? -1000 + i : AV_NOPTS_VALUE, 1000));
    EXPECT_EQ(walk.arrived(), i == 4);
  }
  for (int i = 0; i < 5; ++i) EXPECT_EQ(walk.Next()->pos, i);
  EXPECT_FALSE(walk.Next());
}

// A text that is shown as the film begins is shown from there on.
TEST_F(FilmStart, ATextAcrossTheStart) {
  std::ofstream(Path("s.srt")) << "1\n00:00:00,200 --> 00:00:03,000\nHello\n";
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=4 -i s.srt -c:v libx264 -g 100 -c:s srt", "a.mkv");
  ReaderOptions options;
  options.start_s = 1;
  for (const char* to : {"o.mkv", "o.mp4"}) {
    ASSERT_STATUS_OK(Copy(Path("a.mkv"), Path(to), nullptr, options));
    const std::string text = Shell("ffmpeg -v error -i '" + Path(to) + "' -map 0:s -f srt -");
    EXPECT_NE(text.find("00:00:00,000 --> 00:00:02,000\nHello"), std::string::npos) << to << text;
  }
}

// Long after a lost frame, frames that lie near each other are none of its leftovers.
TEST_F(FilmStart, NearFramesAfterALostOne) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=2.8 -vf "
      "\"settb=1/1000,setpts='if(lt(N,40),N*0.04,1.6+(N-40)*0.01)/TB'\" "
      "-vsync passthrough -enc_time_base 1/1000 -c:v png",
      "a.mkv");
  std::string bytes = Bytes(clip);
  size_t at = 0;
  for (int i = 0; i < 4; ++i) at = bytes.find("\x89PNG", at + 1);
  ASSERT_NE(at, std::string::npos);
  bytes[at + 1] = 'X';
  SetBytes(clip, bytes);
  std::vector<double> times;
  const std::string notes = ReadNotes(clip, &times);
  EXPECT_NE(notes.find("could not be decoded"), std::string::npos) << notes;
  EXPECT_GE(times.size(), 67u);
}

}  // namespace
}  // namespace tempera::media
