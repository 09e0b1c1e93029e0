// Parts of a line that people write.
#pragma once

#include <string_view>
#include <vector>

namespace tempera {

// Without the blanks at either end.
inline std::string_view Trimmed(std::string_view text, std::string_view blanks = " \t") {
  const size_t from = text.find_first_not_of(blanks);
  if (from == std::string_view::npos) return {};
  return text.substr(from, text.find_last_not_of(blanks) - from + 1);
}

// What stands between the characters `at`, each trimmed: at least one part. Where there are more than `most`,
// only so many and one more: text that nobody vouches for takes no memory beyond that.
inline std::vector<std::string_view> SplitTrimmed(std::string_view text, char at, size_t most,
                                                  std::string_view blanks = " \t") {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t end = text.find(at);
    parts.push_back(Trimmed(text.substr(0, end), blanks));
    if (end == std::string_view::npos || parts.size() > most) return parts;
    text.remove_prefix(end + 1);
  }
}

}  // namespace tempera
