#include "cli/steer/steering.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "cli/cli.h"
#include "src/base/text/number_text.h"
#include "src/base/text/parts.h"

namespace tempera::cli {
namespace {

using Json = nlohmann::json;

// Far more than anybody writes; a file of another kind is none.
constexpr size_t kMostKeyframes = 10'000;
constexpr size_t kMostFileBytes = size_t{4} << 20;

// Lines may be broken where blanks stand.
constexpr std::string_view kBlanks = " \t\r\n";

std::string Quoted(std::string_view text) {
  constexpr size_t kWidth = 60;
  return "'" + Printable(std::string(text), kWidth) + "'";
}

bool ReadNumber(std::string_view text, float* number) {
  return ParseNumber(text, number) && std::isfinite(*number);
}

// "a=1, b=0.5, 0.5, c": a number alone is one more value of the name before it, a name alone means 1.
Result<std::vector<Turn>> ParseTurns(std::string_view text) {
  std::vector<Turn> turns;
  for (const std::string_view part : SplitTrimmed(text, ',', text.size(), kBlanks)) {
    const size_t equals = part.find('=');
    const std::string_view name = Trimmed(part.substr(0, equals), kBlanks);
    float number = 1;
    if (equals == std::string_view::npos && !turns.empty() && ReadNumber(part, &number)) {
      turns.back().values.push_back(number);
      continue;
    }
    if (name.empty()) return InvalidArgument(Quoted(text) + " has a part without a name: write name=value");
    if (equals != std::string_view::npos && !ReadNumber(Trimmed(part.substr(equals + 1), kBlanks), &number))
      return InvalidArgument(Quoted(part) + " is no name and a number, like great-wave=0.7");
    const auto same = [&](const Turn& t) { return t.name == name; };
    if (std::any_of(turns.begin(), turns.end(), same))
      return InvalidArgument(Quoted(name) + " stands there twice in " + Quoted(text));
    turns.push_back({std::string(name), {number}});
  }
  return turns;
}

// The part up to the colon that ends a time: digits, points and colons, and an s. Names may begin with
// digits.
Result<Keyframe> ParseKeyframe(std::string_view text, bool smooth) {
  const Status bad = InvalidArgument(Quoted(text) +
                                     " is no keyframe: write a time, a colon and what is turned, like "
                                     "4.5s:great-wave=1,strength=0.8");
  const size_t scanned = std::min(text.find_first_not_of("0123456789.:"), text.size());
  const bool unit =
      scanned < text.size() && text[scanned] == 's' && scanned + 1 < text.size() && text[scanned + 1] == ':';
  const size_t end = unit ? scanned : text.substr(0, scanned).rfind(':');
  if (end == std::string_view::npos || end == 0) return bad;
  Keyframe key;
  TEMPERA_ASSIGN_OR_RETURN(key.time_s, ParseTime(std::string(text.substr(0, end))));
  std::string_view rest = Trimmed(text.substr(end + (unit ? 2 : 1)), kBlanks);
  key.smooth = smooth;
  for (const std::string_view word : {"smooth", "linear"}) {
    if (!rest.ends_with(word) || rest.size() == word.size() || rest[rest.size() - word.size() - 1] != ' ')
      continue;
    rest = Trimmed(rest.substr(0, rest.size() - word.size()), kBlanks);
    key.smooth = word == "smooth";
    break;
  }
  if (rest.empty()) return bad;
  TEMPERA_ASSIGN_OR_RETURN(key.turns, ParseTurns(rest));
  return key;
}

Status CheckOrder(const std::vector<Keyframe>& keys) {
  if (keys.empty()) return InvalidArgument("there is no keyframe: write at least one, like 0s:great-wave=1");
  for (size_t i = 1; i < keys.size(); ++i) {
    if (keys[i].time_s > keys[i - 1].time_s) continue;
    return InvalidArgument("keyframes go forward in time, and " + NumberToText(keys[i].time_s) +
                           "s stands behind " + NumberToText(keys[i - 1].time_s) + "s");
  }
  return OkStatus();
}

// "linear" or "smooth".
bool ReadEase(const Json& json, bool* smooth) {
  if (!json.is_string() || (json != "smooth" && json != "linear")) return false;
  *smooth = json == "smooth";
  return true;
}

Result<double> ReadTime(const Json& json) {
  if (json.is_string()) {
    std::string text = json.get<std::string>();
    if (text.ends_with('s')) text.pop_back();
    return ParseTime(text);
  }
  const double seconds = json.is_number() ? json.get<double>() : -1;
  if (!(seconds >= 0 && seconds <= 3.6e7))
    return InvalidArgument("a keyframe's time is seconds (12.5) or text like \"1:02:03\"");
  return seconds;
}

Result<Turn> ReadTurn(const std::string& name, const Json& json) {
  Turn turn = {name, {}};
  const Status bad = InvalidArgument("the value of " + Quoted(name) + " is no number, nor a list of numbers");
  const auto add = [&](const Json& number) {
    if (!number.is_number()) return false;
    turn.values.push_back(number.get<float>());
    return std::isfinite(turn.values.back());
  };
  if (name.empty()) return InvalidArgument("a value has no name");
  if (!json.is_array()) return add(json) ? Result<Turn>(turn) : bad;
  for (const Json& number : json) {
    if (!add(number)) return bad;
  }
  return turn.values.empty() ? Result<Turn>(bad) : turn;
}

Result<Keyframe> ReadKeyframe(const Json& json, bool smooth) {
  if (!json.is_object() || !json.contains("time") || !json.contains("values") ||
      !json["values"].is_object() || json["values"].empty())
    return InvalidArgument("a keyframe needs \"time\" and \"values\", an object of names and numbers");
  Keyframe key;
  key.smooth = smooth;
  for (const auto& [word, value] : json.items()) {
    if (word != "time" && word != "values" && word != "ease")
      return InvalidArgument("a keyframe has no " + Quoted(word) + ": it has time, values and ease");
  }
  if (json.contains("ease") && !ReadEase(json["ease"], &key.smooth))
    return InvalidArgument("ease is \"linear\" or \"smooth\"");
  TEMPERA_ASSIGN_OR_RETURN(key.time_s, ReadTime(json["time"]));
  for (const auto& [name, value] : json["values"].items()) {
    TEMPERA_ASSIGN_OR_RETURN(Turn turn, ReadTurn(name, value));
    key.turns.push_back(std::move(turn));
  }
  return key;
}

Result<std::string> ReadKeyframeFile(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error))
    return NotFound("--animate: " + Quoted(path) + ": no such file");
  std::ifstream file(path, std::ios::binary);
  std::string text(kMostFileBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (file.bad() || (!file && !file.eof())) return IoError("--animate: cannot read " + Quoted(path));
  text.resize(static_cast<size_t>(file.gcount()));
  if (text.size() > kMostFileBytes) return InvalidArgument("--animate: " + Quoted(path) + " is too large");
  return text;
}

}  // namespace

