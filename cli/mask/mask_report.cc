#include "cli/mask/mask_report.h"

#include <algorithm>

#include "src/base/text/number_text.h"

namespace tempera::cli {

std::string MaskJson(const StylizeSummary& summary) {
  if (summary.masked_share < 0) return "";
  return "\"mask\": {\"share\": " + NumberToText(summary.masked_share, 4) +
         ", \"empty_frames\": " + std::to_string(summary.empty_masks) + "}, ";
}

std::string MaskNotice(const StylizeSummary& summary) {
  if (summary.masked_share < 0 || summary.empty_masks == 0) return "";
  if (summary.frames == 1) return "nothing was found to mask: all of the picture is outside";
  return "nothing was found to mask in " + std::to_string(summary.empty_masks) + " of " +
         std::to_string(summary.frames) + " frames: all of them is outside";
}

void AddMask(const StylizeSummary& one, StylizeSummary* all) {
  if (one.masked_share < 0) return;
  const double before = std::max(all->masked_share, 0.0) * static_cast<double>(all->frames);
  all->masked_share = (before + one.masked_share * static_cast<double>(one.frames)) /
                      static_cast<double>(all->frames + one.frames);
  all->empty_masks += one.empty_masks;
}

}  // namespace tempera::cli
