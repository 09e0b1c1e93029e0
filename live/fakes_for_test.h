// Sources, painters and sinks that tests steer.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "live/painter.h"
#include "live/session.h"

namespace tempera::live {

inline media::Frame GreyFrame(int width, int height, uint8_t value) {
  media::Frame frame = media::Frame::Allocate(media::PixelFormat::kI420, width, height).value();
  for (int plane = 0; plane < 3; ++plane) {
    const int rows = plane == 0 ? height : (height + 1) / 2;
    for (int y = 0; y < rows; ++y)
      std::memset(frame.planes[plane] + y * frame.stride_bytes[plane], plane == 0 ? value : 128,
                  static_cast<size_t>(plane == 0 ? width : (width + 1) / 2));
  }
  return frame;
}

// Gives what the test puts in; shared, so that the test keeps hold of it.
struct FakeSourceState {
  std::mutex mutex;
  std::condition_variable changed;
  std::deque<SourceFrame> frames;
  bool ended = false, lost = false, stopped = false, back = true, comes_back = false;
  int opened = 0, closed = 0;
  int64_t number = 0;

  void Put(uint8_t value, bool cut = false, int skipped = 0, int width = 64, int height = 48) {
    std::lock_guard lock(mutex);
    SourceFrame frame;
    frame.frame = GreyFrame(width, height, value);
    frame.captured_ns = NowNs();
    number += skipped;
    frame.number = number++;
    frame.cut = cut;
    frames.push_back(std::move(frame));
    changed.notify_all();
  }
  void Set(bool FakeSourceState::* what, bool value) {
    std::lock_guard lock(mutex);
    this->*what = value;
    changed.notify_all();
  }
};

class FakeSource final : public Source {
 public:
  explicit FakeSource(std::shared_ptr<FakeSourceState> state) : state_(std::move(state)) {}
  Status Open() override {
    std::lock_guard lock(state_->mutex);
    if (!state_->back) return IoError("no device");
    ++state_->opened;
    state_->lost = false;
    info_ = {"fake", 64, 48, 30, ""};
    return OkStatus();
  }
  void Close() override { ++state_->closed; }
  Result<Got> Read(SourceFrame* out) override {
    std::unique_lock lock(state_->mutex);
    state_->changed.wait_for(lock, std::chrono::milliseconds(20), [&] {
      return state_->stopped || state_->lost || state_->ended || !state_->frames.empty();
    });
    if (state_->lost) return IoError("the device is gone");
    if (!state_->frames.empty()) {
      *out = std::move(state_->frames.front());
      state_->frames.pop_front();
      return Got::kFrame;
    }
    return state_->ended ? Got::kEnd : Got::kNotYet;
  }
  void Stop() override { state_->Set(&FakeSourceState::stopped, true); }
  const SourceInfo& info() const override { return info_; }
  bool comes_back() const override { return state_->comes_back; }

 private:
  std::shared_ptr<FakeSourceState> state_;
  SourceInfo info_;
};

// Luma plus one is its painting.
class FakePainter final : public Painter {
 public:
  explicit FakePainter(std::atomic<int>* delay_ms, std::function<Status(const SourceFrame&)> fails = {})
      : delay_ms_(delay_ms), fails_(std::move(fails)) {}
  Status Paint(const SourceFrame& in, const Settings& settings, media::Frame* out, Change* change) override {
    if (fails_) TEMPERA_RETURN_IF_ERROR(fails_(in));
    std::this_thread::sleep_for(std::chrono::milliseconds(delay_ms_->load()));
    for (int y = 0; y < in.frame.height; ++y)
      for (int x = 0; x < in.frame.width; ++x)
        out->planes[0][y * out->stride_bytes[0] + x] =
            static_cast<uint8_t>(in.frame.planes[0][y * in.frame.stride_bytes[0] + x] + 1);
    change->reset = in.cut;
    last_ = settings;
    return OkStatus();
  }
  std::vector<Parameter> Parameters() const override { return {}; }
  uint64_t parameters_version() const override { return 0; }
  int height() const override { return last_.height; }
  bool opening() const override { return false; }
  int working_width() const override { return 64; }
  int working_height() const override { return 48; }
  std::string trouble() const override { return ""; }
  void Stop() override {}
  void Restate() override {}

 private:
  std::atomic<int>* const delay_ms_;
  const std::function<Status(const SourceFrame&)> fails_;
  Settings last_;
};

struct FakeSinkState {
  std::mutex mutex;
  std::vector<int> shown;  // first luma byte of each
  std::vector<int64_t> times_ns;
  int opened = 0, closed = 0;
  std::atomic<int> delay_ms{0};
  std::atomic<bool> refuses{false};
};

class FakeSink final : public Sink {
 public:
  FakeSink(std::shared_ptr<FakeSinkState> state, Pace pace, double fps = 30, bool comes_back = false)
      : state_(std::move(state)), pace_(pace), fps_(fps), comes_back_(comes_back) {}
  std::string name() const override { return "fake"; }
  Pace pace() const override { return pace_; }
  double fps() const override { return fps_; }
  bool comes_back() const override { return comes_back_; }
  Status Open(const PaintedFrame&) override {
    std::lock_guard lock(state_->mutex);
    if (state_->refuses) return IoError("not there");
    ++state_->opened;
    return OkStatus();
  }
  Status Show(const PaintedFrame& painted) override {
    std::this_thread::sleep_for(std::chrono::milliseconds(state_->delay_ms.load()));
    std::lock_guard lock(state_->mutex);
    if (state_->refuses) return IoError("gone");
    state_->shown.push_back(painted.frame.planes[0][0]);
    state_->times_ns.push_back(NowNs());
    return OkStatus();
  }
  Status Close() override {
    std::lock_guard lock(state_->mutex);
    ++state_->closed;
    return OkStatus();
  }

 private:
  std::shared_ptr<FakeSinkState> state_;
  const Pace pace_;
  const double fps_;
  const bool comes_back_;
};

}  // namespace tempera::live
