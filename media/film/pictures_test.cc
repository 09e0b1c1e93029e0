// Films whose pictures are not simply one after the other: each of their kinds, once.
#include <cmath>
#include <cstring>

#include "media/film/clean_aperture.h"
#include "media/film/film_test.h"

namespace tempera::media {
namespace {

class FilmPictures : public FilmTest {
 protected:
  // Mean of the squared differences of luma between two films' frames, the worst of them.
  double WorstPsnr(const std::string& a, const std::string& b) const {
    return std::stod(
        Shell("cd '" + folder_.string() + "' && ffmpeg -v fatal -i " + a + " -i " + b +
              " -lavfi '[0:v]setpts=N/25/TB,format=gray[x];[1:v]setpts=N/25/TB,format=gray[y];[x][y]"
              "psnr=f=-' -f null - | sed -n 's/.*psnr_y:\\([0-9.inf]*\\).*/\\1/p' | sed s/inf/100/ | "
              "sort -n | head -1"));
  }
};

TEST_F(FilmPictures, TelecineIsTakenBack) {
  Make("-f lavfi -i testsrc2=s=128x96:r=24000/1001:d=4 -pix_fmt yuv420p -c:v ffv1", "film.mkv");
  Make("-i film.mkv -vf telecine=pattern=23,setfield=tff -c:v mpeg2video -q:v 1 -flags +ilme+ildct",
       "tv.mpg");
  ASSERT_EQ(Times(Path("film.mkv"), "v").size(), 96u);
  ReaderOptions options;
  options.detelecine = true;
  WriterOptions lossless;
  lossless.codec = "ffv1";
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("tv.mpg"), Path("o.mkv"), &notices, options, lossless));
  EXPECT_NE(notices.find("telecine is taken back"), std::string::npos) << notices;
  EXPECT_EQ(notices.find("interlaced"), std::string::npos) << notices;
  const auto times = Times(Path("o.mkv"), "v");
  EXPECT_NEAR(times.size(), 96, 1);
  EXPECT_NEAR(Longest(times), 0.0417, 0.002);
  EXPECT_NEAR(Shortest(times), 0.0417, 0.002);
  EXPECT_GT(WorstPsnr("film.mkv", "o.mkv"), 28) << "whole frames of the film, in order";
  // Where there is none, nothing is done but said.
  ASSERT_STATUS_OK(Copy(Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -c:v libx264", "pal.mkv"), Path("p.mkv"),
                        &notices, options));
  EXPECT_EQ(Times(Path("p.mkv"), "v").size(), 25u);
  EXPECT_NE(notices.find("this film 25: nothing is taken back"), std::string::npos) << notices;
}

// A 'clap' box behind the picture's shape, as cameras and editors write it.
std::string Clap(int width, int height, int x, int y) {
  std::string box = std::string(
      "\0\0\0\x28"
      "clap",
      8);
  for (int number : {width, height, x, y}) {
    for (int shift : {24, 16, 8, 0}) box += static_cast<char>(static_cast<uint32_t>(number) >> shift);
    box += std::string("\0\0\0\1", 4);
  }
  return box;
}

