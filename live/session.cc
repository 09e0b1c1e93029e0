#include "live/session.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "live/meter.h"
#include "live/mirror.h"
#include "live/newest.h"
#include "live/quality.h"
#include "live/sink_worker.h"

namespace tempera::live {
namespace {

using std::chrono::milliseconds;
using SourceState = Statistics::SourceState;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFrozenAfter = 2 * kSecond;  // without a frame

class LiveSession final : public Session {
 public:
  LiveSession(const SessionOptions& options, std::unique_ptr<Source> source, std::unique_ptr<Painter> painter,
              Controls* controls)
      : options_(options),
        source_(std::move(source)),
        painter_(std::move(painter)),
        controls_(controls),
        quality_(options.lowest_lines) {}

  ~LiveSession() override { (void)Stop(); }

  Status StartThreads() {
    try {
      capturing_ = std::thread([this] { Capture(); });
      painting_ = std::thread([this] { PaintAll(); });
    } catch (const std::system_error& e) {
      return OutOfMemory(std::string("cannot start a thread: ") + e.what());
    }
    return OkStatus();
  }

  int AddSink(std::unique_ptr<Sink> sink) override {
    std::lock_guard lock(sinks_mutex_);
    const int id = ++last_sink_;
    sinks_.push_back(std::make_unique<SinkWorker>(id, std::move(sink)));
    return id;
  }

  Status RemoveSink(int id) override {
    std::unique_ptr<SinkWorker> gone;
    {
      std::lock_guard lock(sinks_mutex_);
      const auto at =
          std::find_if(sinks_.begin(), sinks_.end(), [&](const auto& s) { return s->id() == id; });
      if (at == sinks_.end()) return NotFound("there is no such sink");
      gone = std::move(*at);
      sinks_.erase(at);
    }
    const Status status = gone->Finish();
    std::lock_guard lock(sinks_mutex_);
    for (std::string& line : gone->TakeNotes()) notes_.push_back(std::move(line));
    return status;
  }

  Painted WaitForPainting(int64_t after, milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    const auto newer = [&] { return latest_ && latest_->number > after; };
    published_.wait_for(lock, timeout, [&] { return newer() || !running_; });
    return newer() ? latest_ : nullptr;
  }

  void Shown(const PaintedFrame& painted) override {
    const int64_t now = NowNs();
    std::lock_guard lock(mutex_);
    shown_rate_.Tick(now);
    has_window_ = true;
    if (!painted.again) latency_.Add(static_cast<double>(now - painted.source.captured_ns) * 1e-6);
  }

  std::vector<std::string> TakeNotes() override {
    std::lock_guard lock(sinks_mutex_);
    std::vector<std::string> notes = std::exchange(notes_, {});
    for (const auto& sink : sinks_) {
      for (std::string& line : sink->TakeNotes()) notes.push_back(std::move(line));
    }
    return notes;
  }

  Statistics statistics() const override;
  bool running() const override { return running_; }
  Status status() const override {
    std::lock_guard lock(mutex_);
    return status_;
  }
  Status Stop() override;

 private:
  void Capture();
  Status CaptureUntilLost();
  void WaitForTheFirst();
  Status Take(SourceFrame frame);
  void Say(SourceState state, const std::string& message);
  bool WaitToRetry();
  void PaintAll();
  std::optional<SourceFrame> NextToPaint(const Settings& settings);
  Status PaintOne(const SourceFrame& frame, const Settings& asked);
  void Judge(int source_lines, int most, int height, double paint_ms, double interval_ms);
  void Publish(Painted painted);
  void End(const Status& status);

  const SessionOptions options_;
  const std::unique_ptr<Source> source_;
  const std::unique_ptr<Painter> painter_;
  Controls* const controls_;

  // A frame, and how many cuts lie before it: one that was dropped may have been the first after a cut.
  struct Taken {
    SourceFrame frame;
    int64_t stretch = 0;
    bool mirrored = false;
  };
  Newest<Taken> captured_slot_;
  std::atomic<bool> running_{true}, source_over_{false};

  mutable std::mutex mutex_;
  std::condition_variable published_, retry_;
  Status status_;
  Painted latest_;
  SourceState source_state_ = SourceState::kOpening;
  std::string source_message_, painter_message_;
  double source_fps_said_ = 0;
  int64_t captured_ = 0, painted_ = 0, dropped_ = 0;
  int working_width_ = 0, working_height_ = 0, chosen_lines_ = 0;
  bool has_window_ = false;
  RateMeter source_rate_, painted_rate_, shown_rate_;
  QuantileMeter paint_ms_{60}, latency_{120};
  mutable CpuMeter cpu_;
  MaskMeter mask_;

