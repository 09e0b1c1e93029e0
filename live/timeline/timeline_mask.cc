#include "live/timeline/timeline_mask.h"

#include "live/timeline/timeline_text.h"

namespace tempera::live {
namespace {

using Json = nlohmann::json;
using Shows = MaskCast::Region::Shows;

constexpr int kMostSide = 16384;
constexpr float kMostBlur = 256;

std::string RegionText(const MaskCast::Region& region) {
  std::string text = "{\"name\": " + JsonText(region.name) + ", \"shows\": ";
  switch (region.shows) {
    case Shows::kOwn:
      return text + "\"painted\"}";
    case Shows::kInput:
      return text + "\"none\"}";
    case Shows::kBlur:
      return text + "\"blur\"" + (region.blur > 0 ? ", \"blur\": " + FloatText(region.blur) : "") + "}";
    case Shows::kStyle:
      break;
  }
  return text + "\"style\", \"open\": " + JsonText(region.style.path) +
         ", \"model_bytes\": " + std::to_string(FileBytes(region.style.path)) +
         (region.style.style.empty() ? "" : ", \"style\": " + JsonText(region.style.style)) + "}";
}

std::string CastText(const MaskChange& change) {
  std::string said;
  for (const auto& [key, value] : change.cast.metadata)
    said += (said.empty() ? "[" : ", [") + JsonText(key) + ", " + JsonText(value) + "]";
  std::string text = "{\"open\": " + JsonText(change.cast.network) +
                     (said.empty() ? "" : ", \"metadata\": [" + said + "]") +
                     ", \"model_bytes\": " + std::to_string(FileBytes(change.cast.network)) +
                     ", \"height\": " + std::to_string(change.height) + ", \"regions\": [";
  for (size_t i = 0; i < change.cast.regions.size(); ++i)
    text += (i ? ", " : "") + RegionText(change.cast.regions[i]);
  return text + "]}";
}

std::string NumbersText(const MaskNumbers& n) {
  return "{\"feather\": " + FloatText(n.feather) + ", \"threshold\": " + FloatText(n.threshold) +
         ", \"hold\": " + FloatText(n.hold) + ", \"every\": " + std::to_string(n.every) + "}";
}

bool ReadRegion(const Json& json, MaskCast::Region* region, int64_t* bytes) {
  if (!json.is_object() || !json.contains("name") || !json.contains("shows")) return false;
  std::string shows;
  if (!ReadText(json["name"], &region->name) || !ReadText(json["shows"], &shows)) return false;
  if (shows == "painted") {
    region->shows = Shows::kOwn;
  } else if (shows == "none") {
    region->shows = Shows::kInput;
  } else if (shows == "blur") {
    region->shows = Shows::kBlur;
    if (!json.contains("blur")) return true;
    return ReadFloat(json["blur"], &region->blur) && region->blur > 0 && region->blur <= kMostBlur;
  } else {
    region->shows = Shows::kStyle;
    if (shows != "style" || !json.contains("open") || !ReadText(json["open"], &region->style.path))
      return false;
    if (json.contains("model_bytes") && !ReadInt(json["model_bytes"], 0, INT64_MAX, bytes)) return false;
    if (json.contains("style") && !ReadText(json["style"], &region->style.style)) return false;
    return !region->style.path.empty();
  }
  return true;
}

bool ReadMetadata(const Json& json, std::vector<std::pair<std::string, std::string>>* metadata) {
  if (!json.is_array()) return false;
  for (const Json& one : json) {
    auto& [key, value] = metadata->emplace_back();
    if (!one.is_array() || one.size() != 2 || !ReadText(one[0], &key) || !ReadText(one[1], &value))
      return false;
  }
  return true;
}

// Null: nothing is masked any more.
bool ReadCast(const Json& json, TimelineChange* change) {
  TimelineMask mask;
  if (json.is_null()) {
    change->state.mask = mask;
    return true;
  }
  mask.on = true;
  // Numbers stand in a member of their own, which may have been read before.
  mask.numbers = change->state.mask.numbers;
  if (!json.is_object() || !json.contains("open") || !json.contains("regions")) return false;
  const Json& regions = json["regions"];
  if (!ReadText(json["open"], &mask.cast.network) || mask.cast.network.empty()) return false;
  if (json.contains("model_bytes") && !ReadInt(json["model_bytes"], 0, INT64_MAX, &mask.network_bytes))
    return false;
  if (json.contains("height") && !ReadInt(json["height"], 0, kMostSide, &mask.height)) return false;
  if (json.contains("metadata") && !ReadMetadata(json["metadata"], &mask.cast.metadata)) return false;
  if (!regions.is_array() || regions.empty() || regions.size() > MaskSettings::kMostRegions) return false;
  for (const Json& region : regions) {
    int64_t bytes = 0;
    if (!ReadRegion(region, &mask.cast.regions.emplace_back(), &bytes)) return false;
    mask.style_bytes.push_back(bytes);
  }
  change->state.mask = std::move(mask);
  change->mask_opens = true;
  return true;
}

bool ReadNumbers(const Json& json, MaskNumbers* numbers) {
  MaskNumbers read;
  for (const auto& [name, number] :
       {std::pair{"feather", &read.feather}, {"threshold", &read.threshold}, {"hold", &read.hold}}) {
    if (!json.is_object() || !json.contains(name) || !ReadFloat(json[name], number)) return false;
  }
  if (!json.contains("every") || !ReadInt(json["every"], 1, MaskNumbers::kMostEvery, &read.every))
    return false;
  *numbers = read;
  return Clamped(read) == read;
}

}  // namespace

std::string MaskText(const MaskChange& change) {
  std::string text;
  const auto say = [&](const char* name, const std::string& value) {
    text += std::string(text.empty() ? "" : ", ") + "\"" + name + "\": " + value;
  };
  if (change.off) say("mask", "null");
  if (change.opens) say("mask", CastText(change));
  if (change.numbers) say("mask_numbers", NumbersText(*change.numbers));
  if (!change.values.empty()) {
    std::string values;
    for (const auto& one : change.values) values += (values.empty() ? "" : ", ") + ValuesText(one);
    say("mask_values", "[" + values + "]");
  }
  return text;
}

bool IsMaskField(const std::string& name) {
  return name == "mask" || name == "mask_numbers" || name == "mask_values";
}

bool ReadMaskField(const std::string& name, const Json& value, TimelineChange* change) {
  if (name == "mask") return ReadCast(value, change);
  if (name == "mask_numbers") return ReadNumbers(value, &change->state.mask.numbers);
  if (!value.is_array() || value.size() > MaskSettings::kMostRegions) return false;
  for (const Json& one : value) {
    if (!ReadValues(one, &change->mask_values.emplace_back())) return false;
  }
  return true;
}

}  // namespace tempera::live
