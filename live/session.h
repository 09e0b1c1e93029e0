// Source to paintings to sinks: threads of their own with queues of one between them, so that the newest
// frame wins, and nothing ever waits behind an old one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "live/controls.h"
#include "live/painter.h"
#include "live/sink.h"
#include "live/source.h"
#include "src/base/status.h"

namespace tempera::live {

// Told of every frame painted, in order, on the painting thread: the timeline's writer.
class Witness {
 public:
  virtual ~Witness() = default;
  // Every frame that the source gave, painted or not: on the capturing thread. May wait only briefly.
  virtual void Captured(const SourceFrame& frame) = 0;
  // `settings`: as they were asked for, `mirror` as it was when the frame came; the height that quality_auto
  // chose instead is in `change`.
  virtual void Painted(const PaintedFrame& painted, const Settings& settings, const Change& change) = 0;
};

struct SessionOptions {
  bool quality_auto = false;      // the working size follows what the machine can do, up to Settings::height
  int lowest_lines = 360;         // and goes no lower than this
  bool ends_with_source = false;  // the session is over when the source is: a pipe, a film played once
  Witness* witness = nullptr;     // may be null; outlives the session
  // Before each frame, and some times a second while there is none: for what turns controls as time passes
  // (Console::Tick). On the painting thread; may be empty.
  std::function<void(int64_t now_ns)> tick;
};

struct Statistics {
  // Over the last second or so, but for the counts.
  double source_fps = 0, painted_fps = 0, shown_fps = 0;
  double paint_ms = 0;  // median of the last 60
  // From captured to shown in the window, else to painted; a picture that stands still has none.
  double latency_ms_p50 = 0, latency_ms_p95 = 0;
  int64_t captured = 0, painted = 0;
  int64_t dropped = 0;   // captured, but never painted, since a newer one came
  double cpu_share = 0;  // of this process; 1: one core busy
  int working_width = 0, working_height = 0;
  int chosen_lines = 0;  // by quality_auto; 0: not
  MaskFigures mask;
  enum class SourceState { kOpening, kRunning, kFrozen, kLost, kEnded } source_state = SourceState::kOpening;
  std::string source_message;   // what is wrong with the source; "" when nothing is
  std::string painter_message;  // what is wrong with what was asked of the model
  struct SinkState {
    int id = 0;
    std::string name, message;  // what is wrong with it; "" when nothing is
    int64_t shown = 0, dropped = 0;
    bool open = false;
    bool over = false;  // it shows nothing any more
  };
  std::vector<SinkState> sinks;
};

class Session {
 public:
  // Starts the threads; the source is opened on one of them. `controls` outlives the session. Errors: no
  // thread could be made.
  static Result<std::unique_ptr<Session>> Start(const SessionOptions& options, std::unique_ptr<Source> source,
                                                std::unique_ptr<Painter> painter, Controls* controls);
  // Stops and joins everything.
  virtual ~Session() = default;

  // While it runs, from any thread: returns an id for RemoveSink, which closes it and says how that went.
  virtual int AddSink(std::unique_ptr<Sink> sink) = 0;
  virtual Status RemoveSink(int id) = 0;

  // Waits for a painting newer than number `after` (-1: any); null after `timeout`, or when all is over.
  virtual Painted WaitForPainting(int64_t after, std::chrono::milliseconds timeout) = 0;
  // By a window, once it has shown it: for latency and shown_fps.
  virtual void Shown(const PaintedFrame& painted) = 0;

  // What sinks had to say since the last call, those that are closed too, and what of the mask was refused: a
  // line each. Also after Stop.
  virtual std::vector<std::string> TakeNotes() = 0;

  virtual Statistics statistics() const = 0;
  // False once the source has ended (see ends_with_source), painting failed for good, or Stop was called.
  virtual bool running() const = 0;
  // Why it ended: ok, or the error.
  virtual Status status() const = 0;
  // Ends all: sinks show what they have and are closed; recordings get their names. Waits. The errors of
  // sinks' Close, if any.
  virtual Status Stop() = 0;
};

}  // namespace tempera::live
