// What a model costs: counted by the engine, as `tempera inspect` counts it.
#pragma once

#include <cstdint>
#include <string>

#include "src/base/status.h"

namespace tempera::evaluate {

struct ModelFacts {
  int64_t bytes = 0;
  int64_t parameters = 0;
  int64_t macs = -1;  // at 640x360; -1 where that size cannot be planned for
};
Result<ModelFacts> ReadModelFacts(const std::string& path);

}  // namespace tempera::evaluate
