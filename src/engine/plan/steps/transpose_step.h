// Moves that turn rows into columns.
#pragma once

#include <memory>

#include "src/engine/plan/step_maker.h"

namespace tempera::engine {

// nullptr where the move turns none, or too few.
std::unique_ptr<Step> MakeTransposeStep(const Move& move, StorageId from, StorageId to);

}  // namespace tempera::engine
