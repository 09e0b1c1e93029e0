// Checks of options' values that CLI11 lacks.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace tempera::cli {

// The check without its words in the help, where the option's own say the same.
CLI::Validator Quiet(CLI::Validator check);

// One of the words; a message names the nearest.
CLI::Validator IsOneOf(const std::vector<std::string>& words);

// A number from low to high; "nan" is in no range, and CLI11's lets it through. `range`: what a message calls
// it.
CLI::Validator IsBetween(double low, double high, const std::string& range);

}  // namespace tempera::cli
