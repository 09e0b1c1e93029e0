#include "live/timeline/timeline_text.h"

#include <cmath>
#include <filesystem>

#include "src/base/text/number_text.h"

namespace tempera::live {
namespace {

using Json = nlohmann::json;
constexpr size_t kMostName = 4096;

}  // namespace

std::string JsonText(const std::string& text) {
  return Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string FloatText(float value) {
  std::string text = NumberToText(value);
  double read = 0;
  if (!ParseNumber(text, &read) || static_cast<float>(read) != value)
    text = NumberToText(static_cast<double>(value));
  return text;
}

std::string ValuesText(const std::map<std::string, std::vector<float>>& values) {
  std::string text;
  for (const auto& [name, numbers] : values) {
    text += (text.empty() ? "" : ", ") + JsonText(name) + ": [";
    for (size_t i = 0; i < numbers.size(); ++i) text += (i ? "," : "") + FloatText(numbers[i]);
    text += "]";
  }
  return "{" + text + "}";
}

int64_t FileBytes(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(bytes);
}

bool ReadInt(const Json& json, int64_t low, int64_t high, int64_t* out) {
  if (!json.is_number_integer()) return false;
  if (json.is_number_unsigned() && json.get<uint64_t>() > uint64_t{INT64_MAX}) return false;
  *out = json.get<int64_t>();
  return *out >= low && *out <= high;
}

bool ReadInt(const Json& json, int low, int high, int* out) {
  int64_t wide = 0;
  if (!ReadInt(json, int64_t{low}, int64_t{high}, &wide)) return false;
  *out = static_cast<int>(wide);
  return true;
}

bool ReadText(const Json& json, std::string* out) {
  if (!json.is_string() || json.get_ref<const std::string&>().size() > kMostName) return false;
  *out = json.get<std::string>();
  return out->find('\0') == std::string::npos;
}

bool ReadBool(const Json& json, bool* out) {
  if (!json.is_boolean()) return false;
  *out = json.get<bool>();
  return true;
}

bool ReadFloat(const Json& json, float* out) {
  if (!json.is_number()) return false;
  *out = static_cast<float>(json.get<double>());
  return std::isfinite(*out);
}

bool ReadValues(const Json& json, std::map<std::string, std::vector<float>>* out) {
  if (!json.is_object()) return false;
  for (const auto& [name, list] : json.items()) {
    if (name.empty() || name.size() > kMostName || name.find('\0') != std::string::npos || !list.is_array() ||
        list.empty())
      return false;
    std::vector<float>& values = (*out)[name];
    for (const Json& number : list) {
      if (!ReadFloat(number, &values.emplace_back())) return false;
    }
  }
  return true;
}

}  // namespace tempera::live
