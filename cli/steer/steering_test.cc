#include "cli/steer/steering.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "cli/steer/schedule.h"
#include "cli/steer/steer_options.h"

namespace tempera::cli {
namespace {

const std::vector<Control> kControls = {
    {.name = "strength", .defaults = {1}},
    {.name = "keep_colors", .kind = TEMPERA_PARAMETER_SWITCH},
    {.name = "style_weights",
     .kind = TEMPERA_PARAMETER_WEIGHTS,
     .defaults = {1, 0, 0},
     .elements = {"Starry Night", "The Great Wave", "10 Cubes"},
     .short_names = {"starry-night", "great-wave", "10-cubes"}},
    {.name = "tint", .minimum = -2, .maximum = 2, .defaults = {0, 0, 0}},
};

Result<Schedule> Of(const Steering& steering) { return Schedule::Make(kControls, steering, "m.onnx"); }

// What a control has at a moment; empty: it is left alone.
std::vector<float> At(const Schedule& schedule, size_t control, double time_s) {
  for (const Schedule::Value& value : schedule.At(time_s)) {
    if (value.control == control) return value.values;
  }
  return {};
}

Schedule Animated(const std::string& text, bool smooth = false) {
  Result<std::vector<Keyframe>> keys = ParseAnimation(text, smooth);
  EXPECT_TRUE(keys.ok()) << keys.status().message();
  if (!keys.ok()) return {};
  Steering steering;
  steering.keys = *keys;
  Result<Schedule> schedule = Of(steering);
  EXPECT_TRUE(schedule.ok()) << schedule.status().message();
  return schedule.ok() ? *schedule : Schedule();
}

TEST(Blend, SharesOfNames) {
  const auto blend = ParseBlend("starry-night=0.6, The Great Wave=0.2");
  ASSERT_TRUE(blend.ok()) << blend.status().message();
  Steering steering;
  steering.blend = *blend;
  const auto schedule = Of(steering);
  ASSERT_TRUE(schedule.ok()) << schedule.status().message();
  const std::vector<float> shares = At(*schedule, 2, 0);
  ASSERT_EQ(shares.size(), 3u);
  EXPECT_FLOAT_EQ(shares[0], 0.75f);
  EXPECT_FLOAT_EQ(shares[1], 0.25f);
  EXPECT_EQ(shares[2], 0);
  EXPECT_FALSE(schedule->moves());
  EXPECT_EQ(PaintedName(steering, "file"), "starry-night=0.6,The Great Wave=0.2");
}

TEST(Blend, ANameAloneIsAllOfIt) {
  const auto blend = ParseBlend("GREAT_wave");
  ASSERT_TRUE(blend.ok());
  Steering steering;
  steering.blend = *blend;
  const auto schedule = Of(steering);
  ASSERT_TRUE(schedule.ok()) << schedule.status().message();
  EXPECT_EQ(At(*schedule, 2, 7), (std::vector<float>{0, 1, 0}));
}

TEST(Blend, RefusesWhatIsNone) {
  for (const char* text :
       {"", "a=", "=1", "a=b", "a=1,a=2", "a=-1", "a=0", "a=1,0.5", "a=nan", "a=inf", ",", "a=1,,b"})
    EXPECT_FALSE(ParseBlend(text).ok()) << text;
  Steering steering;
  steering.blend = {{"wave", {1}}};
  const auto schedule = Of(steering);
  ASSERT_FALSE(schedule.ok());
  EXPECT_EQ(schedule.status().message(),
            "there is no style 'wave' in m.onnx: it has starry-night, great-wave, 10-cubes");
}

TEST(Param, OneParameterOfAnyLength) {
  const auto tint = ParseParam("tint=-1, 0.5,2");
  ASSERT_TRUE(tint.ok());
  EXPECT_EQ(tint->name, "tint");
  EXPECT_EQ(tint->values, (std::vector<float>{-1, 0.5f, 2}));
  for (const char* text : {"", "tint", "tint=", "=1", "tint=1,strength=1", "tint=1,,2", "tint=1e99"})
    EXPECT_FALSE(ParseParam(text).ok()) << text;
  const std::pair<Turn, const char*> refused[] = {
      {{"strength", {2}}, "strength 2 is not in 0..1"},
      {{"tint", {0, 0, -3}}, "tint -3 is not in -2..2"},
      {{"tint", {1}}, "tint takes 3 values, not 1"},
      {{"style_weights", {0, 0, 0}}, "the values of style_weights sum to 0: give one of them more"},
      {{"hue", {1}},
       "--param: there is no parameter 'hue': m.onnx has styles starry-night, great-wave, 10-cubes; "
       "parameters "
       "strength, keep_colors, style_weights, tint"}};
  for (const auto& [turn, message] : refused) {
    Steering steering;
    steering.params = {turn};
    const auto schedule = Of(steering);
    ASSERT_FALSE(schedule.ok()) << message;
    EXPECT_EQ(schedule.status().message(), message);
  }
}

TEST(Animate, StylesAndParametersMixed) {
  const Schedule s =
      Animated("0s:starry-night=1,strength=0.2; 4s:great-wave=1; 0:10:10-cubes,tint=1,2,-2,strength=1");
  EXPECT_TRUE(s.moves());
  EXPECT_EQ(At(s, 2, 0), (std::vector<float>{1, 0, 0}));
  EXPECT_EQ(At(s, 2, 1), (std::vector<float>{0.75f, 0.25f, 0}));
  EXPECT_EQ(At(s, 2, 4), (std::vector<float>{0, 1, 0}));
  EXPECT_EQ(At(s, 2, 99), (std::vector<float>{0, 0, 1}));
  EXPECT_FLOAT_EQ(At(s, 0, 5)[0], 0.6f);  // of its own keyframes, 0 and 10
  EXPECT_EQ(At(s, 3, 0), (std::vector<float>{1, 2, -2}));
  EXPECT_TRUE(At(s, 1, 0).empty());
}

// An S goes through the middle, slower at both ends.
TEST(Animate, Smooth) {
  const Schedule s = Animated("0:strength=0; 10:strength=1 smooth; 20:strength=0");
  EXPECT_FLOAT_EQ(At(s, 0, 5)[0], 0.5f);
  EXPECT_NEAR(At(s, 0, 1)[0], 0.028f, 1e-4);
  EXPECT_FLOAT_EQ(At(s, 0, 12)[0], 0.8f);
  EXPECT_NEAR(At(Animated("0:strength=0; 10:strength=1", true), 0, 1)[0], 0.028f, 1e-4);
  EXPECT_FLOAT_EQ(At(Animated("0:strength=0; 10:strength=1 linear", true), 0, 1)[0], 0.1f);
}

TEST(Animate, RefusesWhatIsNone) {
  for (const char* text :
       {"", ";", "a=1", "0s", "0s:", "5s:a=1;5s:b=1", "5s:a=1;4s:b=1", "-1s:a=1", "1:2:3:4:a=1", "xs:a=1",
        "0s:a=1,a=2", "0s:=1", "0s:a=x", "0ss:a=1", "0s:smooth;0s:smooth", "missing.json"})
    EXPECT_FALSE(ParseAnimation(text, false).ok()) << text;
  for (const char* text : {"0s:wave=1", "0s:strength=3", "0s:starry-night=-1", "0s:starry-night=0",
                           "0s:starry-night=1,style_weights=1,0,0"}) {
    const auto keys = ParseAnimation(text, false);
    ASSERT_TRUE(keys.ok()) << text;
    Steering steering;
    steering.keys = *keys;
    EXPECT_FALSE(Of(steering).ok()) << text;
  }
}

// What an option holds no keyframe may touch; a style that a file was opened with yields.
TEST(Animate, BesideOtherOptions) {
  Steering steering;
  steering.keys = *ParseAnimation("0s:great-wave=1;5s:starry-night=1", false);
  steering.style = "10-cubes";
  const auto schedule = Of(steering);
  ASSERT_TRUE(schedule.ok()) << schedule.status().message();
  EXPECT_EQ(At(*schedule, 2, 0), (std::vector<float>{0, 1, 0}));
  steering.blend = {{"10-cubes", {1}}};
  EXPECT_FALSE(Of(steering).ok());
  steering.blend.clear();
  steering.keys = *ParseAnimation("0s:strength=1", false);
  EXPECT_TRUE(Of(steering).ok());
  steering.params = {{"strength", {0.5f}}};
  EXPECT_FALSE(Of(steering).ok());
}

TEST(KeyframesJson, SaysTheSame) {
  const auto keys = ParseKeyframesJson(
      R"({"ease": "smooth", "keyframes": [
           {"time": 0, "values": {"starry-night": 1, "tint": [1, 2, -2]}},
           {"time": "0:04.5", "values": {"great-wave": 1}, "ease": "linear"}, {"time": "9s", "values": {"strength": 0}}]})",
      false);
  ASSERT_TRUE(keys.ok()) << keys.status().message();
  ASSERT_EQ(keys->size(), 3u);
  EXPECT_EQ((*keys)[1].time_s, 4.5);
  EXPECT_TRUE((*keys)[0].smooth);
  EXPECT_FALSE((*keys)[1].smooth);
  EXPECT_EQ((*keys)[2].time_s, 9);
  EXPECT_TRUE(ParseKeyframesJson(R"([{"time": 1, "values": {"a": 1}}])", false).ok());
  for (const char* text :
       {"", "[", "{}", "[]", "3", R"([{"time": 1}])", R"([{"time": -1, "values": {"a": 1}}])",
        R"([{"time": 1, "values": {}}])", R"([{"time": 1, "values": {"a": "x"}}])",
        R"([{"time": 1, "values": {"a": []}}])", R"([{"time": 1, "values": {"a": 1e99}}])",
        R"([{"time": 1, "values": {"a": 1}, "easy": 1}])",
        R"([{"time": 1, "values": {"a": 1}, "ease": "in"}])",
        R"([{"time": 2, "values": {"a": 1}}, {"time": 1, "values": {"a": 1}}])",
        R"({"keyframes": {"time": 1}})", R"([{"time": null, "values": {"a": 1}}])"})
    EXPECT_FALSE(ParseKeyframesJson(text, false).ok()) << text;
}

