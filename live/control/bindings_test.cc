#include "live/control/bindings.h"

#include <cmath>
#include <iterator>

#include "live/control/console.h"
#include "live/control/control_files.h"
#include "live/control/control_for_test.h"

namespace tempera::live {
namespace {

class BindingsTest : public ControlTest {
 protected:
  void Bind(const std::string& list) {
    const Status status = bindings_.Load(Write("b.json", "{\"bindings\": [" + list + "]}"));
    ASSERT_TRUE(status.ok()) << status.message();
  }
  // A fader of 7 bits.
  void Move(const std::string& from, int place) { bindings_.Handle({from, place / 127.0}); }
};

TEST_F(BindingsTest, AFaderTakesItsControlOverWhereItPassesIt) {
  Bind(R"({"from": "midi:cc:1:21", "to": "strength"})");
  ASSERT_TRUE(controls_.SetValues("strength", {0.5f}).ok());
  Move("midi:cc:1:21", 10);
  EXPECT_EQ(Value("strength"), 0.5f) << "no jump";
  ASSERT_EQ(bindings_.waiting().size(), 1u);
  EXPECT_TRUE(bindings_.waiting()[0].up);
  Move("midi:cc:1:21", 40);
  EXPECT_EQ(Value("strength"), 0.5f);
  Move("midi:cc:1:21", 90);  // past it, in one go
  EXPECT_FLOAT_EQ(Value("strength"), 90.f / 127);
  EXPECT_TRUE(bindings_.waiting().empty());
  Move("midi:cc:1:21", 20);
  EXPECT_FLOAT_EQ(Value("strength"), 20.f / 127) << "it holds it, however fast";
  // The mouse takes it away.
  ASSERT_TRUE(controls_.SetValues("strength", {0.9f}).ok());
  Move("midi:cc:1:21", 22);
  EXPECT_EQ(Value("strength"), 0.9f);
  Move("midi:cc:1:21", 114);  // as near as a fader gets
  EXPECT_FLOAT_EQ(Value("strength"), 114.f / 127);
}

TEST_F(BindingsTest, WithinItsEndsAndInElements) {
  Bind(R"({"from": "midi:cc:1:1", "to": "contrast", "low": 0.5, "high": 1.5, "pickup": false},
          {"from": "midi:cc:1:2", "to": "style_weights[b]", "pickup": false},
          {"from": "midi:cc:1:3", "to": "style_weights[0]", "low": 1, "high": 0, "pickup": false},
          {"from": "midi:cc:1:4", "to": "height", "pickup": false},
          {"from": "midi:cc:1:5", "to": "gone", "pickup": false},
          {"from": "midi:cc14:1:6", "to": "contrast", "pickup": false})");
  Move("midi:cc:1:1", 127);
  EXPECT_EQ(Value("contrast"), 1.5f);
  Move("midi:cc:1:1", 0);
  EXPECT_EQ(Value("contrast"), 0.5f);
  Move("midi:cc:1:2", 127);
  EXPECT_EQ(Value("style_weights", 1), 1);
  Move("midi:cc:1:3", 127);
  EXPECT_EQ(Value("style_weights", 0), 0) << "the other way round";
  Move("midi:cc:1:4", 127);
  EXPECT_EQ(controls_.Get().height, 720);
  Move("midi:cc:1:4", 0);
  EXPECT_EQ(controls_.Get().height % 24, 0);
  Move("midi:cc:1:5", 64);
  EXPECT_TRUE(bindings_.Handle({"midi:cc14:1:6", 0.25}));
  EXPECT_EQ(Value("contrast"), 0.5f);
  EXPECT_FALSE(bindings_.Handle({"midi:cc:9:9", 0.5}));
  EXPECT_FALSE(bindings_.Handle({"midi:cc:1:1", NAN}));
  EXPECT_FALSE(bindings_.Handle({"midi:cc:1:1", 2}));
}

TEST_F(BindingsTest, SwitchesAndScenes) {
  Bind(R"({"from": "midi:note:1:36", "to": "freeze"},
          {"from": "midi:cc:1:64", "to": "mirror"},
          {"from": "midi:cc:1:65", "to": "keep_colors", "toggle": true},
          {"from": "midi:cc:1:66", "to": "scene:1"},
          {"from": "midi:program:1:3", "to": "style:b"})");
  for (const bool on : {true, false, true}) {
    bindings_.Handle({"midi:note:1:36", 0.5});
    bindings_.Handle({"midi:note:1:36", 0});
    EXPECT_EQ(controls_.Get().freeze, on);
  }
  Move("midi:cc:1:64", 127);
  EXPECT_TRUE(controls_.Get().mirror);
  Move("midi:cc:1:64", 0);
  EXPECT_FALSE(controls_.Get().mirror);
  for (const float on : {1.f, 0.f}) {
    Move("midi:cc:1:65", 127);
    Move("midi:cc:1:65", 0);
    EXPECT_EQ(Value("keep_colors"), on);
  }
  ASSERT_TRUE(controls_.SetValues("strength", {0.25f}).ok());
  ASSERT_TRUE(scenes_.Store(1).ok());
  ASSERT_TRUE(controls_.SetValues("strength", {1}).ok());
  Move("midi:cc:1:66", 100);
  EXPECT_EQ(Value("strength"), 0.25f);
  ASSERT_TRUE(controls_.SetValues("strength", {1}).ok());
  Move("midi:cc:1:66", 110);
  EXPECT_EQ(Value("strength"), 1) << "held, not pressed again";
  Move("midi:cc:1:66", 0);
  Move("midi:cc:1:66", 127);
  EXPECT_EQ(Value("strength"), 0.25f);
  bindings_.Handle({"midi:program:1:3", 1});
  EXPECT_EQ(controls_.Get().style, "b");
}

TEST_F(BindingsTest, LearntIsBoundAtOnceAndKept) {
  const std::string path = Path("learnt.json");
  ASSERT_TRUE(bindings_.Load(path).ok()) << "no file yet";
  ASSERT_TRUE(controls_.SetValues("strength", {0.9f}).ok());
  ASSERT_TRUE(bindings_.Learn("strength").ok());
  EXPECT_EQ(bindings_.learning(), "strength");
  bindings_.Handle({"midi:note:1:5", 0});  // let go, not pressed
  EXPECT_EQ(bindings_.learning(), "strength");
  Move("midi:cc:2:8", 13);
  EXPECT_FLOAT_EQ(Value("strength"), 13.f / 127) << "whoever teaches it looks at it";
  EXPECT_EQ(bindings_.learning(), "");
  ASSERT_TRUE(bindings_.Learn("style_weights[b]").ok());
  Move("midi:cc:2:9", 64);
  ASSERT_TRUE(bindings_.Learn("contrast").ok());
  Move("midi:cc:2:8", 20);  // leaves strength
  Bindings again(&controls_, &scenes_);
  ASSERT_TRUE(again.Load(path).ok());
  ASSERT_EQ(again.list().size(), 2u);
  EXPECT_EQ(again.list()[0].from, "midi:cc:2:9");
  EXPECT_EQ(TargetText(again.list()[0].to), "style_weights[b]");
  EXPECT_EQ(TargetText(again.list()[1].to), "contrast");
  ASSERT_TRUE(bindings_.Forget("contrast").ok());
  EXPECT_FALSE(bindings_.Forget("contrast").ok());
  ASSERT_TRUE(again.Load(path).ok());
  EXPECT_EQ(again.list().size(), 1u);
  ASSERT_TRUE(bindings_.Learn("strength").ok());
  bindings_.StopLearning();
  EXPECT_FALSE(bindings_.Handle({"midi:cc:7:7", 0.5}));
  EXPECT_FALSE(bindings_.Learn("a[").ok());
}

TEST_F(BindingsTest, AFileThatCannotBeWrittenIsSaid) {
  ASSERT_TRUE(bindings_.Load(Path("no/such/folder/b.json")).ok());
  ASSERT_TRUE(bindings_.Learn("strength").ok());
  Move("midi:cc:2:8", 13);
  EXPECT_NE(bindings_.trouble().find("b.json"), std::string::npos) << bindings_.trouble();
  EXPECT_EQ(bindings_.last_controller(), "midi:cc:2:8");
  EXPECT_FLOAT_EQ(Value("strength"), 13.f / 127);
}

TEST_F(BindingsTest, WrongFilesAreNamed) {
  for (const std::string& text : std::vector<std::string>{
           "", "[]", "{}", "{\"bindings\": 1}", "{\"bindings\": [1]}",
           R"({"bindings": [{"from": "midi:cc:1:1"}]})",
           R"({"bindings": [{"from": "midi:cc:0:1", "to": "a"}]})",
           R"({"bindings": [{"from": "midi:cc:1:128", "to": "a"}]})",
           R"({"bindings": [{"from": "midi:cc:1", "to": "a"}]})",
           R"({"bindings": [{"from": "midi:cc14:1:32", "to": "a"}]})",
           R"({"bindings": [{"from": "midi:xx:1:1", "to": "a"}]})",
           R"({"bindings": [{"from": "osc:x", "to": "a"}]})",
           R"({"bindings": [{"from": "osc:/x*", "to": "a"}]})",
           R"({"bindings": [{"from": "osc:/x", "to": "scene:0"}]})",
           R"({"bindings": [{"from": "osc:/x", "to": "a", "low": "b"}]})",
           R"({"bindings": [{"from": "osc:/x", "to": "a", "loww": 1}]})", std::string(100000, '[')}) {
    const Status status = bindings_.Load(Write("bad.json", text));
    ASSERT_FALSE(status.ok()) << text.substr(0, 100);
    EXPECT_NE(status.message().find("bad.json"), std::string::npos);
    EXPECT_EQ(status.message().find('\n'), std::string::npos);
  }
  for (const std::string& text :
       std::vector<std::string>{"{}", "{\"scenes\": {\"0\": {}}}", R"({"scenes": {"1": {"style": 3}}})",
                                R"({"scenes": {"1": {"style": "a", "seconds": -1}}})",
                                R"({"scenes": {"1": {"style": "a", "values": {"x": "y"}}}})",
                                R"({"scenes": {"1": {"style": "a", "values": {"x": []}}}})",
                                R"({"scenes": {"1000": {"style": "a"}}})"}) {
    EXPECT_FALSE(scenes_.Load(Write("bad.json", text)).ok()) << text;
  }
}

TEST(Target, ComesBackAsWritten) {
  for (const char* text : {"strength", "style_weights[great-wave]", "style_weights[0]", "height", "fps",
                           "mirror", "freeze", "scene:3", "style:great-wave", "style:/a/b.onnx:c"}) {
    const Result<Target> target = ParseTarget(text);
    ASSERT_TRUE(target.ok()) << text;
    EXPECT_EQ(TargetText(*target), text);
  }
  for (const char* text : {"", "[a]", "a[", "a[]", "a[b", "a[b]c", "scene:", "scene:0", "scene:x", "style:"})
    EXPECT_FALSE(ParseTarget(text).ok()) << text;
}

TEST_F(ControlTest, TheDeskHasItAll) {
  ConsoleOptions options;
  options.osc = "127.0.0.1:0";
  options.midi = {Path("midi*")};
  options.bindings_path = Path("b.json");
  options.scenes_path = Path("s.json");
  options.find = FindForTest;
  auto desk = Console::Start(&controls_, options);
  ASSERT_TRUE(desk.ok()) << desk.status().message();
  EXPECT_GT((*desk)->osc_port(), 0);
  EXPECT_TRUE((*desk)->scenes().Store(1, "One", 2).ok());
  EXPECT_TRUE(std::filesystem::exists(Path("s.json")));
  EXPECT_TRUE(Becomes([&] {
    const std::vector<std::string> troubles = (*desk)->troubles();
    return troubles.size() == 1 && troubles[0].find("no MIDI device '" + Path("midi*")) != std::string::npos;
  }));
  options.osc = "127.0.0.1:" + std::to_string((*desk)->osc_port());
  EXPECT_FALSE(Console::Start(&controls_, options).ok()) << "asked for, and taken";
  options.osc = "off";
  options.midi = {"off"};
  const auto quiet = Console::Start(&controls_, options);
  ASSERT_TRUE(quiet.ok());
  EXPECT_EQ((*quiet)->osc_port(), 0);
}

TEST_F(BindingsTest, WhatNoFileCanNameIsNotLearnt) {
  ASSERT_TRUE(bindings_.Load(Path("b.json")).ok());
  EXPECT_FALSE(bindings_.Learn("style:\xff").ok());
  EXPECT_FALSE(bindings_.Learn(std::string(5000, 'a')).ok());
  EXPECT_EQ(bindings_.learning(), "");
  ASSERT_TRUE(bindings_.Learn("strength").ok());
  for (const std::string& from :
       {std::string("osc:/a b"), std::string("osc:/a#"), std::string("osc:/a,f"), std::string("osc:/\xff"),
        "osc:/" + std::string(5000, 'a'), std::string("osc:/a\0b", 8)}) {
    EXPECT_FALSE(bindings_.Handle({from, 0.5})) << from;
    EXPECT_NE(bindings_.trouble(), "") << from;
    EXPECT_EQ(bindings_.learning(), "strength") << "the next one may be better";
  }
  EXPECT_TRUE(bindings_.Handle({"osc:/größe", 0.5}));
  EXPECT_EQ(bindings_.learning(), "");
  EXPECT_EQ(bindings_.trouble(), "");
  Bindings again(&controls_, &scenes_);
  ASSERT_TRUE(again.Load(Path("b.json")).ok());
  EXPECT_EQ(again.list(), bindings_.list());
  EXPECT_EQ(again.list().size(), 1u);
}

TEST_F(ControlTest, AWrongFileThatNobodyNamedIsATrouble) {
  const auto text = [&](const std::string& name) {
    std::ifstream file(Path(name), std::ios::binary);
    return std::string{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  };
  ConsoleOptions options;
  options.osc = "off";
  options.midi = {"off"};
  options.bindings_path = Write("b.json", "{\"bindings\": [{\"from\": \"x\"");
  options.scenes_path = Write("s.json", "{\"scenes\": {\"0\": 1}}");
  EXPECT_FALSE(Console::Start(&controls_, options).ok()) << "somebody named them";
  options.bindings_named = options.scenes_named = false;
  const auto console = Console::Start(&controls_, options);
  ASSERT_TRUE(console.ok()) << console.status().message();
  const std::vector<std::string> troubles = (*console)->troubles();
  ASSERT_EQ(troubles.size(), 2u);
  EXPECT_NE(troubles[0].find("s.json"), std::string::npos);
  EXPECT_NE(troubles[1].find("b.json"), std::string::npos);
  const std::string bindings = text("b.json"), scenes = text("s.json");
  Write("s.json.broken", "an older one");
  ASSERT_TRUE((*console)->scenes().Store(1).ok());
  ASSERT_TRUE((*console)->scenes().Store(2).ok());
  ASSERT_TRUE((*console)->bindings().Learn("strength").ok());
  EXPECT_TRUE((*console)->bindings().Handle({"midi:cc:1:21", 0.5}));
  EXPECT_TRUE((*console)->troubles().empty());
  EXPECT_EQ(text("b.json.broken"), bindings);
  EXPECT_EQ(text("s.json.broken"), "an older one");
  EXPECT_EQ(text("s.json.broken2"), scenes);
  EXPECT_FALSE(std::filesystem::exists(Path("s.json.broken3")));
  options.bindings_named = options.scenes_named = true;
  EXPECT_TRUE(Console::Start(&controls_, options).ok());
}

}  // namespace
}  // namespace tempera::live
