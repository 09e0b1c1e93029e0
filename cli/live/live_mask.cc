#include "cli/live/live_mask.h"

#include <filesystem>
#include <system_error>

#include "cli/mask/mask_library.h"
#include "cli/network/mask_input.h"
#include "cli/style_library.h"
#include "src/base/text/number_text.h"

namespace tempera::cli {
namespace {

using Shows = MaskRegion::Shows;

// The word that window, scenes and OSC know it by: the bundled mask's, where it is one.
std::string WordOf(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  const Result<std::string> bundled = FindBundledMask(stem);
  std::error_code ignored;
  return bundled.ok() && std::filesystem::equivalent(*bundled, path, ignored) ? stem : path;
}

std::string WordOf(const MaskRegion& region) {
  switch (region.shows) {
    case Shows::kInput:
      return "none";
    case Shows::kBlur:
      return region.blur > 0 ? "blur:" + NumberToText(region.blur) : "blur";
    case Shows::kPainting:
      break;
  }
  return region.style.empty() ? live::kPainted : region.style;
}

}  // namespace

Result<live::MaskSettings> ReadLiveMask(const MaskOptions& options, bool style) {
  TEMPERA_ASSIGN_OR_RETURN(const MaskPlan plan, options.Read({.style = style, .film = true}));
  live::MaskSettings mask;
  if (plan.source == MaskPlan::Source::kNone) return mask;
  if (plan.source != MaskPlan::Source::kNetwork)
    return InvalidArgument("--mask " + plan.path +
                           ": a live picture is masked by a network: give person, or a .onnx file");
  mask.on = true;
  mask.network = WordOf(plan.path);
  mask.input = options.input();
  mask.regions.clear();
  for (const MaskRegion& region : plan.regions) mask.regions.push_back({region.name, WordOf(region)});
  mask.listed = !plan.said.regions.empty();
  mask.numbers.feather = plan.feather;
  if (plan.threshold > 0) mask.numbers.threshold = plan.threshold;
  mask.numbers.hold = plan.hold;
  if (plan.interval > 0) mask.numbers.every = plan.interval;
  // A word that is wrong is said at once, styles as the line has them.
  for (const MaskRegion& region : plan.regions) {
    if (!region.style.empty()) TEMPERA_RETURN_IF_ERROR(FindShown(region).status());
  }
  TEMPERA_RETURN_IF_ERROR(FindLiveMask(mask).status());
  return mask;
}

Result<live::MaskCast> FindLiveMask(const live::MaskSettings& settings) {
  TEMPERA_ASSIGN_OR_RETURN(const MaskChoice choice, FindMask(settings.network, Masked::kLive));
  if (choice.source != MaskPlan::Source::kNetwork)
    return InvalidArgument("the mask '" + settings.network +
                           "' is no network: a live picture is masked by person, or by a .onnx file");
  live::MaskCast cast;
  cast.network = choice.path;
  cast.listed = settings.listed;
  if (!settings.input.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(cast.metadata, MaskInputAsMetadata(settings.input));
  }
  const bool simple = !settings.listed && live::SimpleOf(settings.regions);
  for (const live::MaskRegion& region : settings.regions) {
    live::MaskCast::Region& made = cast.regions.emplace_back();
    made.name = region.name.empty() ? choice.of_class : region.name;
    if (region.shows == live::kPainted) continue;
    // As somebody said it.
    const std::string called = simple ? "outside" : "the region " + (made.name.empty() ? "mask" : made.name);
    TEMPERA_ASSIGN_OR_RETURN(const MaskRegion shown, ParseShown(called + (simple ? "" : ":"), region.shows));
    made.blur = shown.blur;
    using LiveShows = live::MaskCast::Region::Shows;
    made.shows = shown.shows == Shows::kInput  ? LiveShows::kInput
                 : shown.shows == Shows::kBlur ? LiveShows::kBlur
                                               : LiveShows::kStyle;
    if (made.shows != LiveShows::kStyle) continue;
    const Result<ModelChoice> style = FindStyle(shown.style, {"none", "blur"});
    if (!style.ok())
      return Status(style.status().code(),
                    called + (simple ? " " + region.shows : "") + ": " + style.status().message());
    made.style = {style->path, style->style};
  }
  return cast;
}

}  // namespace tempera::cli
