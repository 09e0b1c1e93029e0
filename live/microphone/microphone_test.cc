// A microphone's recordings, against flashes of the pictures, with a clock of the test's own.
#include "live/microphone/microphone.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstring>
#include <numbers>
#include <thread>

#include "live/fakes_for_test.h"
#include "live/films/film_sinks.h"
#include "media/test_clip.h"

namespace tempera::live {
namespace {

using std::chrono::milliseconds;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kStart = 1000 * kSecond;

// What the test and the microphone's thread share.
struct Room {
  std::atomic<int64_t> now{kStart};
  std::atomic<int64_t> seen{kStart};  // up to where the device has given all
  std::atomic<bool> there{true}, stalled{false}, open{false};
  double fast = 1;
};

// Ticks of ten milliseconds at whole seconds, by a clock that may run fast.
class FakeDevice final : public SoundDevice {
 public:
  explicit FakeDevice(std::shared_ptr<Room> room) : room_(std::move(room)) {}
  Status Open() override {
    if (!room_->there) return NotFound("no microphone");
    from_ns_ = room_->now;
    number_ = 0;
    room_->open = true;
    return OkStatus();
  }
  void Close() override { room_->open = false; }
  Status Read(std::vector<SoundBlock>* blocks) override {
    if (!room_->there) return IoError("it is no longer there");
    const int64_t now = room_->now;
    const double rate = kSoundRate * room_->fast;
    const auto upto = static_cast<int64_t>(static_cast<double>(now - from_ns_) * 1e-9 * rate);
    SoundBlock block;
    block.first_ns = from_ns_ + static_cast<int64_t>(static_cast<double>(number_) * 1e9 / rate);
    for (; number_ < upto; ++number_) {
      const double t = static_cast<double>(from_ns_ - kStart) * 1e-9 + static_cast<double>(number_) / rate;
      const double part = t - std::floor(t);
      const double value = part < 0.01 ? 0.8 * std::cos(2 * std::numbers::pi * 2000 * part) : 0;
      block.samples.insert(block.samples.end(), 2, static_cast<float>(value));
    }
    if (!block.samples.empty() && !room_->stalled) blocks->push_back(std::move(block));
    room_->seen = now;
    std::this_thread::sleep_for(milliseconds(1));
    return OkStatus();
  }
  void Stop() override {}
  std::string name() const override { return "Fake"; }

 private:
  const std::shared_ptr<Room> room_;
  int64_t from_ns_ = 0, number_ = 0;
};

class LiveMicrophone : public media::ClipTest {
 protected:
  void SetUp() override {
    media::ClipTest::SetUp();
    microphone_ =
        Microphone::Start(std::make_unique<FakeDevice>(room_), [r = room_] { return r->now.load(); }).value();
  }
  // Time goes on by a frame, once the microphone has heard all before.
  void Frame(int64_t number, Sink* sink) const {
    room_->now = kStart + kSecond / 2 + number * kSecond / 30;
    if (!room_->open || !room_->there) {
      std::this_thread::sleep_for(milliseconds(25));
    } else {
      for (int i = 0; i < 2000 && room_->seen < room_->now && room_->open; ++i)
        std::this_thread::sleep_for(milliseconds(1));
    }
    if (!sink) return;
    PaintedFrame painted;
    // Frame 15 of 30 is that of a whole second.
    painted.frame = GreyFrame(64, 48, number % 30 == 15 ? 235 : 16);
    painted.source.captured_ns = room_->now;
    painted.source.number = painted.number = number;
    painted.painted_ns = room_->now + 5'000'000;
    painted.fps = 30;
    ASSERT_TRUE((number == begin_ ? sink->Open(painted) : OkStatus()).ok());
    ASSERT_TRUE(sink->Show(painted).ok());
  }
  std::unique_ptr<Sink> Recording(const std::string& path) const {
    RecordingOptions options;
    options.path = path;
    options.sound = microphone_->sound();
    return MakeRecordingSink(options);
  }
  static std::vector<double> Flashes(const std::string& path) {
    std::vector<double> flashes;
    auto reader = media::VideoReader::Open(path, {}).value();
    while (auto frame = reader->Read().value()) {
      if (frame->planes[0][0] > 128) flashes.push_back(static_cast<double>(frame->pts_us) * 1e-6);
    }
    return flashes;
  }
  // Where it becomes loud behind silence. Beside the picture's own beginning, as players do it.
  static std::vector<double> Ticks(const std::string& path) {
    const std::string raw =
        Shell("ffmpeg -nostdin -v error -i '" + path +
              "' -vn -af aresample=async=1:min_hard_comp=0.002:first_pts=0 -ac 1 -ar 48000 -f f32le -");
    std::vector<double> ticks;
    int64_t loud = -kSoundRate;
    for (size_t i = 0; i + 4 <= raw.size(); i += 4) {
      float value = 0;
      std::memcpy(&value, &raw[i], 4);
      if (std::fabs(value) < 0.2F) continue;
      const auto n = static_cast<int64_t>(i / 4);
      if (n - loud > kSoundRate / 4) ticks.push_back(static_cast<double>(n) / kSoundRate);
      loud = n;
    }
    return ticks;
  }
  static std::string Codec(const std::string& path) {
    return Shell("ffprobe -v error -select_streams a -show_entries stream=codec_name -of csv=p=0 '" + path +
                 "'");
  }
  // Each tick lies beside a flash; how many.
  static size_t InSync(const std::string& path, double most_s) {
    const auto flashes = Flashes(path), ticks = Ticks(path);
    for (const double tick : ticks) {
      double nearest = 9;
      for (const double flash : flashes)
        nearest = std::abs(flash - tick) < std::abs(nearest) ? tick - flash : nearest;
      EXPECT_NEAR(nearest, 0, most_s) << path << " at " << tick;
    }
    return ticks.size();
  }

