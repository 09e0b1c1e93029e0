#include "live/timeline/timeline.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "live/timeline/timeline_frame.h"
#include "live/timeline/timeline_writer.h"

namespace tempera::live {
namespace {

class TimelineTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() /
              (std::string("tempera_timeline_") + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Contents(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  Result<Timeline> ReadBack(const std::string& text) const {
    std::ofstream(Path("made.json"), std::ios::binary) << text;
    return ReadTimeline(Path("made.json"));
  }

  static media::Frame Picture(int shade, int width = 32, int height = 24) {
    media::Frame frame = media::Frame::Allocate(media::PixelFormat::kI420, width, height).value();
    for (int plane = 0; plane < 3; ++plane) {
      const int rows = plane ? (height + 1) / 2 : height;
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < frame.stride_bytes[plane]; ++x)
          frame.planes[plane][ptrdiff_t{y} * frame.stride_bytes[plane] + x] =
              static_cast<uint8_t>(shade + 3 * x + 5 * y);
      }
    }
    return frame;
  }
  // Captured frame `number` at 30 a second, and painted 10 ms later.
  static PaintedFrame PaintingOf(int number) {
    PaintedFrame painted;
    painted.source.frame = Picture(number);
    painted.source.number = number;
    painted.source.captured_ns = int64_t{5'000'000'000} + number * int64_t{33'333'333};
    painted.painted_ns = painted.source.captured_ns + 10'000'000;
    return painted;
  }
  // Ten frames captured, every second one painted, another style at the third.
  void WriteTen(TimelineWriter* writer) {
    Settings settings;
    settings.style = "great-wave";
    for (int i = 0; i < 10; ++i) {
      const PaintedFrame painted = PaintingOf(i);
      writer->Captured(painted.source);
      if (i % 2) continue;
      Change change;
      if (i == 0) {
        change.path = "/no/such/great-wave.onnx", change.height = 360, change.reset = true;
        change.values["strength"] = {0.3f};
      }
      if (i == 4) {
        settings.style = "gallery:\"a\"\n";
        settings.mirror = true;
        change.path = "/no/such/gallery.onnx";
        change.values["style_weights"] = {0.1f, 1.f / 3, 16777217.f};
      }
      writer->Painted(painted, settings, change);
    }
  }
  std::unique_ptr<TimelineWriter> Writer(const std::string& name) {
    TimelineInfo info;
    info.source = "a camera";
    info.precision = "fp32";
    info.source_recording = "source.mkv";
    return TimelineWriter::Create(Path(name), info).value();
  }
  static void ExpectTen(const Timeline& t) {
    ASSERT_EQ(t.frames.size(), 5u);
    EXPECT_EQ(t.info.source, "a camera");
    EXPECT_EQ(t.info.precision, "fp32");
    EXPECT_FALSE(t.info.cpu.empty());
    EXPECT_EQ(t.info.source_recording, "source.mkv");
    for (int i = 0; i < 5; ++i) {
      EXPECT_EQ(t.frames[i].source, 2 * i);
      EXPECT_EQ(t.frames[i].time_us, (2 * i * int64_t{33'333'333}) / 1000);
      EXPECT_EQ(t.frames[i].sum, SumOf(Picture(2 * i)));
    }
    ASSERT_EQ(t.changes.size(), 2u);
    const TimelineChange &a = t.changes[0], &b = t.changes[1];
    EXPECT_TRUE(a.opens && a.reset && !a.state.mirror && a.frame == 0);
    EXPECT_EQ(a.state.path, "/no/such/great-wave.onnx");
    EXPECT_EQ(a.state.height, 360);
    EXPECT_EQ(a.values.at("strength"), std::vector<float>{0.3f});
    EXPECT_TRUE(b.opens && !b.reset && b.state.mirror && b.frame == 2);
    EXPECT_EQ(b.state.style, "gallery:\"a\"\n");
    EXPECT_EQ(b.state.height, 0);
    EXPECT_EQ(b.state.width, 32);
    EXPECT_EQ(b.values.at("style_weights"), (std::vector<float>{0.1f, 1.f / 3, 16777217.f}));
  }
  std::filesystem::path folder_;
};

TEST_F(TimelineTest, ComesBackAsWritten) {
  auto writer = Writer("live.json");
  WriteTen(writer.get());
  EXPECT_FALSE(std::filesystem::exists(Path("live.json")));
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_FALSE(std::filesystem::exists(writer->write_path()));
  const Result<Timeline> read = ReadTimeline(Path("live.json"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_TRUE(read->complete);
  ExpectTen(*read);
}

TEST_F(TimelineTest, OfAKilledSessionAllButTheLastLineIsThere) {
  auto writer = Writer("live.json");
  WriteTen(writer.get());
  const std::string part = writer->write_path();
  EXPECT_EQ(ReadTimeline(part)->frames.size(), 2u) << "written before the change";
  writer.reset();  // as if killed, but for its last line
  EXPECT_FALSE(std::filesystem::exists(Path("live.json")));
  const Result<Timeline> read = ReadTimeline(part);
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_FALSE(read->complete);
  ExpectTen(*read);
  // Cut anywhere, it gives less, or says that it is none.
  const std::string whole = Contents("live.json.part");
  size_t most = 0;
  for (size_t n = 0; n < whole.size(); ++n) {
    const Result<Timeline> cut = ReadBack(whole.substr(0, n));
    if (cut.ok()) {
      EXPECT_GE(cut->frames.size(), most);
      most = cut->frames.size();
    } else {
      EXPECT_EQ(most, 0u) << cut.status().message();
    }
  }
  EXPECT_EQ(most, 2u);
  // The next session leaves it alone.
  auto next = Writer("live.json");
  EXPECT_NE(next->write_path(), part);
  WriteTen(next.get());
  ASSERT_TRUE(next->Close().ok());
  EXPECT_TRUE(std::filesystem::exists(part));
}

TEST_F(TimelineTest, AFrozenFrameIsPaintedAgainAsTimePasses) {
  auto writer = Writer("live.json");
  PaintedFrame painted = PaintingOf(0);
  writer->Captured(painted.source);
  Change change;
  change.path = "m.onnx";
  for (int i = 0; i < 3; ++i) {
    writer->Painted(painted, {}, i ? Change() : change);
    painted.painted_ns += 40'000'000;
  }
  ASSERT_TRUE(writer->Close().ok());
  const Result<Timeline> read = ReadTimeline(Path("live.json"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  ASSERT_EQ(read->frames.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(read->frames[i].source, 0);
    EXPECT_EQ(read->frames[i].time_us, 40'000 * i);
  }
}

TEST_F(TimelineTest, BegunMidwayItsTimeBeginsWithItsFirstPainting) {
  auto writer = Writer("live.json");
  Change change;
  change.path = "m.onnx";
  writer->Painted(PaintingOf(30), {}, change);  // captured before
  for (const int i : {31, 32}) {
    writer->Captured(PaintingOf(i).source);
    writer->Painted(PaintingOf(i), {}, {});
  }
  ASSERT_TRUE(writer->Close().ok());
  const Result<Timeline> read = ReadTimeline(Path("live.json"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->frames.at(0).time_us, 0);
  EXPECT_NEAR(static_cast<double>(read->frames.at(2).time_us), 66'667, 2);
}

TEST_F(TimelineTest, MasksAreWrittenWithTheFrameTheyHoldFrom) {
  using Shows = MaskCast::Region::Shows;
  auto writer = Writer("live.json");
  MaskChange opens;
  opens.opens = true;
  opens.cast = {"/no/such/per\"son.onnx",
                {{"tempera.mask.values", "logits"}, {"tempera.layout", "NHWC \"BGR\""}},
                {{"background", Shows::kStyle, -1, {"great-wave.onnx", "wave"}},
                 {"sofa", Shows::kBlur, 2.5f},
                 {"tv", Shows::kInput},
                 {"", Shows::kOwn}}};
  opens.height = 180;
  opens.numbers = MaskNumbers{1.3f, 0.7f, 0.1f, 3};
  opens.values = {{{"strength", {0.1f}}}};
  for (int i = 0; i < 5; ++i) {
    const PaintedFrame painted = PaintingOf(i);
    writer->Captured(painted.source);
    Change change;
    if (i == 0) change.path = "m.onnx";
    if (i == 1) change.mask = opens, change.reset = true;
    if (i == 2) change.mask.numbers = MaskNumbers{};
    if (i == 3) change.mask.values = {{{"strength", {0.9f}}}};
    if (i == 4) change.mask.off = true;
    writer->Painted(painted, {}, change);
  }
  ASSERT_TRUE(writer->Close().ok());
  const Result<Timeline> read = ReadTimeline(Path("live.json"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  const std::vector<TimelineChange>& changes = read->changes;
  ASSERT_EQ(changes.size(), 5u);
  EXPECT_FALSE(changes[0].state.mask.on || changes[0].mask_opens);
  EXPECT_TRUE(changes[1].state.mask.on && changes[1].mask_opens && changes[1].reset);
  EXPECT_EQ(changes[1].frame, 1u);
  EXPECT_EQ(changes[1].state.mask.cast, opens.cast);
  EXPECT_EQ(changes[1].state.mask.height, 180);
  EXPECT_EQ(changes[1].state.mask.numbers, opens.numbers);
  EXPECT_EQ(changes[1].mask_values, opens.values);
  EXPECT_TRUE(changes[2].state.mask.on && !changes[2].mask_opens);
  EXPECT_EQ(changes[2].state.mask.numbers, MaskNumbers());
  EXPECT_EQ(changes[3].mask_values.at(0).at("strength"), std::vector<float>{0.9f});
  EXPECT_FALSE(changes[4].state.mask.on);
  // Changed by hand: it is refused, and nothing else happens.
  const std::string whole = Contents("live.json");
  for (const auto& [from, to] :
       {std::pair<std::string, std::string>{"\"shows\": \"none\"", "\"shows\": \"all\""},
        {"\"blur\": 2.5", "\"blur\": 1e9"},
        {"\"every\": 3", "\"every\": 0"},
        {"\"threshold\": 0.7", "\"threshold\": 7"},
        {"\"regions\": [", "\"region\": ["},
        {"\"height\": 180", "\"height\": -1"},
        {"[{\"strength\": [0.9]}]", "[{}, {\"strength\": [0.9]}]"},
        {"\"mask\": null", "\"mask\": 0"}}) {
    std::string text = whole;
    ASSERT_NE(text.find(from), std::string::npos) << from;
    text.replace(text.find(from), from.size(), to);
    EXPECT_FALSE(ReadBack(text).ok()) << to;
  }
}

TEST_F(TimelineTest, AnHourIsSmallAndReadFast) {
  auto writer = Writer("live.json");
  const PaintedFrame first = PaintingOf(0);
  Change change;
  change.path = "m.onnx";
  for (int i = 0; i < 100'000; ++i) {
    PaintedFrame painted = first;
    painted.source.number = i;
    painted.source.captured_ns += i * int64_t{33'333'333} + i * int64_t{7919} % 100'000;
    painted.painted_ns = painted.source.captured_ns + 10'000'000;
    writer->Captured(painted.source);
    writer->Painted(painted, {}, i ? Change() : change);
  }
  ASSERT_TRUE(writer->Close().ok());
  EXPECT_LT(std::filesystem::file_size(Path("live.json")), 3u << 20);
  const Result<Timeline> read = ReadTimeline(Path("live.json"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_EQ(read->frames.size(), 100'000u);
}

// A process that is killed, really.
TEST_F(TimelineTest, KilledWithoutWarning) {
  const pid_t child = fork();
  if (child == 0) {
    auto writer = Writer("live.json");
    const PaintedFrame first = PaintingOf(0);
    for (int i = 0; i < 100; ++i) {
      PaintedFrame painted = first;
      painted.source.number = i;
      painted.source.captured_ns += i * int64_t{33'333'333};
      painted.painted_ns = painted.source.captured_ns;
      Change change;
      if (i == 0) change.path = "m.onnx";
      writer->Captured(painted.source);
      writer->Painted(painted, {}, change);
    }
    kill(getpid(), SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  const Result<Timeline> read = ReadTimeline(Path("live.json.part"));
  ASSERT_TRUE(read.ok()) << read.status().message();
  EXPECT_GE(read->frames.size(), 100u - 31) << "all but a second";
  EXPECT_FALSE(read->complete);
}

TEST_F(TimelineTest, AFullDiskIsSaidAndEndsNothing) {
  auto writer = Writer("live.json");
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  rlimit small = before;
  small.rlim_cur = 2000;
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &small);
  PaintedFrame painted = PaintingOf(0);
  writer->Captured(painted.source);
  Change change;
  change.path = "m.onnx";
  for (int i = 0; i < 600; ++i) {
    painted.painted_ns += 1'000'000;
    writer->Painted(painted, {}, i ? Change() : change);
  }
  const std::string trouble = writer->trouble();
  const Status closed = writer->Close();
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(trouble.find("cannot write the timeline"), std::string::npos) << trouble;
  EXPECT_EQ(closed.code(), StatusCode::kIo);
  EXPECT_FALSE(std::filesystem::exists(Path("live.json")));
  EXPECT_FALSE(TimelineWriter::Create(Path("no/folder.json"), {}).ok());
}

TEST_F(TimelineTest, WrongOnesAreRefusedByName) {
  const std::string head = R"({"tempera_timeline":1,"events":[)";
  const std::string open = R"({"change":{"open":"m","size":[4,4]}},)";
  for (const std::string& text : std::vector<std::string>{
           "",
           "{}",
           "[]",
           "null",
           "{\"tempera_timeline\":2,\"events\":[]}",
           head + "]}",
           head + open + "{}]}",
           head + R"({"frames":{"source":[[1,1]],"time_us":[0],"sum":[1]}}]})",
           head + open + R"({"frames":{"source":[[1,2]],"time_us":[0],"sum":[1]}}]})",
           head + open + R"({"frames":{"source":[[1,-1]],"time_us":[0],"sum":[1]}}]})",
           head + open + R"({"frames":{"source":[[-1,1]],"time_us":[0],"sum":[1]}}]})",
           head + open + R"({"frames":{"source":[[1,99999999999999999999]],"time_us":[0],"sum":[1]}}]})",
           head + open + R"({"frames":{"source":[[0,2]],"time_us":[0,0],"sum":[1,1]}}]})",
           head + open + R"({"frames":{"source":[[0,1]],"time_us":[0],"sum":[4294967296]}}]})",
           head + open + R"({"frames":{"source":[[0,1]],"time_us":[1e30],"sum":[1]}}]})",
           head + R"({"change":{"open":"m","size":[4,0]}}]})",
           head + R"({"change":{"open":"m","size":[4,4],"values":{"a":[]}}}]})",
           head + R"({"change":{"open":"m","size":[4,4],"values":{"a":[1e300]}}}]})",
           std::string(200'000, '['),
           head + std::string(100'000, '['),
           head + open +
               R"({"frames":{"source":[[0,1]],"time_us":[0],"sum":[1]}},{"end":{"painted":2}}]})"}) {
    const Result<Timeline> read = ReadBack(text);
    ASSERT_FALSE(read.ok()) << text.substr(0, 200);
    EXPECT_NE(read.status().message().find("made.json"), std::string::npos);
    EXPECT_EQ(read.status().message().find('\n'), std::string::npos);
  }
  EXPECT_TRUE(ReadBack(head + open + R"({"frames":{"source":[[0,1]],"time_us":[0],"sum":[1]}}]})").ok());
  EXPECT_FALSE(ReadTimeline(Path("none.json")).ok());
}

// Bytes changed, removed and doubled at random: an error or a timeline whose promises hold.
TEST_F(TimelineTest, DamageAtRandom) {
  auto writer = Writer("live.json");
  WriteTen(writer.get());
  ASSERT_TRUE(writer->Close().ok());
  const std::string good = Contents("live.json");
  std::mt19937 random(7);
  int read_ones = 0;
  for (int round = 0; round < 1000; ++round) {
    std::string text = good;
    for (int k = 1 + static_cast<int>(random() % 3); k > 0; --k) {
      const size_t at = random() % text.size(), n = random() % 8;
      static constexpr char kBytes[] = "0123456789-.e,:[]{}\"\\ntf \n\xff";
      if (random() % 3 == 0)
        text.erase(at, n);
      else if (random() % 2)
        text.insert(at, text.substr(random() % text.size(), n * n));
      else
        text[at] = kBytes[random() % (sizeof kBytes - 1)];
    }
    const Result<Timeline> read = ReadBack(text);
    if (!read.ok()) {
      EXPECT_EQ(read.status().message().find('\n'), std::string::npos);
      continue;
    }
    ++read_ones;
    ASSERT_FALSE(read->frames.empty());
    ASSERT_FALSE(read->changes.empty());
    EXPECT_EQ(read->changes[0].frame, 0u);
    EXPECT_FALSE(read->changes[0].state.path.empty());
    for (size_t i = 1; i < read->frames.size(); ++i) {
      EXPECT_GE(read->frames[i].source, read->frames[i - 1].source);
      EXPECT_GT(read->frames[i].time_us, read->frames[i - 1].time_us);
    }
    for (const TimelineChange& change : read->changes) EXPECT_LT(change.frame, read->frames.size());
  }
  EXPECT_GT(read_ones, 30);
}

TEST_F(TimelineTest, FramesAreToldApartByTheirPixels) {
  EXPECT_EQ(SumOf(Picture(3)), SumOf(Picture(3)));
  EXPECT_NE(SumOf(Picture(3)), SumOf(Picture(4)));
  EXPECT_NE(SumOf(Picture(3)), SumOf(Picture(3, 31)));
}

}  // namespace
}  // namespace tempera::live
