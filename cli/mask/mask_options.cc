#include "cli/mask/mask_options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <set>

#include "cli/mask/mask_library.h"
#include "cli/network/mask_input.h"
#include "cli/network/option_checks.h"
#include "src/metadata/style_names.h"

namespace tempera::cli {
namespace {

using Shows = MaskRegion::Shows;
using Makes = Painter::Makes;

constexpr const char* kBackground = "background";
constexpr const char* kPerson = "person";  // whose network --region without --mask asks
constexpr size_t kMostRegions = 16;        // of tempera_regions_set

bool IsBackground(const std::string& name) { return metadata::PlainName(name) == kBackground; }

// The painting goes on under the edges of what is cut out, so that no rim of the source is cut out with it.
void PaintUnder(MaskPlan* plan) {
  std::vector<MaskRegion>& regions = plan->regions;
  if (plan->chosen.empty()) return;
  if (regions.size() == 1 && IsBackground(regions[0].name)) {
    // What the mask leaves, without a name for what it covers: as with --mask-of background.
    MaskRegion covered = regions[0];
    covered.name = plan->source == MaskPlan::Source::kNetwork ? "" : "mask";
    regions.push_back(std::move(covered));
  }
  if (std::any_of(regions.begin(), regions.end(), [](const MaskRegion& r) { return IsBackground(r.name); }))
    return;
  MaskRegion rest = regions[plan->chosen.front()];
  rest.name = kBackground;
  regions.insert(regions.begin(), std::move(rest));
  for (size_t& index : plan->chosen) ++index;
}

}  // namespace

Result<MaskRegion> ParseShown(const std::string& option, const std::string& text) {
  MaskRegion region;
  if (text.empty()) return InvalidArgument(option + " is empty: write none, blur, or a style");
  if (text == "none") {
    region.shows = Shows::kInput;
  } else if (text == "blur") {
    region.shows = Shows::kBlur;
  } else if (text.starts_with("blur:")) {
    region.shows = Shows::kBlur;
    const char *begin = text.data() + 5, *end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(begin, end, region.blur);
    if (error != std::errc() || rest != end || !(region.blur > 0 && region.blur <= 256))
      return InvalidArgument(option + (option.ends_with('=') ? "" : " ") + text +
                             ": write a blur of more than 0 and at most 256 pixels, such as blur:12");
  } else {
    region.style = text;
  }
  return region;
}

Result<MaskRegion> ParseRegion(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == 0 || equals == std::string::npos || equals + 1 == text.size())
    return InvalidArgument("--region " + text +
                           " is not CLASS=STYLE, as in person=starry-night or background=blur");
  const std::string name = text.substr(0, equals);
  TEMPERA_ASSIGN_OR_RETURN(MaskRegion region, ParseShown("--region " + name + "=", text.substr(equals + 1)));
  region.name = name;
  region.said = "--region " + text;
  return region;
}

