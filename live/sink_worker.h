// A sink on its thread: given frames as it likes them, opened again when it comes back.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "live/session.h"
#include "live/sink.h"

namespace tempera::live {

class SinkWorker {
 public:
  // Where there is no thread for it, it shows nothing, and Finish says so.
  SinkWorker(int id, std::unique_ptr<Sink> sink);
  // Finish, where nobody called it.
  ~SinkWorker();

  int id() const { return id_; }
  // From the painting thread: never waits for the sink.
  void Give(const Painted& painted);
  // What waits is shown (not more than ten seconds long), the sink is closed and the thread gone. The first
  // error that lost something: of Close, or of a sink that does not come back. Once.
  Status Finish();
  Statistics::SinkState state() const;
  // Since the last call; also after Finish.
  std::vector<std::string> TakeNotes();

 private:
  void Run();
  Painted Next();
  bool OpenFor(const PaintedFrame& painted);
  void Lose(const Status& status);
  void Listen();

  const int id_;
  const std::unique_ptr<Sink> sink_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Painted> waiting_;
  Painted last_;  // of a paced sink: what is shown again
  bool finishing_ = false, finished_ = false, over_ = false;
  int64_t finish_by_ns_ = 0;
  // Written by the thread under mutex_.
  bool open_ = false, given_up_ = false;
  std::vector<std::string> notes_;
  int64_t shown_ = 0, dropped_ = 0, retry_ns_ = 0;
  std::string message_;
  Status lost_;
  // Of the thread alone.
  int64_t due_ns_ = 0;
  std::thread thread_;
};

}  // namespace tempera::live