  mutable std::mutex sinks_mutex_;
  std::vector<std::unique_ptr<SinkWorker>> sinks_;
  int last_sink_ = 0;
  std::vector<std::string> notes_;  // of sinks that are gone, and of what was refused

  // Of the capturing thread.
  int64_t last_frame_ns_ = 0;
  bool mirrored_ = false;
  bool thawing_ = false;  // the frame before was held back
  int64_t device_number_ = -1, stretch_ = 0;
  // Of the painting thread.
  Quality quality_;
  std::optional<SourceFrame> held_;  // what a frozen picture is painted from, again and again
  bool held_mirrored_ = false;       // and whether it is mirrored
  bool again_ = false;               // it was painted before
  uint64_t held_generation_ = 0;
  uint64_t parameters_version_ = 0;  // of what Controls know
  int64_t painted_stretch_ = -1;
  int64_t due_ns_ = 0;  // of the next painting, where there is a limit
  int64_t failed_ = 0;  // paintings in a row
  Change unpainted_;    // what was set for them

  std::mutex stop_mutex_;
  bool stopped_ = false;
  Status stop_status_;
  std::thread capturing_, painting_;
};

void LiveSession::End(const Status& status) {
  std::lock_guard lock(mutex_);
  if (status_.ok() && status.code() != StatusCode::kCancelled) status_ = status;
  running_ = false;
  published_.notify_all();
  retry_.notify_all();
  captured_slot_.Close();
}

void LiveSession::Say(SourceState state, const std::string& message) {
  std::lock_guard lock(mutex_);
  source_state_ = state;
  source_message_ = message;
}

bool LiveSession::WaitToRetry() {
  std::unique_lock lock(mutex_);
  retry_.wait_for(lock, std::chrono::seconds(1), [&] { return !running_; });
  return running_;
}

void LiveSession::Capture() {
  bool opened_once = false;
  while (running_) {
    Status status = source_->Open();
    if (status.ok()) {
      opened_once = true;
      Say(SourceState::kRunning, "");
      status = CaptureUntilLost();
      source_->Close();
    }
    if (!running_) break;
    const bool ended = status.ok();
    if (!source_->comes_back() || (!opened_once && !ended)) {
      // What was never there is a mistake in its name rather than a plug that was pulled.
      Say(ended ? SourceState::kEnded : SourceState::kLost, ended ? "the end" : status.message());
      if (!ended || options_.ends_with_source) {
        source_over_ = true;
        if (!ended) End(status);
        captured_slot_.Wake();
      }
      return;
    }
    Say(SourceState::kLost, ended ? "the source has ended: waiting for it to come back" : status.message());
    if (!WaitToRetry()) break;
  }
}

// A film stands still until its first frame is painted: what plays while the model is opened would be lost.
void LiveSession::WaitForTheFirst() {
  if (source_->comes_back()) return;
  std::unique_lock lock(mutex_);
  while (running_ && painted_ == 0 && painter_message_.empty() && !controls_->Get().freeze)
    published_.wait_for(lock, milliseconds(50));
}

// Ok at the source's end.
Status LiveSession::CaptureUntilLost() {
  {
    std::lock_guard lock(mutex_);
    source_fps_said_ = source_->info().fps;
  }
  last_frame_ns_ = NowNs();
  bool frozen = false;
  while (running_) {
    SourceFrame frame;
    TEMPERA_ASSIGN_OR_RETURN(const Source::Got got, source_->Read(&frame));
    const int64_t now = NowNs();
    switch (got) {
      case Source::Got::kEnd:
        return OkStatus();
      case Source::Got::kNotYet:
        if (!frozen && now - last_frame_ns_ > kFrozenAfter) {
          frozen = true;
          Say(SourceState::kFrozen, source_->info().name + " gives no frames");
        }
        break;
      case Source::Got::kFrame:
        if (frozen) Say(SourceState::kRunning, "");
        frozen = false;
        last_frame_ns_ = now;
        TEMPERA_RETURN_IF_ERROR(Take(std::move(frame)));
        WaitForTheFirst();
        break;
    }
  }
  return OkStatus();
}

Status LiveSession::Take(SourceFrame frame) {
  const Settings settings = controls_->Get();
  if (settings.mirror) {
    TEMPERA_ASSIGN_OR_RETURN(frame.frame, Mirrored(frame.frame));
  }
  // What lies left now was right before: it does not follow.
  if (settings.mirror != mirrored_) frame.cut = true;
  mirrored_ = settings.mirror;
  {
    std::lock_guard lock(mutex_);
    const int64_t skipped = frame.number - device_number_ - 1;
    if (device_number_ >= 0 && skipped > 0 && painted_ > 0) dropped_ += skipped;
    device_number_ = frame.number;
    frame.number = captured_++;
    source_rate_.Tick(NowNs());
  }
  if (options_.witness != nullptr) options_.witness->Captured(frame);
  // Of frames that are held back the cuts still count, and what comes after them follows nothing.
  if (frame.cut) ++stretch_;
  if (settings.freeze) {
    thawing_ = true;
    return OkStatus();
  }
  if (std::exchange(thawing_, false)) ++stretch_;
  if (captured_slot_.Put({std::move(frame), stretch_, settings.mirror})) {
    std::lock_guard lock(mutex_);
    if (painted_ > 0) ++dropped_;  // frames that pass while the model is opened are nobody's loss
  }
  return OkStatus();
}

// The frame to paint; nothing when there is none yet.
std::optional<SourceFrame> LiveSession::NextToPaint(const Settings& settings) {
  const uint64_t generation = controls_->generation();
  std::optional<Taken> taken = captured_slot_.TakeFor(milliseconds(settings.freeze ? 20 : 100));
  if (!taken) {
    // A frozen picture is painted anew for whoever turns something.
    if (!held_ || generation == held_generation_) return std::nullopt;
    if (!settings.freeze && (!source_over_ || options_.ends_with_source)) return std::nullopt;
    held_->cut = false;
    again_ = true;
    held_generation_ = generation;
    return held_;
  }
  if (settings.fps > 0) {
    const auto interval = static_cast<int64_t>(kSecond / settings.fps);
    const int64_t now = NowNs();
    // A frame a little early is taken, so that a limit of 15 takes every second one of 30.
    if (due_ns_ != 0 && now < due_ns_ - interval / 4) return std::nullopt;
    due_ns_ = due_ns_ == 0 || now - due_ns_ > interval ? now + interval : due_ns_ + interval;
  } else {
    due_ns_ = 0;
  }
  held_ = std::move(taken->frame);
  held_mirrored_ = taken->mirrored;
  again_ = false;
  held_->cut = std::exchange(painted_stretch_, taken->stretch) != taken->stretch;
  held_generation_ = generation;
  return held_;
}

void LiveSession::PaintAll() {
  while (running_) {
    if (options_.tick) options_.tick(NowNs());
    const Settings settings = controls_->Get();
    std::optional<SourceFrame> frame = NextToPaint(settings);
    if (!frame) {
      if (source_over_ && options_.ends_with_source) break;
      continue;
    }
    // As they are now: what was turned while the frame was waited for holds for it.
    const Status status = PaintOne(*frame, controls_->Get());
    if (status.ok()) {
      failed_ = 0;
      continue;
    }
    if (status.code() == StatusCode::kCancelled) break;
    std::unique_lock lock(mutex_);
    painter_message_ = status.message();
    // Before anything was painted, and when it goes on failing, it is not a passing trouble.
    const bool hopeless = painted_ == 0 || ++failed_ >= 100;
    lock.unlock();
    if (!hopeless) continue;
    End(status);
    return;
  }
  End(OkStatus());
}

Status LiveSession::PaintOne(const SourceFrame& frame, const Settings& asked) {
  Settings settings = asked;
  TEMPERA_ASSIGN_OR_RETURN(media::Frame out, media::Frame::AllocateLike(frame.frame));
  // A height that was asked for is the most that is chosen.
  const int most = asked.height > 0 ? std::min(asked.height, frame.frame.height) : frame.frame.height;
  if (options_.quality_auto) {
    const int chosen = quality_.chosen() == 0 ? most : std::min(quality_.chosen(), most);
    settings.height = chosen == frame.frame.height ? 0 : chosen;
  }
  // With what was set for a frame that then could not be painted.
  Change change = std::exchange(unpainted_, {});
  const int64_t start = NowNs();
  if (Status status = painter_->Paint(frame, settings, &out, &change); !status.ok()) {
    unpainted_ = std::move(change);
    return status;
  }
  const int64_t end = NowNs();
  auto painted = std::make_shared<PaintedFrame>();
  painted->frame = std::move(out);
  painted->source = frame;
  painted->painted_ns = end;
  painted->paint_ms = static_cast<double>(end - start) * 1e-6;
  painted->again = again_;
  // Before the frame is published: who has seen it turns what it was painted with.
  if (const uint64_t version = painter_->parameters_version(); version != parameters_version_) {
    parameters_version_ = version;
    controls_->SetParameters(painter_->Parameters());
    controls_->SetMaskClasses(painter_->MaskClasses());
  }
  if (const auto refused = painter_->TakeRefusedMask(); refused && controls_->TakeBack(*refused)) {
    std::lock_guard lock(sinks_mutex_);
    notes_.push_back(refused->why);
  }
  const bool opened = !change.path.empty() || change.mask.opens || change.mask.off;
  double interval_ms;
  {
    std::lock_guard lock(mutex_);
    painted->number = painted_++;
    painted->fps = settings.fps > 0 ? settings.fps : source_fps_said_;
    // The one that opened a model says nothing of the others.
    if (!opened) paint_ms_.Add(painted->paint_ms);
    painted_rate_.Tick(end);
    if (!has_window_ && !painted->again) latency_.Add(static_cast<double>(end - frame.captured_ns) * 1e-6);
    painter_message_ = painter_->trouble();
    mask_.Add(painter_->mask());
    working_width_ = painter_->working_width();
    working_height_ = painter_->working_height();
    const double source_fps = source_fps_said_ > 0 ? source_fps_said_ : source_rate_.PerSecond(end);
    const double fps = settings.fps > 0 ? std::min(settings.fps, std::max(source_fps, 1.0)) : source_fps;
    interval_ms = fps > 0 ? 1000 / fps : 1000.0 / 30;
  }
  if (options_.quality_auto && !opened)
    Judge(frame.frame.height, most, settings.height, painted->paint_ms, interval_ms);
  if (options_.witness != nullptr) {
    Settings told = asked;
    told.mirror = held_mirrored_;
    options_.witness->Painted(*painted, told, change);
  }
  Publish(std::move(painted));
  return OkStatus();
}

// What a painting says of the size to paint the next with: of a source of so many lines, at most so many
// wanted.
void LiveSession::Judge(int source_lines, int most, int height, double paint_ms, double interval_ms) {
  // Of the model that did paint while the one asked for is still opened; one that cannot be is no reason to
  // wait.
  const int open = painter_->opening() ? painter_->height() : height;
  const int chosen =
      quality_.Painted(most, open == 0 ? source_lines : open, paint_ms, interval_ms, painter_->mask().ms);
  std::lock_guard lock(mutex_);
  chosen_lines_ = chosen;
}

void LiveSession::Publish(Painted painted) {
  {
    std::lock_guard lock(sinks_mutex_);
    for (const auto& sink : sinks_) sink->Give(painted);
  }
  // Who has seen it in the window knows that the sinks have it as well.
  std::lock_guard lock(mutex_);
  latest_ = std::move(painted);
  published_.notify_all();
}

Statistics LiveSession::statistics() const {
  Statistics s;
  const int64_t now = NowNs();
  {
    std::lock_guard lock(mutex_);
    s.source_fps = source_rate_.PerSecond(now);
    s.painted_fps = painted_rate_.PerSecond(now);
    s.shown_fps = shown_rate_.PerSecond(now);
    s.paint_ms = paint_ms_.At(0.5);
    s.latency_ms_p50 = latency_.At(0.5);
    s.latency_ms_p95 = latency_.At(0.95);
    s.captured = captured_;
    s.painted = painted_;
    s.dropped = dropped_;
    s.cpu_share = cpu_.Share(now);
    s.working_width = working_width_;
    s.working_height = working_height_;
    s.chosen_lines = chosen_lines_;
    s.mask = mask_.figures();
    s.source_state = source_state_;
    s.source_message = source_message_;
    s.painter_message = painter_message_;
  }
  std::lock_guard lock(sinks_mutex_);
  for (const auto& sink : sinks_) s.sinks.push_back(sink->state());
  return s;
}

Status LiveSession::Stop() {
  std::lock_guard stop_lock(stop_mutex_);
  if (stopped_) return stop_status_;
  stopped_ = true;
  End(OkStatus());
  source_->Stop();
  painter_->Stop();
  if (capturing_.joinable()) capturing_.join();
  if (painting_.joinable()) painting_.join();
  std::vector<std::unique_ptr<SinkWorker>> sinks;
  {
    std::lock_guard lock(sinks_mutex_);
    sinks.swap(sinks_);
  }
  for (const auto& sink : sinks) {
    const Status status = sink->Finish();
    if (!status.ok() && stop_status_.ok()) stop_status_ = status;
    std::lock_guard lock(sinks_mutex_);
    for (std::string& line : sink->TakeNotes()) notes_.push_back(std::move(line));
  }
  return stop_status_;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::Start(const SessionOptions& options, std::unique_ptr<Source> source,
                                                std::unique_ptr<Painter> painter, Controls* controls) {
  auto session = std::make_unique<LiveSession>(options, std::move(source), std::move(painter), controls);
  TEMPERA_RETURN_IF_ERROR(session->StartThreads());
  return std::unique_ptr<Session>(std::move(session));
}

}  // namespace tempera::live
