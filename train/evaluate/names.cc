#include "train/evaluate/names.h"

#include <filesystem>

namespace tempera::evaluate {

std::vector<std::string> SplitNames(std::string_view list) {
  std::vector<std::string> names;
  while (!list.empty()) {
    const size_t bar = list.find('|');
    std::string_view part = list.substr(0, bar);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    names.emplace_back(part);
    if (bar == std::string_view::npos) break;
    list.remove_prefix(bar + 1);
  }
  return names;
}

std::string ShortName(std::string_view title) {
  std::string name;
  for (char c : title) {
    const bool upper = c >= 'A' && c <= 'Z';
    if (upper || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) {
      name += upper ? static_cast<char>(c - 'A' + 'a') : c;
    } else if (!name.empty() && name.back() != '-') {
      name += '-';
    }
  }
  while (!name.empty() && name.back() == '-') name.pop_back();
  return name;
}

std::string Stem(const std::string& path) { return std::filesystem::path(path).stem().string(); }

}  // namespace tempera::evaluate
