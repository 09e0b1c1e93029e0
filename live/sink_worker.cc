#include "live/sink_worker.h"

#include <algorithm>
#include <chrono>
#include <system_error>
#include <utility>

namespace tempera::live {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kFinish = 10 * kSecond;

std::chrono::nanoseconds Until(int64_t ns) {
  return std::chrono::nanoseconds(std::max<int64_t>(0, ns - NowNs()));
}

}  // namespace

SinkWorker::SinkWorker(int id, std::unique_ptr<Sink> sink) : id_(id), sink_(std::move(sink)) {
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& e) {
    lost_ = OutOfMemory(sink_->name() + ": cannot start a thread: " + e.what());
    message_ = lost_.message();
    given_up_ = true;
  }
}

SinkWorker::~SinkWorker() { (void)Finish(); }

void SinkWorker::Give(const Painted& painted) {
  std::lock_guard lock(mutex_);
  if (finishing_ || given_up_) return;
  const bool every = sink_->pace() == Sink::Pace::kEvery;
  const media::Frame& frame = painted->frame;
  // The painting and what it was painted from.
  const size_t bytes = size_t{3} * static_cast<size_t>(frame.width) * static_cast<size_t>(frame.height);
  const size_t room =
      every ? std::clamp<size_t>(Sink::kQueuedBytes / std::max<size_t>(bytes, 1), 2, Sink::kQueued) : 1;
  if (waiting_.size() >= room) {
    ++dropped_;
    // A recording keeps what it has, in order; others want what is newest.
    if (every) return;
    waiting_.pop_front();
  }
  waiting_.push_back(painted);
  changed_.notify_all();
}

Status SinkWorker::Finish() {
  {
    std::lock_guard lock(mutex_);
    if (finished_) return OkStatus();
    finishing_ = finished_ = true;
    if (!thread_.joinable()) return lost_;
    finish_by_ns_ = NowNs() + kFinish;
    changed_.notify_all();
  }
  {
    // A recording is given time to encode what it has.
    const bool every = sink_->pace() == Sink::Pace::kEvery;
    std::unique_lock lock(mutex_);
    const auto patience =
        every ? std::chrono::nanoseconds(kFinish + kSecond) : std::chrono::milliseconds(200);
    if (!changed_.wait_for(lock, patience, [&] { return over_; })) sink_->Stop();
  }
  thread_.join();
  return lost_;
}

std::vector<std::string> SinkWorker::TakeNotes() {
  std::lock_guard lock(mutex_);
  return std::exchange(notes_, {});
}

// On the thread.
void SinkWorker::Listen() {
  std::vector<std::string> lines = sink_->TakeNotes();
  std::lock_guard lock(mutex_);
  for (std::string& line : lines) notes_.push_back(sink_->name() + ": " + std::move(line));
}

Statistics::SinkState SinkWorker::state() const {
  std::lock_guard lock(mutex_);
  Statistics::SinkState state;
  state.id = id_;
  state.name = sink_->name();
  state.message = message_;
  state.shown = shown_;
  state.dropped = dropped_;
  state.open = open_;
  state.over = given_up_;
  return state;
}

// What is to be shown now; null when all is over.
Painted SinkWorker::Next() {
  std::unique_lock lock(mutex_);
  const bool paced = sink_->pace() == Sink::Pace::kPaced;
  for (;;) {
    if (finishing_ && (waiting_.empty() || paced || NowNs() > finish_by_ns_)) {
      dropped_ += static_cast<int64_t>(waiting_.size());
      return nullptr;
    }
    if (paced && last_) {
      if (NowNs() >= due_ns_) break;
      changed_.wait_for(lock, Until(due_ns_), [&] { return finishing_; });
    } else if (!waiting_.empty()) {
      break;
    } else {
      changed_.wait(lock, [&] { return finishing_ || !waiting_.empty(); });
    }
  }
  if (!waiting_.empty()) {
    last_ = std::move(waiting_.front());
    waiting_.pop_front();
  }
  Painted next = last_;
  if (!paced) last_.reset();
  return next;
}

bool SinkWorker::OpenFor(const PaintedFrame& painted) {
  {
    std::lock_guard lock(mutex_);
    if (open_) return true;
    if (given_up_ || NowNs() < retry_ns_) return false;
  }
  const Status status = sink_->Open(painted);
  Listen();
  std::lock_guard lock(mutex_);
  open_ = status.ok();
  if (open_) {
    message_.clear();
  } else {
    Lose(status);
  }
  return open_;
}

// With mutex_ held.
void SinkWorker::Lose(const Status& status) {
  open_ = false;
  message_ = status.message();
  if (sink_->comes_back()) {
    retry_ns_ = NowNs() + kSecond;
    return;
  }
  given_up_ = true;
  if (lost_.ok()) lost_ = status;
}

void SinkWorker::Run() {
  const bool paced = sink_->pace() == Sink::Pace::kPaced;
  const auto interval = static_cast<int64_t>(kSecond / (sink_->fps() > 0 ? sink_->fps() : 30));
  while (const Painted painted = Next()) {
    if (OpenFor(*painted)) {
      const Status status = sink_->Show(*painted);
      if (!status.ok() && status.code() != StatusCode::kCancelled) (void)sink_->Close();
      Listen();
      std::lock_guard lock(mutex_);
      if (status.ok()) {
        ++shown_;
      } else if (status.code() != StatusCode::kCancelled) {
        Lose(status);
      }
    }
    if (!paced) continue;
    // Evenly from the first one on; a long stop (a machine that slept) is not caught up with.
    const int64_t now = NowNs();
    due_ns_ = due_ns_ == 0 || now - due_ns_ > kSecond ? now + interval : due_ns_ + interval;
  }
  bool open;
  {
    std::lock_guard lock(mutex_);
    open = open_;
  }
  const Status status = open ? sink_->Close() : OkStatus();
  Listen();
  std::lock_guard lock(mutex_);
  if (dropped_ > 0 && sink_->pace() == Sink::Pace::kEvery) {
    notes_.push_back(sink_->name() + " lacks " + std::to_string(dropped_) +
                     (dropped_ == 1 ? " frame" : " frames") +
                     ": it could not be written as fast as it was painted");
  }
  open_ = false;
  over_ = true;
  changed_.notify_all();
  if (!status.ok() && lost_.ok()) lost_ = status;
}

}  // namespace tempera::live
