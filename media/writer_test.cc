#include "media/writer.h"

#include <sched.h>
#include <sys/stat.h>

#include "media/test_clip.h"
#include "media/thread_rank.h"

namespace tempera::media {
namespace {

class Writer : public ClipTest {};

TEST_F(Writer, AdviceFitsTheContainer) {
  Make("-f lavfi -i testsrc2=s=64x48:r=10:d=0.4 -c:v libx264", "a.mp4");
  WriterOptions options;
  options.crf = 20;
  const Status gif = Copy(Path("a.mp4"), Path("o.gif"), nullptr, {}, options);
  EXPECT_EQ(gif.message().find("libx264"), std::string::npos) << gif.message();
  EXPECT_NE(gif.message().find("gif has no --crf: leave it out, or write .mp4"), std::string::npos)
      << gif.message();
  options.codec = "ffv1";
  const Status mkv = Copy(Path("a.mp4"), Path("o.mkv"), nullptr, {}, options);
  EXPECT_NE(mkv.message().find("or use --codec libx264"), std::string::npos) << mkv.message();
}

TEST_F(Writer, SoundSubtitlesChaptersAndTitlesSurvive) {
  std::ofstream(Path("s.srt")) << "1\n00:00:00,200 --> 00:00:00,900\nHello & <i>goodbye</i>\n";
  std::ofstream(Path("m.txt"))
      << ";FFMETADATA1\ntitle=A walk\nartist=Nobody\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=500\n"
         "title=First\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=500\nEND=1000\ntitle=Second\n";
  const std::string inputs =
      "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -f lavfi -i sine=440:d=1 -f lavfi -i sine=880:d=1 "
      "-i s.srt -i m.txt -map 0 -map 1 -map 2 -map 3 -map_metadata 4 -map_chapters 4 "
      "-metadata:s:a:0 language=eng -metadata:s:a:1 language=fra -c:v libx264 ";
  const std::string mkv = Make(inputs + "-c:a aac -c:s srt", "a.mkv");
  const std::string mp4 = Make(inputs + "-c:a aac -c:s mov_text", "a.mp4");
  for (const auto& [from, name] :
       {std::pair{mkv, "b.mkv"}, {mp4, "b.mp4"}, {mkv, "c.mp4"}, {mp4, "c.mkv"}, {mp4, "c.mov"}}) {
    const std::string to = Path(name);
    std::string notices;
    ASSERT_STATUS_OK(Copy(from, to, &notices));
    EXPECT_EQ(Probe(to, "v", "stream=codec_name"), "h264\n") << name;
    EXPECT_EQ(PacketDigest(from, "a"), PacketDigest(to, "a")) << name;
    EXPECT_EQ(Probe(to, "a", "stream_tags=language"), "eng\nfra\n") << name;
    EXPECT_EQ(Probe(to, "s", "stream=codec_type"), "subtitle\n") << name;
    const std::string words = Shell("ffmpeg -v error -i '" + to + "' -map 0:s -f srt -");
    EXPECT_NE(words.find("Hello & <i>goodbye</i>"), std::string::npos) << name << words;
    // Matroska starts 23 ms later, so that the encoder's run-in of the sound is not negative.
    EXPECT_TRUE(words.find("00:00:00,200 --> 00:00:00,900") != std::string::npos ||
                words.find("00:00:00,223 --> 00:00:00,923") != std::string::npos)
        << name << words;
    const std::string chapters = Shell("ffprobe -v error -show_chapters -of default=nw=1 '" + to + "'");
    EXPECT_NE(chapters.find("title=First"), std::string::npos) << name;
    EXPECT_NE(chapters.find("title=Second"), std::string::npos) << name;
    EXPECT_NE(chapters.find("start_time=0.500000"), std::string::npos) << name;
    const std::string format =
        Shell("ffprobe -v error -show_entries format_tags -of default=nw=1 '" + to + "'");
    EXPECT_NE(format.find("title=A walk"), std::string::npos) << name << format;
    EXPECT_NE(format.find("=Nobody"), std::string::npos) << name << format;
  }
}

TEST_F(Writer, SoundThatDoesNotFitIsConvertedAndSaid) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -f lavfi -i sine=440:d=1 -ac 2 -c:v libx264 "
      "-c:a pcm_s16le",
      "a.mkv");
  for (const auto& [name, codec] : {std::pair{"b.mp4", "aac\n"}, {"b.webm", "opus\n"}}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(clip, Path(name), &notices));
    EXPECT_EQ(Probe(Path(name), "a", "stream=codec_name"), codec);
    EXPECT_NE(notices.find("sound (pcm_s16le) becomes"), std::string::npos) << notices;
    const double seconds = std::stod(Probe(Path(name), "a", "format=duration"));
    EXPECT_NEAR(seconds, 1.0, 0.1) << name;
  }
}

