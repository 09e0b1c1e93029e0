// The mask by OSC, by faders and in scenes.
#include <cmath>
#include <fstream>
#include <limits>

#include "live/control/control_files.h"
#include "live/control/control_for_test.h"
#include "live/mask/mask_settings.h"

namespace tempera::live {
namespace {

TEST(MaskSettings, ASimpleMaskComesBack) {
  for (const SimpleMask& simple : {SimpleMask{}, SimpleMask{"tv", false, "blur:4"},
                                   SimpleMask{"", true, "great-wave"}, SimpleMask{"dog", true, "none"}})
    EXPECT_EQ(SimpleOf(RegionsOf(simple)), simple);
  EXPECT_EQ(MaskSettings().regions, RegionsOf({}));
  EXPECT_FALSE(SimpleOf({{"person", "a"}, {kBackground, "b"}}));
  EXPECT_FALSE(SimpleOf({{kBackground, "none"}}));
}

TEST(MaskSettings, RegionsComeAndGo) {
  MaskSettings mask;
  ASSERT_TRUE(SetRegion("person", "a", &mask).ok());
  EXPECT_EQ(mask.regions, (std::vector<MaskRegion>{{"person", "a"}})) << "not the simple mask any more";
  ASSERT_TRUE(SetRegion(kBackground, "blur", &mask).ok());
  ASSERT_TRUE(SetRegion("person", "none", &mask).ok());
  EXPECT_EQ(mask.regions, (std::vector<MaskRegion>{{"person", "none"}, {kBackground, "blur"}}));
  for (int i = 2; i < 16; ++i) ASSERT_TRUE(SetRegion(std::to_string(i), "a", &mask).ok());
  EXPECT_FALSE(SetRegion("one more", "a", &mask).ok());
  for (int i = 2; i < 16; ++i) ASSERT_TRUE(SetRegion(std::to_string(i), "", &mask).ok());
  ASSERT_TRUE(SetRegion("person", "", &mask).ok());
  ASSERT_TRUE(SetRegion(kBackground, "", &mask).ok());
  EXPECT_EQ(mask.regions, RegionsOf({}));
  // Two that look like a simple mask stay, and a third one comes to them.
  ASSERT_TRUE(SetRegion("person", "none", &mask).ok());
  ASSERT_TRUE(SetRegion(kBackground, kPainted, &mask).ok());
  EXPECT_TRUE(mask.listed);
  ASSERT_TRUE(SetRegion("cat", "blur", &mask).ok());
  EXPECT_EQ(mask.regions,
            (std::vector<MaskRegion>{{"person", "none"}, {kBackground, kPainted}, {"cat", "blur"}}));
  SetSimple({}, &mask);
  EXPECT_FALSE(mask.listed);
}

TEST(MaskSettings, NumbersStayInTheirRanges) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(Clamped({nan, nan, nan, 0}), MaskNumbers());
  EXPECT_EQ(Clamped({-1, 0, 2, 99}), (MaskNumbers{0, 0.01f, 1, 16}));
  EXPECT_EQ(Clamped({1e9f, 1, -2, 4}), (MaskNumbers{1024, 0.99f, 0, 4}));
}

class MaskControlTest : public ControlTest {
 protected:
  MaskSettings Mask() const { return controls_.Get().mask; }
  void Edit(const std::function<void(MaskSettings*)>& edit) {
    ASSERT_TRUE(controls_
                    .EditMask("mask",
                              [&](MaskSettings* mask) {
                                edit(mask);
                                return OkStatus();
                              })
                    .ok());
  }
};

TEST_F(MaskControlTest, FadersTurnIt) {
  const std::string path = Write("b.json", R"({"bindings": [
    {"from": "osc:/on", "to": "mask", "toggle": true}, {"from": "osc:/f", "to": "mask.feather"},
    {"from": "osc:/t", "to": "mask.threshold", "low": 0.2, "high": 0.8}, {"from": "osc:/h", "to": "mask.hold"}]})");
  ASSERT_TRUE(bindings_.Load(path).ok());
  EXPECT_TRUE(bindings_.Handle({"osc:/on", 1}));
  EXPECT_TRUE(Mask().on);
  EXPECT_TRUE(bindings_.Handle({"osc:/on", 0}));
  EXPECT_TRUE(bindings_.Handle({"osc:/on", 1}));
  EXPECT_FALSE(Mask().on);
  EXPECT_TRUE(bindings_.Handle({"osc:/f", 0.5}));
  EXPECT_TRUE(bindings_.Handle({"osc:/t", 1}));
  EXPECT_TRUE(bindings_.Handle({"osc:/h", 0.25}));
  EXPECT_EQ(Mask().numbers, (MaskNumbers{32, 0.8f, 0.25f, 1}));
  for (const char* word : {"mask", "mask.feather", "mask.threshold", "mask.hold"})
    EXPECT_EQ(TargetText(*ParseTarget(word)), word);
}

