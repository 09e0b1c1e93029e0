// What a live session masks: as somebody asks for it, and what that means on the disk.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"

namespace tempera::live {

// A model file, and which of its styles is meant ("": as the file begins).
struct ModelFile {
  std::string path, style;
  bool operator==(const ModelFile&) const = default;
};

// A part of the frame. Later ones of a list lie over earlier ones.
struct MaskRegion {
  // A class of the network; "": the one that the network is for; "background": what no other one covers.
  std::string name;
  // "painted": the session's own style; "none": the source; "blur", "blur:12"; or a style as --style takes
  // it.
  std::string shows = "painted";
  bool operator==(const MaskRegion&) const = default;
};

inline constexpr const char* kBackground = "background";
inline constexpr const char* kPainted = "painted";

// What can be moved while frames are painted, without anything opened anew.
struct MaskNumbers {
  float feather = 0;       // pixels of the frame, 0 to kMostFeather
  float threshold = 0.5f;  // where the edge lies, kLeastThreshold to kMostThreshold
  float hold = 0.8f;       // 0: every frame by itself .. 1: the calmest
  int every = 1;           // the network sees every so many frames, 1 to kMostEvery
  static constexpr float kMostFeather = 1024, kLeastThreshold = 0.01f, kMostThreshold = 0.99f;
  static constexpr int kMostEvery = 16;
  bool operator==(const MaskNumbers&) const = default;
};
// Into those ranges; what is no number becomes the default.
MaskNumbers Clamped(const MaskNumbers& numbers);

struct MaskSettings {
  static constexpr size_t kMostRegions = 16;  // of tempera_regions_set
  bool on = false;
  std::string network = "person";  // as --mask takes it
  std::string input{};             // what its file does not say of itself, as --mask-input takes it
  std::vector<MaskRegion> regions = {{kBackground, "none"}, {"", kPainted}};  // at least one
  // They were named one by one, though two of them may look like a simple mask.
  bool listed = false;
  MaskNumbers numbers;
  // Whether the same is masked, whatever the numbers are.
  bool SameRegions(const MaskSettings& other) const {
    return on == other.on && network == other.network && input == other.input && regions == other.regions &&
           listed == other.listed;
  }
  bool operator==(const MaskSettings&) const = default;
};

// The common case: within a class, or all around it, the session's own style; and what the rest shows.
struct SimpleMask {
  std::string of;           // the class
  bool background = false;  // all around it is painted
  std::string outside = "none";
  bool operator==(const SimpleMask&) const = default;
};
std::vector<MaskRegion> RegionsOf(const SimpleMask& simple);
void SetSimple(const SimpleMask& simple, MaskSettings* settings);
// Nothing where the regions are others.
std::optional<SimpleMask> SimpleOf(const std::vector<MaskRegion>& regions);
// What a region shows from now on. The first one takes the place of a simple mask; "" takes it out of the
// list, and the last one out is a simple mask again. kInvalidArgument: more than there can be.
Status SetRegion(const std::string& name, const std::string& shows, MaskSettings* settings);

// Why what was asked for cannot be had.
struct MaskFault {
  enum class Of { kNetwork, kClass, kShown };  // a region's class, or what the region shows
  Of of = Of::kNetwork;
  size_t region = 0;  // of the two last ones, which of MaskSettings::regions
};
// What was asked for without what is at fault, which becomes as it was in what held before. The same as
// `asked` where that is of no help.
MaskSettings TakenBack(const MaskSettings& asked, const MaskSettings& held, const MaskFault& fault);

// What settings mean: files, and numbers read.
struct MaskCast {
  struct Region {
    enum class Shows { kOwn, kInput, kBlur, kStyle };
    std::string name;
    Shows shows = Shows::kOwn;
    float blur = -1;    // pixels; negative: by the frame's size
    ModelFile style{};  // of kStyle
    bool operator==(const Region&) const = default;
  };
  std::string network;                                          // the file
  std::vector<std::pair<std::string, std::string>> metadata{};  // said of it
  std::vector<Region> regions;
  bool listed = false;  // as MaskSettings has it
  bool has_styles() const {
    for (const Region& region : regions)
      if (region.shows == Region::Shows::kStyle) return true;
    return false;
  }
  bool operator==(const MaskCast&) const = default;
};
using FindMaskFn = std::function<Result<MaskCast>(const MaskSettings&)>;
// Of settings that mean nothing to `find`, which part it is.
MaskFault FaultOf(const MaskSettings& asked, const FindMaskFn& find);

// Asked for, and cannot be had.
struct RefusedMask {
  MaskSettings asked, instead;
  std::string why;  // one line
};

}  // namespace tempera::live
