// Light on what the geometry found: linear, unbounded RGB at picture size.
#pragma once

#include "tools/scene/geometry.h"

namespace tempera::scene {

// Patterns too fine to bake, made once per scene.
struct Patterns {
  explicit Patterns(uint32_t seed)
      : grain(seed + 701), swell(seed + 702, 0.5f), chop(seed + 703, 0.9f), ripple(seed + 704, 1.2f) {}
  NoiseTile grain;
  WaveTile swell, chop, ripple;
};

// Averages `factor` x `factor` samples of `geometry` into each pixel. out: width * height.
void ShadePicture(const World& world, const Patterns& patterns, const Pose& pose, const Geometry& geometry,
                  int factor, double time_s, ThreadPool& pool, std::vector<Vec3>* out);

}  // namespace tempera::scene
