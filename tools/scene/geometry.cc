#include "tools/scene/geometry.h"

namespace tempera::scene {
namespace {

constexpr float kNear = 0.35f, kFar = 14000;  // metres

// One image column is a vertical plane of the world, so one walk outward along the ground finds the
// land for all its samples, from the foot of the picture up: the profile is taken as straight between
// steps, and a sample's ray meets it where the horizon seen so far rises past the ray.
void TraceColumn(const World& world, int column, Geometry* g) {
  const Camera& camera = g->camera;
  const Terrain& terrain = world.terrain();
  const Vec3 ray = camera.Ray(static_cast<float>(column) + 0.5f, camera.horizon_y);
  const float eye = camera.eye.y;
  const auto slope = [&](int row) {
    return (camera.horizon_y - static_cast<float>(row) - 0.5f) / camera.focal;
  };
  int row = g->height - 1;
  float s = slope(row);
  // Finer than half a sample of ground at the foot; the step grows with the depth like the grids do.
  constexpr float kGrowth = 1.004f;
  float z0 = kNear, h0 = terrain.Height(camera.eye.x + ray.x * z0, camera.eye.z + ray.z * z0);
  for (float z1 = z0 * kGrowth; z1 < kFar && row >= 0; z1 *= kGrowth) {
    const float h1 = terrain.Height(camera.eye.x + ray.x * z1, camera.eye.z + ray.z * z1);
    // Above the sea it is the land that counts, elsewhere the water.
    const float y0 = std::max(h0, 0.0f), y1 = std::max(h1, 0.0f);
    while (row >= 0 && eye + s * z1 <= y1) {
      const float e0 = std::max(eye + s * z0 - y0, 0.0f), e1 = y1 - (eye + s * z1);
      const float t = e0 + e1 > 0 ? e0 / (e0 + e1) : 0;
      const size_t at = g->At(column, row);
      g->inv_depth[at] = 1 / (z0 + t * (z1 - z0));
      g->surface[at] = Mix(h0, h1, t) > 0 ? kSurfaceTerrain : kSurfaceSea;
      s = slope(--row);
    }
    z0 = z1;
    h0 = h1;
    // Nothing in the world stands higher than this.
    if (s * z1 + eye > 1500) break;
  }
  for (; row >= 0; s = slope(--row)) {
    const size_t at = g->At(column, row);
    const bool sea = s < -1e-7f;
    g->inv_depth[at] = sea ? -s / eye : 0;
    g->surface[at] = sea ? kSurfaceSea : kSurfaceSky;
  }
}

void RasterTriangle(const ScreenVertex& a, const ScreenVertex& b, const ScreenVertex& c, uint32_t surface,
                    int row0, int row1, Geometry* g) {
  const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  if (area == 0) return;
  const float top = std::min(a.y, std::min(b.y, c.y)), bottom = std::max(a.y, std::max(b.y, c.y));
  const float left = std::min(a.x, std::min(b.x, c.x)), right = std::max(a.x, std::max(b.x, c.x));
  const int y0 = std::max(row0, static_cast<int>(std::max(top - 0.5f, -1.0f)));
  const int y1 = std::min(row1 - 1, static_cast<int>(std::min(bottom, 1e8f)));
  const int x0 = std::max(0, static_cast<int>(std::max(left - 0.5f, -1.0f)));
  const int x1 = std::min(g->width - 1, static_cast<int>(std::min(right, 1e8f)));
  const float inv_area = 1 / area;
  for (int y = y0; y <= y1; ++y) {
    const float py = static_cast<float>(y) + 0.5f;
    for (int x = x0; x <= x1; ++x) {
      const float px = static_cast<float>(x) + 0.5f;
      const float wa = ((b.x - px) * (c.y - py) - (b.y - py) * (c.x - px)) * inv_area;
      const float wb = ((c.x - px) * (a.y - py) - (c.y - py) * (a.x - px)) * inv_area;
      const float wc = 1 - wa - wb;
      if (wa < 0 || wb < 0 || wc < 0) continue;
      const float inv_depth = wa * a.inv_depth + wb * b.inv_depth + wc * c.inv_depth;
      const size_t at = g->At(x, y);
      if (inv_depth > g->inv_depth[at]) {
        g->inv_depth[at] = inv_depth;
        g->surface[at] = surface;
      }
    }
  }
}

}  // namespace

Barycentric WeightsAt(const Geometry& g, const std::array<uint32_t, 3>& triangle, float x, float y) {
  const ScreenVertex &a = g.screen[triangle[0]], &b = g.screen[triangle[1]], &c = g.screen[triangle[2]];
  const float area = (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  float wa = ((b.x - x) * (c.y - y) - (b.y - y) * (c.x - x)) / area;
  float wb = ((c.x - x) * (a.y - y) - (c.y - y) * (a.x - x)) / area;
  float wc = 1 - wa - wb;
  wa *= a.inv_depth;
  wb *= b.inv_depth;
  wc *= c.inv_depth;
  const float sum = 1 / (wa + wb + wc);
  return {wa * sum, wb * sum, wc * sum};
}

void TraceGeometry(const World& world, const Pose& pose, const Camera& camera, int width, int height,
                   ThreadPool& pool, Geometry* out) {
  out->width = width;
  out->height = height;
  out->camera = camera;
  const size_t samples = static_cast<size_t>(width) * static_cast<size_t>(height);
  out->inv_depth.resize(samples);
  out->surface.resize(samples);
  out->screen.resize(pose.positions.size());

  // Columns in bundles of 16: one cache line of depths is then written by one thread.
  pool.ParallelFor((width + 15) / 16, [&](int bundle, int) {
    for (int x = bundle * 16; x < std::min(width, bundle * 16 + 16); ++x) TraceColumn(world, x, out);
  });

  constexpr int kChunk = 8192;
  const int vertices = static_cast<int>(pose.positions.size());
  pool.ParallelFor((vertices + kChunk - 1) / kChunk, [&](int chunk, int) {
    for (int i = chunk * kChunk; i < std::min(vertices, (chunk + 1) * kChunk); ++i) {
      ScreenVertex& v = out->screen[static_cast<size_t>(i)];
      float depth;
      camera.Project(pose.positions[static_cast<size_t>(i)], &v.x, &v.y, &depth);
      v.inv_depth = depth > kNear ? 1 / depth : 0;
    }
  });

  const auto& triangles = world.mesh().triangles;
  const int bands = std::min(24, height);
  pool.ParallelFor(bands, [&](int band, int) {
    const int row0 = static_cast<int>(static_cast<int64_t>(height) * band / bands);
    const int row1 = static_cast<int>(static_cast<int64_t>(height) * (band + 1) / bands);
    const float top = static_cast<float>(row0), bottom = static_cast<float>(row1);
    for (size_t i = 0; i < triangles.size(); ++i) {
      const ScreenVertex &a = out->screen[triangles[i][0]], &b = out->screen[triangles[i][1]],
                         &c = out->screen[triangles[i][2]];
      if ((a.y < top && b.y < top && c.y < top) || (a.y > bottom && b.y > bottom && c.y > bottom)) continue;
      if (a.inv_depth <= 0 || b.inv_depth <= 0 || c.inv_depth <= 0) continue;
      if (std::max(a.x, std::max(b.x, c.x)) < 0 ||
          std::min(a.x, std::min(b.x, c.x)) > static_cast<float>(width))
        continue;
      RasterTriangle(a, b, c, kSurfaceTriangle + static_cast<uint32_t>(i), row0, row1, out);
    }
  });
}

}  // namespace tempera::scene
