#include "media/reader.h"

#include <cmath>

#include "media/test_clip.h"

namespace tempera::media {
namespace {

class Reader : public ClipTest {
 protected:
  struct Seen {
    VideoInfo info;
    std::vector<int64_t> pts_us;
    std::vector<Frame> frames;
    std::string notices;
  };
  static Seen ReadAll(const std::string& path, const ReaderOptions& options = {}) {
    Seen seen;
    auto reader = VideoReader::Open(path, options);
    EXPECT_TRUE(reader.ok()) << reader.status().message();
    if (!reader.ok()) return seen;
    seen.info = (*reader)->info();
    for (;;) {
      auto frame = (*reader)->Read();
      EXPECT_TRUE(frame.ok()) << frame.status().message();
      if (!frame.ok() || !frame->has_value()) break;
      seen.pts_us.push_back((*frame)->pts_us);
      seen.frames.push_back(**frame);
    }
    for (const std::string& n : (*reader)->notices()) seen.notices += n + "\n";
    return seen;
  }
  // Mean luma of a box.
  static double Luma(const Frame& f, int x0, int y0, int w, int h) {
    double sum = 0;
    for (int y = y0; y < y0 + h; ++y) {
      for (int x = x0; x < x0 + w; ++x) sum += f.planes[0][y * f.stride_bytes[0] + x];
    }
    return sum / (w * h);
  }
};

TEST_F(Reader, GivesPlainVideoUnchanged) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v ffv1 -pix_fmt yuv420p", "a.mkv");
  const Seen seen = ReadAll(clip);
  EXPECT_EQ(seen.info.width, 64);
  EXPECT_EQ(seen.info.height, 48);
  EXPECT_EQ(seen.info.estimated_frames, 10);
  EXPECT_EQ(seen.notices, "");
  ASSERT_EQ(seen.frames.size(), 10u);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(seen.pts_us[i], i * 100000);
  // Byte for byte what ffmpeg itself decodes.
  const std::string raw = Shell("ffmpeg -v error -i '" + clip + "' -f rawvideo -pix_fmt yuv420p -");
  ASSERT_EQ(raw.size(), size_t(10) * 64 * 48 * 3 / 2);
  for (int i = 0; i < 10; ++i) {
    const Frame& f = seen.frames[i];
    ASSERT_EQ(f.format, PixelFormat::kI420);
    for (int y = 0; y < 48; ++y) {
      ASSERT_EQ(0, memcmp(f.planes[0] + y * f.stride_bytes[0], raw.data() + i * 4608 + y * 64, 64));
    }
  }
}

TEST_F(Reader, StartAndDurationCutExactly) {
  // Key frames only at 0: the frames between must be decoded and dropped.
  const std::string clip = Make("-f lavfi -i testsrc2=s=64x48:r=10:d=3 -c:v libx264 -g 300 -bf 2", "a.mp4");
  ReaderOptions options;
  options.start_s = 1.25;
  options.duration_s = 1;
  const Seen seen = ReadAll(clip, options);
  ASSERT_EQ(seen.pts_us.size(), 10u);  // 1.3 .. 2.2
  EXPECT_EQ(seen.pts_us.front(), 50000);
  EXPECT_EQ(seen.pts_us.back(), 950000);
  EXPECT_EQ(seen.info.estimated_frames, 10);
  options.start_s = 100;
  auto late = VideoReader::Open(clip, options);
  ASSERT_FALSE(late.ok());
  EXPECT_NE(late.status().message().find("ends before"), std::string::npos) << late.status().message();
}

// Times of which a sum or a change of units would not fit 64 bits.
TEST_F(Reader, TimestampsAtTheEndOf64BitsStillRise) {
  for (const char* name : {"late.nut", "late.mkv"}) {
    const std::string clip = Make(
        "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v ffv1 -pix_fmt yuv420p -output_ts_offset 9223372036000",
        name);
    const Seen all = ReadAll(clip);
    ASSERT_EQ(all.pts_us.size(), 10u) << name;
    for (int i = 0; i < 10; ++i) EXPECT_NEAR(all.pts_us[i] - all.pts_us[0], i * 100000, 1000) << name;
  }
}

// Sound that goes on for long before there is a picture is not held in memory to any length.
TEST_F(Reader, EarlyPacketsAreBounded) {
  const std::string clip = Make(
      "-f lavfi -i anullsrc=r=192000:cl=7.1:d=30 -itsoffset 31 -f lavfi -i color=s=32x32:r=5:d=1 -map 1:v "
      "-map 0:a "
      "-c:v ffv1 -c:a pcm_s16le -cues_to_front 0 -max_interleave_delta 0",
      "early.mkv");
  const Seen seen = ReadAll(clip);
  EXPECT_EQ(seen.frames.size(), 5u);
  EXPECT_NE(seen.notices.find("packets"), std::string::npos) << seen.notices;
}

TEST_F(Reader, TurnsRotatedVideoUpright) {
  // White in the left half; a quarter turn clockwise takes it to the top.
  Make("-f lavfi -i color=black:s=64x48:r=5:d=0.4 -vf drawbox=0:0:32:48:white:fill -c:v libx264 -crf 1",
       "flat.mp4");
  const std::string turned = Make("-i flat.mp4 -c copy -metadata:s:v:0 rotate=270", "turned.mp4");
  const Seen seen = ReadAll(turned);
  ASSERT_FALSE(seen.frames.empty());
  EXPECT_EQ(seen.info.width, 48);
  EXPECT_EQ(seen.info.height, 64);
  const std::string raw =
      Shell("ffmpeg -v error -i '" + turned + "' -frames:v 1 -f rawvideo -pix_fmt gray -");
  ASSERT_EQ(raw.size(), 48u * 64u);
  const bool top_white = static_cast<uint8_t>(raw[10]) > 128;
  EXPECT_EQ(Luma(seen.frames[0], 0, 0, 48, 24) > 128, top_white);
  EXPECT_EQ(Luma(seen.frames[0], 0, 40, 48, 24) > 128, !top_white);
  EXPECT_NE(seen.notices.find("upright"), std::string::npos);
}

TEST_F(Reader, TenBitBecomesEight) {
  const std::string clip =
      Make("-f lavfi -i testsrc2=s=64x48:r=5:d=1 -pix_fmt yuv422p10le -c:v ffv1", "a.mkv");
  const Seen seen = ReadAll(clip);
  ASSERT_EQ(seen.frames.size(), 5u);
  EXPECT_EQ(seen.frames[0].format, PixelFormat::kI420);
  EXPECT_NE(seen.notices.find("10-bit becomes 8-bit"), std::string::npos);
  EXPECT_NE(seen.notices.find("4:2:0"), std::string::npos);
  const std::string raw = Shell("ffmpeg -v error -i '" + clip + "' -frames:v 1 -f rawvideo -pix_fmt gray -");
  double difference = 0;
  const std::string limited =
      Shell("ffmpeg -v error -i '" + clip + "' -frames:v 1 -f rawvideo -pix_fmt yuv420p -");
  for (int y = 0; y < 48; ++y) {
    for (int x = 0; x < 64; ++x) {
      difference += std::abs(seen.frames[0].planes[0][y * seen.frames[0].stride_bytes[0] + x] -
                             static_cast<uint8_t>(limited[y * 64 + x]));
    }
  }
  EXPECT_LT(difference / (64 * 48), 1.0);
}

TEST_F(Reader, FullRangeStaysFull) {
  const std::string clip = Make(
      "-f lavfi -i color=white:s=64x48:r=5:d=0.4 -vf scale=out_range=full,format=yuv420p -color_range pc "
      "-c:v libx264 -crf 1",
      "a.mp4");
  const Seen seen = ReadAll(clip);
  ASSERT_FALSE(seen.frames.empty());
  EXPECT_TRUE(seen.frames[0].full_range);
  EXPECT_GT(Luma(seen.frames[0], 0, 0, 64, 48), 250);
}

TEST_F(Reader, WeavesNoCombs) {
  // Two fields of a bar that moves fast: woven together they would alternate line by line.
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=128x96:r=50:d=1 -vf interlace,setfield=tff "
      "-c:v libx264 -flags +ilme+ildct -crf 5",
      "a.mkv");
  const Seen seen = ReadAll(clip);
  EXPECT_NE(seen.notices.find("interlaced"), std::string::npos);
  EXPECT_EQ(seen.frames.size(), 25u);
  for (size_t i = 1; i < seen.pts_us.size(); ++i)
    EXPECT_NEAR(seen.pts_us[i] - seen.pts_us[i - 1], 40000, 1000);
}

