// Where the command keeps what it found out about models from one run to the next.
#pragma once

#include <string>

namespace tempera::cli {

// $TEMPERA_CACHE; where that is unset, `tempera` in $XDG_CACHE_HOME or in ~/.cache. "" (nothing is kept) when
// TEMPERA_CACHE is "off" or there is no home. It need not exist.
std::string CacheFolder();

}  // namespace tempera::cli
