#include "src/base/text/one_line.h"

#include <algorithm>

namespace tempera {
namespace {

// Length of the UTF-8 character at the front of `text`, or 0 where none is (RFC 3629: no surrogates, no
// longer form than needed).
size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  const auto follows = [&](size_t i, unsigned low = 0x80, unsigned high = 0xBF) {
    return byte(i) >= low && byte(i) <= high;
  };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xC2 && first <= 0xDF) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first <= 0xEF) {
    const bool second = follows(1, first == 0xE0 ? 0xA0 : 0x80, first == 0xED ? 0x9F : 0xBF);
    return second && follows(2) ? 3 : 0;
  }
  if (first >= 0xF0 && first <= 0xF4) {
    const bool second = follows(1, first == 0xF0 ? 0x90 : 0x80, first == 0xF4 ? 0x8F : 0xBF);
    return second && follows(2) && follows(3) ? 4 : 0;
  }
  return 0;
}

// What moves a terminal's cursor, ends a line or turns text round instead of being seen: `character` is
// whole.
bool IsControl(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first < 0x20 || first == 0x7F;
  // U+0080 to U+009F are terminals' control characters too.
  if (character.size() == 2)
    return (first == 0xC2 && static_cast<unsigned char>(character[1]) < 0xA0) || character == "\xD8\x9C";
  if (character.size() != 3) return false;
  // U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069: directions and ends of lines.
  const auto last = static_cast<unsigned char>(character[2]);
  if (character.substr(0, 2) == "\xE2\x80")
    return last == 0x8E || last == 0x8F || (last >= 0xA8 && last <= 0xAE);
  return character.substr(0, 2) == "\xE2\x81" && last >= 0xA6 && last <= 0xA9;
}

}  // namespace

std::string OneLine(const std::string& text) {
  std::string line;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    const size_t bytes = CharacterBytes(rest);
    if (bytes == 0) {
      line += "\xEF\xBF\xBD";
    } else if (IsControl(rest.substr(0, bytes))) {
      line += ' ';
    } else {
      line += rest.substr(0, bytes);
    }
    i += std::max<size_t>(bytes, 1);
  }
  return line;
}

void MakeOneLine(char* text) {
  char* to = text;
  for (std::string_view rest = text; !rest.empty();) {
    const size_t bytes = CharacterBytes(rest);
    if (bytes == 0) {
      *to++ = '?';
    } else if (IsControl(rest.substr(0, bytes))) {
      *to++ = ' ';
    } else {
      for (size_t i = 0; i < bytes; ++i) *to++ = rest[i];
    }
    rest.remove_prefix(std::max<size_t>(bytes, 1));
  }
  *to = 0;
}

}  // namespace tempera
