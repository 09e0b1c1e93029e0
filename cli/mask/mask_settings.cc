#include "cli/mask/mask_settings.h"

#include "cli/style_library.h"
#include "src/base/digest.h"

namespace tempera::cli {
namespace {

using Makes = Painter::Makes;

void AddStyle(const std::string& style, Digester* digester) {
  digester->Add(std::string_view(style));
  if (style.empty()) return;
  if (const auto model = FindStyle(style); model.ok()) AddFileBytes(model->path, digester);
}

}  // namespace

Settings MaskSettingsOf(const MaskPlan& plan) {
  Settings settings;
  if (plan.source == MaskPlan::Source::kNone) return settings;
  const SaidOfMask& said = plan.said;
  {
    Digester mask;
    // Those in a folder belong to their pictures (DoneList).
    if (plan.source == MaskPlan::Source::kFolder)
      mask.Add(std::string_view("folder"));
    else
      AddFileBytes(plan.path, &mask);
    // Of a network the class, where it is said behind its name: those of regions are theirs.
    for (const MaskRegion& region : plan.regions) {
      const bool is_class = plan.source == MaskPlan::Source::kNetwork &&
                            !region.said.starts_with("--region") && !region.name.empty() &&
                            region.name != "background";
      if (is_class) mask.Add(std::string_view(region.name));
    }
    settings.Add("--mask", mask);
  }
  if (said.background) settings.Add("--mask-of", Digester());
  Digester outside, regions, input;
  for (const MaskRegion& region : plan.regions) {
    Digester& of = said.regions.empty() ? outside : regions;
    if (region.said.empty()) continue;
    of.Add(std::string_view(region.name));
    of.Add(static_cast<int64_t>(region.shows));
    of.Add(static_cast<double>(region.blur));
    AddStyle(region.style, &of);
  }
  if (said.outside != "none") settings.Add("--outside", outside);
  if (!said.regions.empty()) settings.Add("--region", regions);
  for (const auto& [option, number] : {std::pair{"--feather", plan.feather},
                                       {"--threshold", plan.threshold},
                                       {"--mask-hold", plan.hold},
                                       {"--plain-edges", plan.plain_edges ? 1.0f : 0.0f},
                                       {"--mask-only", plan.makes == Makes::kMask ? 1.0f : 0.0f},
                                       {"--cutout", plan.makes == Makes::kCutout ? 1.0f : 0.0f}}) {
    if (number == 0) continue;
    Digester one;
    one.Add(static_cast<double>(number));
    settings.Add(option, one);
  }
  for (const auto& [key, value] : plan.metadata) {
    input.Add(std::string_view(key));
    input.Add(std::string_view(value));
  }
  if (!plan.metadata.empty()) settings.Add("--mask-input", input);
  return settings;
}

}  // namespace tempera::cli
