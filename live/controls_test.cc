#include "live/controls.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "tempera/tempera.h"

namespace tempera::live {
namespace {

std::vector<Parameter> Two() {
  Parameter strength{"strength", "", "", TEMPERA_PARAMETER_NUMBER, 0, 1, {1}, {}, {}};
  Parameter weights{
      "style_weights",        "", "", TEMPERA_PARAMETER_WEIGHTS, 0, 1, {1, 0}, {"The Great Wave", "Udnie"},
      {"great-wave", "udnie"}};
  return {strength, weights};
}

TEST(Controls, ClampsAndRefuses) {
  Controls controls(Settings{});
  EXPECT_EQ(controls.SetValues("strength", {1}).code(), StatusCode::kNotFound);  // no model yet
  controls.SetParameters(Two());
  EXPECT_TRUE(controls.SetValues("strength", {7}).ok());
  EXPECT_EQ(controls.ValuesOf("strength"), std::vector<float>{1});
  EXPECT_FALSE(controls.SetValues("strength", {std::nanf("")}).ok());
  EXPECT_FALSE(controls.SetValues("strength", {1, 2}).ok());
  EXPECT_NE(controls.SetValues("length", {1}).message().find("strength"), std::string::npos);
  EXPECT_EQ(controls.ValuesOf("length"), std::vector<float>{});
}

TEST(Controls, SetsOneElementByName) {
  Controls controls(Settings{});
  controls.SetParameters(Two());
  EXPECT_TRUE(controls.SetElement("style_weights", "udnie", 0, 0.5f).ok());
  EXPECT_EQ(controls.ValuesOf("style_weights"), (std::vector<float>{1, 0.5f}));
  EXPECT_TRUE(controls.SetElement("style_weights", "The Great Wave", 0, 0).ok());
  EXPECT_TRUE(controls.SetElement("style_weights", "", 1, 1).ok());
  EXPECT_EQ(controls.ValuesOf("style_weights"), (std::vector<float>{0, 1}));
  EXPECT_EQ(controls.SetElement("style_weights", "", 2, 1).code(), StatusCode::kNotFound);
  EXPECT_EQ(controls.SetElement("style_weights", "", -1, 1).code(), StatusCode::kNotFound);
  EXPECT_EQ(controls.SetElement("style_weights", "guernica", 0, 1).code(), StatusCode::kNotFound);
}

TEST(Controls, AnotherStyleForgetsTheBlend) {
  Controls controls(Settings{});
  controls.SetParameters(Two());
  ASSERT_TRUE(controls.SetElement("style_weights", "udnie", 0, 0.5f).ok());
  ASSERT_TRUE(controls.SetValues("strength", {0.5f}).ok());
  controls.SetStyle("the-scream");
  EXPECT_EQ(controls.Get().values.count("style_weights"), 0u);
  EXPECT_EQ(controls.ValuesOf("strength"), std::vector<float>{0.5f});
}

TEST(Controls, AValueOfAnotherModelDoesNothing) {
  Settings scene;
  scene.values["style_weights"] = {1, 2, 3};
  Controls controls(scene);
  controls.SetParameters(Two());
  EXPECT_EQ(controls.ValuesOf("style_weights"), (std::vector<float>{1, 0}));
  EXPECT_TRUE(controls.SetElement("style_weights", "", 1, 1).ok());
  EXPECT_EQ(controls.ValuesOf("style_weights").size(), 2u);
}

TEST(Controls, TellsWhatChanged) {
  Controls controls(Settings{});
  controls.SetParameters(Two());
  std::vector<std::string> heard;
  controls.SetListener([&](const std::string& name) {
    heard.push_back(name);
    (void)controls.Get();  // no lock is held
  });
  const uint64_t before = controls.generation();
  (void)controls.SetValues("strength", {0.5f});
  controls.SetMirror(true);
  controls.SetFps(std::numeric_limits<double>::quiet_NaN());
  EXPECT_EQ(heard, (std::vector<std::string>{"strength", "mirror", "fps"}));
  EXPECT_EQ(controls.generation(), before + 3);
  EXPECT_EQ(controls.Get().fps, 0);
}

}  // namespace
}  // namespace tempera::live
