// A real session, turned while it paints, and its replay.
#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include "cli/live/live_mask.h"
#include "cli/live/mask_networks_for_test.h"
#include "cli/replay/replay.h"
#include "live/control/scenes.h"
#include "live/session.h"
#include "live/timeline/timeline_writer.h"
#include "media/test_clip.h"

namespace tempera::cli {
namespace {

using live::Settings;
using live::SourceFrame;
using media::Frame;

std::string Bytes(const Frame& frame) {
  std::string bytes;
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane ? (frame.height + 1) / 2 : frame.height;
    const int columns = plane ? (frame.width + 1) / 2 : frame.width;
    for (int y = 0; y < rows; ++y)
      bytes.append(
          reinterpret_cast<const char*>(frame.planes[plane]) + ptrdiff_t{y} * frame.stride_bytes[plane],
          static_cast<size_t>(columns));
  }
  return bytes;
}

// Fifty frames a second with a square that goes its way through noise, until it is told to end; a cut
// each 40.
class MovingSource final : public live::Source {
 public:
  static constexpr int kWidth = 80, kHeight = 60;
  explicit MovingSource(const std::atomic<bool>* ends) : ends_(ends) {
    info_ = {"a moving square", kWidth, kHeight, 50, ""};
  }
  Status Open() override { return OkStatus(); }
  void Close() override {}
  Result<Got> Read(SourceFrame* out) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    if (*ends_ || stopped_) return Got::kEnd;
    TEMPERA_ASSIGN_OR_RETURN(out->frame, Frame::Allocate(media::PixelFormat::kI420, kWidth, kHeight));
    for (int plane = 0; plane < 3; ++plane) {
      const int rows = plane ? kHeight / 2 : kHeight, columns = plane ? kWidth / 2 : kWidth;
      for (int y = 0; y < rows; ++y) {
        for (int x = 0; x < columns; ++x) {
          const bool in = (x + number_) % columns < columns / 3 && y > rows / 4 && y < rows / 2;
          out->frame.planes[plane][ptrdiff_t{y} * out->frame.stride_bytes[plane] + x] =
              static_cast<uint8_t>((in ? 150 : 80) + random_() % 30);
        }
      }
    }
    out->frame.matrix = media::ColorMatrix::kBt709;  // as the recording says
    out->captured_ns = live::NowNs();
    out->number = number_++;
    out->cut = out->number % 40 == 0;
    return Got::kFrame;
  }
  void Stop() override { stopped_ = true; }
  const live::SourceInfo& info() const override { return info_; }
  bool comes_back() const override { return false; }

 private:
  const std::atomic<bool>* const ends_;
  std::atomic<bool> stopped_{false};
  std::mt19937 random_{5};
  int number_ = 0;
  live::SourceInfo info_;
};

// Records what is captured, without loss, keeps what is painted, and writes the timeline.
class Recorder final : public live::Witness {
 public:
  Recorder(const std::string& film, std::unique_ptr<live::TimelineWriter> timeline)
      : timeline_(std::move(timeline)) {
    media::VideoInfo info;
    info.width = MovingSource::kWidth, info.height = MovingSource::kHeight;
    info.time_base = {1, 1000};
    info.frame_rate = {50, 1};
    info.color_space = 1, info.color_range = 1;
    media::WriterOptions options;
    options.codec = "ffv1";
    film_ = media::VideoWriter::Open(film, info, nullptr, options).value();
  }
  void Captured(const SourceFrame& frame) override {
    Frame copy = frame.frame;
    if (first_ns_ == 0) first_ns_ = frame.captured_ns;
    copy.pts = (frame.captured_ns - first_ns_) / 1'000'000;
    EXPECT_TRUE(film_->Write(copy).ok());
    timeline_->Captured(frame);
  }
  void Painted(const live::PaintedFrame& painted, const Settings& settings,
               const live::Change& change) override {
    timeline_->Painted(painted, settings, change);
    std::lock_guard lock(mutex_);
    paintings_.push_back(Bytes(painted.frame));
    if (!change.path.empty()) opened_.push_back(change.path);
  }
  Status Close() {
    TEMPERA_RETURN_IF_ERROR(film_->Finish());
    return timeline_->Close();
  }
  size_t count() const {
    std::lock_guard lock(mutex_);
    return paintings_.size();
  }
  size_t models() const {
    std::lock_guard lock(mutex_);
    return opened_.size();
  }
  const std::vector<std::string>& paintings() const { return paintings_; }

