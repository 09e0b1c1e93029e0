// Where everything seen in one frame is in the next.
#pragma once

#include "tools/scene/geometry.h"
#include "tools/scene/scene.h"

namespace tempera::scene {

// `now`: one sample a pixel. `next`: `fine` x `fine` samples a pixel of the following frame.
// `drift`: radians of azimuth that the clouds turn in between.
GroundTruth ComputeTruth(const World& world, const Geometry& now, const Pose& next_pose, const Geometry& next,
                         int fine, float drift, ThreadPool& pool);

}  // namespace tempera::scene
