// tempera stylize --timeline: a film painted as a live session was played.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cli/painter.h"
#include "cli/stylize_job.h"
#include "live/timeline/timeline.h"
#include "src/base/status.h"

namespace tempera::cli {

// How a model file is opened: OpenPainter, but in tests.
using OpenFn = std::function<Result<std::unique_ptr<Painter>>(const std::string&, const PaintOptions&)>;

struct ReplayOptions {
  // Quality and threads; a working size of 0 by 0 is the one asked for live. Strength, steadiness and
  // steering in it are not looked at.
  PaintOptions paint;
  std::vector<Turn> held;  // parameters that hold all the time, and that the timeline does not turn
  // With anything but a painting: the masks that were played, or what they cut out.
  Painter::Makes makes = Painter::Makes::kPainting;
  // The film is the one that was captured: what was painted live is painted again, and nothing else, with the
  // timeline's own quality.
  bool again = false;
};

// Values hold from their moment on. Of another film all frames are painted: models are opened where the
// session opened them, at the heights asked for by hand; its resets and the frames it left out or froze are
// its own. `name` is what messages call the timeline.
Result<std::unique_ptr<Painter>> MakeReplay(live::Timeline timeline, const std::string& name,
                                            const ReplayOptions& options, OpenFn open = OpenPainter);

// The same for the command: reads the file, refuses what contradicts it, sees whether job.input is the film
// that was captured (and no other quality is asked for), and notes which of both it is.
struct ReplayRequest {
  std::string timeline, style;                       // --timeline, --style
  std::string stroke;                                // --stroke
  bool other_size = false;                           // --size, --height
  bool steadiness_said = false;                      // --steadiness, --temporal
  Painter::Makes makes = Painter::Makes::kPainting;  // --mask-only, --cutout
  PaintOptions paint;                                // with --blend, --param and --animate in its steering
};
// Whether something is masked anywhere in the timeline; "" is none.
Result<bool> HasMasks(const std::string& timeline);
// What the line alone says against it.
Status CheckReplay(const ReplayRequest& request);
Result<std::unique_ptr<Painter>> OpenReplay(const StylizeJob& job, const ReplayRequest& request);

}  // namespace tempera::cli
