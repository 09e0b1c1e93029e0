#include "src/metadata/style_names.h"

#include <algorithm>

#include "src/base/text/one_line.h"
#include "src/metadata/model_metadata.h"
#include "src/onnx/quote.h"

namespace tempera::metadata {
namespace {

constexpr std::string_view kPrefix = "tempera.param.";
constexpr size_t kMostNameBytes = 64;

// What a shell, a file's name and --blend take as it is.
bool IsPlain(const std::string& name) {
  return !name.empty() && name.size() <= kMostNameBytes && name == PlainName(name) &&
         name.find_first_of("=,;:|/\\\"'") == std::string::npos && OneLine(name) == name && name[0] != '-';
}

// Why these cannot be names; empty where they can.
std::string WrongWith(const std::vector<std::string>& names) {
  for (size_t i = 0; i < names.size(); ++i) {
    if (!IsPlain(names[i])) return "holds " + std::string(onnx::Quote(names[i])) + ", which is no short name";
    if (std::find(names.begin(), names.begin() + static_cast<ptrdiff_t>(i), names[i]) !=
        names.begin() + static_cast<ptrdiff_t>(i))
      return "holds " + std::string(onnx::Quote(names[i])) + " twice";
  }
  return "";
}

}  // namespace

std::string PlainName(std::string_view word) {
  std::string name;
  for (const char c : word)
    name += c == ' ' || c == '_' ? '-' : c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return name;
}

std::vector<std::string> NamesIn(std::string_view text) {
  std::vector<std::string> names;
  while (!text.empty()) {
    const size_t end = std::min(text.find('|'), text.size());
    std::string_view part = text.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    names.emplace_back(part);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return names;
}

Status GiveShortNames(const std::string& styles, std::vector<Parameter>* parameters) {
  std::vector<std::string> names = NamesIn(styles);
  if (names.size() > kMostElements)
    return CorruptModel("metadata tempera.styles has more than " + std::to_string(kMostElements) + " names");
  if (const std::string wrong = WrongWith(names); !wrong.empty())
    return CorruptModel("metadata tempera.styles " + wrong + "; docs/model-format.md has its form");
  for (Parameter& p : *parameters) {
    if (p.kind != TEMPERA_PARAMETER_WEIGHTS || p.defaults.size() != names.size()) continue;
    p.short_names = std::move(names);
    return OkStatus();
  }
  return CorruptModel("metadata tempera.styles has " + std::to_string(names.size()) +
                      " names, and no parameter of kind weights has as many elements");
}

int FindElement(const Parameter& parameter, std::string_view name) {
  const std::string wanted = PlainName(name);
  for (const std::vector<std::string>* names : {&parameter.short_names, &parameter.elements}) {
    for (size_t i = 0; i < names->size(); ++i) {
      if (PlainName((*names)[i]) == wanted) return static_cast<int>(i);
    }
  }
  return -1;
}

const Parameter* BlendOf(const std::vector<Parameter>& parameters) {
  const Parameter* blend = nullptr;
  for (const Parameter& p : parameters) {
    if (p.kind != TEMPERA_PARAMETER_WEIGHTS) continue;
    if (!p.short_names.empty()) return &p;
    if (blend == nullptr && !p.elements.empty()) blend = &p;
  }
  return blend;
}

std::vector<NamedStyle> StylesIn(const std::vector<std::pair<std::string, std::string>>& metadata) {
  const auto text = [&](std::string_view key) -> std::string {
    for (const auto& [k, v] : metadata) {
      if (k == key) return v;
    }
    return "";
  };
  const std::vector<std::string> names = NamesIn(text("tempera.styles"));
  if (names.empty() || names.size() > kMostElements || !WrongWith(names).empty()) return {};
  std::vector<Parameter> blends;
  for (const auto& [key, value] : metadata) {
    if (!key.starts_with(kPrefix)) continue;
    Result<Parameter> p = ParseParameter(key.substr(kPrefix.size()), value, names.size(), {});
    if (p.ok() && p->kind == TEMPERA_PARAMETER_WEIGHTS) blends.push_back(std::move(p).value());
  }
  if (blends.empty()) return {};
  const std::vector<std::string>& titles = blends.front().elements;
  // One for all, or one for each.
  const auto each = [&](std::string_view key) {
    const std::string said = text(key);
    std::vector<std::string> list = NamesIn(said);
    if (list.size() != names.size()) list.assign(names.size(), said.substr(0, 1024));  // nobody shows more
    return list;
  };
  const std::vector<std::string> artists = each("tempera.artist"), years = each("tempera.year");
  std::vector<NamedStyle> styles;
  for (size_t i = 0; i < names.size(); ++i)
    styles.push_back({names[i], titles.empty() ? names[i] : titles[i], artists[i], years[i]});
  return styles;
}

}  // namespace tempera::metadata
