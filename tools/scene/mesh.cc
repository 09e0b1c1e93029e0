#include "tools/scene/mesh.h"

namespace tempera::scene {

Vec3 TurnYaw(Vec3 v, float yaw) {
  const float c = std::cos(yaw), s = std::sin(yaw);
  return {c * v.x + s * v.z, v.y, -s * v.x + c * v.z};
}

void Mesh::Triangle(const Vertex& a, const Vertex& b, const Vertex& c) {
  const uint32_t first = static_cast<uint32_t>(vertices.size());
  vertices.push_back(a);
  vertices.push_back(b);
  vertices.push_back(c);
  triangles.push_back({first, first + 1, first + 2});
}

void Mesh::Flat(Vec3 a, Vec3 b, Vec3 c, Vec3 albedo, float thin) {
  const Vec3 normal = Normalize(Cross(b - a, c - a));
  Vertex v{.position = a, .normal = normal, .albedo = albedo, .thin = thin};
  Vertex w = v, x = v;
  w.position = b;
  x.position = c;
  Triangle(v, w, x);
}

void Mesh::Quad(Vec3 a, Vec3 b, Vec3 c, Vec3 d, Vec3 albedo, float thin) {
  const uint32_t first = static_cast<uint32_t>(vertices.size());
  const Vec3 normal = Normalize(Cross(c - a, d - b));
  for (Vec3 p : {a, b, c, d})
    vertices.push_back({.position = p, .normal = normal, .albedo = albedo, .thin = thin});
  triangles.push_back({first, first + 1, first + 2});
  triangles.push_back({first, first + 2, first + 3});
}

void Mesh::Box(Vec3 base, Vec3 size, float yaw, Vec3 albedo) {
  const float w = size.x / 2, h = size.y, d = size.z / 2;
  const size_t first = vertices.size();
  const auto face = [&](Vec3 a, Vec3 b, Vec3 c, Vec3 e, Vec3 outward) {
    Quad(a, b, c, e, albedo);
    for (size_t i = vertices.size() - 4; i < vertices.size(); ++i) vertices[i].normal = outward;
  };
  face({-w, 0, -d}, {w, 0, -d}, {w, h, -d}, {-w, h, -d}, {0, 0, -1});
  face({-w, 0, d}, {w, 0, d}, {w, h, d}, {-w, h, d}, {0, 0, 1});
  face({-w, 0, -d}, {-w, 0, d}, {-w, h, d}, {-w, h, -d}, {-1, 0, 0});
  face({w, 0, -d}, {w, 0, d}, {w, h, d}, {w, h, -d}, {1, 0, 0});
  face({-w, h, -d}, {w, h, -d}, {w, h, d}, {-w, h, d}, {0, 1, 0});
  Place(first, yaw, base);
}

void Mesh::Tube(Vec3 a, Vec3 b, float radius_a, float radius_b, int sides, Vec3 albedo) {
  const Vec3 axis = Normalize(b - a);
  const Vec3 u = Normalize(Cross(axis, std::fabs(axis.y) < 0.9f ? Vec3{0, 1, 0} : Vec3{1, 0, 0}));
  const Vec3 v = Cross(axis, u);
  const uint32_t first = static_cast<uint32_t>(vertices.size());
  for (int i = 0; i < sides; ++i) {
    const float t = 2 * kPi * static_cast<float>(i) / static_cast<float>(sides);
    const Vec3 n = u * std::cos(t) + v * std::sin(t);
    vertices.push_back({.position = a + n * radius_a, .normal = n, .albedo = albedo});
    vertices.push_back({.position = b + n * radius_b, .normal = n, .albedo = albedo});
  }
  for (uint32_t i = 0; i < static_cast<uint32_t>(sides); ++i) {
    const uint32_t j = (i + 1) % static_cast<uint32_t>(sides);
    triangles.push_back({first + 2 * i, first + 2 * j, first + 2 * j + 1});
    triangles.push_back({first + 2 * i, first + 2 * j + 1, first + 2 * i + 1});
  }
}

void Mesh::Ellipsoid(Vec3 center, Vec3 radii, int rings, int sides, Vec3 albedo) {
  const uint32_t first = static_cast<uint32_t>(vertices.size());
  for (int r = 0; r <= rings; ++r) {
    const float a = kPi * static_cast<float>(r) / static_cast<float>(rings);
    for (int s = 0; s < sides; ++s) {
      const float b = 2 * kPi * static_cast<float>(s) / static_cast<float>(sides);
      const Vec3 n{std::sin(a) * std::cos(b), std::cos(a), std::sin(a) * std::sin(b)};
      const Vec3 normal = Normalize({n.x / radii.x, n.y / radii.y, n.z / radii.z});
      vertices.push_back({.position = center + n * radii, .normal = normal, .albedo = albedo});
    }
  }
  const auto at = [&](int r, int s) { return first + static_cast<uint32_t>(r * sides + s % sides); };
  for (int r = 0; r < rings; ++r) {
    for (int s = 0; s < sides; ++s) {
      triangles.push_back({at(r, s), at(r, s + 1), at(r + 1, s + 1)});
      triangles.push_back({at(r, s), at(r + 1, s + 1), at(r + 1, s)});
    }
  }
}

void Mesh::Lathe(Vec3 base, const std::vector<Ring>& rings, int sides) {
  for (size_t r = 0; r + 1 < rings.size(); ++r) {
    const Ring &low = rings[r], &high = rings[r + 1];
    // The slope of the profile tilts the normal up or down.
    const float dr = high.radius - low.radius, dh = high.height - low.height;
    const uint32_t first = static_cast<uint32_t>(vertices.size());
    for (int i = 0; i <= sides; ++i) {
      const float t = 2 * kPi * static_cast<float>(i) / static_cast<float>(sides);
      const Vec3 around{std::cos(t), 0, std::sin(t)};
      const Vec3 normal = Normalize(around * dh + Vec3{0, -dr, 0});
      vertices.push_back({.position = base + around * low.radius + Vec3{0, low.height, 0},
                          .normal = normal,
                          .albedo = low.albedo});
      vertices.push_back({.position = base + around * high.radius + Vec3{0, high.height, 0},
                          .normal = normal,
                          .albedo = low.albedo});
    }
    for (uint32_t i = 0; i < static_cast<uint32_t>(sides); ++i) {
      triangles.push_back({first + 2 * i, first + 2 * i + 2, first + 2 * i + 3});
      triangles.push_back({first + 2 * i, first + 2 * i + 3, first + 2 * i + 1});
    }
  }
}

void Mesh::Place(size_t first, float yaw, Vec3 offset, float scale) {
  for (size_t i = first; i < vertices.size(); ++i) {
    vertices[i].position = TurnYaw(vertices[i].position, yaw) * scale + offset;
    vertices[i].normal = TurnYaw(vertices[i].normal, yaw);
  }
}

}  // namespace tempera::scene