Result<std::vector<Turn>> ParseBlend(std::string_view text) {
  TEMPERA_ASSIGN_OR_RETURN(std::vector<Turn> turns, ParseTurns(text));
  float sum = 0;
  for (const Turn& turn : turns) {
    if (turn.values.size() != 1) return InvalidArgument(Quoted(turn.name) + " has one share, like 0.7");
    if (turn.values[0] < 0)
      return InvalidArgument("the share of " + Quoted(turn.name) + " is below 0: give 0 or more");
    sum += turn.values[0];
  }
  if (!(sum > 0) || !std::isfinite(sum))
    return InvalidArgument("the shares in " + Quoted(text) + " have no sum above 0");
  return turns;
}

Result<Turn> ParseParam(std::string_view text) {
  if (text.find('=') == std::string_view::npos)
    return InvalidArgument(Quoted(text) + " is no name=value[,value...]");
  TEMPERA_ASSIGN_OR_RETURN(const std::vector<Turn> turns, ParseTurns(text));
  if (turns.size() != 1)
    return InvalidArgument(Quoted(text) + " names several parameters: give each a --param of its own");
  return turns[0];
}

Result<std::vector<Keyframe>> ParseKeyframesJson(std::string_view text, bool smooth) {
  const Json json = Json::parse(text, nullptr, false);
  if (json.is_discarded()) return InvalidArgument("it is no JSON");
  const Json* list = &json;
  if (json.is_object()) {
    if (json.contains("ease") && !ReadEase(json["ease"], &smooth))
      return InvalidArgument("ease is \"linear\" or \"smooth\"");
    if (!json.contains("keyframes")) return InvalidArgument("it has no \"keyframes\"");
    list = &json["keyframes"];
  }
  if (!list->is_array()) return InvalidArgument("its keyframes are no list");
  if (list->size() > kMostKeyframes)
    return InvalidArgument("it has more than " + std::to_string(kMostKeyframes) + " keyframes");
  std::vector<Keyframe> keys;
  for (const Json& one : *list) {
    TEMPERA_ASSIGN_OR_RETURN(Keyframe key, ReadKeyframe(one, smooth));
    keys.push_back(std::move(key));
  }
  TEMPERA_RETURN_IF_ERROR(CheckOrder(keys));
  return keys;
}

Result<std::vector<Keyframe>> ParseAnimation(const std::string& text, bool smooth) {
  if (text.ends_with(".json")) {
    TEMPERA_ASSIGN_OR_RETURN(const std::string json, ReadKeyframeFile(text));
    Result<std::vector<Keyframe>> keys = ParseKeyframesJson(json, smooth);
    if (keys.ok()) return keys;
    return Status(keys.status().code(), Quoted(text) + ": " + keys.status().message());
  }
  std::vector<Keyframe> keys;
  for (const std::string_view part : SplitTrimmed(text, ';', text.size(), kBlanks)) {
    if (part.empty()) continue;
    if (keys.size() == kMostKeyframes)
      return InvalidArgument("there are more than " + std::to_string(kMostKeyframes) + " keyframes");
    TEMPERA_ASSIGN_OR_RETURN(Keyframe key, ParseKeyframe(part, smooth));
    keys.push_back(std::move(key));
  }
  TEMPERA_RETURN_IF_ERROR(CheckOrder(keys));
  return keys;
}

}  // namespace tempera::cli