// Frames that this room did not make: a camera's, a plugin's.
TEST_F(Writer, ForeignFramesAreWrittenToo) {
  VideoInfo info;
  info.width = 50, info.height = 34;
  info.time_base = {1, 10};
  info.frame_rate = {10, 1};
  WriterOptions options;
  options.codec = "ffv1";
  auto writer = VideoWriter::Open(Path("f.mkv"), info, nullptr, options);
  ASSERT_TRUE(writer.ok()) << writer.status().message();
  for (int i = 0; i < 5; ++i) {
    auto pixels = std::make_shared<std::vector<uint8_t>>(64 * 34 + 2 * 32 * 17, static_cast<uint8_t>(40 * i));
    Frame frame;
    frame.format = PixelFormat::kI420;
    frame.width = 50, frame.height = 34;
    frame.planes[0] = pixels->data();
    frame.planes[1] = frame.planes[0] + 64 * 34;
    frame.planes[2] = frame.planes[1] + 32 * 17;
    frame.stride_bytes[0] = 64;
    frame.stride_bytes[1] = frame.stride_bytes[2] = 32;
    frame.pts = i;
    frame.storage = std::move(pixels);
    ASSERT_STATUS_OK((*writer)->Write(frame));
  }
  ASSERT_STATUS_OK((*writer)->Finish());
  const std::string luma = Shell("ffmpeg -nostdin -v error -i '" + Path("f.mkv") +
                                 "' -vf extractplanes=y,scale=1:1 -f rawvideo -pix_fmt gray - | od -An -tu1");
  EXPECT_EQ(luma, "   0  40  80 120 160\n");
}

TEST_F(Writer, VariableTimingIsKeptExactly) {
  // Frames at 0, 1, 3, 6, 10, ... tenths.
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -vf setpts='N*(N+1)/2/10/TB' -vsync vfr "
      "-c:v libx264 -bf 2",
      "a.mp4");
  const std::string want = Probe(clip, "v", "packet=pts_time,duration_time");
  for (const char* name : {"b.mp4", "b.mkv"}) {
    ASSERT_STATUS_OK(Copy(clip, Path(name)));
    const std::string sorted =
        "ffprobe -v error -select_streams v -show_entries frame=best_effort_timestamp_time -of csv=p=0 ";
    const std::string a = Shell(sorted + clip + " | cut -c1-5"),
                      b = Shell(sorted + Path(name) + " | cut -c1-5");
    EXPECT_EQ(a, b) << name;
    EXPECT_NE(a.find("4.500"), std::string::npos) << a;
  }
}

TEST_F(Writer, PixelShapeAndColourTagsAreKept) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -vf setsar=4/3 -c:v libx264 -color_primaries bt709 "
      "-color_trc bt709 -colorspace bt709 -color_range tv",
      "a.mp4");
  const char* entries =
      "stream=sample_aspect_ratio,color_range,color_space,color_transfer,color_primaries,width,height";
  for (const char* name : {"b.mp4", "b.mkv", "b.mov"}) {
    ASSERT_STATUS_OK(Copy(clip, Path(name)));
    EXPECT_EQ(Probe(Path(name), "v", entries), Probe(clip, "v", entries)) << name;
  }
}

TEST_F(Writer, FullRangeTagIsKept) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -vf scale=out_range=full,format=yuv420p "
      "-color_range pc -c:v libx264",
      "a.mp4");
  ASSERT_STATUS_OK(Copy(clip, Path("b.mp4")));
  EXPECT_EQ(Probe(Path("b.mp4"), "v", "stream=color_range"), "pc\n");
}

TEST_F(Writer, OddSizesKeepTheirSize) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -vf format=yuv444p,crop=63:47:0:0:exact=1 -pix_fmt yuv420p "
      "-c:v ffv1",
      "a.mkv");
  for (const char* name : {"b.mp4", "b.webm"}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(clip, Path(name), &notices));
    EXPECT_EQ(Probe(Path(name), "v", "stream=width,height"), "63\n47\n") << name;
    if (std::string(name) == "b.mp4") {
      EXPECT_NE(notices.find("odd size 63x47"), std::string::npos) << notices;
    }
  }
}

