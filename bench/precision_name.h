// Precisions as the command line calls them.
#pragma once

#include <string>
#include <string_view>

#include "src/base/status.h"
#include "src/engine/run/session.h"

namespace tempera::bench {

inline constexpr engine::Precision kPrecisions[] = {engine::Precision::kAuto, engine::Precision::kFp32,
                                                    engine::Precision::kBf16, engine::Precision::kInt8};

// kInvalidArgument, with the names there are, for another.
inline Result<engine::Precision> PrecisionNamed(std::string_view name) {
  std::string names;
  for (const engine::Precision precision : kPrecisions) {
    if (name == engine::PrecisionName(precision)) return precision;
    names += (names.empty() ? "" : ", ") + std::string(engine::PrecisionName(precision));
  }
  return InvalidArgument("precision '" + std::string(name) + "' is unknown; use one of: " + names);
}

}  // namespace tempera::bench
