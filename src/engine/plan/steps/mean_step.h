// Pools whose one window is the whole picture.
#pragma once

#include "src/engine/plan/step_maker.h"

namespace tempera::engine {

// in: [n, c, h, w]. Whether the window covers all of it and nothing else.
bool CoversPicture(const PoolWork& work, const Shape& in);
MadeStep MakeMeanStep(const PoolWork& work, StepMaker& maker);

}  // namespace tempera::engine
