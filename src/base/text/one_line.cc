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

}  // namespace

std::string OneLine(const std::string& text) {
  std::string line;
  for (size_t i = 0; i < text.size();) {
    const std::string_view rest = std::string_view(text).substr(i);
    const size_t bytes = CharacterBytes(rest);
    const auto first = static_cast<unsigned char>(rest[0]);
    // U+0080 to U+009F are terminals' control characters too.
    const bool control = (bytes == 1 && (first < 0x20 || first == 0x7F)) ||
                         (bytes == 2 && first == 0xC2 && static_cast<unsigned char>(rest[1]) < 0xA0);
    if (bytes == 0) {
      line += "\xEF\xBF\xBD";
    } else if (control) {
      line += ' ';
    } else {
      line += rest.substr(0, bytes);
    }
    i += std::max<size_t>(bytes, 1);
  }
  return line;
}

}  // namespace tempera
