#include "cli/json/json.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

namespace tempera::cli {
namespace {

// Bytes of the well-formed UTF-8 character at the front, 0 when it is none (RFC 3629).
size_t CharacterBytes(std::string_view s) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(s[i]); };
  const uint8_t lead = byte(0);
  if (lead < 0x80) return 1;
  const size_t n = lead >= 0xC2 && lead < 0xE0   ? 2
                   : lead >= 0xE0 && lead < 0xF0 ? 3
                   : lead >= 0xF0 && lead < 0xF5 ? 4
                                                 : 0;
  if (n == 0 || s.size() < n) return 0;
  for (size_t i = 1; i < n; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
  }
  // Overlong forms, surrogates and what lies above U+10FFFF.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) >= 0xA0) ||
      (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) >= 0x90)) {
    return 0;
  }
  return n;
}

using Json = nlohmann::ordered_json;

std::string OnOneLine(const Json& json) { return json.dump(-1, ' ', false, Json::error_handler_t::replace); }

void AddReadable(const Json& json, size_t indent, std::string* out) {
  const bool simple = !json.is_structured() || json.empty() ||
                      (json.is_array() && std::none_of(json.begin(), json.end(),
                                                       [](const Json& x) { return x.is_structured(); }));
  if (simple) {
    *out += OnOneLine(json);
    return;
  }
  const std::string line = "\n" + std::string(indent + 2, ' ');
  *out += json.is_array() ? '[' : '{';
  bool first = true;
  for (const auto& [key, value] : json.items()) {
    *out += first ? line : "," + line;
    first = false;
    if (json.is_object()) *out += OnOneLine(Json(key)) + ": ";
    AddReadable(value, indent + 2, out);
  }
  *out += "\n" + std::string(indent, ' ') + (json.is_array() ? ']' : '}');
}

}  // namespace

std::string JsonString(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t n = CharacterBytes(text);
    const char c = text.front();
    if (n == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", c);
      out += escape;
    } else {
      out += text.substr(0, n);
    }
    text.remove_prefix(n ? n : 1);
  }
  return out + "\"";
}

std::string ReadableJson(const nlohmann::ordered_json& json) {
  std::string out;
  AddReadable(json, 0, &out);
  return out;
}

}  // namespace tempera::cli
