#include "live/films/film_source.h"

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <deque>
#include <mutex>
#include <optional>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

#include "live/films/film_sound.h"
#include "media/reader.h"

namespace tempera::live {
namespace {

using media::Frame;
using media::VideoReader;

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kJitterNs = 200'000'000;  // of addresses: senders give what they have in bursts
constexpr size_t kAheadLive = 32;           // frames that wait so long, and no more
constexpr size_t kAhead = 4;  // decoded frames that wait for their time: enough to open the file again

bool IsLive(const std::string& path) {
  static constexpr std::array kSchemes = {"rtsp://", "rtsps://", "rtp://",   "udp://",
                                          "srt://",  "rtmp://",  "rtmps://", "tcp://"};
  return std::any_of(kSchemes.begin(), kSchemes.end(),
                     [&](std::string_view s) { return path.rfind(s, 0) == 0; });
}

// What people call it.
std::string NameOf(const std::string& path) {
  if (path == "-") return "standard input";
  if (path.find("://") != std::string::npos) return path;
  const size_t slash = path.find_last_of('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

void IgnoreSignal(int) {}

class FilmSource final : public Source {
 public:
  explicit FilmSource(const FilmOptions& options)
      : options_(options),
        live_(IsLive(options.path)),
        loops_(options.loop && !live_ && options.path != "-"),
        sound_(options.sound) {}
  ~FilmSource() override { Close(); }

  Status Open() override {
    TEMPERA_RETURN_IF_ERROR(OpenFirst());
    const media::VideoInfo& info = reader_->info();
    info_.name = NameOf(options_.path);
    info_.width = info.width;
    info_.height = info.height;
    info_.fps = info.frame_rate.num > 0 ? static_cast<double>(info.frame_rate.num) / info.frame_rate.den : 0;
    char text[64];
    std::snprintf(text, sizeof text, "%dx%d at %.4g", info.width, info.height, info_.fps);
    info_.format = text;
    started_ns_ = live_start_ns_ = 0;
    ended_ = decoding_done_ = false;
    status_ = OkStatus();
    try {
      decoding_ = std::thread([this] { Decode(); });
    } catch (const std::system_error& e) {
      return OutOfMemory(std::string("cannot start a thread: ") + e.what());
    }
    return OkStatus();
  }

  void Close() override {
    cancel_ = true;
    {
      std::lock_guard lock(mutex_);
      changed_.notify_all();
    }
    if (decoding_.joinable()) Join();
    waiting_.clear();
    pending_.reset();
    reader_.reset();
    cancel_ = stop_.load();
  }

  Result<Got> Read(SourceFrame* out) override {
    if (!pending_) {
      TEMPERA_ASSIGN_OR_RETURN(const Got got, Next());
      if (got != Got::kFrame) return got;
    }
    const int64_t now = NowNs();
    if (const int64_t due = DueAt(*pending_, now); due > now) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, std::chrono::nanoseconds(std::min<int64_t>(due - now, kSecond / 10)),
                        [&] { return stop_.load(); });
      if (NowNs() < due) return Got::kNotYet;
    }
    const int64_t pending_time = pending_->time_ns;
    out->frame = std::move(pending_->frame);
    out->cut = pending_->cut;
    out->number = number_++;
    // By the sender's clock, so that sound and pictures keep together.
    out->captured_ns = live_ ? std::min(started_ns_ + pending_time, NowNs()) : NowNs();
    pending_.reset();
    return Got::kFrame;
  }

  void Stop() override {
    stop_ = cancel_ = true;
    std::lock_guard lock(mutex_);
    changed_.notify_all();
  }

  const SourceInfo& info() const override { return info_; }
  bool comes_back() const override { return live_; }

 private:
  struct Decoded {
    Frame frame;
    int64_t time_ns = 0;  // from the first pass's first frame
    bool cut = false;
  };

  Result<std::unique_ptr<VideoReader>> OpenReader() {
    media::ReaderOptions options;
    options.cancel = &cancel_;
    options.threads = 1;
    return VideoReader::Open(options_.path, options);
  }

  // The next decoded frame to pending_.
  Result<Got> Next() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::milliseconds(100),
                      [&] { return stop_ || !waiting_.empty() || ended_; });
    if (stop_) return Got::kNotYet;
    if (!waiting_.empty()) {
      pending_ = std::move(waiting_.front());
      waiting_.pop_front();
      changed_.notify_all();
      return Got::kFrame;
    }
    if (!ended_) return Got::kNotYet;
    if (!status_.ok()) return status_;
    return Got::kEnd;
  }

  void StartAt(int64_t ns) {
    started_ns_ = ns;
    if (sound_) sound_->SetStart(ns);
  }

  int64_t DueAt(const Decoded& decoded, int64_t now) {
    if (live_) {
      int64_t start;
      {
        std::lock_guard lock(mutex_);
        start = live_start_ns_;
      }
      if (start != started_ns_) StartAt(start);
      return started_ns_ + decoded.time_ns + kJitterNs;
    }
    if (started_ns_ == 0) StartAt(now - decoded.time_ns);
    const int64_t due = started_ns_ + decoded.time_ns;
    // A pipe that was late, a machine that slept: time goes on from here, nothing is caught up with.
    if (now - due > kSecond / 4) {
      StartAt(now - decoded.time_ns);
      return now;
    }
    return due;
  }

