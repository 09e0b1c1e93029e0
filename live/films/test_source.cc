// A moving pattern, made here.
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <mutex>

#include "live/films/film_source.h"

namespace tempera::live {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int kLargest = 4096;

// 75 % bars, BT.709 in video range.
constexpr uint8_t kBars[8][3] = {{180, 128, 128}, {168, 44, 136}, {145, 147, 44}, {133, 63, 52},
                                 {63, 193, 204},  {51, 109, 212}, {28, 212, 120}, {16, 128, 128}};

// Digits of 3x5 squares, a row in three bits.
constexpr uint16_t kDigits[10] = {0b111101101101111, 0b010110010010111, 0b111001111100111, 0b111001111001111,
                                  0b101101111001001, 0b111100111001111, 0b111100111101111, 0b111001001001001,
                                  0b111101111101111, 0b111101111001111};

class TestSource final : public Source {
 public:
  TestSource(int width, int height, double fps) {
    info_ = {"test pattern", width, height, fps, ""};
    char text[64];
    std::snprintf(text, sizeof text, "%dx%d at %.4g", width, height, fps);
    info_.format = text;
  }

  Status Open() override {
    start_ns_ = NowNs() - static_cast<int64_t>(static_cast<double>(number_) * interval());
    return OkStatus();
  }
  void Close() override {}

  Result<Got> Read(SourceFrame* out) override {
    const int64_t due = start_ns_ + static_cast<int64_t>(static_cast<double>(number_) * interval());
    {
      std::unique_lock lock(mutex_);
      const int64_t wait = std::clamp<int64_t>(due - NowNs(), 0, kSecond / 10);
      changed_.wait_for(lock, std::chrono::nanoseconds(wait), [&] { return stop_; });
      if (stop_ || NowNs() < due) return Got::kNotYet;
    }
    TEMPERA_ASSIGN_OR_RETURN(out->frame, Draw());
    out->captured_ns = NowNs();
    out->cut = number_ == 0;
    out->number = number_++;
    return Got::kFrame;
  }

  void Stop() override {
    std::lock_guard lock(mutex_);
    stop_ = true;
    changed_.notify_all();
  }
  const SourceInfo& info() const override { return info_; }
  bool comes_back() const override { return false; }

 private:
  double interval() const { return kSecond / info_.fps; }

  Result<media::Frame> Draw() {
    const int width = info_.width, height = info_.height;
    TEMPERA_ASSIGN_OR_RETURN(media::Frame frame,
                             media::Frame::Allocate(media::PixelFormat::kI420, width, height));
    frame.pts_us = static_cast<int64_t>(static_cast<double>(number_) * 1e6 / info_.fps);
    frame.pts = frame.pts_us;
    const auto shift = static_cast<int>(number_ * 3 % width);
    for (int plane = 0; plane < 3; ++plane) {
      const int half = plane == 0 ? 1 : 2;
      for (int y = 0; y < (height + half - 1) / half; ++y) {
        uint8_t* row = frame.planes[plane] + static_cast<std::ptrdiff_t>(y) * frame.stride_bytes[plane];
        for (int x = 0; x < (width + half - 1) / half; ++x) {
          const int at = (x * half + (y * half > height / 2 ? shift : 0)) % width;
          row[x] = kBars[at * 8 / width][plane];
        }
      }
    }
    DrawClock(&frame);
    return frame;
  }

  void DrawClock(media::Frame* frame) const {
    char digits[12];
    std::snprintf(digits, sizeof digits, "%06lld", static_cast<long long>(number_ % 1000000));
    const int square = std::max(1, std::min(info_.width / 28, info_.height / 16));
    for (int i = 0; i < 6; ++i) {
      for (int bit = 0; bit < 15; ++bit) {
        if (!(kDigits[digits[i] - '0'] >> (14 - bit) & 1)) continue;
        const int left = square * (2 + 4 * i + bit % 3), top = square * (2 + bit / 3);
        for (int y = top; y < std::min(top + square, info_.height); ++y) {
          uint8_t* row = frame->planes[0] + static_cast<std::ptrdiff_t>(y) * frame->stride_bytes[0];
          for (int x = left; x < std::min(left + square, info_.width); ++x) row[x] = 235;
        }
      }
    }
  }

  SourceInfo info_;
  int64_t start_ns_ = 0, number_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stop_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> MakeTestSource(const std::string& text) {
  int width = 640, height = 360, used = 0;
  double fps = 30;
  const char* rest = text.c_str() + 4;  // behind "test"
  if (*rest == ':' && std::sscanf(rest, ":%dx%d%n", &width, &height, &used) == 2) rest += used;
  if (*rest == '@' && std::sscanf(rest, "@%lf%n", &fps, &used) == 1) rest += used;
  if (text.rfind("test", 0) != 0 || *rest != '\0' || width < 16 || height < 16 || width > kLargest ||
      height > kLargest || !(fps >= 1 && fps <= 1000)) {
    return InvalidArgument("'" + text +
                           "' is no test pattern: write test, or test:WIDTHxHEIGHT@FPS, such as " +
                           "test:1280x720@30 (16 to 4096 pixels)");
  }
  return std::unique_ptr<Source>(std::make_unique<TestSource>(width, height, fps));
}

}  // namespace tempera::live
