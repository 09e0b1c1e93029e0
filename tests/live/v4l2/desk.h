// A desk with devices of the stand-in on it, for tests.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "live/v4l2/v4l2.h"
#include "tests/live/v4l2/stand_in/pattern.h"

namespace tempera::live {

class DeviceDesk : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (std::filesystem::temp_directory_path() / "tempera-desk-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    setenv("TEMPERA_V4L2_STAND_IN", name.c_str(), 1);
  }
  void TearDown() override {
    unsetenv("TEMPERA_V4L2_STAND_IN");
    std::filesystem::remove_all(folder_);
  }

  // Puts a device on the desk: /dev/videoNUMBER. Each test's are others than those of the tests before it.
  void Plug(int number, const std::string& script) {
    const auto beside = folder_ / "beside";
    std::ofstream(beside) << script;
    std::filesystem::rename(beside, File(number));
  }
  void Unplug(int number) { std::filesystem::remove(File(number)); }
  void Move(int from, int to) { std::filesystem::rename(File(from), File(to)); }
  std::filesystem::path File(int number) const { return folder_ / ("video" + std::to_string(number)); }

  // An open camera.
  static std::unique_ptr<Source> Open(const V4l2Choice& choice) {
    auto source = MakeV4l2Source(choice);
    EXPECT_TRUE(source.ok()) << source.status().message();
    if (!source.ok()) return nullptr;
    const Status status = (*source)->Open();
    EXPECT_TRUE(status.ok()) << status.message();
    return status.ok() ? std::move(*source) : nullptr;
  }
  // What opening it is refused with; "" when it is not.
  static std::string Refusal(const V4l2Choice& choice) {
    auto source = MakeV4l2Source(choice);
    if (!source.ok()) return source.status().message();
    return (*source)->Open().message();
  }
  // The next frame, within two seconds.
  static Result<SourceFrame> Next(Source* source) {
    SourceFrame frame;
    const int64_t deadline = NowNs() + 2'000'000'000;
    while (NowNs() < deadline) {
      TEMPERA_ASSIGN_OR_RETURN(const Source::Got got, source->Read(&frame));
      if (got == Source::Got::kFrame) return frame;
    }
    return NotFound("no frame came");
  }

  static uint32_t NumberOf(const media::Frame& frame) {
    return stand_in::NumberIn(frame.planes[0], frame.stride_bytes[0], frame.width);
  }
  // The greatest difference from the pattern, of luma and of chroma, the latter at chroma's own size.
  static int Differs(const media::Frame& f, uint32_t number, bool grey = false) {
    int most = 0;
    for (int y = 0; y < f.height; ++y) {
      for (int x = 0; x < f.width; ++x) {
        most = std::max(
            most, std::abs(f.planes[0][y * f.stride_bytes[0] + x] - stand_in::LumaAt(x, y, number, f.width)));
      }
    }
    const bool pairs = f.format == media::PixelFormat::kNv12;
    for (int y = 0; y < f.height; y += 2) {
      for (int x = 0; x < f.width; x += 2) {
        const uint8_t* u = f.planes[1] + y / 2 * f.stride_bytes[1] + (pairs ? x : x / 2);
        const uint8_t* v = pairs ? u + 1 : f.planes[2] + y / 2 * f.stride_bytes[2] + x / 2;
        most = std::max(most, std::abs(*u - (grey ? 128 : stand_in::CbAt(x, y))));
        most = std::max(most, std::abs(*v - (grey ? 128 : stand_in::CrAt(x, y))));
      }
    }
    return most;
  }

  std::filesystem::path folder_;
};

}  // namespace tempera::live