TEST_F(Reader, ToneMapsHdr) {
  for (const char* transfer : {"smpte2084", "arib-std-b67"}) {
    const std::string clip = Make(
        "-f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -pix_fmt yuv420p10le -c:v libx265 -x265-params "
        "log-level=none:colorprim=bt2020:colormatrix=bt2020nc:transfer=" +
            std::string(transfer) + " -color_trc " + transfer +
            " -color_primaries bt2020 -colorspace bt2020nc",
        "hdr.mp4");
    const Seen seen = ReadAll(clip);
    ASSERT_FALSE(seen.frames.empty());
    EXPECT_NE(seen.notices.find("tone-mapped"), std::string::npos) << transfer;
    EXPECT_EQ(seen.info.color_transfer, 1) << "BT.709";
    EXPECT_EQ(seen.info.color_space, 1);
    EXPECT_EQ(seen.info.color_primaries, 1);
    // 2 frames at 8 bits, neither black nor white throughout.
    const double mean = Luma(seen.frames[0], 0, 0, 64, 48);
    EXPECT_GT(mean, 40);
    EXPECT_LT(mean, 230);
  }
}

TEST_F(Reader, OddSizesAndOneTinyPixel) {
  Seen seen =
      ReadAll(Make("-f lavfi -i testsrc2=s=64x48:r=5:d=0.4 -vf format=yuv444p,crop=63:47:0:0:exact=1 "
                   "-pix_fmt yuv420p -c:v ffv1",
                   "odd.mkv"));
  ASSERT_FALSE(seen.frames.empty());
  EXPECT_EQ(seen.info.width, 63);
  EXPECT_EQ(seen.info.height, 47);
  seen = ReadAll(Make(
      "-f lavfi -i color=red:s=8x8:r=5:d=0.4 -vf format=yuv444p,crop=1:1:0:0:exact=1 -c:v ffv1", "one.mkv"));
  ASSERT_EQ(seen.frames.size(), 2u);
  EXPECT_EQ(seen.info.width, 1);
}

