// Which model file, and which of its styles, the user of a host means: the words of the command's --style and
// --blend, found among the styles that were installed with the plugin.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tempera/tempera.hpp"

namespace tempera::plugins {

struct StyleChoice {
  std::string path;   // of the model file
  std::string style;  // a name in it, or "": as the file begins
  bool operator==(const StyleChoice&) const = default;
};

using Shares = std::vector<std::pair<std::string, float>>;

// "a=0.7,b=0.3", or with colons, as MLT takes what holds an equals sign for keyframes; a name alone means 1.
// Numbers have a point, whatever the locale.
Expected<Shares> ParseBlend(std::string_view text);

// A bundled style's name (any case; blanks and underscores count as dashes), a .onnx file, or FILE.onnx:NAME.
// "": starry-night, or else the first there is.
Expected<StyleChoice> FindStyle(const std::string& word);

// The file to blend in: `style` where that names a file, else the bundled one that holds most of these
// styles.
Expected<StyleChoice> FindBlend(const std::string& style, const Shares& shares);

}  // namespace tempera::plugins
