#include "live/control/control_files.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>

#include "src/base/atomic_file.h"
#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"

namespace tempera::live {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostBytes = size_t{1} << 20;
constexpr size_t kMostText = 4096;

std::string Quoted(const std::string& text) { return "'" + OneLine(text.substr(0, 60)) + "'"; }

// Null where there is no file. Deep nesting is not kept.
Result<Json> ReadJson(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::exists(path, error) && !error) return Json();
  std::ifstream file(path, std::ios::binary);
  if (!file) return IoError("cannot read '" + path + "'");
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMostBytes) return InvalidArgument("'" + path + "' has more than a megabyte");
  const auto shallow = [](int depth, Json::parse_event_t, Json&) { return depth < 8; };
  Json json = Json::parse(text, shallow, false);  // without exceptions
  if (!json.is_object()) return InvalidArgument("'" + path + "' is not JSON: mend it, or move it away");
  return json;
}

Status WriteJson(const std::string& path, const Json& json) {
  const std::string text = json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
  if (text.size() > kMostBytes)
    return InvalidArgument("'" + path + "' would have more than a megabyte, and was not written");
  return WriteWholeFile(path, text);
}

bool IsText(const Json& json) {
  return json.is_string() && json.get_ref<const std::string&>().size() <= kMostText &&
         json.get_ref<const std::string&>().find('\0') == std::string::npos;
}

Status CheckKeys(const Json& json, const std::set<std::string>& known) {
  if (!json.is_object()) return InvalidArgument("is no object");
  for (const auto& [key, value] : json.items()) {
    if (!known.contains(key)) return InvalidArgument("has a " + Quoted(key) + ", which means nothing");
  }
  return OkStatus();
}

Result<std::vector<float>> ReadNumbers(const Json& json) {
  std::vector<float> numbers;
  const Status bad = InvalidArgument("has a value that is no number, nor a list of numbers");
  const auto take = [&](const Json& number) {
    if (!number.is_number()) return false;
    numbers.push_back(static_cast<float>(number.get<double>()));
    return std::isfinite(numbers.back());
  };
  if (!json.is_array()) return take(json) ? Result<std::vector<float>>(numbers) : bad;
  for (const Json& number : json) {
    if (!take(number)) return bad;
  }
  return numbers.empty() ? Result<std::vector<float>>(bad) : numbers;
}

Result<std::vector<MaskRegion>> ReadRegions(const Json& json) {
  if (!json.is_object() || json.empty() || json.size() > MaskSettings::kMostRegions)
    return InvalidArgument("has a mask whose regions are no object of 1 to 16 classes and what they show");
  std::vector<MaskRegion> regions;
  for (const auto& [name, shows] : json.items()) {
    if (name.size() > kMostText || name.find('\0') != std::string::npos || !IsText(shows) || shows == "")
      return InvalidArgument("has a mask with a region that shows nothing");
    regions.push_back({name, shows.get<std::string>()});
  }
  return regions;
}

Result<MaskSettings> ReadMask(const Json& json) {
  TEMPERA_RETURN_IF_ERROR(CheckKeys(
      json, {"on", "network", "input", "regions", "listed", "feather", "threshold", "hold", "every"}));
  MaskSettings mask;
  if (json.contains("on")) {
    if (!json["on"].is_boolean()) return InvalidArgument("has a mask whose \"on\" is not true or false");
    mask.on = json["on"].get<bool>();
  }
  if (json.contains("network")) {
    if (!IsText(json["network"]) || json["network"] == "")
      return InvalidArgument("has a mask whose network is no text");
    mask.network = json["network"].get<std::string>();
  }
  if (json.contains("input")) {
    if (!IsText(json["input"])) return InvalidArgument("has a mask whose input is no text");
    mask.input = json["input"].get<std::string>();
  }
  if (json.contains("regions")) {
    TEMPERA_ASSIGN_OR_RETURN(mask.regions, ReadRegions(json["regions"]));
  }
  if (json.contains("listed")) {
    if (!json["listed"].is_boolean())
      return InvalidArgument("has a mask whose \"listed\" is not true or false");
    mask.listed = json["listed"].get<bool>();
  }
  MaskNumbers& n = mask.numbers;
  for (const auto& [key, number] :
       {std::pair{"feather", &n.feather}, {"threshold", &n.threshold}, {"hold", &n.hold}}) {
    if (!json.contains(key)) continue;
    if (!json[key].is_number())
      return InvalidArgument("has a mask whose " + std::string(key) + " is no number");
    *number = static_cast<float>(json[key].get<double>());
  }
  if (json.contains("every")) {
    if (!json["every"].is_number_integer())
      return InvalidArgument("has a mask whose every is no whole number");
    n.every = static_cast<int>(std::clamp<int64_t>(json["every"].get<int64_t>(), 0, 1000));
  }
  if (Clamped(n) != n)
    return InvalidArgument(
        "has a mask with a number out of range: feather 0 to 1024, threshold 0.01 to 0.99, hold 0 to 1, "
        "every 1 to 16");
  return mask;
}