void MaskOptions::AddTo(CLI::App& verb, bool live) {
  verb_ = &verb;
  live_ = live;
  verb.add_option("--mask", mask_,
                  live ? "Paint within a mask: person, or a network"
                       : "Paint within a mask: person, a network, picture, film, folder")
      ->type_name("NAME|FILE[:CLASS]");
  verb.add_option("--mask-of", of_, "background: paint all but what the mask finds")
      ->check(IsOneOf({"mask", kBackground}))
      ->type_name("mask|background");
  verb.add_option("--outside", outside_, "What the rest shows: none (the source), blurred, or a style")
      ->type_name("none|blur[:PX]|STYLE");
  verb.add_option("--region", regions_, "A style for each class of the mask, and background; may be repeated")
      ->type_name("CLASS=STYLE|none|blur")
      ->allow_extra_args(false);
  verb.add_option("--feather", feather_, "Soften the mask's edges by so many pixels")
      ->check(IsBetween(0, 1024, "0 to 1024 (pixels)"))
      ->type_name("PX");
  verb.add_option("--threshold", threshold_, "Where a network's mask has its edge (0.5)")
      ->check(IsBetween(0.01, 0.99, "0.01 (much) to 0.99 (only what is certain)"))
      ->type_name("0..1");
  verb.add_option(
          "--mask-hold", hold_,
          std::string(live ? "" : "videos: ") + "0 each frame's mask by itself .. 1 the calmest (0.8)")
      ->check(IsBetween(0, 1, "0 (each frame by itself) to 1 (the calmest)"))
      ->type_name("0..1");
  verb.add_option(
          "--mask-every", interval_,
          std::string(live ? "Ask" : "videos: ask") + " the network every N frames, move its mask in between")
      ->check(IsBetween(1, 16, "1 (every frame) to 16 (frames)"))
      ->type_name("N");
  verb.add_option("--mask-input", input_,
                  "What a network's file does not say: nhwc,range=0..1 (docs/masks.md)")
      ->type_name("WORD,...");
  if (live) return;
  verb.add_flag("--plain-edges", plain_edges_, "Enlarge masks as they are, not along the picture's edges");
  verb.add_flag("--mask-only", only_, "Write the mask, in grey, instead of a painting");
  verb.add_flag("--cutout", cutout_, "Write what is painted alone, with transparency around it");
}

bool MaskOptions::Said(const char* name) const {
  const CLI::Option* const option = verb_->get_option_no_throw(name);
  return option != nullptr && option->count() > 0;
}

Status MaskOptions::CheckMaskOnly(const MaskLine& line) const {
  if (!only_) return OkStatus();
  if (cutout_)
    return InvalidArgument("--mask-only writes the mask and --cutout the painting in it: give one of them");
  if (!regions_.empty())
    return InvalidArgument("--mask-only writes one mask, of --mask FILE.onnx:CLASS: leave --region out");
  // What a session masked can be written alone; of other timelines there is only what they turn.
  const bool timeline = line.timeline && line.masked_timeline.empty();
  for (const char* name : {"--style", "--blend", "--param", "--animate", "--timeline", "--strength",
                           "--keep-colors", "--stroke", "--steadiness", "--temporal", "--outside"}) {
    if (Said(name) && (timeline || std::string_view(name) != "--timeline"))
      return InvalidArgument(std::string("--mask-only writes the mask and paints nothing: leave ") + name +
                             " out");
  }
  if (line.style || line.steers || timeline || line.paints || Said("--outside"))
    return InvalidArgument("--mask-only paints nothing: leave out what belongs to styles, and --outside");
  return OkStatus();
}

Status MaskOptions::CheckRegions() const {
  if (regions_.size() > kMostRegions)
    return InvalidArgument("--region can be given " + std::to_string(kMostRegions) + " times, not " +
                           std::to_string(regions_.size()));
  std::set<std::string> seen;
  bool changes = false, left_out = true;
  for (const std::string& text : regions_) {
    TEMPERA_ASSIGN_OR_RETURN(const MaskRegion region, ParseRegion(text));
    if (!seen.insert(metadata::PlainName(region.name)).second)
      return InvalidArgument("--region " + region.name + " is said twice: say it once");
    changes = changes || region.shows != Shows::kInput;
    if (IsBackground(region.name)) left_out = region.shows == Shows::kInput;
  }
  if (!regions_.empty() && !changes)
    return InvalidArgument("every --region is none: nothing would be painted");
  const bool all_shown = std::none_of(regions_.begin(), regions_.end(),
                                      [](const std::string& text) { return text.ends_with("=none"); });
  // Alone, the background is what the mask leaves.
  if (cutout_ && !left_out && all_shown && regions_.size() > 1)
    return InvalidArgument(
        "--cutout would cut nothing out: the regions cover the whole picture; leave one out");
  return OkStatus();
}

