// What the source gave, without loss, frame by frame: beside a timeline, all that a replay needs.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "live/source.h"

namespace tempera::live {

class SourceRecorder {
 public:
  // Starts a thread; the file (FFV1, in Matroska by its name) is opened with the first frame.
  // kInvalidArgument: a name that does not end in .mkv.
  static Result<std::unique_ptr<SourceRecorder>> Make(const std::string& path, double fps);
  virtual ~SourceRecorder() = default;

  // Every frame, in order; the file's n-th frame is the n-th call. Waits while the disk is behind: what is
  // captured is recorded, or not captured at all. After an error frames are forgotten, and Finish says it.
  virtual void Take(const SourceFrame& frame) = 0;
  // Why nothing is recorded any more, one line; "" while all is well. From any thread.
  virtual std::string trouble() const = 0;
  // Writes what is left and gives the file its name. Once.
  virtual Status Finish() = 0;
};

}  // namespace tempera::live
