#include <chrono>

#include "cli/cli.h"
#include "cli/stylize_job.h"
#include "media/picture.h"

namespace tempera::cli {

Result<StylizeSummary> StylizePicture(const StylizeJob& job, Painter* painter) {
  const auto start = std::chrono::steady_clock::now();
  TEMPERA_ASSIGN_OR_RETURN(media::Picture picture, media::ReadPicture(job.input, job.start_s));
  TEMPERA_ASSIGN_OR_RETURN(media::Frame painted,
                           AllocatePainting(*painter, picture.frame, media::PictureKeepsAlpha(job.output)));
  TEMPERA_RETURN_IF_ERROR(painter->Paint(picture.frame, &painted));
  TEMPERA_RETURN_IF_ERROR(media::WritePicture(job.output, painted, picture.frame));
  StylizeSummary summary;
  summary.frames = 1;
  summary.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  summary.width = painted.width;
  summary.height = painted.height;
  summary.notices = picture.notices;
  if (picture.frame.format == media::PixelFormat::kRgba && !media::PictureKeepsAlpha(job.output)) {
    summary.notices.push_back("transparency is dropped: write .png or .webp to keep it");
  }
  return summary;
}

}  // namespace tempera::cli
