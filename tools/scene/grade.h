// From light to 8-bit picture: bloom, exposure, film curve, sensor noise.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "tools/scene/vec.h"

namespace tempera::scene {

// `light`: width * height linear RGB. `noise`: standard deviation of the sensor noise in 8-bit steps at
// middle gray, 0 = none; it differs from frame to frame and is fixed by (seed, frame). rgb: width * height
// * 3.
void GradePicture(const std::vector<Vec3>& light, int width, int height, float noise, uint32_t seed,
                  int frame, ThreadPool& pool, uint8_t* rgb);

}  // namespace tempera::scene
