#include "live/films/film_sinks.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <utility>

#include "live/films/film_sound.h"
#include "media/live/live_stream.h"
#include "media/writer.h"

namespace tempera::live {
namespace {

constexpr int kTicks = 90000;

media::VideoInfo InfoOf(const media::Frame& frame, double fps) {
  media::VideoInfo info;
  info.width = frame.width;
  info.height = frame.height;
  info.sample_aspect = {1, 1};
  info.time_base = {1, kTicks};
  info.frame_rate = {std::max(1, static_cast<int>(std::lround(fps * 1000))), 1000};
  info.format = frame.format;
  // H.273's numbers.
  const int matrix = frame.matrix == media::ColorMatrix::kBt709   ? 1
                     : frame.matrix == media::ColorMatrix::kBt601 ? 6
                                                                  : 9;
  info.color_space = matrix;
  info.color_primaries = matrix;
  info.color_transfer = matrix == 9 ? 14 : matrix;
  info.color_range = frame.full_range ? 2 : 1;
  return info;
}

double FpsOf(double told, const PaintedFrame& first) {
  return told > 0 ? told : first.fps > 0 ? first.fps : 30;
}

bool SameForm(const media::VideoInfo& info, const media::Frame& frame) {
  return info.width == frame.width && info.height == frame.height && info.format == frame.format;
}

class RecordingSink final : public Sink {
 public:
  explicit RecordingSink(const RecordingOptions& options) : options_(options) {}

  std::string name() const override { return options_.path == "-" ? "standard output" : options_.path; }
  Pace pace() const override { return Pace::kEvery; }

  Status Open(const PaintedFrame& first) override {
    info_ = InfoOf(first.frame, FpsOf(options_.fps, first));
    media::WriterOptions to;
    to.codec = options_.codec;
    to.crf = options_.crf;
    if (options_.sound && options_.path != "-") tap_ = FilmSound::MakeTap(options_.sound);
    to.sound_only = true;
    if (tap_) tap_->StartAt(first.source.captured_ns);
    TEMPERA_ASSIGN_OR_RETURN(writer_, media::VideoWriter::Open(options_.path, info_, tap_.get(), to));
    return OkStatus();
  }

  Status Show(const PaintedFrame& painted) override {
    if (!SameForm(info_, painted.frame))
      return IoError("'" + name() + "' ends here: the picture's size or format has changed");
    media::Frame frame = painted.frame;
    frame.pts = clock_.PtsOf(painted.source.captured_ns);
    frame.pts_us = frame.pts * 100 / 9;
    frame.duration = 0;
    frame.av = nullptr;  // whose time is the source's
    return writer_->Write(frame);
  }

  Status Close() override {
    if (!writer_) return OkStatus();
    const Status status = writer_->Finish();
    writer_.reset();
    return status;
  }

 private:
  const RecordingOptions options_;
  media::VideoInfo info_;
  RecordingClock clock_;
  std::unique_ptr<FilmSound::Tap> tap_;  // outlives the writer
  std::unique_ptr<media::VideoWriter> writer_;
};

class StreamSink final : public Sink {
 public:
  StreamSink(std::string address, double fps) : address_(std::move(address)), fps_(fps) {}

  std::string name() const override { return address_; }
  // Behind a slow line the newest is worth more than all.
  Pace pace() const override { return Pace::kNewest; }
  bool comes_back() const override { return true; }
  void Stop() override { stop_ = true; }

  Status Open(const PaintedFrame& first) override {
    info_ = InfoOf(first.frame, FpsOf(fps_, first));
    clock_ = {};
    media::LiveStreamOptions options;
    options.cancel = &stop_;
    TEMPERA_ASSIGN_OR_RETURN(stream_, media::LiveStream::Open(address_, info_, options));
    return OkStatus();
  }

  Status Show(const PaintedFrame& painted) override {
    if (!SameForm(info_, painted.frame))
      return IoError("the picture's size has changed: " + address_ + " begins anew");
    media::Frame frame = painted.frame;
    frame.pts = clock_.PtsOf(painted.source.captured_ns);
    frame.av = nullptr;
    return stream_->Write(frame);
  }

  Status Close() override {
    if (!stream_) return OkStatus();
    const Status status = stop_ ? OkStatus() : stream_->Finish();
    stream_.reset();
    return status;
  }

 private:
  const std::string address_;
  const double fps_;
  std::atomic<bool> stop_{false};
  media::VideoInfo info_;
  RecordingClock clock_;
  std::unique_ptr<media::LiveStream> stream_;
};

}  // namespace

int64_t RecordingClock::PtsOf(int64_t captured_ns) {
  if (first_ns < 0) first_ns = captured_ns;
  const int64_t pts = (captured_ns - first_ns) / 1000 * 9 / 100;
  last_pts = std::max(pts, last_pts + 1);
  return last_pts;
}

std::unique_ptr<Sink> MakeRecordingSink(const RecordingOptions& options) {
  return std::make_unique<RecordingSink>(options);
}

std::unique_ptr<Sink> MakeStreamSink(const std::string& address, double fps) {
  return std::make_unique<StreamSink>(address, fps);
}

}  // namespace tempera::live