TEST_F(Writer, RotatedVideoIsUprightWithoutMatrix) {
  Make("-f lavfi -i testsrc2=s=64x48:r=10:d=0.5 -vf setsar=2/1 -c:v libx264", "flat.mp4");
  const std::string clip = Make("-i flat.mp4 -c copy -metadata:s:v:0 rotate=90", "a.mp4");
  ASSERT_STATUS_OK(Copy(clip, Path("b.mp4")));
  EXPECT_EQ(Probe(Path("b.mp4"), "v", "stream=width,height,sample_aspect_ratio"), "48\n64\n1:2\n");
  EXPECT_EQ(Shell("ffprobe -v error -show_streams '" + Path("b.mp4") + "' | grep -c rotation || true"),
            "0\n");
}

TEST_F(Writer, TrimTakesSoundAlong) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=4 -f lavfi -i sine=440:d=4 -c:v libx264 -g 10 -c:a aac", "a.mp4");
  ReaderOptions options;
  options.start_s = 1.5;
  options.duration_s = 1;
  ASSERT_STATUS_OK(Copy(clip, Path("b.mp4"), nullptr, options));
  EXPECT_EQ(Probe(Path("b.mp4"), "v", "stream=nb_frames"), "10\n");
  EXPECT_NEAR(std::stod(Probe(Path("b.mp4"), "a", "stream=duration")), 1.0, 0.06);
}

TEST_F(Writer, ManyContainersPlayBack) {
  const std::string clip = Make(
      "-f lavfi -i testsrc2=s=64x48:r=10:d=1 -f lavfi -i sine=440:d=1 -ac 2 -c:v libx264 -c:a aac", "a.mp4");
  for (const char* name :
       {"b.mp4", "b.mkv", "b.mov", "b.webm", "b.avi", "b.ts", "b.flv", "b.gif", "b.mpg", "b.y4m", "b.nut"}) {
    std::string notices;
    ASSERT_STATUS_OK(Copy(clip, Path(name), &notices));
    const std::string frames = Shell(
        "ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames -of "
        "default=nw=1:nk=1 '" +
        Path(name) + "' | head -1");
    EXPECT_EQ(frames, "10\n") << name << notices;
  }
}

// One test a codec: each has its own libraries and threads, and a failure names its codec.
struct NamedCodec {
  const char* name;    // as a user writes it
  const char* stored;  // as ffprobe calls it
};
class WriterCodec : public ClipTest, public ::testing::WithParamInterface<NamedCodec> {};

TEST_P(WriterCodec, IsWrittenAndReadBack) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=128x96:r=10:d=0.5 -c:v libx264", "a.mp4");
  WriterOptions options;
  options.codec = GetParam().name;
  ASSERT_STATUS_OK(Copy(clip, Path("b.mkv"), nullptr, {}, options));
  EXPECT_EQ(Probe(Path("b.mkv"), "v", "stream=codec_name"), std::string(GetParam().stored) + "\n");
  // ffprobe counts what its decoder gives back, so a file of broken packets fails too.
  EXPECT_EQ(Shell("ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames "
                  "-of default=nw=1:nk=1 '" +
                  Path("b.mkv") + "'"),
            "5\n");
}

INSTANTIATE_TEST_SUITE_P(EveryName, WriterCodec,
                         ::testing::Values(NamedCodec{"hevc", "hevc"}, NamedCodec{"h265", "hevc"},
                                           NamedCodec{"libx264", "h264"}, NamedCodec{"av1", "av1"},
                                           NamedCodec{"ffv1", "ffv1"}, NamedCodec{"vp9", "vp9"},
                                           NamedCodec{"mpeg4", "mpeg4"}, NamedCodec{"prores", "prores"},
                                           NamedCodec{"mjpeg", "mjpeg"}),
                         [](const auto& tested) { return std::string(tested.param.name); });

TEST_F(Writer, UnknownCodecsAndFormatsAreRefused) {
  EXPECT_FALSE(CheckCodec("nonsense", "b.mp4").ok());
  EXPECT_FALSE(CheckCodec("aac", "b.mp4").ok());
  EXPECT_TRUE(CheckCodec("", "b.mp4").ok());
  EXPECT_FALSE(CheckVideoName("b.xyz").ok());
  EXPECT_FALSE(CheckVideoName("b").ok());
  EXPECT_FALSE(CheckVideoName("b.wav").ok());
}

