#include "src/base/atomic_file.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace tempera {
namespace {

namespace fs = std::filesystem;

class AtomicFileTest : public ::testing::Test {
 protected:
  AtomicFileTest() : folder_(fs::path(testing::TempDir()) / ("atomic_file_" + std::to_string(getpid()))) {
    fs::remove_all(folder_);
    fs::create_directories(folder_);
  }
  ~AtomicFileTest() override { fs::remove_all(folder_); }
  std::string At(const char* name) const { return (folder_ / name).string(); }
  static std::string Read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  int64_t Files() const { return std::distance(fs::directory_iterator(folder_), {}); }

  const fs::path folder_;
};

TEST_F(AtomicFileTest, TheOldStaysUntilTheNewIsWhole) {
  ASSERT_TRUE(WriteWholeFile(At("a"), "old").ok());
  {
    auto file = AtomicFile::Create(At("a"));
    ASSERT_TRUE(file.ok());
    const std::string half = "half";
    ASSERT_TRUE(file->Write(half.data(), half.size()).ok());
    EXPECT_EQ(Read(At("a")), "old");
  }
  EXPECT_EQ(Read(At("a")), "old");
  EXPECT_EQ(Files(), 1) << "what was not committed goes";
  ASSERT_TRUE(WriteWholeFile(At("a"), "new").ok());
  EXPECT_EQ(Read(At("a")), "new");
  EXPECT_EQ(Files(), 1);
}

// A process that was killed cannot tidy up. Nobody has the highest number that a process may have.
TEST_F(AtomicFileTest, WhatAKilledWriterLeftGoes) {
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  const std::string gone = std::to_string(INT32_MAX), self = std::to_string(getpid());
  for (const std::string& name : {".a." + gone + ".part", ".a." + gone + "-2.part"}) {
    std::ofstream(folder_ / name) << "half";
    fs::last_write_time(folder_ / name, old);
  }
  // Another name's, a living process's, a new one, and what is none of ours.
  const std::vector<std::string> kept = {
      ".b." + gone + ".part",    ".a." + self + ".part", ".a." + gone + "0.part", ".a.letter.part", ".a.part",
      ".a." + gone + ".part.txt"};
  for (const std::string& name : kept) {
    std::ofstream(folder_ / name) << "half";
    fs::last_write_time(folder_ / name, old);
  }
  const std::string fresh = ".a." + std::to_string(INT32_MAX - 1) + ".part";
  std::ofstream(folder_ / fresh) << "half";
  AtomicFile::RemoveLeftOver(At("a"));
  for (const std::string& name : kept) EXPECT_TRUE(fs::exists(folder_ / name)) << name;
  EXPECT_TRUE(fs::exists(folder_ / fresh));
  EXPECT_EQ(Files(), static_cast<int64_t>(kept.size()) + 1);
  AtomicFile::RemoveLeftOver("/nowhere/a");
}

// In another container a living process has another number, maybe one that nobody has here.
TEST_F(AtomicFileTest, WhatALivingWriterHoldsStays) {
  auto file = AtomicFile::Create(At("a"));
  ASSERT_TRUE(file.ok());
  const std::string foreign = At((".a." + std::to_string(INT32_MAX) + ".part").c_str());
  fs::rename(file->write_path(), foreign);
  const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
  fs::last_write_time(foreign, old);
  AtomicFile::RemoveLeftOver(At("a"));
  EXPECT_TRUE(fs::exists(foreign));
  {
    const AtomicFile dies = std::move(*file);
  }
  AtomicFile::RemoveLeftOver(At("a"));
  EXPECT_FALSE(fs::exists(foreign));
}

TEST_F(AtomicFileTest, WhatIsLeftBesideALinksTargetGoes) {
  ASSERT_TRUE(WriteWholeFile(At("target"), "old").ok());
  fs::create_directory(folder_ / "links");
  fs::create_symlink("../target", At("links/a"));
  const std::string left = At((".target." + std::to_string(INT32_MAX) + ".part").c_str());
  std::ofstream(left) << "half";
  fs::last_write_time(left, fs::file_time_type::clock::now() - std::chrono::hours(1));
  AtomicFile::RemoveLeftOver(At("links/a"));
  EXPECT_FALSE(fs::exists(left));
}

TEST_F(AtomicFileTest, TwoAtATimeDoNotMeet) {
  auto first = AtomicFile::Create(At("a")), second = AtomicFile::Create(At("a"));
  ASSERT_TRUE(first.ok() && second.ok());
  EXPECT_NE(first->write_path(), second->write_path());
  std::ofstream(first->write_path()) << "first";
  std::ofstream(second->write_path()) << "second";
  ASSERT_TRUE(first->Commit().ok());
  EXPECT_EQ(Read(At("a")), "first");
  ASSERT_TRUE(second->Commit(AtomicFile::Flush::kNever).ok());
  EXPECT_EQ(Read(At("a")), "second");
}

TEST_F(AtomicFileTest, ALinkIsFollowedADeviceIsWrittenTo) {
  ASSERT_TRUE(WriteWholeFile(At("target"), "old").ok());
  fs::create_symlink("target", At("link"));
  ASSERT_TRUE(WriteWholeFile(At("link"), "new").ok());
  EXPECT_TRUE(fs::is_symlink(At("link")));
  EXPECT_EQ(Read(At("target")), "new");
  EXPECT_TRUE(WriteWholeFile("/dev/null", "nothing").ok());
}

TEST_F(AtomicFileTest, RefusesInOneLineThatNamesTheFile) {
  for (const std::string& path : {At("no/such/folder"), folder_.string(), std::string()}) {
    const Status status = WriteWholeFile(path, "x");
    EXPECT_FALSE(status.ok());
    EXPECT_NE(status.message().find("'" + path + "'"), std::string::npos) << status.message();
  }
  if (fs::exists("/dev/full")) {
    EXPECT_EQ(WriteWholeFile("/dev/full", "x").code(), StatusCode::kIo);
  }
}

}  // namespace
}  // namespace tempera
