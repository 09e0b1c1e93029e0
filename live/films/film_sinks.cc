#include "live/films/film_sinks.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <set>
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
    to.sound_only = to.growing = true;
    to.encode_sound = tap_ && options_.sound->samples();
    if (tap_) tap_->StartAt(first.source.captured_ns);
    TEMPERA_ASSIGN_OR_RETURN(writer_, media::VideoWriter::Open(options_.path, info_, tap_.get(), to));
    return OkStatus();
  }

  Status Show(const PaintedFrame& painted) override {
    if (!SameForm(info_, painted.frame))
      return Unsupported("'" + name() + "' ends here: the picture's size or format has changed");
    media::Frame frame = painted.frame;
    frame.pts = clock_.PtsOf(painted);
    frame.pts_us = frame.pts * 100 / 9;
    frame.duration = 0;
    frame.av = nullptr;  // whose time is the source's
    HearSound();
    return writer_->Write(frame);
  }

  Status Close() override {
    if (!writer_) return OkStatus();
    HearSound();
    const Status status = writer_->Finish();
    Note(writer_->notices(), true);
    if (tap_ && tap_->lost() > 0)
      notes_.push_back(std::to_string(tap_->lost()) + " packets of sound are missing: the disk was too slow");
    writer_.reset();
    tap_.reset();
    return status;
  }

  std::vector<std::string> TakeNotes() override {
    if (writer_) Note(writer_->notices());
    return std::exchange(notes_, {});
  }

 private:
  // What was heard since, before the pictures that it belongs to. Pictures go on where sound fails.
  void HearSound() {
    if (!tap_ || !hears_) return;
    const Status status = tap_->Drain();
    if (status.ok()) return;
    hears_ = false;
    notes_.push_back("the sound ends here: " + status.message());
  }
  // Each once: one that counts as it goes on is said when it begins, and with its sum at the end.
  void Note(const std::vector<std::string>& lines, bool last = false) {
    for (const std::string& line : lines) {
      std::string words = line;
      std::erase_if(words, [](char c) { return c >= '0' && c <= '9'; });
      if (said_.contains(line) || (!last && said_.contains(words))) continue;
      said_.insert(line);
      said_.insert(words);
      notes_.push_back(line);
    }
  }

  const RecordingOptions options_;
  media::VideoInfo info_;
  RecordingClock clock_;
  bool hears_ = true;
  std::vector<std::string> notes_;
  std::set<std::string> said_;
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
    frame.pts = clock_.PtsOf(painted);
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

int64_t RecordingClock::PtsOf(const PaintedFrame& painted) {
  const int64_t captured = painted.source.captured_ns;
  if (first_ns < 0) first_ns = captured;
  if (captured == captured_ns) {
    at_ns += std::max<int64_t>(painted.painted_ns - painted_ns, 0);
  } else {
    at_ns = std::max(captured, at_ns);
  }
  captured_ns = captured;
  painted_ns = painted.painted_ns;
  const int64_t pts = (at_ns - first_ns) / 1000 * 9 / 100;
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
