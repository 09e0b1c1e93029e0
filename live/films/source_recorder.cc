#include "live/films/source_recorder.h"

#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "live/films/film_sinks.h"
#include "media/bounded_queue.h"

namespace tempera::live {
namespace {

class Recorder final : public SourceRecorder {
 public:
  Recorder(const std::string& path, double fps) {
    RecordingOptions options;
    options.path = path;
    options.codec = "ffv1";
    options.fps = fps;
    sink_ = MakeRecordingSink(options);
    thread_ = std::thread([this] { Run(); });
  }
  ~Recorder() override {
    if (thread_.joinable()) (void)Finish();
  }

  void Take(const SourceFrame& frame) override { (void)queue_.Push(frame); }
  std::string trouble() const override {
    std::lock_guard lock(mutex_);
    return status_.ok() ? "" : "the source is no longer recorded: " + status_.message();
  }

  Status Finish() override {
    if (!thread_.joinable()) return OkStatus();
    queue_.Close();
    thread_.join();
    const Status closed = sink_->Close();
    return status_.ok() ? closed : status_;
  }

 private:
  void Run() {
    bool open = false;
    while (std::optional<SourceFrame> frame = queue_.Pop()) {
      PaintedFrame as_painted;
      as_painted.frame = frame->frame;
      as_painted.source = *std::move(frame);
      Status status;
      if (!open) status = sink_->Open(as_painted);
      open = true;
      if (status.ok()) status = sink_->Show(as_painted);
      if (status.ok()) continue;
      std::lock_guard lock(mutex_);
      status_ = status;
      return queue_.Abort();
    }
  }

  media::BoundedQueue<SourceFrame> queue_{16};
  std::unique_ptr<Sink> sink_;
  mutable std::mutex mutex_;
  Status status_;
  std::thread thread_;
};

}  // namespace

Result<std::unique_ptr<SourceRecorder>> SourceRecorder::Make(const std::string& path, double fps) {
  if (path.size() < 5 || path.compare(path.size() - 4, 4, ".mkv") != 0)
    return InvalidArgument("'" + path + "': the source is recorded without loss, to a name in .mkv");
  try {
    return std::unique_ptr<SourceRecorder>(std::make_unique<Recorder>(path, fps));
  } catch (const std::system_error& e) {
    return OutOfMemory(std::string("cannot start a thread: ") + e.what());
  }
}

}  // namespace tempera::live
