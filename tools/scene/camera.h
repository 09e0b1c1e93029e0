// The viewer: a pinhole camera that stays level. It looks up or down by
// shifting the picture (as an architect's lens does), never by tilting, so
// every image column is a vertical plane of the world.
#pragma once

#include "tools/scene/vec.h"

namespace tempera::scene {

struct Camera {
  Vec3 eye;
  Vec3 right, forward;  // horizontal unit vectors
  float focal = 1;      // pixels
  float center_x = 0;   // principal point, pixels; pixel (i, j) covers [i, i + 1) x [j, j + 1)
  float horizon_y = 0;

  // Direction with depth 1 along `forward` through the image point.
  Vec3 Ray(float x, float y) const {
    return forward + right * ((x - center_x) / focal) + Vec3{0, (horizon_y - y) / focal, 0};
  }
  float Depth(Vec3 p) const { return Dot(p - eye, forward); }
  // Image point of p, in pixels; depth must be positive.
  void Project(Vec3 p, float* x, float* y, float* depth) const {
    const Vec3 d = p - eye;
    *depth = Dot(d, forward);
    *x = center_x + focal * Dot(d, right) / *depth;
    *y = horizon_y - focal * d.y / *depth;
  }
};

// The slow walk along the meadow with a slight pan; bounded for any time.
// moving = false holds the camera of time 0.
Camera CameraAt(double time_s, int width, int height, float eye_height, bool moving);

}  // namespace tempera::scene