// SVT-AV1 run by root raises its caller and all threads and children after it above the whole machine.
TEST_F(Writer, EncodersLeaveRankAlone) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=128x96:r=10:d=0.5 -c:v libx264", "a.mp4");
  const int ours = sched_getscheduler(0);
  for (const char* codec : {"av1", "hevc", "vp9", "libx264"}) {
    auto reader = VideoReader::Open(clip, {});
    ASSERT_TRUE(reader.ok()) << reader.status().message();
    WriterOptions options;
    options.codec = codec;
    auto writer = VideoWriter::Open(Path("b.mkv"), (*reader)->info(), reader->get(), options);
    ASSERT_TRUE(writer.ok()) << codec << ": " << writer.status().message();
    EXPECT_EQ(sched_getscheduler(0), ours) << codec;
    const std::vector<int> threads = ThreadNumbers();
    EXPECT_GT(threads.size(), 1u) << codec;
    for (const int thread : threads) {
      const int policy = sched_getscheduler(thread);
      if (policy >= 0) {
        EXPECT_EQ(policy, ours) << codec;
      }
    }
  }
  EXPECT_EQ(sched_getscheduler(0), ours);
}

// SVT-AV1 waits for ever when it is closed before its first picture.
TEST_F(Writer, GivingUpEndsAfterAnyNumberOfFrames) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=128x96:r=10:d=0.5 -c:v libx264", "a.mp4");
  for (const char* codec : {"av1", "hevc", "vp9", "libx264", "ffv1"}) {
    for (int frames : {0, 1, 3}) {
      auto reader = VideoReader::Open(clip, {});
      ASSERT_TRUE(reader.ok()) << reader.status().message();
      WriterOptions options;
      options.codec = codec;
      auto writer = VideoWriter::Open(Path("b.mkv"), (*reader)->info(), reader->get(), options);
      ASSERT_TRUE(writer.ok()) << codec << ": " << writer.status().message();
      for (int i = 0; i < frames; ++i) {
        auto frame = (*reader)->Read();
        ASSERT_TRUE(frame.ok() && frame->has_value());
        ASSERT_STATUS_OK((*writer)->Write(**frame));
      }
      writer->reset();
      EXPECT_EQ(FilesInFolder(), 1u) << codec;
    }
  }
}

TEST_F(Writer, NothingUnderTheNameUntilFinished) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v libx264", "a.mp4");
  std::ofstream(Path("b.mp4")) << "what stood there before";
  {
    auto reader = VideoReader::Open(clip, {});
    ASSERT_TRUE(reader.ok());
    auto writer = VideoWriter::Open(Path("b.mp4"), (*reader)->info(), reader->get(), {});
    ASSERT_TRUE(writer.ok()) << writer.status().message();
    auto frame = (*reader)->Read();
    ASSERT_TRUE(frame.ok() && frame->has_value());
    ASSERT_STATUS_OK((*writer)->Write(**frame));
    EXPECT_EQ(FilesInFolder(), 3u);
  }
  EXPECT_EQ(FilesInFolder(), 2u) << "the temporary file is gone";
  EXPECT_EQ(std::filesystem::file_size(Path("b.mp4")), 23u);
  ASSERT_STATUS_OK(Copy(clip, Path("b.mp4")));
  EXPECT_EQ(FilesInFolder(), 2u);
  EXPECT_GT(std::filesystem::file_size(Path("b.mp4")), 1000u);
}

TEST_F(Writer, UnwritablePlacesAreSaidAtOnce) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=64x48:r=10:d=1 -c:v libx264", "a.mp4");
  std::filesystem::create_directory(Path("folder.mp4"));
  for (const std::string& name : {Path("no/such/b.mp4"), Path("folder.mp4"), Path("b.nothing")}) {
    const Status status = Copy(clip, name);
    ASSERT_FALSE(status.ok()) << name;
    EXPECT_NE(status.message().find(name), std::string::npos) << status.message();
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  }
  EXPECT_EQ(FilesInFolder(), 2u);
}

TEST_F(Writer, FullDiskIsAnErrorWithTheCause) {
  const std::string clip = Make("-f lavfi -i testsrc2=s=640x480:r=10:d=1 -c:v libx264 -crf 1", "a.mp4");
  // /dev/full fails every write; a symbolic link gives it a name with a format.
  std::filesystem::create_symlink("/dev/full", Path("b.mkv"));
  const Status status = Copy(clip, Path("b.mkv"));
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.message().find("No space left"), std::string::npos) << status.message();
}

}  // namespace
}  // namespace tempera::media
