// For tests: clips made by the ffmpeg command in a folder that goes away, and questions about files.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include "media/reader.h"
#include "media/writer.h"

namespace tempera::media {

class ClipTest : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder_ = std::filesystem::temp_directory_path() / (std::string("tempera_") + info->test_suite_name() +
                                                        "_" + info->name() + "_" + std::to_string(getpid()));
    std::filesystem::create_directories(folder_);
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  std::string Path(const std::string& name) const { return (folder_ / name).string(); }

  // What a shell command printed; the test fails when the command does.
  static std::string Shell(const std::string& command) {
    std::string text;
    FILE* pipe = popen(command.c_str(), "r");
    EXPECT_TRUE(pipe) << command;
    if (!pipe) return text;
    std::array<char, 4096> buffer;
    while (size_t n = fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), n);
    EXPECT_EQ(pclose(pipe), 0) << command << " printed: " << text;
    return text;
  }
  // ffmpeg ARGUMENTS NAME, in the folder.
  std::string Make(const std::string& arguments, const std::string& name) const {
    Shell("cd " + folder_.string() + " && ffmpeg -nostdin -v error -y " + arguments + " " + name);
    return Path(name);
  }
  // One field a line.
  static std::string Probe(const std::string& path, const std::string& stream, const std::string& entries) {
    return Shell("ffprobe -v error -select_streams " + stream + " -show_entries " + entries +
                 " -of default=nw=1:nk=1 '" + path + "'");
  }
  // A digest of every packet of the streams, as they lie in the file.
  static std::string PacketDigest(const std::string& path, const std::string& streams) {
    return Shell("ffmpeg -nostdin -v error -i '" + path + "' -map 0:" + streams + " -c copy -f md5 -");
  }

  // Reads all frames and writes them as they are; the notices of both ends in *notices.
  static Status Copy(const std::string& from, const std::string& to, std::string* notices = nullptr,
                     const ReaderOptions& read = {}, const WriterOptions& write = {}) {
    TEMPERA_ASSIGN_OR_RETURN(auto reader, VideoReader::Open(from, read));
    TEMPERA_ASSIGN_OR_RETURN(auto writer, VideoWriter::Open(to, reader->info(), reader.get(), write));
    for (;;) {
      TEMPERA_ASSIGN_OR_RETURN(std::optional<Frame> frame, reader->Read());
      if (!frame) break;
      TEMPERA_RETURN_IF_ERROR(writer->Write(*frame));
    }
    TEMPERA_RETURN_IF_ERROR(writer->Finish());
    if (notices) {
      notices->clear();
      for (const std::string& n : reader->notices()) *notices += n + "\n";
      for (const std::string& n : writer->notices()) *notices += n + "\n";
    }
    return OkStatus();
  }

  size_t FilesInFolder() const {
    size_t n = 0;
    for ([[maybe_unused]] const auto& e : std::filesystem::directory_iterator(folder_)) ++n;
    return n;
  }

  std::filesystem::path folder_;
};

#define ASSERT_STATUS_OK(expr)                      \
  do {                                              \
    const ::tempera::Status status_ = (expr);       \
    ASSERT_TRUE(status_.ok()) << status_.message(); \
  } while (false)

}  // namespace tempera::media
