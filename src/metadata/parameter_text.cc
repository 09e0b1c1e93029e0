// The text of one `tempera.param.<input>`.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"
#include "src/base/text/parts.h"
#include "src/engine/facts/ranges.h"
#include "src/metadata/model_metadata.h"
#include "src/onnx/quote.h"

namespace tempera::metadata {
namespace {

// Of a name, a unit, an element's name; of a line for people.
constexpr size_t kMostNameBytes = 64, kMostLineBytes = 256;

// Shown to people, so it holds nothing that a terminal or a menu would act on.
bool ParseText(std::string_view text, size_t most, std::string* out) {
  *out = text;
  return text.size() <= most && OneLine(*out) == *out;
}

bool ParseKind(std::string_view text, int32_t* out) {
  constexpr std::pair<const char*, int32_t> kKinds[] = {{"number", TEMPERA_PARAMETER_NUMBER},
                                                        {"integer", TEMPERA_PARAMETER_INTEGER},
                                                        {"switch", TEMPERA_PARAMETER_SWITCH},
                                                        {"weights", TEMPERA_PARAMETER_WEIGHTS}};
  for (const auto& [word, kind] : kKinds) {
    if (text != word) continue;
    *out = kind;
    return true;
  }
  return false;
}

// One number for all elements, or as many as there are.
bool ParseDefaults(std::string_view text, size_t elements, std::vector<float>* out) {
  const std::vector<std::string_view> parts = SplitTrimmed(text, ',', elements);
  if (parts.size() != 1 && parts.size() != elements) return false;
  for (const std::string_view part : parts) {
    float& number = out->emplace_back();
    if (!ParseNumber(part, &number) || !std::isfinite(number)) return false;
  }
  out->resize(elements, out->front());
  return true;
}

bool ParseNames(std::string_view text, size_t elements, std::vector<std::string>* out) {
  for (const std::string_view part : SplitTrimmed(text, '|', elements)) {
    if (part.empty() || !ParseText(part, kMostNameBytes, &out->emplace_back())) return false;
  }
  return out->size() == elements;
}

// One `key = value`; false where the value is not as the key wants it. Keys that nobody knows yet are passed
// over.
bool ParsePart(std::string_view key, std::string_view value, size_t elements, Parameter* p) {
  if (key == "kind") return ParseKind(value, &p->kind);
  if (key == "default") return p->defaults.empty() && ParseDefaults(value, elements, &p->defaults);
  if (key == "elements") return p->elements.empty() && ParseNames(value, elements, &p->elements);
  if (key == "unit") return ParseText(value, kMostNameBytes, &p->unit);
  if (key == "line") return ParseText(value, kMostLineBytes, &p->line);
  if (key == "range") {
    engine::ValueRange range;
    const size_t dots = std::min(value.find(".."), value.size());
    const std::string tight(Trimmed(value.substr(0, dots)));
    if (dots == value.size() ||
        !engine::ParseValueRange(tight + ".." + std::string(Trimmed(value.substr(dots + 2))), &range))
      return false;
    p->minimum = range.low, p->maximum = range.high;
  }
  return true;
}

float SumOf(const std::vector<float>& values) { return std::accumulate(values.begin(), values.end(), 0.0f); }

void FillDefaults(size_t elements, const std::vector<float>& given, Parameter* p) {
  if (!p->defaults.empty()) return;
  if (given.size() == elements) {
    p->defaults = given;
  } else if (p->kind == TEMPERA_PARAMETER_WEIGHTS) {
    p->defaults.assign(elements, p->minimum);
    p->defaults[0] = p->maximum;
  } else {
    p->defaults.assign(elements, std::clamp(0.0f, p->minimum, p->maximum));
  }
}

}  // namespace

Result<Parameter> ParseParameter(const std::string& input, const std::string& text, size_t elements,
                                 const std::vector<float>& given) {
  const auto wrong = [&](const std::string& what) {
    return CorruptModel("metadata tempera.param." + input + " " + what +
                        "; docs/model-format.md has its form");
  };
  Parameter p;
  std::vector<std::string_view> seen;
  if (input.empty() || !ParseText(input, kMostNameBytes, &p.name)) return wrong("names no parameter");
  for (std::string_view rest = text; !Trimmed(rest).empty();) {
    const size_t equals = std::min(rest.find('='), rest.size());
    const std::string_view key = Trimmed(rest.substr(0, equals));
    // `line` is the last, and may hold anything.
    const size_t end = key == "line" ? rest.size() : std::min(rest.find(';'), rest.size());
    if (key.empty() || equals >= end)
      return wrong("holds " + onnx::Quote(rest.substr(0, end)) + ", not a key = value");
    const std::string_view value = Trimmed(rest.substr(equals + 1, end - equals - 1));
    const std::string says = "says " + std::string(onnx::Quote(key)) + " = " + onnx::Quote(value);
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) return wrong(says + " after it was said");
    seen.push_back(key);
    if (!ParsePart(key, value, elements, &p)) {
      const bool counts = key == "default" || key == "elements";
      return wrong(
          says + ", which cannot be used" +
          (!counts ? "" : " for " + std::to_string(elements) + (elements == 1 ? " element" : " elements")));
    }
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (p.kind == TEMPERA_PARAMETER_SWITCH && (p.minimum != 0 || p.maximum != 1))
    return wrong("is a switch with a range");
  if (p.kind == TEMPERA_PARAMETER_INTEGER) {
    p.minimum = std::ceil(p.minimum), p.maximum = std::floor(p.maximum);
    if (p.minimum > p.maximum) return wrong("is an integer, but none is in its range");
  }
  if (p.kind == TEMPERA_PARAMETER_WEIGHTS && p.minimum < 0) return wrong("has weights below 0");
  FillDefaults(elements, given, &p);
  if (!CheckValues(p, p.defaults).ok()) return wrong("has a default outside its range");
  if (p.kind == TEMPERA_PARAMETER_WEIGHTS && !(SumOf(p.defaults) > 0))
    return wrong("has weights that sum to 0");
  return p;
}

}  // namespace tempera::metadata
