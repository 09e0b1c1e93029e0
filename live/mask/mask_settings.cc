#include "live/mask/mask_settings.h"

#include <algorithm>
#include <cmath>

namespace tempera::live {
namespace {

float Into(float value, float low, float high, float standard) {
  return std::isfinite(value) ? std::clamp(value, low, high) : standard;
}

// Back to the regions of before, with their form.
void TakeRegionsBack(const MaskSettings& held, MaskSettings* settings) {
  settings->regions = held.regions;
  settings->listed = held.listed;
}

// Of a simple mask: its class, or what lies outside.
void TakeSimpleBack(const SimpleMask& asked, const MaskSettings& held, MaskFault::Of fault,
                    MaskSettings* settings) {
  const std::optional<SimpleMask> before = held.listed ? std::nullopt : SimpleOf(held.regions);
  const SimpleMask from = before.value_or(SimpleMask());
  SimpleMask now = asked;
  if (fault == MaskFault::Of::kShown) {
    now.outside = from.outside;
  } else {
    now.of = from.of;
    now.background = from.background;
  }
  if (!before && now == SimpleMask()) return TakeRegionsBack(held, settings);  // nothing else was said
  SetSimple(now, settings);
}

// Of a list: the region, or all regions that show what cannot be shown.
void TakeListedBack(const MaskSettings& held, const MaskFault& fault, MaskSettings* settings) {
  const MaskRegion wrong = settings->regions[fault.region];
  std::vector<MaskRegion> before;
  if (held.listed || !SimpleOf(held.regions)) before = held.regions;
  std::vector<MaskRegion> right;
  for (const MaskRegion& region : settings->regions) {
    const bool at_fault =
        fault.of == MaskFault::Of::kShown ? region.shows == wrong.shows : region.name == wrong.name;
    if (!at_fault) {
      right.push_back(region);
      continue;
    }
    const auto was = std::find_if(before.begin(), before.end(),
                                  [&](const MaskRegion& r) { return r.name == region.name; });
    if (was != before.end()) right.push_back(*was);
  }
  if (right.empty()) return TakeRegionsBack(held, settings);
  settings->regions = std::move(right);
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

MaskSettings TakenBack(const MaskSettings& asked, const MaskSettings& held, const MaskFault& fault) {
  MaskSettings next = asked;
  if (fault.of != MaskFault::Of::kNetwork && fault.region < asked.regions.size()) {
    const std::optional<SimpleMask> simple = asked.listed ? std::nullopt : SimpleOf(asked.regions);
    if (simple)
      TakeSimpleBack(*simple, held, fault.of, &next);
    else
      TakeListedBack(held, fault, &next);
    if (!next.SameRegions(asked)) return next;
  }
  // The network, or it is not for the regions that there were.
  next.network = held.network;
  next.input = held.input;
  if (next.SameRegions(asked)) TakeRegionsBack(held, &next);
  if (!next.SameRegions(asked) && !held.on) next.on = false;
  return next;
}

MaskFault FaultOf(const MaskSettings& asked, const FindMaskFn& find) {
  MaskSettings part = asked;
  part.regions.clear();
  if (!find(part).ok()) return {};
  for (size_t i = 0; i < asked.regions.size(); ++i) {
    part.regions = {asked.regions[i]};
    if (!find(part).ok()) return {MaskFault::Of::kShown, i};
  }
  return {};
}

}  // namespace tempera::live
