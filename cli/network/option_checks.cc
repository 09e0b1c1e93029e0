#include "cli/network/option_checks.h"

#include <algorithm>
#include <charconv>

#include "cli/style_library.h"

namespace tempera::cli {

CLI::Validator Quiet(CLI::Validator check) {
  check.description("");
  return check;
}

CLI::Validator IsOneOf(const std::vector<std::string>& words) {
  return CLI::Validator(
      [words](std::string& text) {
        if (std::find(words.begin(), words.end(), text) != words.end()) return std::string();
        std::string known;
        for (size_t i = 0; i < words.size(); ++i)
          known += (i == 0 ? "" : i + 1 < words.size() ? ", " : " or ") + words[i];
        const std::string nearest = NearestName(text, words);
        return "'" + text + "' is not " + known +
               (nearest.empty() ? "" : "; did you mean '" + nearest + "'?");
      },
      "");
}

CLI::Validator IsBetween(double low, double high, const std::string& range) {
  return CLI::Validator(
      [low, high, range](std::string& text) {
        double number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        const bool read = error == std::errc() && end == text.data() + text.size();
        return read && number >= low && number <= high ? std::string()
                                                       : "'" + text + "' is no number from " + range;
      },
      "");
}

}  // namespace tempera::cli
