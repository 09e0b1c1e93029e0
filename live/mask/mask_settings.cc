#include "live/mask/mask_settings.h"

#include <algorithm>
#include <cmath>

namespace tempera::live {
namespace {

float Into(float value, float low, float high, float standard) {
  return std::isfinite(value) ? std::clamp(value, low, high) : standard;
}

}  // namespace

MaskNumbers Clamped(const MaskNumbers& n) {
  constexpr MaskNumbers kStandard;
  return {.feather = Into(n.feather, 0, MaskNumbers::kMostFeather, kStandard.feather),
          .threshold = Into(n.threshold, MaskNumbers::kLeastThreshold, MaskNumbers::kMostThreshold,
                            kStandard.threshold),
          .hold = Into(n.hold, 0, 1, kStandard.hold),
          .every = std::clamp(n.every, 1, MaskNumbers::kMostEvery)};
}

std::vector<MaskRegion> RegionsOf(const SimpleMask& simple) {
  if (simple.background) return {{simple.of, simple.outside}, {kBackground, kPainted}};
  return {{kBackground, simple.outside}, {simple.of, kPainted}};
}

void SetSimple(const SimpleMask& simple, MaskSettings* settings) {
  settings->regions = RegionsOf(simple);
  settings->listed = false;
}

std::optional<SimpleMask> SimpleOf(const std::vector<MaskRegion>& regions) {
  if (regions.size() != 2 || regions[1].shows != kPainted) return std::nullopt;
  const bool background = regions[1].name == kBackground;
  if (background == (regions[0].name == kBackground)) return std::nullopt;
  return SimpleMask{background ? regions[0].name : regions[1].name, background, regions[0].shows};
}

Status SetRegion(const std::string& name, const std::string& shows, MaskSettings* settings) {
  std::vector<MaskRegion> regions;
  if (settings->listed || !SimpleOf(settings->regions)) regions = settings->regions;
  const auto at =
      std::find_if(regions.begin(), regions.end(), [&](const MaskRegion& r) { return r.name == name; });
  if (shows.empty()) {
    if (at != regions.end()) regions.erase(at);
  } else if (at != regions.end()) {
    at->shows = shows;
  } else {
    if (regions.size() >= MaskSettings::kMostRegions)
      return InvalidArgument("there are " + std::to_string(MaskSettings::kMostRegions) +
                             " regions: take one out before another comes");
    regions.push_back({name, shows});
  }
  settings->listed = !regions.empty();
  if (regions.empty()) regions = RegionsOf({});
  settings->regions = std::move(regions);
  return OkStatus();
}

}  // namespace tempera::live
