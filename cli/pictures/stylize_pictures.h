// Many pictures with one style: the model is opened once, a few pictures are decoded and encoded while one is
// painted.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "cli/painter.h"
#include "cli/pictures/picture_list.h"
#include "cli/stylize_job.h"

namespace tempera::cli {

struct PicturesOptions {
  int jobs = 2;            // pictures in memory at a time
  bool overwrite = false;  // paint again what is there, whoever made it
  std::string style = "";  // stands for the model and all options that a painting depends on
};

// What became of one picture.
struct PictureOutcome {
  enum class Kind { kPainted, kPresent, kFailed };
  PictureTask task;
  Kind kind = Kind::kFailed;
  StylizeSummary summary;  // of a painted one
  Status error;
  // Failed by what every further picture would meet: nothing more can be written. What to do about it.
  bool stops = false;
  std::string cure = {};
};

// Called with each outcome as it becomes known, one at a time; `done` of `total` are then behind.
using OnOutcome = std::function<void(const PictureOutcome&, int64_t done, int64_t total)>;

// Paints all of them into one folder; what DoneList knows there is present. A failure is an outcome like
// another. No new picture is begun after one that `stops`, nor after `interrupt`; those begun are
// finished. The painter paints one at a time.
void StylizePictures(const std::vector<PictureTask>& tasks, const PicturesOptions& options, Painter* painter,
                     const std::atomic<bool>& interrupt, const OnOutcome& on_outcome);

// One picture, with the painter held only while it paints. *pictures, where not null: how many the file
// holds.
Result<StylizeSummary> StylizeOnePicture(const StylizeJob& job, Painter* painter, std::mutex* painting,
                                         int* pictures = nullptr);

}  // namespace tempera::cli
