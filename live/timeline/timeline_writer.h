// Writes the timeline of a session as it paints.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "live/session.h"
#include "live/timeline/timeline.h"
#include "src/base/status.h"

namespace tempera::live {

// Lines are appended to PATH.part (PATH.2.part and so on where an earlier session's is left) about once a
// second and before every change; Close writes the last one, with which the file is JSON as a whole, and
// gives it its name. A process that is killed leaves PATH.part with all but the last second, which
// ReadTimeline takes as it is. Nothing of the session is kept in memory. Destroyed without Close: as if
// killed.
class TimelineWriter final : public Witness {
 public:
  static Result<std::unique_ptr<TimelineWriter>> Create(const std::string& path, const TimelineInfo& info);
  ~TimelineWriter() override;

  void Captured(const SourceFrame& frame) override;
  // `settings.height`: what was asked for. A frame that was never told of by Captured is written as the one
  // before it; a replay finds out.
  void Painted(const PaintedFrame& painted, const Settings& settings, const Change& change) override;

  // After the session has stopped. kIo: the disk was full, say; PATH.part stays.
  Status Close();
  // What went wrong with writing so far, one line; "" when nothing did. The session goes on. From any thread.
  std::string trouble() const;
  const std::string& write_path() const { return write_path_; }

 private:
  TimelineWriter(int file, std::string path, std::string write_path)
      : file_(file), path_(std::move(path)), write_path_(std::move(write_path)) {}
  struct Waiting {
    int64_t number, captured_ns, index;
  };
  // With mutex_ held.
  int64_t IndexOf(const SourceFrame& frame);
  int64_t TimeOf(const PaintedFrame& painted, int64_t source);
  void WriteChange(const Settings& settings, const Change& change, const media::Frame& frame);
  void WriteFrames();
  void Write(const std::string& text);

  int file_;
  const std::string path_, write_path_;

  mutable std::mutex mutex_;
  std::string trouble_;
  int64_t captured_ = 0, painted_ = 0, first_ns_ = 0;
  std::deque<Waiting> waiting_;  // captured, and not older than what was painted last
  TimelineState state_;          // as it was written last
  TimelineFrame last_;           // likewise, and painted when:
  int64_t last_painted_ns_ = 0;
  TimelineFrame written_;              // the last one in the file: the next differ from it
  std::vector<TimelineFrame> frames_;  // not yet there
  int64_t flushed_ns_ = 0;
};

}  // namespace tempera::live
