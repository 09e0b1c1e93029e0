// What is seen at every sample of a picture: the first surface and its depth.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/scene/camera.h"
#include "tools/scene/world.h"

namespace tempera::scene {

// Surface numbers: these three, then kSurfaceTriangle + the triangle's index.
inline constexpr uint32_t kSurfaceSky = 0, kSurfaceSea = 1, kSurfaceTerrain = 2, kSurfaceTriangle = 3;

struct ScreenVertex {
  float x, y;       // samples
  float inv_depth;  // 1/m; not positive when behind the near plane
};

struct Geometry {
  int width = 0, height = 0;      // samples; the sample of (i, j) lies at (i + 0.5, j + 0.5)
  Camera camera;                  // its pixels are these samples
  std::vector<float> inv_depth;   // 1/m along the camera's forward axis, 0 for the sky
  std::vector<uint32_t> surface;  // row by row
  std::vector<ScreenVertex> screen;

  size_t At(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(width) + static_cast<size_t>(x);
  }
  // The world point seen at a sample; not for the sky.
  Vec3 Point(int x, int y) const {
    return camera.eye +
           camera.Ray(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f) * (1 / inv_depth[At(x, y)]);
  }
};

// Perspective-correct weights of a triangle's corners at a sample position.
struct Barycentric {
  float a, b, c;
};
Barycentric WeightsAt(const Geometry& geometry, const std::array<uint32_t, 3>& triangle, float x, float y);

// Finds the first surface for a camera whose pixels are the samples. `out` may be used again.
void TraceGeometry(const World& world, const Pose& pose, const Camera& camera, int width, int height,
                   ThreadPool& pool, Geometry* out);

}  // namespace tempera::scene