 private:
  std::unique_ptr<live::TimelineWriter> timeline_;
  std::unique_ptr<media::VideoWriter> film_;
  int64_t first_ns_ = 0;
  mutable std::mutex mutex_;
  std::vector<std::string> paintings_, opened_;
};

class ReplaySessionTest : public media::ClipTest {
 protected:
  // Until so many more frames are painted, or models open.
  static void Wait(const Recorder& recorder, size_t frames, size_t models) {
    for (int i = 0; i < 6000 && (recorder.count() < frames || recorder.models() < models); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    ASSERT_GE(recorder.count(), frames);
    ASSERT_GE(recorder.models(), models);
  }

  // Turned as somebody would in ten seconds.
  static void Turn(live::Controls* controls, const Recorder& recorder) {
    Wait(recorder, 5, 1);
    ASSERT_TRUE(controls->SetValues("strength", {0.7f}).ok());
    Wait(recorder, recorder.count() + 4, 1);
    controls->SetStyle("great-wave");
    Wait(recorder, recorder.count() + 4, 2);
    controls->SetMirror(true);
    Wait(recorder, recorder.count() + 5, 2);
    controls->SetHeight(44);
    Wait(recorder, recorder.count() + 4, 3);
    controls->SetFreeze(true);
    for (const float contrast : {0.5f, 1.5f, 1.25f}) {
      ASSERT_TRUE(controls->SetValues("contrast", {contrast}).ok());
      Wait(recorder, recorder.count() + 1, 3);
    }
    controls->SetFreeze(false);
    Wait(recorder, recorder.count() + 8, 3);
    ASSERT_TRUE(controls->Unset("strength").ok());
    Wait(recorder, recorder.count() + 4, 3);
  }

  // A session turned by `turn`, and its replay, which must give the bytes that it painted. At least so many
  // of them are different.
  void PlayAndReplay(const Settings& settings, const live::FindStyleFn& find,
                     const std::function<void(live::Controls*, const Recorder&)>& turn, size_t different);
};

void ReplaySessionTest::PlayAndReplay(const Settings& settings, const live::FindStyleFn& find,
                                      const std::function<void(live::Controls*, const Recorder&)>& turn,
                                      size_t least) {
  live::TimelineInfo info;
  info.precision = "fp32";
  info.source_recording = "source.mkv";
  Recorder recorder(Path("source.mkv"), live::TimelineWriter::Create(Path("live.json"), info).value());
  std::atomic<bool> ends{false};
  live::Controls controls(settings);
  live::PainterOptions paint;
  paint.precision = "fp32";
  paint.threads = 1;
  live::SessionOptions options;
  options.ends_with_source = true;
  options.witness = &recorder;
  auto session = live::Session::Start(options, std::make_unique<MovingSource>(&ends),
                                      MakePainter(paint, find, FindLiveMask), &controls);
  ASSERT_TRUE(session.ok()) << session.status().message();
  turn(&controls, recorder);
  ends = true;
  ASSERT_STATUS_OK((*session)->Stop());
  ASSERT_STATUS_OK((*session)->status());
  session->reset();
  ASSERT_STATUS_OK(recorder.Close());

  StylizeJob job;
  job.input = Path("source.mkv");
  job.output = Path("painted.mkv");
  job.codec = "ffv1";
  ReplayRequest request;
  request.timeline = Path("live.json");
  const auto painter = OpenReplay(job, request);
  ASSERT_TRUE(painter.ok()) << painter.status().message();
  const std::atomic<bool> interrupt{false};
  ASSERT_STATUS_OK(StylizeVideo(job, painter->get(), interrupt).status());
  auto reader = media::VideoReader::Open(job.output, {});
  ASSERT_TRUE(reader.ok()) << reader.status().message();
  std::set<std::string> different;
  for (size_t i = 0; i < recorder.paintings().size(); ++i) {
    const auto frame = (*reader)->Read();
    ASSERT_TRUE(frame.ok() && frame->has_value()) << "painting " << i;
    EXPECT_TRUE(Bytes(**frame) == recorder.paintings()[i]) << "painting " << i;
    different.insert(recorder.paintings()[i]);
  }
  EXPECT_FALSE((*reader)->Read()->has_value());
  EXPECT_GT(different.size(), least);
}

Result<live::ModelFile> FindBundled(const std::string& word) {
  return live::ModelFile{word.starts_with("/") ? word : "models/" + word + ".onnx", ""};
}

TEST_F(ReplaySessionTest, GivesTheLiveBytes) {
  Settings settings;
  settings.style = "starry-night";
  settings.height = 36;
  settings.values["steadiness"] = {0.6f};
  PlayAndReplay(settings, FindBundled, Turn, 30);
}

// Everything at once and in any order: what is masked, what regions show, styles, sizes, numbers, mirror,
// freeze, rates, scenes that fade from one to the other.
TEST_F(ReplaySessionTest, GivesTheLiveBytesOfMasks) {
  WriteBrightMask(Path("bright.onnx"));
  WriteGreyStyle(Path("grey.onnx"), 150);
  Settings settings;
  settings.style = "starry-night";
  settings.height = 36;
  settings.values["steadiness"] = {0.6f};
  settings.mask.on = true;
  settings.mask.network = Path("bright.onnx");
  PlayAndReplay(
      settings, FindBundled,
      [&](live::Controls* controls, const Recorder& recorder) {
        Wait(recorder, 4, 1);
        live::Scenes scenes(controls, FindBundled);
        ASSERT_STATUS_OK(scenes.Store(1));
        std::mt19937 random(11);
        const auto share = [&] { return static_cast<float>(random() % 100) / 100; };
        const std::vector<std::string> shown = {
            "none", "blur", "blur:3", "great-wave", Path("grey.onnx"), live::kPainted};
        const std::vector<std::function<void()>> acts = {
            [&] { controls->SetStyle(random() % 2 ? "starry-night" : "great-wave"); },
            [&] { controls->SetHeight(random() % 2 ? 36 : 0); },
            [&] { controls->SetMirror(random() % 2); },
            [&] { controls->SetFreeze(random() % 2); },
            [&] { controls->SetFps(random() % 2 ? 20 : 0); },
            [&] { ASSERT_STATUS_OK(controls->SetValues("strength", {share()})); },
            [&] {
              ASSERT_STATUS_OK(controls->EditMask("mask", [&](live::MaskSettings* mask) {
                mask->on = random() % 4 != 0;
                mask->numbers.feather = random() % 2 ? 0 : 4 * share();
                mask->numbers.threshold = share();
                mask->numbers.hold = share();
                mask->numbers.every = 1 + static_cast<int>(random() % 3);
                return OkStatus();
              }));
            },
            [&] {
              ASSERT_STATUS_OK(controls->EditMask("mask", [&](live::MaskSettings* mask) {
                mask->regions =
                    live::RegionsOf({.background = random() % 2 == 0, .outside = shown[random() % 5]});
                return OkStatus();
              }));
            },
            [&] {
              ASSERT_STATUS_OK(controls->EditMask("mask", [&](live::MaskSettings* mask) {
                return live::SetRegion(random() % 2 ? "person" : live::kBackground,
                                       shown[random() % shown.size()], mask);
              }));
            },
            [&] { ASSERT_STATUS_OK(scenes.Store(2)); },
            [&] { (void)scenes.Recall(1 + static_cast<int>(random() % 2), 0.1, live::NowNs()); },
        };
        for (int i = 0; i < 60; ++i) {
          acts[random() % acts.size()]();
          for (int k = 0; k < 5; ++k) {
            scenes.Tick(live::NowNs());
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
          }
        }
        controls->SetFreeze(false);
        controls->SetFps(0);
        Wait(recorder, recorder.count() + 4, 1);
      },
      15);
}

}  // namespace
}  // namespace tempera::cli
