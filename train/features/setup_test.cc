#include "train/features/setup.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "train/features/safetensors_writer.h"

namespace tempera::train {
namespace {

namespace fs = std::filesystem;

class SetupTest : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::path(testing::TempDir()) / ("setup \"quoted\" " + std::to_string(getpid()));
    fs::create_directories(folder_ / "photos");
    setenv("XDG_CONFIG_HOME", folder_.c_str(), 1);
    Safetensors file;
    file.arrays["features.0.weight"] = {{1}, {1.0f}};
    ASSERT_TRUE(WriteSafetensorsFile(file, Path("f.safetensors")).ok());
  }
  void TearDown() override {
    unsetenv("XDG_CONFIG_HOME");
    fs::remove_all(folder_);
  }
  std::string Path(const std::string& name) const { return (folder_ / name).string(); }
  fs::path folder_;
};

TEST_F(SetupTest, ToldOnceIsFilledIn) {
  std::vector<std::string> content;
  std::string features;
  const Status none = FillFromSetup(&content, &features);
  EXPECT_EQ(none.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(none.message().find("tempera-train setup --content"), std::string::npos);

  ASSERT_TRUE(RunSetup({{Path("photos")}, ""}).ok());
  const Status half = FillFromSetup(&content, &features);
  EXPECT_NE(half.message().find("--features"), std::string::npos);
  content.clear();
  ASSERT_TRUE(RunSetup({{}, Path("f.safetensors")}).ok());
  ASSERT_TRUE(FillFromSetup(&content, &features).ok());
  EXPECT_EQ(content, std::vector<std::string>{Path("photos")});
  EXPECT_EQ(features, Path("f.safetensors"));

  content = {"elsewhere"};  // what is given counts
  features.clear();
  ASSERT_TRUE(FillFromSetup(&content, &features).ok());
  EXPECT_EQ(content, std::vector<std::string>{"elsewhere"});
}

TEST_F(SetupTest, WhatIsNotUsableIsNotKept) {
  EXPECT_EQ(RunSetup({{Path("nothing")}, ""}).code(), StatusCode::kNotFound);
  EXPECT_FALSE(RunSetup({{Path("photos")}, Path("nothing.safetensors")}).ok());
  EXPECT_FALSE(fs::exists(SetupPath()));
}

TEST_F(SetupTest, ABrokenFileIsNamedAndReplaced) {
  fs::create_directories(fs::path(SetupPath()).parent_path());
  for (const char* text : {"{", "[]", "{\"content\": 5}", "{\"features\": []}", "{\"content\": [5]}"}) {
    std::ofstream(SetupPath()) << text;
    EXPECT_EQ(ReadSetup().status().code(), StatusCode::kCorruptModel) << text;
    EXPECT_NE(ReadSetup().status().message().find(SetupPath()), std::string::npos);
  }
  EXPECT_TRUE(RunSetup({{Path("photos")}, Path("f.safetensors")}).ok());
  EXPECT_TRUE(ReadSetup().ok());
}

}  // namespace
}  // namespace tempera::train
