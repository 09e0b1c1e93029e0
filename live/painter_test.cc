#include "live/painter.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>
#include <thread>

#include "live/fakes_for_test.h"
#include "tempera/tempera.h"

namespace tempera::live {
namespace {

namespace fs = std::filesystem;

// "NAME" is models/NAME.onnx, "gallery:STYLE" a style of that file, and a path is that file.
Result<ModelFile> FindBundled(const std::string& word) {
  if (word == "nothing") return NotFound("no style 'nothing'");
  if (word.starts_with("/")) return ModelFile{word, ""};
  const size_t colon = word.find(':');
  return ModelFile{"models/" + word.substr(0, colon) + ".onnx",
                   colon == std::string::npos ? "" : word.substr(colon + 1)};
}

class LivePainterTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(fs::exists("models/gallery.onnx"));
    PainterOptions options;
    options.threads = 2;
    painter_ = MakePainter(options, FindBundled);
    in_.frame = GreyFrame(64, 48, 100);
    settings_.style = "gallery";
  }
  // One frame, with what is asked for in settings_.
  Status Paint() {
    change_ = {};
    media::Frame out = media::Frame::AllocateLike(in_.frame).value();
    ++in_.number;
    return painter_->Paint(in_, settings_, &out, &change_);
  }
  // Frames until one says so; every one of them must be painted.
  testing::AssertionResult PaintUntil(const std::function<bool()>& holds) {
    for (int i = 0; i < 2000; ++i) {
      if (const Status status = Paint(); !status.ok()) return testing::AssertionFailure() << status.message();
      if (!change_.path.empty()) opened_.push_back(change_.path);
      if (holds()) return testing::AssertionSuccess();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return testing::AssertionFailure() << "never; trouble: '" << painter_->trouble() << "'";
  }

  std::unique_ptr<Painter> painter_;
  SourceFrame in_;
  Settings settings_;
  Change change_;
  std::vector<std::string> opened_;
};

TEST_F(LivePainterTest, ValuesOutOfRangeAreClampedAndPaintingGoesOn) {
  settings_.values["strength"] = {7};
  settings_.values["gone"] = {1};
  ASSERT_TRUE(Paint().ok());
  ASSERT_TRUE(Paint().ok());
  settings_.values["strength"] = {-3};
  Status status = Paint();
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(change_.values["strength"], std::vector<float>{0});
  settings_.values["strength"] = {1e30f};
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(change_.values["strength"], std::vector<float>{1}) << "what holds, rather than what was asked";
  EXPECT_EQ(painter_->trouble(), "");
  // What the library refuses stays as it was.
  settings_.values["strength"] = {std::nanf("")};
  status = Paint();
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_TRUE(change_.values.empty());
  EXPECT_NE(painter_->trouble(), "");
  settings_.values.erase("strength");
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->trouble(), "");
}

TEST_F(LivePainterTest, OnlyWhatIsStillAskedForIsOpened) {
  settings_.style = "great-wave";
  ASSERT_TRUE(Paint().ok());
  for (const char* passed : {"metzinger", "the-scream", "starry-night"}) {
    settings_.style = passed;
    ASSERT_TRUE(Paint().ok());
    EXPECT_EQ(change_.path, "");
  }
  settings_.style = "gallery";
  ASSERT_TRUE(PaintUntil([&] { return !opened_.empty(); }));
  EXPECT_EQ(opened_, std::vector<std::string>{"models/gallery.onnx"});
  // There and back again: what paints is not opened anew, and what was given up can be had.
  settings_.style = "metzinger";
  ASSERT_TRUE(Paint().ok());
  settings_.style = "gallery";
  ASSERT_TRUE(Paint().ok());
  settings_.style = "metzinger";
  opened_.clear();
  ASSERT_TRUE(PaintUntil([&] { return !opened_.empty(); }));
  EXPECT_EQ(opened_, std::vector<std::string>{"models/metzinger.onnx"});
  EXPECT_EQ(painter_->trouble(), "");
}

