// Where painted frames go: a virtual camera, a recording, a pipe, an address.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "live/source.h"
#include "media/frame.h"
#include "src/base/status.h"

namespace tempera::live {

// Shared by all who show it; nobody writes to its pixels.
struct PaintedFrame {
  media::Frame frame;      // of the source frame's size and format
  SourceFrame source;      // what it was painted from (mirrored where that was asked)
  int64_t number = 0;      // of the paintings, from 0
  int64_t painted_ns = 0;  // when it was ready
  double paint_ms = 0;     // how long it took
  double fps = 0;          // of the source, as it says of itself; 0: unknown
  bool again = false;      // of the same source frame as the one before: the source stands still
};
using Painted = std::shared_ptr<const PaintedFrame>;

// A thread of its own calls everything here but Stop.
class Sink {
 public:
  virtual ~Sink() = default;

  // For people: "v4l2:/dev/video9".
  virtual std::string name() const = 0;

  // How frames come: kNewest: the newest one, whenever the sink is ready for it, the others are dropped.
  // kEvery: all, in order; up to kQueued wait, and no more than kQueuedBytes of pixels, more are dropped and
  // counted. kPaced: fps() times a second, evenly, the newest one each time, the same again when there is no
  // newer.
  enum class Pace { kNewest, kEvery, kPaced };
  static constexpr int kQueued = 64;
  static constexpr size_t kQueuedBytes = size_t{256} << 20;
  virtual Pace pace() const = 0;
  virtual double fps() const { return 30; }

  // Before the first frame, and again after an error, a second later each time; `first` tells size and
  // format.
  virtual Status Open(const PaintedFrame& first) = 0;
  // Sizes may change from frame to frame: a sink that cannot follow scales to the size it was opened with.
  // An error: the sink is closed, and opened again if comes_back().
  virtual Status Show(const PaintedFrame& painted) = 0;
  // After the last frame, or after an error: whatever is unfinished is finished. A recording that was not
  // closed has no name.
  virtual Status Close() = 0;
  virtual bool comes_back() const { return false; }

  // What was changed or left out since the last call, a line each ("the sound becomes aac"). After Open, Show
  // and Close.
  virtual std::vector<std::string> TakeNotes() { return {}; }

  // From any thread: a call that waits gives up soon.
  virtual void Stop() {}
};

}  // namespace tempera::live
