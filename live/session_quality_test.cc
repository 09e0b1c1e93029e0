// `--quality auto` in a session: whose times are judged, and how far it goes.
#include <gtest/gtest.h>

#include <thread>

#include "live/fakes_for_test.h"
#include "live/session.h"

namespace tempera::live {
namespace {

using std::chrono::milliseconds;

// Follows to another height only after so many paintings; slow at the first one.
class Following final : public Painter {
 public:
  static constexpr int kNone = -1;
  int refused = kNone;  // lines that cannot be opened
  struct Seen {
    std::mutex mutex;
    std::vector<int> heights;
  };
  Following(Seen* seen, int slow_ms, int frames_to_follow)
      : seen_(seen), slow_ms_(slow_ms), frames_(frames_to_follow) {}
  Status Paint(const SourceFrame&, const Settings& settings, media::Frame*, Change* change) override {
    if (painted_++ == 0) {
      height_ = settings.height;
      change->path = "opened.onnx";
    } else if (settings.height == height_ || settings.height == refused) {
      waited_ = 0;
    } else if (++waited_ > frames_) {
      height_ = settings.height;
      waited_ = 0;
      change->path = "opened.onnx";
    }
    if (height_ == 0) std::this_thread::sleep_for(milliseconds(slow_ms_));
    std::lock_guard lock(seen_->mutex);
    seen_->heights.push_back(height_);
    return OkStatus();
  }
  void Restate() override {}
  std::vector<Parameter> Parameters() const override { return {}; }
  uint64_t parameters_version() const override { return 0; }
  int height() const override { return height_; }
  bool opening() const override { return waited_ > 0; }
  int working_width() const override { return 64; }
  int working_height() const override { return height_; }
  std::string trouble() const override { return ""; }
  void Stop() override {}

 private:
  Seen* const seen_;
  const int slow_ms_, frames_;
  int height_ = 0, painted_ = 0, waited_ = 0;
};

class LiveQualityTest : public testing::Test {
 protected:
  std::shared_ptr<FakeSourceState> source_ = std::make_shared<FakeSourceState>();
  Controls controls_{Settings{}};
};

TEST_F(LiveQualityTest, TimesOfTheOldSizeDoNotSpeakForTheNewOne) {
  Following::Seen seen;
  SessionOptions options;
  options.quality_auto = true;
  auto session = Session::Start(options, std::make_unique<FakeSource>(source_),
                                std::make_unique<Following>(&seen, 45, 30), &controls_)
                     .value();
  for (int i = 0; i < 45; ++i) {
    source_->Put(1, false, 0, 64, 720);
    ASSERT_NE(session->WaitForPainting(i - 1, milliseconds(5000)), nullptr);
  }
  EXPECT_EQ(session->statistics().chosen_lines, 600) << "one step, however long that takes to open";
  (void)session->Stop();
  EXPECT_EQ(seen.heights.back(), 600);
}

TEST_F(LiveQualityTest, ASizeThatCannotBeOpenedIsNotWaitedFor) {
  Following::Seen seen;
  SessionOptions options;
  options.quality_auto = true;
  auto painter = std::make_unique<Following>(&seen, 45, 2);
  painter->refused = 600;
  auto session =
      Session::Start(options, std::make_unique<FakeSource>(source_), std::move(painter), &controls_).value();
  for (int i = 0; i < 25; ++i) {
    source_->Put(1, false, 0, 64, 720);
    ASSERT_NE(session->WaitForPainting(i - 1, milliseconds(5000)), nullptr);
  }
  (void)session->Stop();
  EXPECT_EQ(seen.heights.back(), 540);
}

TEST_F(LiveQualityTest, AHeightAskedForIsTheMostThatIsChosen) {
  Following::Seen seen;
  SessionOptions options;
  options.quality_auto = true;
  controls_.SetHeight(480);
  auto session = Session::Start(options, std::make_unique<FakeSource>(source_),
                                std::make_unique<Following>(&seen, 0, 0), &controls_)
                     .value();
  for (int i = 0; i < 120; ++i) {
    source_->Put(1, false, 0, 64, 720);
    ASSERT_NE(session->WaitForPainting(i - 1, milliseconds(5000)), nullptr);
  }
  EXPECT_EQ(session->statistics().chosen_lines, 480);
  controls_.SetHeight(0);
  for (int i = 120; i < 125; ++i) {
    source_->Put(1, false, 0, 64, 720);
    ASSERT_NE(session->WaitForPainting(i - 1, milliseconds(5000)), nullptr);
  }
  EXPECT_EQ(session->statistics().chosen_lines, 720);
  (void)session->Stop();
  for (int i = 0; i < 120; ++i) EXPECT_EQ(seen.heights[static_cast<size_t>(i)], 480) << i;
}

}  // namespace
}  // namespace tempera::live
