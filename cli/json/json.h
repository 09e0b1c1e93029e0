// Text as JSON, for --json.
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

namespace tempera::cli {

// In quotes, escaped. Bytes that are no UTF-8 (file names may hold any) become U+FFFD.
std::string JsonString(std::string_view text);

// Indented, a member a line, but arrays of nothing but numbers and texts on one: tables of thousands of
// numbers stay readable. Bytes that are no UTF-8 as above.
std::string ReadableJson(const nlohmann::ordered_json& json);

}  // namespace tempera::cli
