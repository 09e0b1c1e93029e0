#include "cli/network/option_checks.h"

#include <charconv>

namespace tempera::cli {

CLI::Validator Quiet(CLI::Validator check) {
  check.description("");
  return check;
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
