// The land: a height function baked once into three nested grids, with
// normals, colours, soft sun shadows and sky visibility beside the heights.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/thread_pool.h"
#include "tools/scene/noise.h"

namespace tempera::scene {

// A round thing that keeps sunlight from what stands behind it.
struct Caster {
  Vec3 center;
  float radius;
  float density;  // 1 = solid, less for foliage
};

// Share of the sun that reaches p past the casters: 0..1, soft at the rim.
float SunPastCasters(const std::vector<Caster>& casters, Vec3 p, Vec3 to_sun);

// The world's ground before baking: what it is at a point.
class Landscape {
 public:
  explicit Landscape(uint32_t seed) : seed_(seed) {}

  // Metres above the sea; below zero it is the sea bed.
  float Height(float x, float z) const;
  // Ground colour (linear reflectance) given its height and steepness (normal.y).
  Vec3 Albedo(float x, float z, float height, float normal_y) const;
  // Signed distance to the trodden path on the near meadow, metres from its middle.
  float PathDistance(float x, float z) const;
  // How much of the ground the forest takes: 0..1.
  float Forest(float x, float z) const;

 private:
  uint32_t seed_;
};

class Terrain {
 public:
  struct Surface {
    Vec3 normal;
    Vec3 albedo;
    float sun;  // 0..1, terrain and standing things in the way
    float sky;  // 0..1, share of the sky dome seen
  };

  // `to_sun` points at the light. Casters shade the near grid.
  Terrain(const Landscape& land, Vec3 to_sun, const std::vector<Caster>& casters, ThreadPool& pool);

  float Height(float x, float z) const;
  Surface Sample(float x, float z) const;

 private:
  struct Texel {
    int16_t normal_x, normal_z;  // of a unit normal, 1/32767
    uint8_t albedo[3];           // square root, so that dark greens keep their steps
    uint8_t sun, sky;
  };
  struct Grid {
    float x0, z0, step;
    int columns, rows;
    std::vector<float> height;
    std::vector<Texel> texels;
    float top = 0;  // the highest height

    float HeightAt(float x, float z) const;
    // 1 well inside, 0 at the border and beyond.
    float Weight(float x, float z) const;
  };
  void Bake(Grid& grid, const Landscape& land, Vec3 to_sun, const std::vector<Caster>& casters,
            ThreadPool& pool);
  float SunAt(const Grid& grid, Vec3 p, Vec3 to_sun) const;
  static void Accumulate(const Grid& grid, float x, float z, float weight, Surface* out);

  static constexpr int kGrids = 3;
  Grid grids_[kGrids];  // near to far; each is contained in the next
};

}  // namespace tempera::scene
