#include <algorithm>
#include <filesystem>

#include "cli/pictures/stylize_pictures.h"
#include "cli/stylize_job.h"

namespace tempera::cli {

Result<StylizeSummary> StylizePicture(const StylizeJob& job, Painter* painter) {
  std::mutex painting;
  if (job.page != kAllPages) return StylizeOnePicture(job, painter, &painting);
  const std::filesystem::path output(job.output);
  const std::string before = (output.parent_path() / output.stem()).string() + "-";
  StylizeSummary all;
  int pictures = 1;
  for (int page = 1; page <= pictures; ++page) {
    StylizeJob one = job;
    one.page = page;
    one.output = before + std::to_string(page) + output.extension().string();
    TEMPERA_ASSIGN_OR_RETURN(const StylizeSummary summary,
                             StylizeOnePicture(one, painter, &painting, &pictures));
    ++all.frames;
    all.seconds += summary.seconds;
    all.width = std::max(all.width, summary.width);
    all.height = std::max(all.height, summary.height);
    for (const std::string& n : summary.notices) {
      if (std::find(all.notices.begin(), all.notices.end(), n) == all.notices.end()) all.notices.push_back(n);
    }
  }
  return all;
}

}  // namespace tempera::cli