  void Decode() {
    const Status status = DecodeAll();
    std::lock_guard lock(mutex_);
    status_ = status;
    ended_ = true;
    decoding_done_ = true;
    changed_.notify_all();
  }

  bool over() const { return cancel_; }

  Status DecodeAll() {
    int64_t pass_start_ns = 0, last_ns = 0;
    for (;;) {
      TEMPERA_RETURN_IF_ERROR(ListenTo(pass_start_ns));
      int64_t frames = 0;
      bool cut = true;
      int64_t step_ns = info_.fps > 0 ? static_cast<int64_t>(kSecond / info_.fps) : kSecond / 25;
      while (!over()) {
        TEMPERA_ASSIGN_OR_RETURN(std::optional<Frame> frame, reader_->Read());
        if (!frame) break;
        Decoded decoded;
        decoded.time_ns = pass_start_ns + frame->pts_us * 1000;
        decoded.cut = std::exchange(cut, false);
        last_ns = decoded.time_ns;
        decoded.frame = *std::move(frame);
        ++frames;
        if (!Push(std::move(decoded))) return OkStatus();
      }
      if (over() || !loops_) return OkStatus();
      if (frames == 0) return IoError("'" + options_.path + "' holds no frame that can be decoded");
      pass_start_ns = last_ns + step_ns;
      reader_.reset();
      TEMPERA_ASSIGN_OR_RETURN(reader_, OpenReader());
      const media::VideoInfo& info = reader_->info();
      if (info.width != info_.width || info.height != info_.height)
        return IoError("'" + options_.path + "' has become a film of another size");
    }
  }

  // Sound goes to who records it, on the decoding thread.
  Status ListenTo(int64_t pass_ns) {
    if (!sound_) return OkStatus();
    AVFormatContext* const input = reader_->input();
    sound_->BeginPass(input, reader_->video_stream(), /*anew=*/pass_ns == 0);
    return reader_->SetPacketSink([this, input, pass_ns](AVPacket* packet) {
      sound_->Put(input, packet, pass_ns);
      return OkStatus();
    });
  }

  bool Push(Decoded decoded) {
    std::unique_lock lock(mutex_);
    if (live_) {
      // Frames come in bursts, never before their time: the earliest tells how late the line is. One that has
      // become slower by a second has changed.
      const int64_t start = NowNs() - decoded.time_ns;
      if (live_start_ns_ == 0 || start < live_start_ns_ || start > live_start_ns_ + kSecond)
        live_start_ns_ = start;
      // Behind a slow machine old frames are of no use.
      if (waiting_.size() >= kAheadLive) {
        waiting_[1].cut = waiting_[1].cut || waiting_[0].cut;
        waiting_.pop_front();
        ++number_;
      }
    } else {
      changed_.wait(lock, [&] { return over() || waiting_.size() < kAhead; });
      if (over()) return false;
    }
    waiting_.push_back(std::move(decoded));
    changed_.notify_all();
    return true;
  }

  // On a thread of its own, since only a signal ends a read of a pipe that nobody fills.
  Status OpenFirst() {
    Result<std::unique_ptr<VideoReader>> opened = Internal("not opened");
    std::atomic<bool> done{false};
    std::thread opening;
    try {
      opening = std::thread([&] {
        opened = OpenReader();
        done = true;
        std::lock_guard lock(mutex_);
        changed_.notify_all();
      });
    } catch (const std::system_error& e) {
      return OutOfMemory(std::string("cannot start a thread: ") + e.what());
    }
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [&] { return done || over(); });
    }
    Nudge(&opening, done);
    TEMPERA_ASSIGN_OR_RETURN(reader_, std::move(opened));
    return OkStatus();
  }

  void Join() { Nudge(&decoding_, decoding_done_); }

  // Joins a thread that may sit in a read: only a signal gets it out, and it may come just before the read,
  // so it is repeated.
  static void Nudge(std::thread* thread, const std::atomic<bool>& done) {
    struct sigaction nudge = {}, before = {};
    nudge.sa_handler = IgnoreSignal;
    sigemptyset(&nudge.sa_mask);
    sigaction(SIGUSR2, &nudge, &before);
    while (!done.load()) {
      pthread_kill(thread->native_handle(), SIGUSR2);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    thread->join();
    sigaction(SIGUSR2, &before, nullptr);
  }

  const FilmOptions options_;
  const bool live_, loops_;
  SourceInfo info_;
  const std::shared_ptr<FilmSound> sound_;  // may be null
  std::unique_ptr<VideoReader> reader_;     // of the decoding thread while it runs
  std::atomic<bool> stop_{false}, cancel_{false}, decoding_done_{false};
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Decoded> waiting_;
  bool ended_ = false;
  Status status_;
  std::optional<Decoded> pending_;
  int64_t started_ns_ = 0;
  int64_t live_start_ns_ = 0;  // with mutex_: when film time 0 came, or would have
  std::atomic<int64_t> number_{0};
  std::thread decoding_;
};

}  // namespace

std::unique_ptr<Source> MakeFilmSource(const FilmOptions& options) {
  return std::make_unique<FilmSource>(options);
}

}  // namespace tempera::live