TEST_F(Reader, ChangeOfSizeIsScaled) {
  Make("-f lavfi -i testsrc2=s=64x48:r=5:d=1 -c:v mpeg2video -f mpegts", "1.ts");
  Make("-f lavfi -i testsrc2=s=96x72:r=5:d=1 -c:v mpeg2video -output_ts_offset 1 -f mpegts", "2.ts");
  Shell("cat " + Path("1.ts") + " " + Path("2.ts") + " > " + Path("both.ts"));
  const Seen seen = ReadAll(Path("both.ts"));
  EXPECT_GE(seen.frames.size(), 9u);
  for (const Frame& f : seen.frames) {
    EXPECT_EQ(f.width, 64);
    EXPECT_EQ(f.height, 48);
  }
  EXPECT_NE(seen.notices.find("picture size"), std::string::npos);
}

TEST_F(Reader, DamageInTheMiddleIsCarriedOver) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=128x96:r=10:d=4 -c:v libx264 -g 10 -crf 10", "a.mkv");
  std::fstream file(clip, std::ios::in | std::ios::out | std::ios::binary);
  file.seekg(0, std::ios::end);
  const std::streamoff size = file.tellg();
  for (int i = 0; i < 40; ++i) {
    file.seekp(size * 2 / 5 + i * 97);
    file.write("\x13\x37\xff", 3);
  }
  file.close();
  const Seen seen = ReadAll(clip);
  EXPECT_GT(seen.frames.size(), 20u);
  EXPECT_LE(seen.frames.size(), 40u);
  EXPECT_NE(seen.notices.find("damaged"), std::string::npos) << seen.notices;
  for (size_t i = 1; i < seen.pts_us.size(); ++i) EXPECT_GT(seen.pts_us[i], seen.pts_us[i - 1]);
}

