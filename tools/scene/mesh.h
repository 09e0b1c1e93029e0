// Triangles with what the shader needs at each corner, and the solids that
// the scene's things are put together from.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "tools/scene/vec.h"

namespace tempera::scene {

struct Vertex {
  Vec3 position;
  Vec3 normal;
  Vec3 albedo;     // linear
  float sun = 1;   // share of sunlight that reaches it past its surroundings
  float sky = 1;   // share of the sky it sees
  float thin = 0;  // light that comes through from behind: leaves, sails
  float sway = 0;  // how far wind, wings or steps move it; the unit is its part's motion's
};

struct Mesh {
  std::vector<Vertex> vertices;
  std::vector<std::array<uint32_t, 3>> triangles;

  void Triangle(const Vertex& a, const Vertex& b, const Vertex& c);
  // Corners in order around; the flat normal is computed.
  void Quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Vec3 albedo, float thin = 0);
  void Flat(Vec3 a, Vec3 b, Vec3 c, Vec3 albedo, float thin = 0);
  // An upright box turned by `yaw`; `size` is full width, height, depth; `base` the middle of its foot.
  void Box(Vec3 base, Vec3 size, float yaw, Vec3 albedo);
  // A round bar from a to b, open-ended.
  void Tube(Vec3 a, Vec3 b, float radius_a, float radius_b, int sides, Vec3 albedo);
  void Ellipsoid(Vec3 center, Vec3 radii, int rings, int sides, Vec3 albedo);
  // A surface turned around the vertical axis at `base`: (radius, height) pairs from the foot up.
  struct Ring {
    float radius, height;
    Vec3 albedo;  // of the band from here to the next ring
  };
  void Lathe(Vec3 base, const std::vector<Ring>& rings, int sides);
  // Everything added since `first` vertices: turned by yaw, then moved.
  void Place(size_t first, float yaw, Vec3 offset, float scale = 1);
};

Vec3 TurnYaw(Vec3 v, float yaw);

}  // namespace tempera::scene
