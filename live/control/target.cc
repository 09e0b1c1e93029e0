#include "live/control/target.h"

#include <utility>

#include "src/base/text/number_text.h"
#include "src/base/text/one_line.h"

namespace tempera::live {
namespace {

using Kind = Target::Kind;
constexpr std::pair<const char*, Kind> kWords[] = {{"height", Kind::kHeight},
                                                   {"fps", Kind::kFps},
                                                   {"mirror", Kind::kMirror},
                                                   {"freeze", Kind::kFreeze},
                                                   {"mask", Kind::kMask},
                                                   {"mask.feather", Kind::kFeather},
                                                   {"mask.threshold", Kind::kThreshold},
                                                   {"mask.hold", Kind::kHold}};

}  // namespace

Result<Target> ParseTarget(const std::string& text) {
  const Status bad = InvalidArgument(
      "'" + OneLine(text.substr(0, 60)) +
      "' is nothing to turn: write a parameter (strength), one of its elements (style_weights[great-wave]), "
      "height, fps, mirror, freeze, mask, mask.feather, mask.threshold, mask.hold, scene:3 or style:NAME");
  for (const auto& [word, kind] : kWords) {
    if (text == word) return Target{.kind = kind};
  }
  if (text.starts_with("scene:")) {
    int64_t number = 0;
    if (!ParseNumber(std::string_view(text).substr(6), &number) || number < 1 || number > 999) return bad;
    return Target{.kind = Kind::kScene, .number = static_cast<int>(number)};
  }
  if (text.starts_with("style:"))
    return text.size() > 6 ? Result<Target>(Target{.kind = Kind::kStyle, .name = text.substr(6)}) : bad;
  const size_t open = text.find('[');
  if (text.empty() || open == 0) return bad;
  if (open == std::string::npos) return Target{.name = text};
  if (!text.ends_with(']') || text.size() - open < 3) return bad;
  return Target{.kind = Kind::kElement,
                .name = text.substr(0, open),
                .element = text.substr(open + 1, text.size() - open - 2)};
}

std::string TargetText(const Target& target) {
  for (const auto& [word, kind] : kWords) {
    if (target.kind == kind) return word;
  }
  if (target.kind == Kind::kScene) return "scene:" + std::to_string(target.number);
  if (target.kind == Kind::kStyle) return "style:" + target.name;
  return target.kind == Kind::kElement ? target.name + "[" + target.element + "]" : target.name;
}

}  // namespace tempera::live