// What was played has all that belongs to its masks.
Status MaskOptions::CheckTimeline(const std::string& timeline) const {
  for (const char* name : {"--mask", "--region", "--mask-of", "--outside", "--feather", "--threshold",
                           "--mask-hold", "--mask-every", "--mask-input", "--plain-edges"}) {
    if (Said(name))
      return InvalidArgument("the timeline '" + timeline + "' has masks of its own: leave " + name + " out");
  }
  return OkStatus();
}

Status MaskOptions::Check(const MaskLine& line) const {
  if (!line.masked_timeline.empty()) {
    TEMPERA_RETURN_IF_ERROR(CheckTimeline(line.masked_timeline));
    return CheckMaskOnly(line);
  }
  if (!given()) {
    for (const char* name : {"--mask-of", "--outside", "--feather", "--threshold", "--mask-hold",
                             "--mask-every", "--plain-edges", "--mask-only", "--cutout"}) {
      if (Said(name)) return InvalidArgument(std::string(name) + " belongs to a mask: give --mask as well");
    }
    return OkStatus();
  }
  if (Said("--mask") && mask_.empty())
    return InvalidArgument("--mask is empty: write person, or a file's name");
  TEMPERA_RETURN_IF_ERROR(CheckMaskOnly(line));
  if (!regions_.empty()) {
    for (const auto& [name, said] : {std::pair{"--outside", Said("--outside")},
                                     {"--mask-of", Said("--mask-of")},
                                     {"--style and --blend", line.style},
                                     {"--timeline", line.timeline}}) {
      if (said)
        return InvalidArgument(std::string("--region says what each part of the picture shows: leave ") +
                               name + " out, or --region");
    }
  }
  if (cutout_ && Said("--outside") && outside_ != "none")
    return InvalidArgument("--cutout leaves nothing outside of what it cuts out: leave --outside out");
  if (!line.film && (Said("--mask-hold") || Said("--mask-every")))
    return InvalidArgument("--mask-hold and --mask-every are for videos: pictures are painted one by one");
  return CheckRegions();
}

Status MaskOptions::CheckNetworkOnly(const MaskPlan& plan) const {
  if (plan.source == MaskPlan::Source::kNetwork) return OkStatus();
  for (const char* name : {"--threshold", "--mask-hold", "--mask-every", "--mask-input", "--plain-edges"}) {
    if (Said(name))
      return InvalidArgument(std::string(name) + " is for masks that a network makes: '" + plan.path +
                             "' is used as it is");
  }
  return OkStatus();
}

// The mask's region and the rest, in the order in which they lie over each other: "background" is what the
// other does not cover, wherever it stands.
Result<std::vector<MaskRegion>> MaskOptions::SimpleRegions(const std::string& name) const {
  MaskRegion painted, rest;
  rest.shows = Shows::kInput;
  if (!outside_.empty()) {
    TEMPERA_ASSIGN_OR_RETURN(rest, ParseShown("--outside", outside_));
    rest.said = "--outside " + outside_;
  }
  if (only_) painted.shows = Shows::kInput;
  const bool of_background = of_ == kBackground;
  painted.name = of_background ? kBackground : name;
  rest.name = of_background ? name : kBackground;
  return std::vector<MaskRegion>{rest, painted};
}

