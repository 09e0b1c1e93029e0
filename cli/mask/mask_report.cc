#include "cli/mask/mask_report.h"

#include <algorithm>

#include "cli/json/json.h"
#include "src/base/text/number_text.h"

namespace tempera::cli {

std::string MaskJson(const MaskPlan& plan, const StylizeSummary& summary) {
  using Makes = Painter::Makes;
  const char* const makes = plan.makes == Makes::kMask     ? "mask"
                            : plan.makes == Makes::kCutout ? "cutout"
                                                           : "painting";
  const std::string figures = "\"share\": " + NumberToText(summary.masked_share, 4) +
                              ", \"empty_frames\": " + std::to_string(summary.empty_masks);
  if (!plan.timeline.empty()) {
    std::string json = "\"mask\": {\"timeline\": " + JsonString(plan.timeline);
    if (summary.masked_share >= 0) json += ", " + figures + ", \"writes\": \"" + makes + "\"";
    return json + "}, ";
  }
  if (summary.masked_share < 0) return "";
  std::string json = "\"mask\": {" + figures + ", \"name\": " + JsonString(plan.said.mask) +
                     ", \"writes\": \"" + makes + "\", ";
  if (plan.said.regions.empty()) {
    json += std::string("\"of\": \"") + (plan.said.background ? "background" : "mask") +
            "\", \"outside\": " + JsonString(plan.said.outside);
  } else {
    std::string regions;
    for (const auto& [name, shows] : plan.said.regions)
      regions += (regions.empty() ? "" : ", ") + JsonString(name) + ": " + JsonString(shows);
    json += "\"regions\": {" + regions + "}";
  }
  return json + "}, ";
}

std::string MaskWords(const MaskPlan& plan) {
  if (!plan.timeline.empty())
    return plan.makes == Painter::Makes::kMask     ? " of " + plan.timeline
           : plan.makes == Painter::Makes::kCutout ? " with its masks, cut out"
                                                   : " with its masks";
  if (plan.source == MaskPlan::Source::kNone) return "";
  std::string words = plan.said.regions.empty() && plan.said.background ? " around " : " within ";
  if (!plan.said.regions.empty()) words = " by the mask ";
  if (plan.makes == Painter::Makes::kMask) words = " of ";
  words += plan.said.mask;
  if (plan.makes == Painter::Makes::kMask && plan.said.background) words += ", its background";
  if (plan.said.regions.empty() && plan.said.outside != "none")
    words += ", " + plan.said.outside + (plan.said.background ? " inside" : " outside");
  return words + (plan.makes == Painter::Makes::kCutout ? ", cut out" : "");
}

std::string MaskLead(const MaskPlan& plan) { return plan.makes == Painter::Makes::kMask ? ", the " : " in "; }

std::string MaskNotice(const StylizeSummary& summary) {
  if (summary.masked_share < 0 || summary.empty_masks == 0) return "";
  if (summary.frames == 1) return "nothing was found to mask in the picture";
  return "nothing was found to mask in " + std::to_string(summary.empty_masks) + " of " +
         std::to_string(summary.frames) + " frames";
}

void AddMask(const StylizeSummary& one, StylizeSummary* all) {
  if (one.masked_share < 0) return;
  const double before = std::max(all->masked_share, 0.0) * static_cast<double>(all->frames);
  all->masked_share = (before + one.masked_share * static_cast<double>(one.frames)) /
                      static_cast<double>(all->frames + one.frames);
  all->empty_masks += one.empty_masks;
}

}  // namespace tempera::cli
