// The sum of two values of one shape, which a residual network has behind each block.
#pragma once

#include "src/engine/plan/step_maker.h"

namespace tempera::engine {

bool IsPlainSum(const BinaryWork& work, const StepMaker& maker);
// Of a node that is one.
MadeStep MakeAddStep(StepMaker& maker);

}  // namespace tempera::engine