TEST_F(FilmPictures, CleanApertureIsWhatIsPainted) {
  // Grey, with a white frame around that nobody should see; the part lies 4 to the left of the middle, 2
  // above.
  Make(
      "-f lavfi -i color=0x606060:s=96x64:r=25:d=0.4 -vf "
      "\"drawbox=0:0:96:64:white:t=4,drawbox=0:0:12:64:white:fill,drawbox=76:0:20:64:white:fill\" -c:v "
      "libx264 -crf 1",
      "a.mp4");
  std::string bytes = Bytes(Path("a.mp4"));
  ASSERT_GT(bytes.find("moov"), bytes.find("mdat"));
  const std::string clap = Clap(60, 40, -4, -2);
  const size_t at = bytes.find("pasp", bytes.find("moov"));
  ASSERT_NE(at, std::string::npos);
  for (const char* outer : {"moov", "trak", "mdia", "minf", "stbl", "stsd", "avc1"}) {
    const size_t head = bytes.find(outer, bytes.find("moov")) - 4;
    uint32_t size = 0;
    for (int i = 0; i < 4; ++i) size = size << 8 | static_cast<uint8_t>(bytes[head + i]);
    size += static_cast<uint32_t>(clap.size());
    for (int i = 0; i < 4; ++i) bytes[head + i] = static_cast<char>(size >> (24 - 8 * i));
  }
  bytes.insert(at - 4, clap);
  SetBytes(Path("a.mp4"), bytes);
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("a.mp4"), Path("o.mp4"), &notices));
  EXPECT_EQ(Probe(Path("o.mp4"), "v", "stream=width,height"), "60\n40\n");
  EXPECT_NE(notices.find("cropped to 60x40"), std::string::npos) << notices;
  const std::string raw =
      Shell("ffmpeg -v error -i '" + Path("o.mp4") + "' -frames:v 1 -f rawvideo -pix_fmt gray -");
  ASSERT_EQ(raw.size(), 60u * 40);
  for (size_t i = 0; i < raw.size(); ++i) ASSERT_LT(static_cast<uint8_t>(raw[i]), 130) << i;
  // Turned as well: first cut, then turned. The matrix lies in 'tkhd', behind 40 bytes of version and times.
  std::string turned = bytes;
  const size_t matrix = turned.find("tkhd", turned.find("moov")) + 4 + 40;
  const std::string one("\0\1\0\0", 4), minus("\xFF\xFF\0\0", 4), none(4, '\0');
  turned.replace(matrix, 16, none + one + none + minus);
  turned.replace(matrix + 16, 4, none);
  SetBytes(Path("turned.mp4"), turned);
  ASSERT_STATUS_OK(Copy(Path("turned.mp4"), Path("t.mp4"), &notices));
  EXPECT_EQ(Probe(Path("t.mp4"), "v", "stream=width,height"), "40\n60\n") << notices;
  // Boxes that lie, or are cut, are none.
  const std::string moov = bytes.substr(bytes.find("moov") + 4);
  const auto parse = [](const std::string& m) {
    return ParseCleanAperture({reinterpret_cast<const uint8_t*>(m.data()), m.size()}, 1);
  };
  ASSERT_TRUE(parse(moov));
  EXPECT_EQ(parse(moov)->x, 14);
  EXPECT_EQ(parse(moov)->y, 10);
  for (size_t cut = 0; cut < moov.size(); cut += 7) (void)parse(moov.substr(0, cut));
  for (const std::string& bad :
       {Clap(200, 40, 0, 0), Clap(60, 40, 30, 0), Clap(0, 40, 0, 0), Clap(-60, 40, 0, 0), Clap(96, 64, 0, 0),
        Clap(INT32_MAX, INT32_MAX, INT32_MIN, INT32_MIN)}) {
    std::string other = moov;
    other.replace(other.find("clap") - 4, bad.size(), bad);
    EXPECT_FALSE(parse(other));
  }
  EXPECT_FALSE(ParseCleanAperture({reinterpret_cast<const uint8_t*>(moov.data()), moov.size()}, 2));
}

// What an edit list hides is not painted, and sound stays beside its pictures.
// Where FFmpeg wrote what the colours mean, four edges are put: as many bytes, and three for nothing.
TEST_F(FilmPictures, PixelCropOfMatroskaIsWhatIsPainted) {
  for (const char* shape : {"", ",setsar=2"}) {
    Make("-f lavfi -i \"color=0x606060:s=96x64:r=25:d=0.4,drawbox=0:0:96:64:white:t=8" + std::string(shape) +
             "\" -pix_fmt yuv420p -c:v libx264 -crf 1 -color_primaries bt709 -color_trc bt709 -colorspace "
             "bt709 "
             "-color_range tv",
         "a.mkv");
    std::string bytes = Bytes(Path("a.mkv"));
    const size_t colours = bytes.find("\x55\xB0\x90");
    ASSERT_NE(colours, std::string::npos) << "sixteen bytes of colours";
    // Top, bottom, left, right; 84x44 remain, which 10 on the left and 1 on the right cut to 84.
    bytes.replace(
        colours, 19,
        std::string("\x54\xBB\x81\x0A\x54\xAA\x81\x0A\x54\xCC\x81\x0A\x54\xDD\x81\x01\xEC\x81\0", 19));
    SetBytes(Path("a.mkv"), bytes);
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("a.mkv"), Path("o.mkv"), &notices));
    EXPECT_EQ(Probe(Path("o.mkv"), "v", "stream=width,height"), "84\n44\n");
    EXPECT_NE(notices.find("cropped to 84x44"), std::string::npos) << notices;
    const std::string raw =
        Shell("ffmpeg -v error -i '" + Path("o.mkv") + "' -frames:v 1 -f rawvideo -pix_fmt gray -");
    ASSERT_EQ(raw.size(), 84u * 44);
    for (size_t y = 0; y < 44; ++y) EXPECT_LT(static_cast<uint8_t>(raw[y * 84]), 130) << y;
    if (!shape[0]) continue;
    // The shape that the file gives is the part's: 192 by 64 for 84 by 44 pixels.
    EXPECT_EQ(Probe(Path("o.mkv"), "v", "stream=sample_aspect_ratio"), "11:7\n");
  }
  const std::string bytes = Bytes(Path("a.mkv"));
  for (size_t cut = 0; cut < std::min<size_t>(bytes.size(), 1200); cut += 7)
    (void)ParsePixelCrop({reinterpret_cast<const uint8_t*>(bytes.data()), cut}, 0);
  EXPECT_FALSE(ParsePixelCrop({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()}, 1));
}