Result<Scene> ReadScene(const Json& json) {
  TEMPERA_RETURN_IF_ERROR(CheckKeys(json, {"name", "style", "values", "seconds", "mask"}));
  Scene scene;
  if (json.contains("name")) {
    if (!IsText(json["name"])) return InvalidArgument("has a name that is no text");
    scene.name = json["name"].get<std::string>();
  }
  if (!json.contains("style") || !IsText(json["style"]))
    return InvalidArgument("has no style: write what --style takes");
  scene.style = json["style"].get<std::string>();
  if (json.contains("seconds")) {
    const double seconds = json["seconds"].is_number() ? json["seconds"].get<double>() : -1;
    if (!(seconds >= 0 && seconds <= Scenes::kMostSeconds))
      return InvalidArgument("has seconds that are no number from 0 to 3600");
    scene.seconds = seconds;
  }
  if (json.contains("mask")) {
    TEMPERA_ASSIGN_OR_RETURN(scene.mask, ReadMask(json["mask"]));
  }
  if (!json.contains("values")) return scene;
  if (!json["values"].is_object())
    return InvalidArgument("has values that are no object of names and numbers");
  for (const auto& [name, numbers] : json["values"].items()) {
    if (name.empty() || name.size() > kMostText) return InvalidArgument("has a value without a name");
    TEMPERA_ASSIGN_OR_RETURN(scene.values[name], ReadNumbers(numbers));
  }
  return scene;
}

bool IsController(const std::string& from) {
  if (from.starts_with("osc:/")) return from.find_first_of("?*[]{} #,") == std::string::npos;
  if (!from.starts_with("midi:")) return false;
  const size_t kind_end = from.find(':', 5);
  const std::string kind = from.substr(5, kind_end == std::string::npos ? kind_end : kind_end - 5);
  std::vector<int64_t> numbers;
  for (size_t at = kind_end; at != std::string::npos;) {
    const size_t next = from.find(':', at + 1);
    int64_t number = 0;
    if (!ParseNumber(std::string_view(from).substr(at + 1, next == std::string::npos ? next : next - at - 1),
                     &number))
      return false;
    numbers.push_back(number);
    at = next;
  }
  const bool one = kind == "bend";
  const int64_t most = kind == "cc14" ? 31 : 127;
  if (!one && kind != "cc" && kind != "cc14" && kind != "note" && kind != "program") return false;
  return numbers.size() == (one ? 1u : 2u) && numbers[0] >= 1 && numbers[0] <= 16 &&
         (one || (numbers[1] >= 0 && numbers[1] <= most));
}

Result<Binding> ReadBinding(const Json& json) {
  TEMPERA_RETURN_IF_ERROR(CheckKeys(json, {"from", "to", "low", "high", "pickup", "toggle"}));
  Binding binding;
  for (const char* key : {"from", "to"}) {
    if (!json.contains(key) || !IsText(json[key]))
      return InvalidArgument(std::string("has no \"") + key + "\"");
  }
  binding.from = json["from"].get<std::string>();
  if (!IsController(binding.from)) {
    return InvalidArgument(
        "comes from " + Quoted(binding.from) +
        ": write midi:cc:CHANNEL:NUMBER, midi:cc14:1:7, midi:note:10:36, midi:program:1:5, "
        "midi:bend:1 or osc:/ADDRESS");
  }
  TEMPERA_ASSIGN_OR_RETURN(binding.to, ParseTarget(json["to"].get<std::string>()));
  for (const auto& [key, end] : {std::pair{"low", &binding.low}, {"high", &binding.high}}) {
    if (!json.contains(key)) continue;
    if (!json[key].is_number() || !std::isfinite(json[key].get<double>()))
      return InvalidArgument(std::string("has a \"") + key + "\" that is no number");
    *end = json[key].get<double>();
  }
  for (const auto& [key, flag] : {std::pair{"pickup", &binding.pickup}, {"toggle", &binding.toggle}}) {
    if (!json.contains(key)) continue;
    if (!json[key].is_boolean())
      return InvalidArgument(std::string("has a \"") + key + "\" that is not true or false");
    *flag = json[key].get<bool>();
  }
  return binding;
}

Json JsonOf(const MaskSettings& mask) {
  Json one;
  one["on"] = mask.on;
  one["network"] = mask.network;
  if (!mask.input.empty()) one["input"] = mask.input;
  one["regions"] = Json::object();
  for (const MaskRegion& region : mask.regions) one["regions"][region.name] = region.shows;
  if (mask.listed) one["listed"] = true;
  one["feather"] = mask.numbers.feather;
  one["threshold"] = mask.numbers.threshold;
  one["hold"] = mask.numbers.hold;
  one["every"] = mask.numbers.every;
  return one;
}

