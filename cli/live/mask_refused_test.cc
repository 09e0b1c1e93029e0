// What is asked of the mask while it paints and cannot be had: refused with a line, and the rest goes on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "cli/live/live_mask.h"
#include "cli/live/mask_networks_for_test.h"
#include "live/fakes_for_test.h"
#include "live/painter.h"
#include "live/session.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;
using live::MaskRegion;
using live::MaskSettings;

class MaskRefusedTest : public testing::Test {
 protected:
  void SetUp() override {
    const auto* info = testing::UnitTest::GetInstance()->current_test_info();
    folder_ = fs::temp_directory_path() /
              (std::string("tempera_mask_refused_") + info->name() + "_" + std::to_string(getpid()));
    fs::create_directories(folder_);
    WriteBrightMask(Path("bright.onnx"));
    for (const int grey : {90, 160, 200})
      WriteGreyStyle(Path("grey" + std::to_string(grey) + ".onnx"), static_cast<float>(grey));
    std::ofstream(Path("broken.onnx")) << "nothing";
    live::Settings settings;
    settings.style = Path("grey90.onnx");
    settings.mask.on = true;
    settings.mask.network = Path("bright.onnx");
    controls_.Load(settings);
  }
  void TearDown() override {
    session_.reset();
    fs::remove_all(folder_);
  }
  void Start() {
    live::PainterOptions options;
    options.threads = 1;
    options.precision = "fp32";
    auto painter = live::MakePainter(
        options, [](const std::string& word) -> Result<live::ModelFile> { return live::ModelFile{word, ""}; },
        FindLiveMask);
    session_ =
        live::Session::Start({}, std::make_unique<live::FakeSource>(source_), std::move(painter), &controls_)
            .value();
    ASSERT_TRUE(Becomes([&] { return session_->statistics().painted > 0; }));
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  MaskSettings Mask() const { return controls_.Get().mask; }
  void Edit(const std::function<void(MaskSettings*)>& edit) {
    const Status status = controls_.EditMask("mask", [&](MaskSettings* mask) {
      edit(mask);
      return OkStatus();
    });
    ASSERT_TRUE(status.ok());
  }
  void Region(const std::string& name, const std::string& shows) {
    Edit([&](MaskSettings* mask) { ASSERT_TRUE(live::SetRegion(name, shows, mask).ok()); });
  }
  void Simple(const live::SimpleMask& simple) {
    Edit([&](MaskSettings* mask) { live::SetSimple(simple, mask); });
  }
  // Frames come until it holds.
  bool Becomes(const std::function<bool()>& holds) {
    for (int i = 0; i < 2000; ++i) {
      source_->Put(235);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      for (std::string& line : session_->TakeNotes()) notes_.push_back(std::move(line));
      if (holds()) return true;
    }
    return false;
  }
  // A note more than before, which has that word in it.
  testing::AssertionResult IsRefused(const std::string& word) {
    const size_t before = notes_said_;
    if (!Becomes([&] { return notes_.size() > before; })) return testing::AssertionFailure() << "no note";
    notes_said_ = notes_.size();
    if (notes_.size() != before + 1 || notes_.back().find(word) == std::string::npos)
      return testing::AssertionFailure() << notes_.back();
    return testing::AssertionSuccess();
  }
  // What the source's white becomes.
  bool Paints(int grey) {
    return Becomes([&] {
      const auto painted = session_->WaitForPainting(-1, std::chrono::milliseconds(0));
      return painted && std::abs(painted->frame.planes[0][0] - (16 + 219 * grey / 255)) <= 2;
    });
  }

  fs::path folder_;
  live::Controls controls_{live::Settings()};
  std::shared_ptr<live::FakeSourceState> source_ = std::make_shared<live::FakeSourceState>();
  std::unique_ptr<live::Session> session_;
  std::vector<std::string> notes_;
  size_t notes_said_ = 0;
};

TEST_F(MaskRefusedTest, AWrongRegionLeavesTheOthers) {
  Start();
  Region("person", Path("grey160.onnx"));
  ASSERT_TRUE(Paints(160));
  Region("persn", Path("grey200.onnx"));
  ASSERT_TRUE(IsRefused("persn"));
  EXPECT_EQ(Mask().regions, (std::vector<MaskRegion>{{"person", Path("grey160.onnx")}}));
  Region(live::kBackground, "blur");
  Region("person", Path("grey200.onnx"));
  ASSERT_TRUE(Paints(200));
  const std::vector<MaskRegion> right = {{"person", Path("grey200.onnx")}, {live::kBackground, "blur"}};
  EXPECT_EQ(Mask().regions, right);
  // What comes in the same moment as what is wrong holds.
  Region("dog", "blur");
  Region("person", Path("grey160.onnx"));
  ASSERT_TRUE(Paints(160));
  // Said again it is refused again.
  EXPECT_TRUE(Becomes([&] { return notes_.size() == 2; }));
  Region("dog", "blur");
  EXPECT_TRUE(Becomes([&] { return notes_.size() == 3; }));
  EXPECT_EQ(Mask().regions.size(), 2u);
  EXPECT_EQ(session_->statistics().painter_message, "");
}

TEST_F(MaskRefusedTest, AWrongNetworkLeavesTheOneThatMasks) {
  Start();
  Simple({.outside = "blur"});
  const auto ask = [&](const std::string& network) {
    Edit([&](MaskSettings* mask) { mask->on = true, mask->network = network; });
  };
  for (const char* wrong : {"persn", "broken.onnx"}) {
    const std::string network = std::string(wrong) == "persn" ? wrong : Path(wrong);
    ask(network);
    ASSERT_TRUE(IsRefused(wrong));
    EXPECT_EQ(Mask().network, Path("bright.onnx"));
    EXPECT_TRUE(Mask().on);
  }
  // Off and on, whenever the painting looks at it.
  ask("persn");
  Edit([](MaskSettings* mask) { mask->on = false; });
  ASSERT_TRUE(Becomes([&] { return !session_->statistics().mask.on; }));
  EXPECT_TRUE(Becomes([&] { return Mask().network == Path("bright.onnx"); }));
  EXPECT_FALSE(Mask().on);
  Edit([](MaskSettings* mask) { mask->on = true; });
  EXPECT_TRUE(Becomes([&] { return session_->statistics().mask.on; }));
  EXPECT_EQ(Mask().regions[0].shows, "blur");
}

TEST_F(MaskRefusedTest, OfASimpleMaskOnlyWhatIsWrong) {
  Start();
  Simple({.background = true, .outside = "blurr"});
  ASSERT_TRUE(IsRefused("outside"));
  EXPECT_EQ(live::SimpleOf(Mask().regions), (live::SimpleMask{.background = true}));
  ASSERT_TRUE(Paints(255)) << "the background is painted from now on";
  Simple({.of = "dog", .outside = "blur"});
  ASSERT_TRUE(IsRefused("dog"));
  EXPECT_EQ(live::SimpleOf(Mask().regions), (live::SimpleMask{.background = true, .outside = "blur"}));
}

TEST_F(MaskRefusedTest, SwitchedOnWithSomethingWrongItIsOffAgain) {
  Edit([](MaskSettings* mask) { mask->on = false; });
  Start();
  for (const std::string& network : {std::string("persn"), Path("broken.onnx")}) {
    Edit([&](MaskSettings* mask) { mask->on = true, mask->network = network; });
    ASSERT_TRUE(IsRefused(network));
    EXPECT_FALSE(Mask().on);
    EXPECT_EQ(Mask().network, Path("bright.onnx"));
  }
}

TEST(TakenBackTest, RegionsBecomeAsTheyWere) {
  using Of = live::MaskFault::Of;
  MaskSettings held, asked;
  held.on = asked.on = true;
  // From a simple mask to a region that is wrong, and back.
  live::SetSimple({.of = "cat", .background = true, .outside = "blur"}, &held);
  ASSERT_TRUE(live::SetRegion("persn", "udnie", &asked).ok());
  EXPECT_EQ(TakenBack(asked, held, {Of::kClass, 0}), held);
  ASSERT_TRUE(live::SetRegion("dog", "blur", &asked).ok());
  EXPECT_EQ(TakenBack(asked, held, {Of::kClass, 0}).regions, (std::vector<MaskRegion>{{"dog", "blur"}}));
  // All that show what is no style.
  ASSERT_TRUE(live::SetRegion("cat", "udnie", &asked).ok());
  EXPECT_EQ(TakenBack(asked, held, {Of::kShown, 0}).regions, (std::vector<MaskRegion>{{"dog", "blur"}}));
  // Regions that there were are not for another network.
  held = asked;
  asked.network = "rooms.onnx";
  asked.input = "bgr";
  EXPECT_EQ(TakenBack(asked, held, {Of::kClass, 1}), held);
  EXPECT_EQ(TakenBack(held, held, {Of::kClass, 1}), held) << "nothing helps";
}

}  // namespace
}  // namespace tempera::cli