TEST_F(Reader, CutShortIsSaid) {
  const std::string clip =
      Make("-f lavfi -i testsrc2=s=128x96:r=10:d=10 -c:v libx264 -movflags +faststart", "a.mp4");
  std::filesystem::resize_file(clip, std::filesystem::file_size(clip) / 2);
  const Seen seen = ReadAll(clip);
  EXPECT_GT(seen.frames.size(), 10u);
  EXPECT_LT(seen.frames.size(), 99u);
  EXPECT_NE(seen.notices.find("breaks off"), std::string::npos) << seen.notices;
}

TEST_F(Reader, RubbishIsOneLineThatNamesIt) {
  std::ofstream(Path("text.mp4")) << "dear diary, this is no video\n";
  std::ofstream(Path("empty.mp4"));
  Make("-f lavfi -i sine=d=0.2", "sound.wav");
  for (const char* name : {"text.mp4", "empty.mp4", "sound.wav", "missing.mp4"}) {
    auto reader = VideoReader::Open(Path(name), {});
    ASSERT_FALSE(reader.ok()) << name;
    EXPECT_NE(reader.status().message().find(name), std::string::npos) << reader.status().message();
    EXPECT_EQ(reader.status().message().find('\n'), std::string::npos);
  }
}

TEST_F(Reader, HostileY4mHeadersAreRefused) {
  for (const char* header : {
           "YUV4MPEG2 W99999999 H99999999 F25:1\nFRAME\n",
           "YUV4MPEG2 W40000 H16 F25:1\nFRAME\n",
           "YUV4MPEG2 W-5 H10 F25:1\nFRAME\n",
           "YUV4MPEG2 W0 H0\nFRAME\n",
           "YUV4MPEG2\n",
           "YUV4MPEG2 W16 H16 F0:0 C420garbage\nFRAME\n",
           "YUV4MPEG2 W16 H16 F25:1\nFRAM",
           "YUV4MPEG2 W16 H16 F25:1\nFRAME\n0123456789",
           "YUV4MPEG2 W2147483647 H2 F25:1 C444\nFRAME\n",
       }) {
    std::ofstream(Path("bad.y4m"), std::ios::binary) << header;
    auto reader = VideoReader::Open(Path("bad.y4m"), {});
    ASSERT_FALSE(reader.ok()) << header;
    EXPECT_NE(reader.status().message().find("bad.y4m"), std::string::npos) << reader.status().message();
  }
}

TEST_F(Reader, Y4mOfManyKindsIsRead) {
  for (const char* kind : {"yuv420p", "yuv422p", "yuv444p", "gray"}) {
    const std::string clip =
        Make("-f lavfi -i testsrc2=s=34x18:r=5:d=0.6 -pix_fmt " + std::string(kind), "a.y4m");
    const Seen seen = ReadAll(clip);
    EXPECT_EQ(seen.frames.size(), 3u) << kind;
    EXPECT_EQ(seen.info.width, 34) << kind;
  }
}

TEST_F(Reader, CancelEndsReading) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=64x48:r=10:d=3 -c:v ffv1", "a.mkv");
  std::atomic<bool> cancel{false};
  ReaderOptions options;
  options.cancel = &cancel;
  auto reader = VideoReader::Open(clip, options);
  ASSERT_TRUE(reader.ok());
  cancel = true;
  int frames = 0;
  for (;; ++frames) {
    auto frame = (*reader)->Read();
    ASSERT_TRUE(frame.ok());
    if (!frame->has_value()) break;
  }
  EXPECT_LT(frames, 30);
}

}  // namespace
}  // namespace tempera::media
