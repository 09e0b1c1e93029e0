// Names of styles: as files list them, as people write them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tempera::evaluate {

// "starry-night | great-wave" in its parts, without the spaces around them; none of "".
std::vector<std::string> SplitNames(std::string_view list);

// Small letters and digits, everything else one dash: "The Great Wave" is "the-great-wave".
std::string ShortName(std::string_view title);

// The file's name without folder and extension.
std::string Stem(const std::string& path);

}  // namespace tempera::evaluate