  int64_t begin_ = 0;
  std::shared_ptr<Room> room_ = std::make_shared<Room>();
  std::unique_ptr<Microphone> microphone_;
};

TEST_F(LiveMicrophone, StaysInSyncThoughItsClockRunsFast) {
  room_->fast = 1.001;  // after 30 s a frame
  struct Case {
    const char* name;
    const char* codec;
  };
  const Case cases[] = {{"r.mp4", "aac"}, {"r.mkv", "opus"}, {"r.ts", "aac"}};
  std::vector<std::unique_ptr<Sink>> sinks;
  for (const Case& c : cases) sinks.push_back(Recording(Path(c.name)));
  begin_ = 7;
  for (int64_t i = 0; i < begin_; ++i) Frame(i, nullptr);
  for (int64_t i = begin_; i < 22 * 30; ++i) {
    for (const auto& sink : sinks) Frame(i, sink.get());
  }
  for (const auto& sink : sinks) ASSERT_TRUE(sink->Close().ok());
  for (const Case& c : cases) {
    EXPECT_EQ(Codec(Path(c.name)).substr(0, std::strlen(c.codec)), c.codec) << c.name;
    EXPECT_GE(InSync(Path(c.name), 0.02), 21u) << c.name;
  }
  EXPECT_EQ(microphone_->trouble(), "");
}

TEST_F(LiveMicrophone, GoesAndStallsAndComesBack) {
  const std::string path = Path("gone.mp4");
  const auto sink = Recording(path);
  std::string gone, stalled, after;
  for (int64_t i = 0; i < 16 * 30; ++i) {
    const double t = 0.5 + static_cast<double>(i) / 30;
    room_->there = t < 3.5 || t > 6.3;
    room_->stalled = t > 9.5 && t < 12.7;
    Frame(i, sink.get());
    if (t > 6.0 && t < 6.2) gone = microphone_->trouble();
    if (t > 12.4 && t < 12.6) stalled = microphone_->trouble();
    if (t > 15) after = microphone_->trouble();
  }
  ASSERT_TRUE(sink->Close().ok());
  EXPECT_NE(gone.find("lost, silence is recorded: it is no longer there"), std::string::npos) << gone;
  EXPECT_NE(stalled.find("'Fake' gives no sound, silence is recorded"), std::string::npos) << stalled;
  EXPECT_EQ(after, "");
  // Of 16 seconds those are missing that nobody heard: 4 to 6 (7, where it is found a second later), 10
  // to 12.
  const size_t heard = InSync(path, 0.02);
  EXPECT_GE(heard, 8u);
  EXPECT_LE(heard, 10u);
  // The sound is as long as the picture.
  const auto ticks = Ticks(path);
  ASSERT_FALSE(ticks.empty());
  EXPECT_GT(ticks.back(), 14);
}

TEST_F(LiveMicrophone, IsSilentWhileMuted) {
  const std::string path = Path("muted.mkv");
  const auto sink = Recording(path);
  for (int64_t i = 0; i < 6 * 30; ++i) {
    microphone_->SetMuted(i > 30 && i < 4 * 30);
    Frame(i, sink.get());
  }
  ASSERT_TRUE(sink->Close().ok());
  const size_t heard = InSync(path, 0.02);
  EXPECT_EQ(heard, 3u);  // 1, and from 4.5 on: 5, 6
}

TEST(Microphone, OneThatIsNotThereIsAnErrorAtOnce) {
  const auto room = std::make_shared<Room>();
  room->there = false;
  EXPECT_FALSE(Microphone::Start(std::make_unique<FakeDevice>(room)).ok());
}

}  // namespace
}  // namespace tempera::live
