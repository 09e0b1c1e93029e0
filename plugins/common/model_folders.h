// Where the files that are installed beside a plugin lie: the bundled styles and mask networks, and the
// cache.
#pragma once

#include <string>
#include <string_view>

#include "tempera/tempera.hpp"

namespace tempera::plugins {

// The folder of the bundled styles: the environment variable TEMPERA_STYLES; where that is unset,
// share/tempera/styles in the nearest folder above the plugin, or above the library; else models/ of the
// source tree that they were built in; else share/tempera/styles of the system (XDG_DATA_DIRS).
Expected<std::string> StylesFolder();

// That of the bundled mask networks: masks/ in TEMPERA_STYLES; where that is unset or has none,
// share/tempera/masks and models/masks, looked for as the styles are.
Expected<std::string> MasksFolder();

// Where findings about models are kept, as the command has it: TEMPERA_CACHE ("off": nowhere, ""), or
// ~/.cache/tempera.
std::string CacheFolder();

// As tempera_find_element compares: lower case, blanks and underscores as dashes.
std::string PlainName(std::string_view name);
// Without blanks at either end.
std::string_view Trimmed(std::string_view text);

}  // namespace tempera::plugins