TEST_F(LivePainterTest, ATroubleEndsWithItsCause) {
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->height(), 0);
  settings_.height = 100000;  // no such size
  ASSERT_TRUE(PaintUntil([&] { return !painter_->trouble().empty(); }));
  EXPECT_EQ(painter_->height(), 0);
  settings_.height = 0;
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->trouble(), "") << "what is asked for is what paints";
  settings_.height = 100000;
  ASSERT_TRUE(PaintUntil([&] { return !painter_->trouble().empty(); }));
  settings_.height = 24;
  ASSERT_TRUE(PaintUntil([&] { return painter_->height() == 24; }));
  EXPECT_EQ(painter_->trouble(), "");
  // Two at once are both said.
  settings_.height = 100000;
  ASSERT_TRUE(PaintUntil([&] { return !painter_->trouble().empty(); }));
  const std::string one = painter_->trouble();
  settings_.style = "nothing";
  ASSERT_TRUE(Paint().ok());
  EXPECT_EQ(painter_->trouble(), "no style 'nothing'; " + one);
}

TEST_F(LivePainterTest, AFileThatWasMendedIsTriedAgain) {
  const fs::path path = fs::temp_directory_path() / ("tempera_mended_" + std::to_string(getpid()) + ".onnx");
  ASSERT_TRUE(Paint().ok());
  settings_.style = path.string();
  ASSERT_TRUE(PaintUntil([&] { return !painter_->trouble().empty(); }));
  settings_.style = "gallery";
  ASSERT_TRUE(Paint().ok());
  fs::copy_file("models/metzinger.onnx", path);
  settings_.style = path.string();
  const auto opens = PaintUntil([&] { return !opened_.empty(); });
  fs::remove(path);
  ASSERT_TRUE(opens);
  EXPECT_EQ(opened_, std::vector<std::string>{path.string()});
}

// Of a session with this painter: what Controls know is of the style that paints, in the same file too.
TEST_F(LivePainterTest, AnElementIsSetBesideTheStyleThatPaints) {
  ASSERT_TRUE(Paint().ok());
  std::vector<std::string> names;
  for (const Parameter& p : painter_->Parameters()) {
    if (p.kind == TEMPERA_PARAMETER_WEIGHTS) names = p.short_names;
  }
  ASSERT_GE(names.size(), 3u);
  class Values final : public Witness {
   public:
    void Captured(const SourceFrame&) override {}
    void Painted(const PaintedFrame&, const Settings&, const Change& change) override {
      for (const auto& [name, values] : change.values) last[name] = values;
    }
    std::map<std::string, std::vector<float>> last;
  } values;
  Settings first;
  first.style = "gallery:" + names[0];
  Controls controls(first);
  SessionOptions options;
  options.witness = &values;
  auto source = std::make_shared<FakeSourceState>();
  auto session =
      Session::Start(options, std::make_unique<FakeSource>(source), std::move(painter_), &controls).value();
  int64_t painted = -1;
  const auto paint = [&] {
    source->Put(90);
    const Painted next = session->WaitForPainting(painted, std::chrono::seconds(20));
    if (next) painted = next->number;
    return next != nullptr;
  };
  ASSERT_TRUE(paint());
  controls.SetStyle("gallery:" + names[1]);
  ASSERT_TRUE(paint());
  ASSERT_TRUE(controls.SetElement("style_weights", names[2], 0, 0.5f).ok());
  ASSERT_TRUE(paint());
  (void)session->Stop();
  const std::vector<float>& last = values.last["style_weights"];
  ASSERT_EQ(last.size(), names.size());
  EXPECT_EQ(last[0], 0);
  EXPECT_EQ(last[1], 1);
  EXPECT_EQ(last[2], 0.5f);
}

}  // namespace
}  // namespace tempera::live
