// How the timeline writes texts and numbers, and reads them again.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace tempera::live {

// In quotes. Bytes of a path need not be UTF-8, and a file of text is.
std::string JsonText(const std::string& text);
// The shortest number that reads back, through a double as JSON's readers have it, as the same float.
std::string FloatText(float value);
std::string ValuesText(const std::map<std::string, std::vector<float>>& values);
// 0 where there is none.
int64_t FileBytes(const std::string& path);

// False: it is none of that kind, or beyond the ends.
bool ReadInt(const nlohmann::json& json, int64_t low, int64_t high, int64_t* out);
bool ReadInt(const nlohmann::json& json, int low, int high, int* out);
bool ReadText(const nlohmann::json& json, std::string* out);
bool ReadBool(const nlohmann::json& json, bool* out);
bool ReadFloat(const nlohmann::json& json, float* out);
bool ReadValues(const nlohmann::json& json, std::map<std::string, std::vector<float>>* out);

}  // namespace tempera::live
