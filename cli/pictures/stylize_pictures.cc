#include "cli/pictures/stylize_pictures.h"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <system_error>
#include <thread>

#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

// Files appear under their names when they are whole, so one that is there and no older than its source is
// done.
bool IsDone(const PictureTask& task) {
  std::error_code error;
  if (!fs::is_regular_file(task.output, error) || fs::file_size(task.output, error) == 0 || error)
    return false;
  const auto painted = fs::last_write_time(task.output, error);
  if (error) return false;
  const auto source = fs::last_write_time(task.input, error);
  return !error && painted >= source;
}

PictureOutcome DoOne(const PictureTask& task, const PicturesOptions& options, Painter* painter,
                     std::mutex* painting) {
  PictureOutcome outcome;
  outcome.task = task;
  if (!options.overwrite && IsDone(task)) {
    outcome.kind = PictureOutcome::Kind::kPresent;
    return outcome;
  }
  StylizeJob job;
  job.input = task.input;
  job.output = task.output;
  Result<StylizeSummary> summary = StylizeOnePicture(job, painter, painting);
  if (!summary.ok()) {
    outcome.error = summary.status();
    return outcome;
  }
  outcome.kind = PictureOutcome::Kind::kPainted;
  outcome.summary = std::move(summary).value();
  return outcome;
}

}  // namespace

Result<StylizeSummary> StylizeOnePicture(const StylizeJob& job, Painter* painter, std::mutex* painting,
                                         int* pictures) {
  const auto start = std::chrono::steady_clock::now();
  TEMPERA_ASSIGN_OR_RETURN(media::Picture picture, media::ReadPicture(job.input, job.start_s, job.page));
  if (pictures) *pictures = picture.pictures;
  TEMPERA_ASSIGN_OR_RETURN(media::Frame painted,
                           AllocatePainting(*painter, picture.frame, media::PictureKeepsAlpha(job.output)));
  TEMPERA_ASSIGN_OR_RETURN(const media::Frame shown, media::WithoutHiddenColors(picture.frame));
  {
    const std::lock_guard<std::mutex> lock(*painting);
    TEMPERA_RETURN_IF_ERROR(painter->Reset());
    TEMPERA_RETURN_IF_ERROR(painter->Paint(shown, &painted));
  }
  media::RestoreHiddenColors(picture.frame, &painted);
  StylizeSummary summary;
  summary.notices = picture.notices;
  if (painted.format == media::PixelFormat::kRgba && !media::PictureKeepsAlpha(job.output)) {
    media::PutOnWhite(&painted);
    summary.notices.push_back("transparency becomes white: write .png, .webp or .tif to keep it");
  }
  TEMPERA_RETURN_IF_ERROR(media::WritePicture(job.output, painted, picture, &summary.notices));
  summary.frames = 1;
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  summary.width = painted.width;
  summary.height = painted.height;
  return summary;
}

void StylizePictures(const std::vector<PictureTask>& tasks, const PicturesOptions& options, Painter* painter,
                     const std::atomic<bool>& interrupt, const OnOutcome& on_outcome) {
  std::mutex painting, telling;
  std::atomic<size_t> next{0};
  int64_t done = 0;
  const int64_t total = static_cast<int64_t>(tasks.size());
  const auto work = [&] {
    while (!interrupt.load()) {
      const size_t i = next.fetch_add(1);
      if (i >= tasks.size()) return;
      const PictureOutcome outcome = DoOne(tasks[i], options, painter, &painting);
      const std::lock_guard<std::mutex> lock(telling);
      on_outcome(outcome, ++done, total);
    }
  };
  std::vector<std::thread> others;
  const int64_t threads = std::min<int64_t>(options.jobs, total);
  try {
    for (int64_t i = 1; i < threads; ++i) others.emplace_back(work);
  } catch (const std::system_error&) {
    // Fewer hands do the same work.
  }
  work();
  for (std::thread& t : others) t.join();
}

}  // namespace tempera::cli
