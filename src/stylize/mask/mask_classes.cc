#include "src/stylize/mask/mask_classes.h"

#include <algorithm>
#include <utility>

#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"
#include "src/metadata/known_classes.h"

namespace tempera::stylize {
namespace {

// The parts between commas, without blanks around them.
std::vector<std::string> PartsOf(std::string_view text) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t comma = text.find(',');
    std::string_view part = text.substr(0, comma);
    while (!part.empty() && part.front() == ' ') part.remove_prefix(1);
    while (!part.empty() && part.back() == ' ') part.remove_suffix(1);
    parts.push_back(OneLine(std::string(part)));
    if (comma == std::string_view::npos) return parts;
    text.remove_prefix(comma + 1);
  }
}

// Of maps whose numbers nothing counts: what a byte holds.
constexpr int64_t kMostUncounted = 256;

// "0 to 20", or the names there are.
std::string Known(const std::vector<std::string>& names) {
  std::string known;
  for (const std::string& name : names) {
    if (!name.empty()) known += (known.empty() ? "" : ", ") + name;
  }
  if (names.size() == 1) return known.empty() ? "0" : known;
  return (known.empty() ? "" : known + ", or by number ") + "0 to " + std::to_string(names.size() - 1);
}

// -1: none of them. What is called so goes before what is called so elsewhere.
int IndexOf(const std::vector<std::string>& names, std::string_view name) {
  for (const auto form : {metadata::PlainClass, metadata::SameClassAs}) {
    const std::string same = form(name);
    for (size_t i = 0; i < names.size(); ++i) {
      if (!names[i].empty() && form(names[i]) == same) return static_cast<int>(i);
    }
  }
  int64_t number = 0;
  const bool is_number =
      ParseNumber(name, &number) && number >= 0 && number < static_cast<int64_t>(names.size());
  return is_number ? static_cast<int>(number) : -1;
}

}  // namespace

Result<MaskClasses> ReadMaskClasses(int64_t count, const std::string* classes, const std::string* own,
                                    const std::string& model) {
  MaskClasses read;
  if (classes != nullptr) {
    read.names = PartsOf(*classes);
    if (count == 0) count = std::min(static_cast<int64_t>(read.names.size()), kMostUncounted);
    if (count == 2 && read.names.size() == 1) read.names.insert(read.names.begin(), "background");
    if (static_cast<int64_t>(read.names.size()) != count) {
      return CorruptModel(model + ": metadata tempera.mask.classes has " + std::to_string(read.names.size()) +
                          " names, and the network " + std::to_string(count) + " classes");
    }
  } else {
    metadata::KnownClasses known = metadata::KnownClassesOf(count);
    read.names = std::move(known.names), read.set = std::move(known.set);
  }
  if (count == 0) count = kMostUncounted;
  read.names.resize(static_cast<size_t>(count));
  // Of two, the first is mostly what is behind, the second what is in front; unless names say otherwise.
  const auto is_behind = [&](size_t i) { return metadata::PlainClass(read.names[i]) == "background"; };
  read.own = count == 2 ? (is_behind(1) && !is_behind(0) ? 0 : 1) : count == 1 ? 0 : -1;
  if (own != nullptr) {
    read.own = own->empty() ? -1 : IndexOf(read.names, *own);
    if (read.own < 0) {
      return CorruptModel(model + ": metadata tempera.mask.class is '" + OneLine(*own) + "', not " +
                          Known(read.names));
    }
  }
  return read;
}

Result<int> MaskClasses::Find(std::string_view name, const std::string& model) const {
  if (name.empty()) {
    if (own < 0) return NotFound(NoneIsTheMask(model).message());
    return own;
  }
  const int index = IndexOf(names, name);
  if (index >= 0) return index;
  return NotFound(model + " has no class '" + OneLine(std::string(name)) + "'; it has " + Known(names));
}

Status MaskClasses::NoneIsTheMask(const std::string& model) const {
  return Unsupported(model + " has " + std::to_string(names.size()) +
                     " classes; metadata tempera.mask.class must say which one is the mask: " + Known(names));
}

}  // namespace tempera::stylize