TEST_F(FilmPictures, EditListsAreFollowed) {
  Make(Source("4", "-g 100") + "-c:a aac", "whole.mp4");
  // Cut without decoding: an edit list hides what lies before second 1.5.
  Make("-ss 1.5 -i whole.mp4 -c copy", "cut.mp4");
  Make("-i whole.mp4 -itsoffset 1 -i whole.mp4 -map 0:v -map 1:a -c copy", "late_sound.mp4");
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("cut.mp4"), Path("o.mp4"), &notices));
  const double frames =
      std::stod(Shell("ffmpeg -v error -i '" + Path("cut.mp4") + "' -map 0:v -f framemd5 - | grep -vc '^#'"));
  EXPECT_NEAR(static_cast<double>(Times(Path("o.mp4"), "v").size()), frames, 1);
  EXPECT_NEAR(frames, 62, 2);
  ASSERT_STATUS_OK(Copy(Path("late_sound.mp4"), Path("o.mkv"), &notices));
  EXPECT_NEAR(Times(Path("o.mkv"), "a")[0] - Times(Path("o.mkv"), "v")[0], 1, 0.05);
}

TEST_F(FilmPictures, GapsStayGaps) {
  // Two seconds of pictures are missing, and another second of sound.
  Make(
      "-f lavfi -i testsrc2=s=64x48:r=25:d=6 -f lavfi -i sine=d=6 -vf \"select='not(between(t,2,3.999))'\" "
      "-af \"aselect='not(between(t,4.5,5.499))'\" -vsync vfr -c:v libx264 -c:a mp2",
      "gaps.mkv");
  for (const char* to : {"o.mkv", "o.mp4", "o.ts", "o.mov"}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("gaps.mkv"), Path(to), &notices));
    const auto pictures = Times(Path(to), "v"), sounds = Times(Path(to), "a");
    EXPECT_EQ(pictures.size(), 100u) << to;
    EXPECT_NEAR(Longest(pictures), 2.04, 0.01) << to;
    EXPECT_NEAR(Longest(sounds), 1.02, 0.06) << to;
    EXPECT_NEAR(pictures.back() - sounds.back(), 0, 0.15) << to;
  }
}

// A file that begins in the midst of a group of pictures: what cannot be decoded is left, the rest is in
// time.
TEST_F(FilmPictures, AMissingFirstKeyFrame) {
  Make(Source("4", "-g 50 -keyint_min 50 -sc_threshold 0"), "whole.ts");
  std::string bytes = Bytes(Path("whole.ts"));
  // Without the first of the pictures' packets, but with the tables before it.
  const size_t third = bytes.size() / 188 / 6 * 188;
  SetBytes(Path("cut.ts"), bytes.substr(0, 564) + bytes.substr(third));
  std::string notices;
  ASSERT_STATUS_OK(Copy(Path("cut.ts"), Path("o.mkv"), &notices));
  const auto pictures = Times(Path("o.mkv"), "v"), sounds = Times(Path("o.mkv"), "a");
  EXPECT_GE(pictures.size(), 50u);
  EXPECT_LT(Longest(pictures), 0.06);
  EXPECT_NEAR(pictures.back() - sounds.back(), 0, 0.1);
}

TEST_F(FilmPictures, SizeAndPixelsChangeMidway) {
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -pix_fmt yuv420p -c:v libx264", "a.ts");
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1,scale=128:96 -pix_fmt yuv420p -c:v libx264 -output_ts_offset 1",
       "big.ts");
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -pix_fmt yuv444p -c:v libx264 -output_ts_offset 1", "444.ts");
  Make("-f lavfi -i testsrc2=s=64x48:r=25:d=1 -pix_fmt yuv420p10le -c:v libx264 -output_ts_offset 1",
       "ten.ts");
  for (const char* other : {"big.ts", "444.ts", "ten.ts"}) {
    Join("a.ts", other, "both.ts");
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("both.ts"), Path("o.mkv"), &notices));
    EXPECT_EQ(Times(Path("o.mkv"), "v").size(), 50u) << other;
    EXPECT_LT(Longest(Times(Path("o.mkv"), "v")), 0.06) << other;
    EXPECT_EQ(Probe(Path("o.mkv"), "v", "stream=width,height"), "64\n48\n");
    EXPECT_FALSE(notices.empty()) << other;
    // The second half shows what the first does.
    EXPECT_GT(std::stod(Shell("ffmpeg -v error -i '" + Path("o.mkv") +
                              "' -lavfi '[0:v]split[a][b];[a]trim=end_frame=25,setpts=N/25/TB[x];"
                              "[b]trim=start_frame=25,setpts=N/25/TB[y];[x][y]psnr=f=-' -f null - | "
                              "sed -n 's/.*psnr_y:\\([0-9.]*\\).*/\\1/p' | sort -n | head -1")),
              20)
        << other;
  }
}

