#include "cli/pictures/stylize_pictures.h"
#include "cli/stylize_job.h"

namespace tempera::cli {

Result<StylizeSummary> StylizePicture(const StylizeJob& job, Painter* painter) {
  std::mutex painting;
  return StylizeOnePicture(job, painter, &painting);
}

}  // namespace tempera::cli
