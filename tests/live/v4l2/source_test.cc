// Which frame is read, its number and its time; a camera that stalls; a reader that is told to stop.
#include <gmock/gmock.h>

#include <thread>

#include "tests/live/v4l2/desk.h"

namespace tempera::live {
namespace {

using SourceTest = DeviceDesk;

void Sleep(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

TEST_F(SourceTest, NumbersAreTheDevices) {
  Plug(0, "format YUYV 640x480 50\n");
  const auto source = Open({"0", "", 0, 0, 50});
  ASSERT_NE(source, nullptr);
  int64_t before = -1;
  for (int i = 0; i < 10; ++i) {
    const auto frame = Next(source.get());
    ASSERT_TRUE(frame.ok()) << frame.status().message();
    EXPECT_EQ(frame->number, NumberOf(frame->frame));
    EXPECT_GT(frame->number, before);
    EXPECT_FALSE(frame->cut);
    before = frame->number;
  }
}

TEST_F(SourceTest, NewestFrameWins) {
  Plug(0, "format YUYV 640x480 100\n");
  const auto source = Open({"0", "", 0, 0, 100});
  ASSERT_NE(source, nullptr);
  ASSERT_TRUE(Next(source.get()).ok());
  // Four buffers are full after 40 ms; the camera has gone on without one since then.
  Sleep(300);
  const auto late = Next(source.get());
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->number, NumberOf(late->frame));
  EXPECT_GE(late->number, 4);
  // All of them went back: the next one is new, and those that were lost are counted.
  const auto next = Next(source.get());
  ASSERT_TRUE(next.ok());
  EXPECT_EQ(next->number, NumberOf(next->frame));
  EXPECT_GE(next->number, late->number + 15);
  EXPECT_LT(NowNs() - next->captured_ns, 100'000'000);
}

TEST_F(SourceTest, TimesAreTheDevices) {
  Plug(0, "format YUYV 640x480 20\n");
  const auto source = Open({"0", "", 0, 0, 20});
  ASSERT_TRUE(Next(source.get()).ok());
  Sleep(30);
  // Made 50 ms apart; read 20 ms late where the reader is late, which its time does not show.
  const auto first = Next(source.get());
  const auto second = Next(source.get());
  ASSERT_TRUE(first.ok() && second.ok());
  const int64_t apart = second->captured_ns - first->captured_ns;
  EXPECT_NEAR(static_cast<double>(apart), 50e6 * static_cast<double>(second->number - first->number), 2e3);
}

TEST_F(SourceTest, TimesThatCannotBeAreNot) {
  for (const char* kind : {"future", "ancient", "unknown"}) {
    Plug(0, std::string("format YUYV 640x480 50\ntimestamp ") + kind + "\n");
    const auto source = Open({"0", "", 0, 0, 50});
    const auto frame = Next(source.get());
    ASSERT_TRUE(frame.ok());
    EXPECT_LE(frame->captured_ns, NowNs()) << kind;
    EXPECT_GT(frame->captured_ns, NowNs() - 1'000'000'000) << kind;
  }
}

TEST_F(SourceTest, NumbersGrowWhateverTheDriverCounts) {
  for (const char* kind : {"zero", "back", "jump"}) {
    Plug(0, std::string("format YUYV 640x480 100\nsequence ") + kind + "\n");
    const auto source = Open({"0", "", 0, 0, 100});
    int64_t before = -1;
    for (int i = 0; i < 8; ++i) {
      const auto frame = Next(source.get());
      ASSERT_TRUE(frame.ok());
      EXPECT_GT(frame->number, before) << kind;
      EXPECT_LT(frame->number, before + 50) << kind;
      before = frame->number;
    }
  }
}

TEST_F(SourceTest, AStallIsNotYet) {
  Plug(0, "format YUYV 640x480 100\nstall 5 400\n");
  const auto source = Open({"0", "", 0, 0, 100});
  SourceFrame frame;
  int waits = 0;
  int64_t longest = 0;
  for (int64_t number = -1; number < 8;) {
    const int64_t begun = NowNs();
    const auto got = source->Read(&frame);
    longest = std::max(longest, NowNs() - begun);
    ASSERT_TRUE(got.ok()) << got.status().message();
    if (*got == Source::Got::kFrame) number = frame.number;
    waits += *got == Source::Got::kNotYet;
    ASSERT_LT(waits, 100);
  }
  EXPECT_GE(waits, 3);
  EXPECT_LT(longest, 200'000'000);
}

TEST_F(SourceTest, StopEndsReading) {
  Plug(0, "format YUYV 640x480 30\nstall 0\n");
  const auto source = Open({"0", "", 0, 0, 0});
  SourceFrame frame;
  ASSERT_EQ(source->Read(&frame).value(), Source::Got::kNotYet);
  source->Stop();
  const int64_t begun = NowNs();
  EXPECT_EQ(source->Read(&frame).status().code(), StatusCode::kCancelled);
  EXPECT_LT(NowNs() - begun, 50'000'000);
  EXPECT_EQ(source->Open().code(), StatusCode::kCancelled);
}

TEST_F(SourceTest, FramesOutliveTheCamera) {
  Plug(0, "format MJPG 640x480 100\n");
  auto source = Open({"0", "", 0, 0, 100});
  std::vector<SourceFrame> frames;
  for (int i = 0; i < 6; ++i) frames.push_back(Next(source.get()).value());
  source->Close();
  source.reset();
  for (const SourceFrame& f : frames) EXPECT_EQ(Differs(f.frame, static_cast<uint32_t>(f.number)), 0);
}

TEST_F(SourceTest, ManyTimesLeavesNothingOpen) {
  Plug(0, "format MJPG 640x480 100\n");
  const auto files = [] {
    const std::filesystem::directory_iterator all("/proc/self/fd");
    return std::distance(begin(all), end(all));
  };
  const auto source = Open({"0", "", 0, 0, 100});
  source->Close();
  const auto before = files();
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(source->Open().ok());
    ASSERT_TRUE(Next(source.get()).ok());
    source->Close();
  }
  EXPECT_EQ(files(), before);
}

}  // namespace
}  // namespace tempera::live