// The parts of a joined film may be tagged as they like: the second shows the first's colour.
TEST_F(FilmPictures, MatrixAndRangeChangeMidway) {
  const std::string green = "-f lavfi -i color=0x30c030:s=64x48:r=25:d=0.4 -c:v libx264 -crf 1 -vf scale=";
  Make(green + "out_color_matrix=bt601:out_range=tv,format=yuv420p -colorspace smpte170m -color_range tv",
       "a.ts");
  Make(green +
           "out_color_matrix=bt709:out_range=tv,format=yuv420p -colorspace bt709 -color_range tv "
           "-output_ts_offset 0.4",
       "709.ts");
  Make(green +
           "out_color_matrix=bt601:out_range=pc,format=yuv420p -colorspace smpte170m -color_range pc "
           "-output_ts_offset 0.4",
       "full.ts");
  Make(green + "out_color_matrix=bt601:out_range=tv,format=yuv420p", "plain.ts");
  // 720 lines without a tag are BT.709, 48 are BT.601.
  Make(
      "-f lavfi -i color=0x30c030:s=960x720:r=25:d=0.4 -c:v libx264 -crf 1 -vf "
      "scale=out_color_matrix=bt709:out_range=tv,format=yuv420p -output_ts_offset 0.4",
      "big.ts");
  for (const char* other : {"709.ts", "full.ts", "big.ts"}) {
    SCOPED_TRACE(other);
    Join(std::string(other) == "big.ts" ? "plain.ts" : "a.ts", other, "both.ts");
    std::string notices;
    ASSERT_STATUS_OK(Copy(Path("both.ts"), Path("o.mkv"), &notices));
    ASSERT_STATUS_OK(Copy(Path("both.ts"), Path("o_%02d.png"), &notices));
    EXPECT_NE(notices.find("matrix or range midway"), std::string::npos) << notices;
    for (const char* n : {"3", "15"}) {
      const std::string rgb = Shell("ffmpeg -v error -i '" + Path("o.mkv") + "' -vf 'select=eq(n\\," + n +
                                    "),scale=in_color_matrix=bt601:in_range=tv,format=rgb24' -frames:v 1 "
                                    "-f rawvideo -");
      ASSERT_GE(rgb.size(), 3u);
      EXPECT_NEAR(static_cast<uint8_t>(rgb[0]), 0x30, 3) << n;
      EXPECT_NEAR(static_cast<uint8_t>(rgb[1]), 0xC0, 3) << n;
    }
    for (const char* name : {"o_03.png", "o_15.png"}) {
      const std::string rgb = Shell("ffmpeg -v error -i '" + Path(name) + "' -f rawvideo -pix_fmt rgb24 -");
      ASSERT_GE(rgb.size(), 3u);
      EXPECT_NEAR(static_cast<uint8_t>(rgb[0]), 0x30, 3) << name;
      EXPECT_NEAR(static_cast<uint8_t>(rgb[1]), 0xC0, 3) << name;
    }
  }
}

// A pause in a telecined film is kept, and not filled.
TEST_F(FilmPictures, TelecineWithAPause) {
  Make("-f lavfi -i testsrc2=s=128x96:r=24000/1001:d=2 -pix_fmt yuv420p -c:v ffv1", "film.mkv");
  const std::string tv =
      "-i film.mkv -vf telecine=pattern=23,setfield=tff -c:v mpeg2video -q:v 1 -flags +ilme+ildct ";
  Make(tv, "a.ts");
  Make(tv + "-output_ts_offset 8", "b.ts");
  Join("a.ts", "b.ts", "both.ts");
  ReaderOptions options;
  options.detelecine = true;
  std::vector<double> times;
  const std::string notes = ReadNotes(Path("both.ts"), &times, options);
  EXPECT_NEAR(static_cast<double>(times.size()), 96, 3) << notes;
  EXPECT_NEAR(Longest(times), 6, 0.2) << notes;
}

// What comes through a pipe can be read once only.
TEST_F(FilmPictures, APipeIsReadOnce) {
  Make("-f lavfi -i testsrc2=s=640x480:r=25:d=4 -c:v libx264 -crf 1 -movflags frag_keyframe+empty_moov -g 10",
       "frag.mp4");
  Shell("cd '" + folder_.string() + "' && mkfifo p && { (cat frag.mp4 >p) >/dev/null 2>&1 & }");
  std::vector<double> times;
  const std::string notes = ReadNotes(Path("p"), &times);
  EXPECT_EQ(times.size(), 100u) << notes;
}

}  // namespace
}  // namespace tempera::media
