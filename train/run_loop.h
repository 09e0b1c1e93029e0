// What every training does around its steps: lines of progress, saving now and then, and a clean end when it
// is interrupted.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "src/base/status.h"

namespace tempera::train {

// Seconds as h:mm:ss.
std::string ClockText(double seconds);

struct TrainingRun {
  std::function<Status()> step;
  std::function<bool()> done;
  std::function<int64_t()> steps;  // made so far, with those before a resume
  // What a line says of the losses; asked once a line.
  std::function<std::string()> losses;
  std::function<double()> elapsed_s, left_s;
  std::function<Status()> save;  // now and then, and at the end
  double save_every_s = 120;
};

// Steps until all are done or SIGINT or SIGTERM comes, whose handlers it sets. kCancelled after those, with
// everything saved. For the main thread, one at a time.
Status RunUntilDone(const TrainingRun& run);

}  // namespace tempera::train
