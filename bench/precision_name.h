// Precisions as the command line calls them.
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/engine/session.h"

namespace tempera::bench {

struct PrecisionEntry {
  std::string_view name;
  engine::Precision precision;
};
inline constexpr PrecisionEntry kPrecisions[] = {
    {"auto", engine::Precision::kAuto},
    {"fp32", engine::Precision::kFp32},
};

// kInvalidArgument, with the names there are, for another.
inline Result<engine::Precision> PrecisionNamed(std::string_view name) {
  std::string names;
  for (const PrecisionEntry& entry : kPrecisions) {
    if (entry.name == name) return entry.precision;
    names += (names.empty() ? "" : ", ") + std::string(entry.name);
  }
  return InvalidArgument("precision '" + std::string(name) + "' is unknown; use one of: " + names);
}

}  // namespace tempera::bench