Status MaskOptions::ChooseRegions(const std::string& of_class, MaskPlan* plan) const {
  if (IsBackground(of_class))
    return InvalidArgument("--mask " + mask_ +
                           ": for what no class covers give --mask-of background instead");
  if (regions_.empty()) {
    const bool network = plan->source == MaskPlan::Source::kNetwork;
    TEMPERA_ASSIGN_OR_RETURN(plan->regions, SimpleRegions(network ? of_class : "mask"));
    plan->chosen = {1};
    // The painting is whole and the mask its transparency, so that no rim of the source is cut out with it.
    if (cutout_) plan->regions[0].shows = Shows::kPainting;
    return OkStatus();
  }
  // The background alone is what the mask leaves, and somebody has to say which class that is.
  const bool rest_alone = regions_.size() == 1 && IsBackground(regions_[0].substr(0, regions_[0].find('=')));
  if (!of_class.empty() && !rest_alone)
    return InvalidArgument("--region names classes, and so does --mask " + mask_ + ": leave ':" + of_class +
                           "' out");
  for (const std::string& text : regions_) {
    TEMPERA_ASSIGN_OR_RETURN(MaskRegion region, ParseRegion(text));
    if (plan->source != MaskPlan::Source::kNetwork && !IsBackground(region.name) &&
        metadata::PlainName(region.name) != "mask")
      return InvalidArgument("--region " + region.name + ": '" + plan->path +
                             "' has the regions mask and background");
    if (IsBackground(region.name)) region.name = kBackground;
    if (plan->source != MaskPlan::Source::kNetwork && region.name != kBackground) region.name = "mask";
    // What is cut out is what is shown; else masked is what the mask has a class for.
    if (cutout_ ? region.shows != Shows::kInput : region.name != kBackground)
      plan->chosen.push_back(plan->regions.size());
    plan->regions.push_back(std::move(region));
  }
  if (plan->chosen.empty()) plan->chosen = {0};  // the background alone
  if (!of_class.empty()) {
    MaskRegion covered = plan->regions[0];
    if (!cutout_) covered.shows = Shows::kInput, covered.style.clear();
    covered.name = of_class;
    covered.said.clear();  // behind --mask, if anywhere
    plan->regions.push_back(std::move(covered));
  }
  if (cutout_) PaintUnder(plan);
  return OkStatus();
}

Result<MaskPlan> MaskOptions::Read(const MaskLine& line) const {
  TEMPERA_RETURN_IF_ERROR(Check(line));
  MaskPlan plan;
  plan.timeline = line.masked_timeline;
  plan.makes = only_ ? Makes::kMask : cutout_ ? Makes::kCutout : Makes::kPainting;
  if (!given()) return plan;
  const Masked masked = live_           ? Masked::kLive
                        : line.film     ? Masked::kFilm
                        : line.pictures ? Masked::kPictures
                                        : Masked::kPicture;
  TEMPERA_ASSIGN_OR_RETURN(const MaskChoice choice,
                           FindMask(mask_.empty() ? kPerson : mask_, masked, &plan.note));
  plan.source = choice.source;
  plan.path = choice.path;
  TEMPERA_RETURN_IF_ERROR(CheckNetworkOnly(plan));
  plan.feather = feather_;
  plan.threshold = threshold_;
  // Takes two fifths of the flicker of masks away (docs/architecture.md).
  constexpr float kHold = 0.8f;
  plan.hold = !line.film ? 0 : Said("--mask-hold") ? hold_ : kHold;
  plan.interval = line.film ? interval_ : 0;
  plan.plain_edges = plain_edges_;
  if (Said("--mask-input")) {
    TEMPERA_ASSIGN_OR_RETURN(plan.metadata, MaskInputAsMetadata(input_));
  }
  if (!choice.of_class.empty() &&
      std::any_of(plan.metadata.begin(), plan.metadata.end(),
                  [](const auto& entry) { return entry.first == "tempera.mask.class"; }))
    return InvalidArgument(
        "--mask " + mask_ +
        " and class= of --mask-input both say which class is the mask: " + "leave one out");
  plan.said = {mask_.empty() ? kPerson : mask_, of_ == kBackground, outside_.empty() ? "none" : outside_};
  for (const std::string& text : regions_)
    plan.said.regions.emplace_back(text.substr(0, text.find('=')), text.substr(text.find('=') + 1));
  TEMPERA_RETURN_IF_ERROR(ChooseRegions(choice.of_class, &plan));
  return plan;
}

}  // namespace tempera::cli