TEST_F(MaskControlTest, ListenersHearWhatMoved) {
  std::vector<std::string> heard;
  controls_.SetListener([&](const std::string& name) { heard.push_back(name); });
  ASSERT_TRUE(controls_
                  .EditMask("mask.feather",
                            [](MaskSettings* mask) {
                              mask->numbers.feather = -4;
                              return OkStatus();
                            })
                  .ok());
  EXPECT_EQ(Mask().numbers.feather, 0);
  EXPECT_FALSE(controls_
                   .EditMask("mask",
                             [](MaskSettings* mask) {
                               mask->on = true;
                               return InvalidArgument("no");
                             })
                   .ok());
  EXPECT_FALSE(Mask().on) << "an edit that failed changes nothing";
  EXPECT_EQ(heard, std::vector<std::string>{"mask.feather"});
}

TEST_F(MaskControlTest, ScenesKeepIt) {
  ASSERT_TRUE(scenes_.Load(Path("s.json")).ok());
  ASSERT_TRUE(scenes_.Store(1).ok());  // with nothing masked
  Edit([](MaskSettings* mask) {
    mask->on = true, mask->network = "/home/me/rooms.onnx", mask->input = "nhwc,bgr";
    mask->regions = {{"sofa", "blur:2.5"}, {kBackground, "great-wave"}, {"", kPainted}};
    mask->numbers = {3.3f, 0.7f, 0.1f, 4};
  });
  const MaskSettings stored = Mask();
  ASSERT_TRUE(scenes_.Store(2).ok());
  Scenes again(&controls_, nullptr);
  ASSERT_TRUE(again.Load(Path("s.json")).ok());
  EXPECT_EQ(again.list(), scenes_.list());
  EXPECT_EQ(again.list().at(2).mask, stored);
  ASSERT_TRUE(again.Recall(1, 0, 0).ok());
  EXPECT_EQ(Mask(), MaskSettings());
  ASSERT_TRUE(again.Recall(2, 0, 0).ok());
  EXPECT_EQ(Mask(), stored);
  // A file from before there were masks: what is masked stays.
  ASSERT_TRUE(again.Load(Write("old.json", R"({"scenes": {"1": {"style": "b"}}})")).ok());
  ASSERT_TRUE(again.Recall(1, 0, 0).ok());
  EXPECT_EQ(controls_.Get().style, "b");
  EXPECT_EQ(Mask(), stored);
}

TEST_F(MaskControlTest, InAFadeNumbersMoveAndMasksChangeMidway) {
  Edit([](MaskSettings* mask) { mask->on = true, mask->numbers = {8, 0.5f, 0, 1}; });
  ASSERT_TRUE(scenes_.Store(1).ok());
  Edit(
      [](MaskSettings* mask) { mask->regions = RegionsOf({.background = true}), mask->numbers.feather = 0; });
  ASSERT_TRUE(scenes_.Recall(1, 4, 0).ok());
  const auto at = [&](double seconds) {
    scenes_.Tick(static_cast<int64_t>(seconds * 1e9));
    return Mask();
  };
  EXPECT_FLOAT_EQ(at(1).numbers.feather, 2);
  EXPECT_TRUE(SimpleOf(Mask().regions)->background);
  EXPECT_FLOAT_EQ(at(2.5).numbers.feather, 5);
  EXPECT_FALSE(SimpleOf(Mask().regions)->background);
  EXPECT_EQ(at(4), *scenes_.list().at(1).mask);
  // Whoever turns it meanwhile has it.
  Edit([](MaskSettings* mask) { mask->numbers.feather = 0; });
  ASSERT_TRUE(scenes_.Recall(1, 4, 0).ok());
  (void)at(1);
  Edit([](MaskSettings* mask) { mask->numbers.feather = 40; });
  EXPECT_EQ(at(3).numbers.feather, 40);
  EXPECT_EQ(at(5).numbers.feather, 40);
}

TEST_F(MaskControlTest, WrongScenesAreNamed) {
  const auto read = [&](const std::string& mask) {
    return ReadScenes(Write("s.json", R"({"scenes": {"1": {"style": "a", "mask": )" + mask + "}}}")).status();
  };
  EXPECT_TRUE(read("{}").ok());
  EXPECT_TRUE(read(R"({"on": true, "regions": {"": "painted"}, "every": 16})").ok());
  for (const char* bad :
       {"1", "[]", R"({"in": true})", R"({"on": 1})", R"({"network": ""})", R"({"network": 3})",
        R"({"input": 3})", R"({"regions": {}})", R"({"regions": ["a"]})", R"({"regions": {"a": ""}})",
        R"({"regions": {"a": 3}})", R"({"feather": -1})", R"({"feather": "4"})", R"({"threshold": 0})",
        R"({"hold": 1.5})", R"({"every": 0})", R"({"every": 1.5})", R"({"every": 99999999999})"}) {
    const Status status = read(bad);
    EXPECT_FALSE(status.ok()) << bad;
    EXPECT_EQ(status.message().find('\n'), std::string::npos) << status.message();
  }
}

}  // namespace
}  // namespace tempera::live