// Random text, much of it nearly right: it is refused in a line, or it gives values within the ranges at any
// moment, the same ones twice.
TEST(Animate, AnyTextIsRefusedOrKeepsTheRanges) {
  std::mt19937 random(11);
  const char* const kParts[] = {"0s:",          "4.5s:",      "1:02:",    "10:",
                                "starry-night", "great-wave", "10-cubes", "strength",
                                "tint",         "=1",         "=0.5",     "=-1",
                                "=1e9",         ",",          ";",        " ",
                                " smooth",      " linear",    ":",        "s",
                                "\xff",         "{",          "=",        ",2,-1",
                                ",0",           "\n",         "=nan",     "style_weights=1,0,3"};
  int held = 0;
  for (int i = 0; i < 30000; ++i) {
    std::string text = random() % 4 == 0 ? "" : "0s:strength=0.5";
    const unsigned parts = random() % 9;
    if (!text.empty() && random() % 2 == 0) text += ";5s:great-wave";
    for (unsigned k = 0; k < parts; ++k) text += kParts[random() % std::size(kParts)];
    const auto keys = ParseAnimation(text, random() % 2 == 0);
    const Status status = keys.ok() ? OkStatus() : keys.status();
    EXPECT_EQ(status.message().find('\n'), std::string::npos) << text;
    if (!keys.ok()) continue;
    Steering steering;
    steering.keys = *keys;
    const auto schedule = Of(steering);
    if (!schedule.ok()) continue;
    ++held;
    for (const double t : {0.0, 0.001, 3.7, 4.5, 5.0, 9.99, 62.0, 1e7}) {
      const auto values = schedule->At(t), again = schedule->At(t);
      ASSERT_EQ(values.size(), again.size());
      for (size_t v = 0; v < values.size(); ++v) {
        const Control& c = kControls[values[v].control];
        EXPECT_EQ(values[v].values, again[v].values);
        ASSERT_EQ(values[v].values.size(), c.defaults.size()) << text;
        for (const float x : values[v].values)
          EXPECT_TRUE(x >= c.minimum && x <= c.maximum) << text << " " << x;
      }
    }
  }
  EXPECT_GT(held, 2000);
}

TEST(Steering, LinesMayBeBrokenBetweenKeyframes) {
  const Result<std::vector<Keyframe>> result =
      ParseAnimation("0s:a=1;\n    2s: b=0.5,\n strength=1 ;\r\n 3s:a=1", false);
  ASSERT_TRUE(result.ok()) << result.status().message();
  ASSERT_EQ(result->size(), 3u);
  EXPECT_EQ((*result)[1].time_s, 2);
  EXPECT_EQ((*result)[1].turns.size(), 2u);
}

}  // namespace
}  // namespace tempera::cli
