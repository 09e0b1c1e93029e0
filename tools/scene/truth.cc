#include "tools/scene/truth.h"

namespace tempera::scene {
namespace {

class Truth {
 public:
  Truth(const World& world, const Geometry& now, const Pose& next_pose, const Geometry& next, int fine,
        float drift)
      : world_(world), now_(now), next_pose_(next_pose), next_(next), fine_(fine), drift_(drift) {}

  uint8_t LabelAt(const Geometry& g, size_t at, Vec3 ray) const {
    const uint32_t surface = g.surface[at];
    if (surface == kSurfaceSky) return world_.sky().OnDisc(Normalize(ray)) ? kLabelSun : kLabelSky;
    if (surface == kSurfaceSea) return kLabelSea;
    if (surface == kSurfaceTerrain) return kLabelTerrain;
    return world_.LabelOf(surface - kSurfaceTriangle);
  }

  // Image position in the next frame, in its samples, of what pixel (x, y) shows; false when behind the
  // viewer.
  bool Follow(int x, int y, float* u, float* v, float* depth) const {
    const size_t at = now_.At(x, y);
    const uint32_t surface = now_.surface[at];
    const float cx = static_cast<float>(x) + 0.5f, cy = static_cast<float>(y) + 0.5f;
    Vec3 p;
    if (surface == kSurfaceSky) {
      // At infinity: only turning counts. The sun stands still, the clouds drift.
      const Vec3 ray = now_.camera.Ray(cx, cy);
      const bool sun = world_.sky().OnDisc(Normalize(ray));
      p = next_.camera.eye + (sun ? ray : TurnYaw(ray, drift_));
    } else if (surface < kSurfaceTriangle) {
      p = now_.Point(x, y);
    } else {
      const auto& corner = world_.mesh().triangles[surface - kSurfaceTriangle];
      const Barycentric w = WeightsAt(now_, corner, cx, cy);
      p = next_pose_.positions[corner[0]] * w.a + next_pose_.positions[corner[1]] * w.b +
          next_pose_.positions[corner[2]] * w.c;
    }
    if (next_.camera.Depth(p) < 0.01f) return false;
    next_.camera.Project(p, u, v, depth);
    if (surface == kSurfaceSky) *depth = 0;
    return true;
  }

  // Whether the nearest samples of the next frame show a surface of this label at this depth.
  bool Seen(float u, float v, float depth, uint8_t label) const {
    const int x0 = FloorInt(u - 0.5f), y0 = FloorInt(v - 0.5f);
    for (int k = 0; k < 4; ++k) {
      const int x = std::clamp(x0 + (k & 1), 0, next_.width - 1),
                y = std::clamp(y0 + (k >> 1), 0, next_.height - 1);
      const size_t at = next_.At(x, y);
      const Vec3 ray = next_.camera.Ray(static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
      const uint8_t there = LabelAt(next_, at, ray);
      if (depth == 0) {
        if (there == kLabelSky || there == kLabelSun) return true;
        continue;
      }
      // Ground meets the ground's things and the water's edge at the same depth: labels may differ there
      // only when the depths agree closely. Along grazing ground one sample spans much depth.
      const float ratio = next_.inv_depth[at] * depth;
      const float tolerance = there == label ? (label <= kLabelTerrain ? 0.06f : 0.012f) : 0.0015f;
      if (ratio < 1 + tolerance && ratio > 1 - 3 * tolerance) return true;
    }
    return false;
  }

  void Row(int y, GroundTruth* out) const {
    for (int x = 0; x < now_.width; ++x) {
      const size_t at = now_.At(x, y);
      const float cx = static_cast<float>(x) + 0.5f, cy = static_cast<float>(y) + 0.5f;
      const uint8_t label = LabelAt(now_, at, now_.camera.Ray(cx, cy));
      out->labels[at] = label;
      float u = 0, v = 0, depth = 0;
      if (!Follow(x, y, &u, &v, &depth)) {
        out->occluded[at] = 255;
        continue;
      }
      const float scale = 1 / static_cast<float>(fine_);
      out->flow[2 * at] = u * scale - cx;
      out->flow[2 * at + 1] = v * scale - cy;
      const bool inside =
          u >= 0 && v >= 0 && u < static_cast<float>(next_.width) && v < static_cast<float>(next_.height);
      out->occluded[at] = inside && Seen(u, v, depth, label) ? 0 : 255;
    }
  }

 private:
  const World& world_;
  const Geometry& now_;
  const Pose& next_pose_;
  const Geometry& next_;
  const int fine_;
  const float drift_;
};

}  // namespace

GroundTruth ComputeTruth(const World& world, const Geometry& now, const Pose& next_pose, const Geometry& next,
                         int fine, float drift, ThreadPool& pool) {
  GroundTruth out;
  out.width = now.width;
  out.height = now.height;
  const size_t pixels = static_cast<size_t>(now.width) * static_cast<size_t>(now.height);
  out.flow.assign(2 * pixels, 0);
  out.occluded.assign(pixels, 0);
  out.labels.assign(pixels, 0);
  const Truth truth(world, now, next_pose, next, fine, drift);
  pool.ParallelFor(now.height, [&](int y, int) { truth.Row(y, &out); });
  return out;
}

}  // namespace tempera::scene
