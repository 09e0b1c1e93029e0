// Targets: the instruction sets that a kernel is compiled for. One is chosen when
// a plan is built; the run path never asks again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/status.h"

namespace tempera {

struct CpuTarget {
  std::string name;         // "scalar", "sse4", "avx2", "avx512", "amx", "neon"
  int64_t highway_bit = 0;  // Highway's HWY_AVX2 and so on
};

// What this processor can run and this build holds, best first. Never empty.
std::vector<CpuTarget> AvailableCpuTargets();

// The target called `name` (any case). "" asks the environment variable TEMPERA_CPU; where that
// is unset or empty too, or the name is "auto", the best one. kInvalidArgument, with the names
// there are, when it is unknown or this processor cannot run it.
Result<CpuTarget> ChooseCpuTarget(std::string_view name = "");

// "AMD EPYC 7763", or "unknown processor".
std::string CpuModelName();

}  // namespace tempera
