#include "live/session.h"

#include <gtest/gtest.h>

#include <thread>

#include "live/fakes_for_test.h"

namespace tempera::live {
namespace {

using std::chrono::milliseconds;
using SourceState = Statistics::SourceState;

bool Eventually(const std::function<bool()>& holds) {
  for (int i = 0; i < 1000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return false;
}

class LiveSessionTest : public testing::Test {
 protected:
  std::unique_ptr<Session> Start(SessionOptions options = {},
                                 std::function<Status(const SourceFrame&)> fails = {}) {
    return Session::Start(options, std::make_unique<FakeSource>(source_),
                          std::make_unique<FakePainter>(&delay_ms_, std::move(fails)), &controls_)
        .value();
  }
  std::shared_ptr<FakeSourceState> source_ = std::make_shared<FakeSourceState>();
  std::shared_ptr<FakeSinkState> sink_ = std::make_shared<FakeSinkState>();
  std::atomic<int> delay_ms_{0};
  Controls controls_{Settings{}};
};

// Remembers what it was told.
class Notes : public Witness {
 public:
  void Captured(const SourceFrame& frame) override {
    std::lock_guard lock(mutex);
    captured.push_back(frame.number);
  }
  void Painted(const PaintedFrame& painted, const Settings& settings, const Change& change) override {
    std::lock_guard lock(mutex);
    from.push_back(painted.source.number);
    mirrored.push_back(settings.mirror);
    if (change.reset) resets.push_back(painted.source.number);
  }
  std::mutex mutex;
  std::vector<int64_t> captured, from, resets;
  std::vector<bool> mirrored;
};

TEST_F(LiveSessionTest, PaintsWhatComes) {
  auto session = Start();
  session->AddSink(std::make_unique<FakeSink>(sink_, Sink::Pace::kEvery));
  int64_t last = -1;
  for (int i = 0; i < 10; ++i) {
    source_->Put(static_cast<uint8_t>(i * 10));
    const Painted painted = session->WaitForPainting(last, milliseconds(5000));
    ASSERT_NE(painted, nullptr);
    EXPECT_EQ(painted->frame.planes[0][0], i * 10 + 1);
    EXPECT_EQ(painted->source.frame.planes[0][0], i * 10);
    last = painted->number;
  }
  EXPECT_EQ(session->statistics().dropped, 0);
  EXPECT_TRUE(session->Stop().ok());
  EXPECT_EQ(sink_->shown.size(), 10u);
  EXPECT_EQ(sink_->closed, 1);
}

TEST_F(LiveSessionTest, TheNewestFrameWins) {
  Notes notes;
  SessionOptions options;
  options.witness = &notes;
  auto session = Start(options);
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  delay_ms_ = 300;
  source_->Put(1);
  std::this_thread::sleep_for(milliseconds(100));  // it is being painted
  for (int i = 2; i < 8; ++i) source_->Put(static_cast<uint8_t>(i));
  Painted last;
  ASSERT_TRUE(Eventually([&] {
    const Painted next = session->WaitForPainting(last ? last->number : -1, milliseconds(50));
    if (next) last = next;
    return last && last->source.number == 7;
  }));
  const Statistics s = session->statistics();
  EXPECT_EQ(s.captured, 8);
  EXPECT_EQ(s.captured, s.painted + s.dropped);
  EXPECT_GE(s.dropped, 4);
  (void)session->Stop();
  EXPECT_EQ(notes.captured.size(), 8u);
}

TEST_F(LiveSessionTest, ACutIsNotLostWithItsFrame) {
  Notes notes;
  SessionOptions options;
  options.witness = &notes;
  auto session = Start(options);
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  delay_ms_ = 300;
  source_->Put(1);
  std::this_thread::sleep_for(milliseconds(100));
  source_->Put(2, /*cut=*/true);
  source_->Put(3);
  source_->Put(4);
  ASSERT_TRUE(Eventually([&] { return session->statistics().painted >= 3; }));
  (void)session->Stop();
  ASSERT_FALSE(notes.resets.empty());
  EXPECT_EQ(notes.resets.back(), notes.from[2]);
}

// Opens a model for its second frame, and then cannot paint that.
class Stumbling final : public Painter {
 public:
  Status Paint(const SourceFrame&, const Settings&, media::Frame*, Change* change) override {
    if (painted_++ != 1) return OkStatus();
    change->path = "opened.onnx";
    change->reset = true;
    return OutOfMemory("not this one");
  }
  void Restate() override {}
  std::vector<Parameter> Parameters() const override { return {}; }
  uint64_t parameters_version() const override { return 0; }
  int height() const override { return 0; }
  bool opening() const override { return false; }
  int working_width() const override { return 64; }
  int working_height() const override { return 48; }
  std::string trouble() const override { return ""; }
  void Stop() override {}

 private:
  int painted_ = 0;
};

TEST_F(LiveSessionTest, AChangeIsNotLostWithAFrameThatFailed) {
  class Paths final : public Notes {
   public:
    void Painted(const PaintedFrame& painted, const Settings& settings, const Change& change) override {
      Notes::Painted(painted, settings, change);
      std::lock_guard lock(mutex);
      paths.push_back(change.path);
    }
    std::vector<std::string> paths;
  } notes;
  std::atomic<int> ticks{0};
  SessionOptions options;
  options.witness = &notes;
  options.tick = [&](int64_t) { ++ticks; };
  auto session = Session::Start(options, std::make_unique<FakeSource>(source_), std::make_unique<Stumbling>(),
                                &controls_)
                     .value();
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  source_->Put(1);
  ASSERT_TRUE(Eventually([&] { return session->statistics().painter_message == "not this one"; }));
  source_->Put(2);
  ASSERT_TRUE(Eventually([&] { return session->statistics().painted == 2; }));
  (void)session->Stop();
  EXPECT_EQ(notes.paths, (std::vector<std::string>{"", "opened.onnx"}));
  EXPECT_EQ(notes.resets, std::vector<int64_t>{2});
  EXPECT_GE(ticks, 3);
}

TEST_F(LiveSessionTest, CountsWhatTheDeviceSkipped) {
  auto session = Start();
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  source_->Put(1, false, /*skipped=*/3);
  ASSERT_NE(session->WaitForPainting(0, milliseconds(5000)), nullptr);
  EXPECT_EQ(session->statistics().dropped, 3);
}

TEST_F(LiveSessionTest, ADeviceThatWasPulledComesBack) {
  source_->comes_back = true;
  auto session = Start();
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  source_->Set(&FakeSourceState::back, false);
  source_->Set(&FakeSourceState::lost, true);
  ASSERT_TRUE(Eventually([&] { return session->statistics().source_state == SourceState::kLost; }));
  EXPECT_FALSE(session->statistics().source_message.empty());
  EXPECT_TRUE(session->running());
  source_->Set(&FakeSourceState::back, true);
  source_->Put(50);
  const Painted painted = session->WaitForPainting(0, milliseconds(5000));
  ASSERT_NE(painted, nullptr);
  EXPECT_EQ(painted->frame.planes[0][0], 51);
  EXPECT_EQ(session->statistics().source_message, "");
}

TEST_F(LiveSessionTest, WhatWasNeverThereIsAnError) {
  source_->back = false;
  source_->comes_back = true;
  auto session = Start();
  ASSERT_TRUE(Eventually([&] { return !session->running(); }));
  EXPECT_EQ(session->status().message(), "no device");
}

TEST_F(LiveSessionTest, EndsWithItsSource) {
  SessionOptions options;
  options.ends_with_source = true;
  auto session = Start(options);
  source_->Put(9);
  source_->Set(&FakeSourceState::ended, true);
  ASSERT_TRUE(Eventually([&] { return !session->running(); }));
  EXPECT_TRUE(session->status().ok());
  EXPECT_EQ(session->statistics().painted, 1);
}

TEST_F(LiveSessionTest, AFrozenPictureIsPaintedAnewWhenSomethingIsTurned) {
  auto session = Start();
  source_->Put(10);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  controls_.SetFreeze(true);
  ASSERT_TRUE(Eventually([&] { return session->statistics().painted >= 2; }));
  source_->Put(99);
  controls_.SetHeight(100);
  ASSERT_TRUE(Eventually([&] { return session->statistics().painted >= 3; }));
  const Painted painted = session->WaitForPainting(-1, milliseconds(1000));
  ASSERT_NE(painted, nullptr);
  EXPECT_EQ(painted->source.frame.planes[0][0], 10);
}

TEST_F(LiveSessionTest, AnErrorBeforeTheFirstPaintingEndsIt) {
  auto session = Start({}, [](const SourceFrame&) { return NotFound("no such model"); });
  source_->Put(0);
  ASSERT_TRUE(Eventually([&] { return !session->running(); }));
  EXPECT_EQ(session->status().message(), "no such model");
}

TEST_F(LiveSessionTest, AnErrorInBetweenIsSaidAndPassed) {
  auto session = Start({}, [](const SourceFrame& f) { return f.number == 1 ? IoError("one") : OkStatus(); });
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  source_->Put(1);
  ASSERT_TRUE(Eventually([&] { return session->statistics().painter_message == "one"; }));
  source_->Put(2);
  ASSERT_NE(session->WaitForPainting(0, milliseconds(5000)), nullptr);
  EXPECT_EQ(session->statistics().painter_message, "");
}

TEST_F(LiveSessionTest, ASlowSinkHoldsNobodyUp) {
  auto session = Start();
  sink_->delay_ms = 200;
  session->AddSink(std::make_unique<FakeSink>(sink_, Sink::Pace::kNewest));
  const int64_t start = NowNs();
  for (int i = 0; i < 20; ++i) {
    source_->Put(static_cast<uint8_t>(i));
    ASSERT_NE(session->WaitForPainting(i - 1, milliseconds(5000)), nullptr);
  }
  EXPECT_LT(NowNs() - start, 3'000'000'000);  // one by one they would take four seconds
  ASSERT_TRUE(Eventually([&] {
    std::lock_guard lock(sink_->mutex);
    return !sink_->shown.empty() && sink_->shown.back() == 20;
  }));
  const auto state = session->statistics().sinks.at(0);
  EXPECT_EQ(state.shown + state.dropped, 20);
}

TEST_F(LiveSessionTest, APacedSinkIsFedEvenlyFromOnePicture) {
  auto session = Start();
  session->AddSink(std::make_unique<FakeSink>(sink_, Sink::Pace::kPaced, 50));
  source_->Put(7);
  ASSERT_TRUE(Eventually([&] {
    std::lock_guard lock(sink_->mutex);
    return sink_->shown.size() >= 25;
  }));
  (void)session->Stop();
  std::lock_guard lock(sink_->mutex);
  for (int value : sink_->shown) EXPECT_EQ(value, 8);
  const double seconds = static_cast<double>(sink_->times_ns[24] - sink_->times_ns[0]) * 1e-9;
  EXPECT_GT(seconds, 0.4);  // never faster than asked: 24 intervals of 20 ms
}

TEST_F(LiveSessionTest, ASinkComesBack) {
  auto session = Start();
  session->AddSink(std::make_unique<FakeSink>(sink_, Sink::Pace::kNewest, 30, /*comes_back=*/true));
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  ASSERT_TRUE(Eventually([&] { return session->statistics().sinks.at(0).shown == 1; }));
  sink_->refuses = true;
  source_->Put(1);
  ASSERT_TRUE(Eventually([&] { return session->statistics().sinks.at(0).message == "gone"; }));
  sink_->refuses = false;
  ASSERT_TRUE(Eventually([&] {
    source_->Put(2);
    std::this_thread::sleep_for(milliseconds(20));
    return session->statistics().sinks.at(0).shown > 1;
  }));
  EXPECT_EQ(session->statistics().sinks.at(0).message, "");
  EXPECT_EQ(sink_->opened, 2);
}

TEST_F(LiveSessionTest, SinksComeAndGoWhileItRuns) {
  auto session = Start();
  for (int i = 0; i < 20; ++i) {
    auto state = std::make_shared<FakeSinkState>();
    const int id = session->AddSink(std::make_unique<FakeSink>(state, Sink::Pace::kEvery));
    source_->Put(static_cast<uint8_t>(i));
    ASSERT_NE(session->WaitForPainting(i - 1, milliseconds(5000)), nullptr);
    EXPECT_TRUE(session->RemoveSink(id).ok());
    EXPECT_EQ(state->shown, std::vector<int>{i + 1});
    EXPECT_EQ(state->closed, 1);
  }
  EXPECT_EQ(session->RemoveSink(12345).code(), StatusCode::kNotFound);
}

TEST_F(LiveSessionTest, LimitsTheRate) {
  controls_.SetFps(10);
  auto session = Start();
  const int64_t start = NowNs();
  while (NowNs() - start < 1'000'000'000) {
    source_->Put(1);
    std::this_thread::sleep_for(milliseconds(10));
  }
  const int64_t painted = session->statistics().painted;
  EXPECT_GE(painted, 5);
  EXPECT_LE(painted, 12);
}

TEST_F(LiveSessionTest, MirrorsAndSaysThatNothingFollows) {
  Notes notes;
  SessionOptions options;
  options.witness = &notes;
  auto session = Start(options);
  source_->Put(0);
  ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
  controls_.SetMirror(true);
  {
    std::lock_guard lock(source_->mutex);
    SourceFrame frame;
    frame.frame = GreyFrame(64, 48, 5);
    frame.frame.planes[0][0] = 200;
    frame.number = source_->number++;
    source_->frames.push_back(std::move(frame));
    source_->changed.notify_all();
  }
  const Painted painted = session->WaitForPainting(0, milliseconds(5000));
  ASSERT_NE(painted, nullptr);
  EXPECT_EQ(painted->frame.planes[0][63], 201);
  (void)session->Stop();
  EXPECT_EQ(notes.resets.back(), 1);
}

TEST_F(LiveSessionTest, CutsWhileItIsFrozenAreNotLost) {
  for (const bool turned : {false, true}) {
    Notes notes;
    SessionOptions options;
    options.witness = &notes;
    source_ = std::make_shared<FakeSourceState>();
    auto session = Start(options);
    source_->Put(0);
    ASSERT_NE(session->WaitForPainting(-1, milliseconds(5000)), nullptr);
    controls_.SetFreeze(true);
    ASSERT_TRUE(Eventually([&] { return session->statistics().painted >= 2; }));
    if (turned) controls_.SetMirror(true);
    source_->Put(1, /*cut=*/!turned);
    source_->Put(2);
    ASSERT_TRUE(Eventually([&] { return session->statistics().captured == 3; }));
    std::this_thread::sleep_for(milliseconds(50));  // the last one is held back as well by then
    controls_.SetFreeze(false);
    source_->Put(3);
    ASSERT_TRUE(Eventually([&] {
      std::lock_guard lock(notes.mutex);
      return notes.from.back() == 3;
    }));
    (void)session->Stop();
    ASSERT_FALSE(notes.resets.empty());
    EXPECT_EQ(notes.resets.back(), 3);
    EXPECT_EQ(notes.mirrored.back(), turned);
    // What stands still was captured before it was mirrored.
    for (size_t i = 0; i + 1 < notes.from.size(); ++i) EXPECT_FALSE(notes.mirrored[i]) << i;
    controls_.SetMirror(false);
  }
}

TEST_F(LiveSessionTest, APictureThatStandsStillHasNoLatency) {
  for (const bool window : {false, true}) {
    source_ = std::make_shared<FakeSourceState>();
    auto session = Start();
    source_->Put(10);
    Painted painted = session->WaitForPainting(-1, milliseconds(5000));
    ASSERT_NE(painted, nullptr);
    EXPECT_FALSE(painted->again);
    if (window) session->Shown(*painted);
    std::this_thread::sleep_for(milliseconds(1500));
    controls_.SetFreeze(true);
    painted = session->WaitForPainting(0, milliseconds(5000));
    ASSERT_NE(painted, nullptr);
    EXPECT_TRUE(painted->again);
    if (window) session->Shown(*painted);
    ASSERT_TRUE(Eventually([&] { return session->statistics().painted >= 2; }));
    EXPECT_LT(session->statistics().latency_ms_p95, 1000);
    controls_.SetFreeze(false);
  }
}

}  // namespace
}  // namespace tempera::live
