#include <algorithm>
#include <filesystem>

#include "cli/mask/mask_report.h"
#include "cli/pictures/stylize_pictures.h"
#include "cli/stylize_job.h"
#include "media/picture.h"

namespace tempera::cli {
namespace {

namespace fs = std::filesystem;

// OUTPUT-2.png of OUTPUT.png.
std::string PageName(const fs::path& output, int page) {
  return (output.parent_path() / output.stem()).string() + "-" + std::to_string(page) +
         output.extension().string();
}

// Refuses where the painting of some page would replace the file that the pages come from.
Status CheckPageNames(const StylizeJob& job) {
  // As many as media/ counts in one file.
  constexpr int kMostPages = 4096;
  for (int page = 1; page <= kMostPages; ++page) {
    const std::string name = PageName(job.output, page);
    std::error_code error;
    if (!fs::equivalent(job.input, name, error) || error) continue;
    TEMPERA_ASSIGN_OR_RETURN(const media::Picture first, media::ReadPicture(job.input, 0, 1));
    if (first.pictures < page) return OkStatus();
    return InvalidArgument("the painting of picture " + std::to_string(page) + " would be '" + name +
                           "', which is the input itself: give -o another name");
  }
  return OkStatus();
}

}  // namespace

std::string PagePattern(const std::string& output) {
  std::string pattern;
  for (const char c : PageName(output, 0)) pattern += c == '%' ? "%%" : std::string(1, c);
  const size_t number = pattern.size() - fs::path(output).extension().string().size() - 1;
  return pattern.replace(number, 1, "%d");
}

Result<StylizeSummary> StylizePicture(const StylizeJob& job, Painter* painter) {
  std::mutex painting;
  if (job.page != kAllPages) return StylizeOnePicture(job, painter, &painting);
  TEMPERA_RETURN_IF_ERROR(CheckPageNames(job));
  StylizeSummary all;
  int pictures = 1;
  for (int page = 1; page <= pictures; ++page) {
    StylizeJob one = job;
    one.page = page;
    one.output = PageName(job.output, page);
    TEMPERA_ASSIGN_OR_RETURN(const StylizeSummary summary,
                             StylizeOnePicture(one, painter, &painting, &pictures));
    AddMask(summary, &all);
    ++all.frames;
    all.outputs.push_back(one.output);
    all.seconds += summary.seconds;
    all.width = std::max(all.width, summary.width);
    all.height = std::max(all.height, summary.height);
    for (std::string n : summary.notices) {
      if (n == MaskNotice(summary)) n = "nothing was found to mask in picture " + std::to_string(page);
      if (std::find(all.notices.begin(), all.notices.end(), n) == all.notices.end()) all.notices.push_back(n);
    }
  }
  return all;
}

}  // namespace tempera::cli