Json JsonOf(const Scene& scene) {
  Json one;
  if (!scene.name.empty()) one["name"] = scene.name;
  one["style"] = scene.style;
  one["values"] = Json::object();
  for (const auto& [name, values] : scene.values) one["values"][name] = values;
  one["seconds"] = scene.seconds;
  if (scene.mask) one["mask"] = JsonOf(*scene.mask);
  return one;
}

Json JsonOf(const Binding& binding) {
  Json one;
  one["from"] = binding.from;
  one["to"] = TargetText(binding.to);
  if (binding.low) one["low"] = *binding.low;
  if (binding.high) one["high"] = *binding.high;
  if (binding.pickup) one["pickup"] = *binding.pickup;
  if (binding.toggle) one["toggle"] = *binding.toggle;
  return one;
}

// As it comes back from a file; what is not UTF-8 becomes another text there.
Json Reread(const Json& json) {
  return Json::parse(json.dump(-1, ' ', false, Json::error_handler_t::replace), nullptr, false);
}

}  // namespace

Status CheckScene(const Scene& scene) {
  const Result<Scene> read = ReadScene(Reread(JsonOf(scene)));
  if (!read.ok()) return InvalidArgument("the scene " + read.status().message());
  if (!(*read == scene)) return InvalidArgument("the scene has a text that is not UTF-8");
  return OkStatus();
}

Status CheckBinding(const Binding& binding) {
  const Result<Binding> read = ReadBinding(Reread(JsonOf(binding)));
  if (!read.ok()) return InvalidArgument("the binding " + read.status().message());
  if (!(*read == binding)) return InvalidArgument("the binding has a text that is not UTF-8");
  return OkStatus();
}

Status KeepBroken(const std::string& path) {
  namespace fs = std::filesystem;
  constexpr int kMostKept = 100;
  std::error_code error;
  if (!fs::exists(path, error) && !error) return OkStatus();
  for (int i = 1; i <= kMostKept; ++i) {
    const std::string kept = path + ".broken" + (i == 1 ? "" : std::to_string(i));
    if (fs::exists(fs::symlink_status(kept, error))) continue;
    if (fs::copy_file(path, kept, error)) return OkStatus();
    std::error_code ignored;
    fs::remove(kept, ignored);  // half of it
    return IoError("cannot keep a copy of '" + path +
                   "', which is wrong, and so do not write it: " + error.message());
  }
  return IoError("cannot keep a copy of '" + path + "': " + std::to_string(kMostKept) +
                 " lie beside it: remove " + path + ".broken*");
}

Result<std::map<int, Scene>> ReadScenes(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  std::map<int, Scene> scenes;
  if (json.is_null()) return scenes;
  if (!json.contains("scenes") || !json["scenes"].is_object())
    return InvalidArgument("'" + path + "' has no \"scenes\", an object of numbers and scenes");
  for (const auto& [key, value] : json["scenes"].items()) {
    int64_t number = 0;
    if (!ParseNumber(key, &number) || number < 1 || number > Scenes::kMost)
      return InvalidArgument("'" + path + "': scene " + Quoted(key) + " has no number from 1 to 999");
    Result<Scene> scene = ReadScene(value);
    if (!scene.ok())
      return InvalidArgument("'" + path + "': scene " + std::to_string(number) + " " +
                             scene.status().message());
    scenes[static_cast<int>(number)] = std::move(scene).value();
  }
  return scenes;
}

Status WriteScenes(const std::string& path, const std::map<int, Scene>& scenes) {
  Json all = Json::object();
  for (const auto& [number, scene] : scenes) all[std::to_string(number)] = JsonOf(scene);
  Json top;
  top["scenes"] = std::move(all);
  return WriteJson(path, top);
}

Result<std::vector<Binding>> ReadBindings(const std::string& path) {
  TEMPERA_ASSIGN_OR_RETURN(const Json json, ReadJson(path));
  std::vector<Binding> bindings;
  if (json.is_null()) return bindings;
  if (!json.contains("bindings") || !json["bindings"].is_array())
    return InvalidArgument("'" + path + "' has no \"bindings\", a list");
  for (const Json& one : json["bindings"]) {
    if (bindings.size() >= kMostBindings)
      return InvalidArgument("'" + path + "' has more than 4096 bindings");
    Result<Binding> binding = ReadBinding(one);
    if (!binding.ok()) {
      return InvalidArgument("'" + path + "': binding " + std::to_string(bindings.size() + 1) + " " +
                             binding.status().message());
    }
    bindings.push_back(std::move(binding).value());
  }
  return bindings;
}

Status WriteBindings(const std::string& path, const std::vector<Binding>& bindings) {
  Json all = Json::array();
  for (const Binding& binding : bindings) all.push_back(JsonOf(binding));
  Json top;
  top["bindings"] = std::move(all);
  return WriteJson(path, top);
}

}  // namespace tempera::live
