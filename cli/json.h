// Text as JSON, for --json.
#pragma once

#include <string>
#include <string_view>

namespace tempera::cli {

// In quotes, escaped. Bytes that are no UTF-8 (file names may hold any) become U+FFFD.
std::string JsonString(std::string_view text);

}  // namespace tempera::cli
