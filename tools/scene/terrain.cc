#include "tools/scene/terrain.h"

namespace tempera::scene {
namespace {

// Metres; longer shadows have faded.
constexpr float kShadowReach = 90;

// Height of ground that is never baked.
constexpr float kUnseen = -40;

// Whether the camera can ever see (x, z) or its shadow: 0.69 is the tangent of half the widest view plus the
// pan; the light comes from the right, so what stands there may throw a shadow into the picture.
bool WithinView(float x, float z, float step) {
  const float half = 0.70f * std::max(z, 0.0f) + 45 + 20 * step;
  return x > -half && x < half + 90 + 30 * step;
}

inline uint8_t UnitToByte(float v) { return static_cast<uint8_t>(Saturate(v) * 255 + 0.5f); }

}  // namespace

float SunPastCasters(const std::vector<Caster>& casters, Vec3 p, Vec3 to_sun) {
  float light = 1;
  for (const Caster& caster : casters) {
    const Vec3 to = caster.center - p;
    const float along = Dot(to, to_sun);
    if (along < 0.1f * caster.radius || along > kShadowReach) continue;
    const float off2 = Dot(to, to) - along * along;
    const float reach = caster.radius * 1.35f + 0.02f * along;
    if (off2 > reach * reach) continue;
    const float off = std::sqrt(std::max(off2, 0.0f));
    // The penumbra widens with the distance to the caster; the sun is taken three times its true size.
    const float blur = 0.14f * caster.radius + 0.014f * along;
    light *= 1 - caster.density * SmoothStep(caster.radius + blur, caster.radius - blur, off);
  }
  return light;
}

Terrain::Terrain(const Landscape& land, Vec3 to_sun, const std::vector<Caster>& casters, ThreadPool& pool) {
  // Near: the meadow, where a pixel is centimetres. Middle: the bay. Far: the mountains.
  // Each step is about a pixel wide where its grid takes over from the one before, at 640 pixels.
  grids_[0] = {
      .x0 = -56, .z0 = -8, .step = 0.14f, .columns = 800, .rows = 600, .height = {}, .texels = {}, .top = 0};
  grids_[1] = {.x0 = -420,
               .z0 = -20,
               .step = 1.0f,
               .columns = 1180,
               .rows = 980,
               .height = {},
               .texels = {},
               .top = 0};
  grids_[2] = {.x0 = -8500,
               .z0 = -500,
               .step = 16,
               .columns = 1064,
               .rows = 800,
               .height = {},
               .texels = {},
               .top = 0};
  for (Grid& grid : grids_) {
    grid.height.resize(static_cast<size_t>(grid.columns) * grid.rows);
    pool.ParallelFor(grid.rows, [&](int row, int) {
      const float z = grid.z0 + grid.step * static_cast<float>(row);
      for (int column = 0; column < grid.columns; ++column) {
        const float x = grid.x0 + grid.step * static_cast<float>(column);
        const bool seen = WithinView(x, z, grid.step);
        grid.height[static_cast<size_t>(row) * grid.columns + column] = seen ? land.Height(x, z) : kUnseen;
      }
    });
    grid.top = *std::max_element(grid.height.begin(), grid.height.end());
  }
  const std::vector<Caster> none;
  for (int i = 0; i < kGrids; ++i) Bake(grids_[i], land, to_sun, i < 2 ? casters : none, pool);
}

void Terrain::Bake(Grid& grid, const Landscape& land, Vec3 to_sun, const std::vector<Caster>& casters,
                   ThreadPool& pool) {
  grid.texels.resize(grid.height.size());
  pool.ParallelFor(grid.rows, [&](int row, int) {
    // Only what stands toward the light, within a shadow's reach of this row, can shade it.
    std::vector<Caster> near;
    for (const Caster& caster : casters) {
      const float toward =
          (caster.center.z - grid.z0 - grid.step * static_cast<float>(row)) * (to_sun.z < 0 ? -1.0f : 1.0f);
      const float reach = kShadowReach * std::fabs(to_sun.z) + 2 * caster.radius + 3;
      if (toward > -2 * caster.radius - 3 && toward < reach) near.push_back(caster);
    }
    for (int column = 0; column < grid.columns; ++column) {
      const size_t at = static_cast<size_t>(row) * grid.columns + column;
      const float h = grid.height[at];
      const float x = grid.x0 + grid.step * static_cast<float>(column);
      const float z = grid.z0 + grid.step * static_cast<float>(row);
      const auto height = [&](int dc, int dr) {
        const int c = std::clamp(column + dc, 0, grid.columns - 1),
                  r = std::clamp(row + dr, 0, grid.rows - 1);
        return grid.height[static_cast<size_t>(r) * grid.columns + c];
      };
      const float slope_x = (height(1, 0) - height(-1, 0)) / (2 * grid.step);
      const float slope_z = (height(0, 1) - height(0, -1)) / (2 * grid.step);
      const Vec3 normal = Normalize({-slope_x, 1, -slope_z});
      Texel& texel = grid.texels[at];
      texel.normal_x = static_cast<int16_t>(normal.x * 32767);
      texel.normal_z = static_cast<int16_t>(normal.z * 32767);
      if (h < -4) {  // deep sea bed: seen through water only as its depth
        texel.albedo[0] = texel.albedo[1] = texel.albedo[2] = 150;
        texel.sun = texel.sky = 255;
        continue;
      }
      const Vec3 albedo = land.Albedo(x, z, h, normal.y);
      texel.albedo[0] = UnitToByte(std::sqrt(albedo.x));
      texel.albedo[1] = UnitToByte(std::sqrt(albedo.y));
      texel.albedo[2] = UnitToByte(std::sqrt(albedo.z));
      const Vec3 p{x, h + 0.05f * grid.step, z};
      float sun = SunAt(grid, p, to_sun);
      if (sun > 0 && !near.empty()) sun *= SunPastCasters(near, p, to_sun);
      // Shadows of clouds that stand still over the far land: they part the picture into light and shade.
      if (z > 150) {
        const float cloud = Fbm(x * 0.0016f + 3, z * 0.0009f, 3, 77);
        sun *= Mix(1.0f, SmoothStep(0.16f, -0.06f, cloud), 0.72f * SmoothStep(150, 420, z));
      }
      texel.sun = UnitToByte(sun);
      // Sky visibility: how far the ground around stands above the tangent plane here, at two radii.
      float closed = 0;
      for (int radius : {2, 7}) {
        for (int k = 0; k < 8; ++k) {
          static constexpr int kDx[8] = {1, 1, 0, -1, -1, -1, 0, 1}, kDz[8] = {0, 1, 1, 1, 0, -1, -1, -1};
          const float rise = height(kDx[k] * radius, kDz[k] * radius) - h;
          closed += Saturate(rise / (grid.step * static_cast<float>(radius)));
        }
      }
      texel.sky = UnitToByte(1 - 0.75f * Saturate(closed / 14));
    }
  });
}

float Terrain::SunAt(const Grid& grid, Vec3 p, Vec3 to_sun) const {
  // Marches toward the sun; the closest miss, as an angle, makes the penumbra.
  float light = 1, along = 1.5f * grid.step;
  for (int i = 0; i < 26; ++i) {
    const Vec3 q = p + to_sun * along;
    const float clearance = q.y - grid.HeightAt(q.x, q.z);
    light = std::min(light, 0.5f + 22 * clearance / along);
    if (light <= 0 || q.y > grid.top) break;
    along += std::max(0.8f * grid.step, 0.16f * along);
  }
  const float s = Saturate(light);
  return s * s * (3 - 2 * s);
}

float Terrain::Grid::HeightAt(float x, float z) const {
  const float u = Clamp((x - x0) / step, 0, static_cast<float>(columns) - 1.001f);
  const float v = Clamp((z - z0) / step, 0, static_cast<float>(rows) - 1.001f);
  const int c = static_cast<int>(u), r = static_cast<int>(v);
  const float fu = u - static_cast<float>(c), fv = v - static_cast<float>(r);
  const float* at = &height[static_cast<size_t>(r) * columns + c];
  return Mix(Mix(at[0], at[1], fu), Mix(at[columns], at[columns + 1], fu), fv);
}

float Terrain::Grid::Weight(float x, float z) const {
  const float u = (x - x0) / step, v = (z - z0) / step;
  const float inside = std::min(std::min(u, static_cast<float>(columns) - 2 - u),
                                std::min(v, static_cast<float>(rows) - 2 - v));
  return Saturate(inside / 60);
}

float Terrain::Height(float x, float z) const {
  float height = 0, left = 1;
  for (int i = 0; i < kGrids; ++i) {
    const float w = i + 1 == kGrids ? 1.0f : grids_[i].Weight(x, z);
    if (w <= 0) continue;
    height += left * w * grids_[i].HeightAt(x, z);
    left *= 1 - w;
    if (left <= 0) break;
  }
  return height;
}

void Terrain::Accumulate(const Grid& grid, float x, float z, float weight, Surface* out) {
  const float u = Clamp((x - grid.x0) / grid.step, 0, static_cast<float>(grid.columns) - 1.001f);
  const float v = Clamp((z - grid.z0) / grid.step, 0, static_cast<float>(grid.rows) - 1.001f);
  const int c = static_cast<int>(u), r = static_cast<int>(v);
  const float fu = u - static_cast<float>(c), fv = v - static_cast<float>(r);
  const Texel* at = &grid.texels[static_cast<size_t>(r) * grid.columns + c];
  const Texel* corners[4] = {at, at + 1, at + grid.columns, at + grid.columns + 1};
  const float weights[4] = {(1 - fu) * (1 - fv) * weight, fu * (1 - fv) * weight, (1 - fu) * fv * weight,
                            fu * fv * weight};
  for (int i = 0; i < 4; ++i) {
    const Texel& t = *corners[i];
    const float w = weights[i];
    out->normal.x += w * t.normal_x;
    out->normal.z += w * t.normal_z;
    out->albedo.x += w * t.albedo[0];
    out->albedo.y += w * t.albedo[1];
    out->albedo.z += w * t.albedo[2];
    out->sun += w * t.sun;
    out->sky += w * t.sky;
  }
}

Terrain::Surface Terrain::Sample(float x, float z) const {
  Surface s{};
  float left = 1;
  for (int i = 0; i < kGrids; ++i) {
    const float w = i + 1 == kGrids ? 1.0f : grids_[i].Weight(x, z);
    if (w <= 0) continue;
    Accumulate(grids_[i], x, z, left * w, &s);
    left *= 1 - w;
    if (left <= 0) break;
  }
  s.normal.x *= 1.0f / 32767;
  s.normal.z *= 1.0f / 32767;
  s.normal.y = std::sqrt(std::max(0.01f, 1 - s.normal.x * s.normal.x - s.normal.z * s.normal.z));
  s.albedo = s.albedo * (1.0f / 255);
  s.albedo = s.albedo * s.albedo;
  s.sun *= 1.0f / 255;
  s.sky *= 1.0f / 255;
  return s;
}

}  // namespace tempera::scene
