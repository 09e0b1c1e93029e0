// tempera stylize's options about masks: --mask, --region and what belongs to them.
#pragma once

#include <string>
#include <vector>

#include "cli/mask/mask_plan.h"
#include "src/base/status.h"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace tempera::cli {

// What the rest of the line says that masks have to agree with.
struct MaskLine {
  bool style = false;                // --style or --blend
  bool steers = false;               // --param or --animate
  bool timeline = false;             // --timeline
  bool paints = false;               // --strength, --keep-colors, --stroke, --steadiness, --temporal
  bool film = false;                 // a film comes out, not one picture or many
  bool pictures = false;             // many pictures
  std::string masked_timeline = {};  // --timeline's file where it has masks of its own
};

class MaskOptions {
 public:
  // Adds its options to a verb; this object must outlive the parsing. `live`: without those of files that are
  // written once, and of masks that are files.
  void AddTo(CLI::App& verb, bool live = false);
  // Whether a mask is asked for.
  bool given() const { return Said("--mask") || !regions_.empty(); }
  // --mask-input, as it is written.
  const std::string& input() const { return input_; }
  // What they say; the names are looked for on the disk. Errors are of the line, but kNotFound.
  Result<MaskPlan> Read(const MaskLine& line) const;

 private:
  // What contradicts itself or the rest of the line.
  Status Check(const MaskLine& line) const;
  Status CheckTimeline(const std::string& timeline) const;
  Status CheckMaskOnly(const MaskLine& line) const;
  Status CheckNetworkOnly(const MaskPlan& plan) const;
  Status CheckRegions() const;
  // Regions of --mask, --mask-of and --outside.
  Result<std::vector<MaskRegion>> SimpleRegions(const std::string& name) const;
  Status ChooseRegions(const std::string& of_class, MaskPlan* plan) const;

  bool Said(const char* name) const;

  const CLI::App* verb_ = nullptr;
  bool live_ = false;
  std::string mask_, of_, outside_, input_;
  std::vector<std::string> regions_;
  float feather_ = 0, threshold_ = 0, hold_ = 0;
  int interval_ = 0;
  bool plain_edges_ = false, only_ = false, cutout_ = false;
};

// "none", "blur", "blur:PX", or a style; `option` is what messages say of it.
Result<MaskRegion> ParseShown(const std::string& option, const std::string& text);
// "person=starry-night"
Result<MaskRegion> ParseRegion(const std::string& text);

}  // namespace tempera::cli
