#include "cli/pictures/stylize_pictures.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>
#include <thread>
#include <utility>

#include "cli/cli.h"
#include "cli/mask/mask_report.h"
#include "cli/pictures/done_list.h"
#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

// Whether what is written no longer fits, whatever is painted: messages of files end in the system's words. A
// single file that is too large (EFBIG) is none of the others' matter.
void TellWhetherItStops(PictureOutcome* outcome) {
  if (outcome->error.code() != StatusCode::kIo) return;
  constexpr const char* kRoom = "make room and give the same command again";
  for (const auto& [cause, cure] :
       {std::pair{ENOSPC, kRoom}, {EDQUOT, kRoom}, {EROFS, "give -o a folder that can be written to"}}) {
    if (!outcome->error.message().ends_with(std::strerror(cause))) continue;
    outcome->stops = true;
    outcome->cure = cure;
  }
}

// Why the file that is there is not replaced; OK where it may be.
Status MayReplace(const PictureTask& task, DoneList::State state, const std::string& differing) {
  if (state == DoneList::State::kStyle) {
    const std::string how = differing == "--style" ? "in another style"
                            : differing.empty()    ? "in another style, or with other options"
                                                   : "with another " + differing;
    return InvalidArgument("'" + task.output + "' is a painting " + how +
                           ": give another folder, or --overwrite");
  }
  if (state == DoneList::State::kForeign) {
    return InvalidArgument("'" + task.output +
                           "' is there, and not painted from that picture before: give another folder, or "
                           "--overwrite");
  }
  return OkStatus();
}

PictureOutcome DoOne(const PictureTask& task, const PicturesOptions& options, Painter* painter,
                     std::mutex* painting, DoneList* done) try {
  PictureOutcome outcome;
  outcome.task = task;
  if (!options.overwrite) {
    const DoneList::State state = done->Look(task);
    if (state == DoneList::State::kPresent) {
      outcome.kind = PictureOutcome::Kind::kPresent;
      return outcome;
    }
    outcome.error = MayReplace(task, state, done->Differing(task));
    if (!outcome.error.ok()) return outcome;
  }
  // What is not written down would be taken for somebody else's when the command is given again: there must
  // be room for that before anything is replaced.
  const Result<DoneList::Line> line = done->Reserve(task);
  if (!line.ok()) {
    outcome.error = line.status();
    TellWhetherItStops(&outcome);
    if (outcome.stops) return outcome;
  }
  StylizeJob job;
  job.input = task.input;
  job.output = task.output;
  job.mask = task.mask;
  Result<StylizeSummary> summary = StylizeOnePicture(job, painter, painting);
  outcome.error = summary.status();
  if (!summary.ok()) {
    TellWhetherItStops(&outcome);
    return outcome;
  }
  outcome.kind = PictureOutcome::Kind::kPainted;
  outcome.summary = std::move(summary).value();
  const Status written_down = line.ok() ? done->Fill(task, *line) : line.status();
  if (!written_down.ok()) outcome.summary.notices.push_back(written_down.message());
  return outcome;
} catch (const std::bad_alloc&) {
  PictureOutcome outcome;
  outcome.task = task;
  outcome.error = OutOfMemory("'" + task.input + "': no memory to paint it");
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
  double masked_share = -1;
  std::vector<std::string> of_mask;
  {
    const std::lock_guard<std::mutex> lock(*painting);
    TEMPERA_RETURN_IF_ERROR(painter->Reset());
    if (!job.mask.empty()) TEMPERA_RETURN_IF_ERROR(painter->SetMaskFile(job.mask));
    TEMPERA_RETURN_IF_ERROR(painter->SetPage(job.page, picture.pictures));
    TEMPERA_RETURN_IF_ERROR(painter->Paint(shown, &painted));
    masked_share = painter->masked_share();
    of_mask = painter->TakeMaskNotices();
    SayNotes();
  }
  const Painter::Makes makes = painter->makes();
  if (makes == Painter::Makes::kPainting) media::RestoreHiddenColors(picture.frame, &painted);
  StylizeSummary summary;
  summary.masked_share = masked_share;
  summary.empty_masks = masked_share >= 0 && masked_share < kEmptyMask;
  summary.frames = 1;
  summary.notices = picture.notices;
  summary.notices.insert(summary.notices.end(), of_mask.begin(), of_mask.end());
  if (std::string notice = MaskNotice(summary); !notice.empty()) summary.notices.push_back(std::move(notice));
  if (painted.format == media::PixelFormat::kRgba && !media::PictureKeepsAlpha(job.output)) {
    media::PutOnWhite(&painted);
    summary.notices.push_back("transparency becomes white: write .png, .webp or .tif to keep it");
  }
  // Numbers of a mask are no colours: neither profile nor Exif goes along.
  TEMPERA_RETURN_IF_ERROR(media::WritePicture(
      job.output, painted, makes == Painter::Makes::kMask ? media::Picture() : picture, &summary.notices,
      /*lossless=*/makes == Painter::Makes::kMask));
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  summary.width = painted.width;
  summary.height = painted.height;
  return summary;
}

void StylizePictures(const std::vector<PictureTask>& tasks, const PicturesOptions& options, Painter* painter,
                     const std::atomic<bool>& interrupt, const OnOutcome& on_outcome) {
  if (tasks.empty()) return;
  DoneList done_before(fs::path(tasks[0].output).parent_path().string(), options.style);
  std::mutex painting, telling;
  std::atomic<size_t> next{0};
  std::atomic<bool> full{false};
  int64_t done = 0;
  const int64_t total = static_cast<int64_t>(tasks.size());
  const auto work = [&] {
    while (!interrupt.load() && !full.load()) {
      const size_t i = next.fetch_add(1);
      if (i >= tasks.size()) return;
      const PictureOutcome outcome = DoOne(tasks[i], options, painter, &painting, &done_before);
      if (outcome.stops) full = true;
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
