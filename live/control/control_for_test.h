// For tests: controls of a model that is not there, and a folder that goes away.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "live/control/bindings.h"
#include "live/control/scenes.h"
#include "live/controls.h"
#include "tempera/tempera.h"

namespace tempera::live {

// "a" and "b" lie in one file, "other" in another.
inline Result<ModelFile> FindForTest(const std::string& word) {
  if (word == "other") return ModelFile{"other.onnx", ""};
  if (word == "a" || word == "b") return ModelFile{"many.onnx", word};
  return NotFound("no style '" + word + "'");
}

class ControlTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / (std::string("tempera_") + info->test_suite_name() +
                                                        "_" + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
    controls_.SetParameters({Made("strength", 1, 1), Made("contrast", 2, 1),
                             Made("keep_colors", 1, 0, TEMPERA_PARAMETER_SWITCH), Blend({"a", "b"})});
  }
  static Parameter Made(const std::string& name, float maximum, float value,
                        int kind = TEMPERA_PARAMETER_NUMBER) {
    Parameter p;
    p.name = name, p.kind = kind, p.maximum = maximum, p.defaults = {value};
    return p;
  }
  static Parameter Blend(const std::vector<std::string>& styles) {
    Parameter p;
    p.name = "style_weights", p.kind = TEMPERA_PARAMETER_WEIGHTS, p.short_names = styles;
    for (const std::string& style : styles) p.element_names.push_back("The " + style);
    p.defaults.assign(styles.size(), 0);
    p.defaults[0] = 1;
    return p;
  }
  static Settings Beginning() {
    Settings settings;
    settings.style = "a";
    return settings;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  std::string Write(const std::string& name, const std::string& text) const {
    std::ofstream(Path(name), std::ios::binary) << text;
    return Path(name);
  }
  float Value(const std::string& name, size_t i = 0) const { return controls_.ValuesOf(name).at(i); }
  // Waits up to ten seconds.
  static bool Becomes(const std::function<bool()>& true_now) {
    for (int i = 0; i < 2000; ++i) {
      if (true_now()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  std::filesystem::path folder_;
  Controls controls_{Beginning()};
  Scenes scenes_{&controls_, FindForTest};
  Bindings bindings_{&controls_, &scenes_};
};

}  // namespace tempera::live
