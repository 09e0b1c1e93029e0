#include "tools/scene/props.h"

namespace tempera::scene {
namespace {

constexpr Vec3 kWhite{0.80f, 0.78f, 0.73f}, kRed{0.58f, 0.055f, 0.035f}, kDark{0.045f, 0.045f, 0.05f};

// A gable roof over a w x d plan, ridge along x, eaves at height `h`.
void AddGable(Mesh& mesh, float w, float d, float h, float rise, Vec3 tiles, Vec3 wall) {
  const float o = 0.35f, x = w / 2 + o, z = d / 2 + o, e = h - o * rise / (d / 2);
  mesh.Quad({-x, e, -z}, {x, e, -z}, {x, h + rise, 0}, {-x, h + rise, 0}, tiles);
  mesh.Quad({-x, e, z}, {x, e, z}, {x, h + rise, 0}, {-x, h + rise, 0}, tiles * 0.95f);
  for (float side : {-1.0f, 1.0f}) {
    const float g = side * w / 2;
    mesh.Flat({g, h, -d / 2}, {g, h, d / 2}, {g, h + rise, 0}, wall);
  }
}

// A dark window in the -z or -x wall, proud of it by a hand.
void AddWindow(Mesh& mesh, Vec3 center, float w, float h, bool side, Vec3 shutter) {
  const Vec3 across = side ? Vec3{0, 0, 1} : Vec3{1, 0, 0},
             out = side ? Vec3{-0.06f, 0, 0} : Vec3{0, 0, -0.06f};
  const auto pane = [&](float from, float to, float bottom, float top, Vec3 color, float proud) {
    const Vec3 c = center + out * proud;
    mesh.Quad(c + across * from + Vec3{0, bottom, 0}, c + across * to + Vec3{0, bottom, 0},
              c + across * to + Vec3{0, top, 0}, c + across * from + Vec3{0, top, 0}, color);
    for (size_t i = mesh.vertices.size() - 4; i < mesh.vertices.size(); ++i) {
      mesh.vertices[i].normal = Normalize(out);
    }
  };
  pane(-w / 2, w / 2, -h / 2, h / 2, {0.05f, 0.06f, 0.08f}, 1);
  pane(-w, -w / 2, -h / 2, h / 2, shutter, 1.4f);
  pane(w / 2, w, -h / 2, h / 2, shutter, 1.4f);
}

void Sway(Mesh& mesh, size_t first, float amount) {
  for (size_t i = first; i < mesh.vertices.size(); ++i) mesh.vertices[i].sway = amount;
}

// A limb from `hip` to `end` whose far end swings by `swing` metres.
void AddLimb(Mesh& mesh, Vec3 hip, Vec3 end, float r0, float r1, float swing, Vec3 color) {
  const size_t first = mesh.vertices.size();
  mesh.Tube(hip, end, r0, r1, 7, color);
  for (size_t i = first; i < mesh.vertices.size(); ++i) {
    const float down = Saturate((hip.y - mesh.vertices[i].position.y) / std::max(hip.y - end.y, 0.01f));
    mesh.vertices[i].sway = swing * down;
  }
}

}  // namespace

void AddLighthouse(Mesh& mesh) {
  mesh.Lathe({0, -1, 0},
             {{3.4f, 0, kWhite * 0.8f},
              {3.3f, 1.4f, kWhite},
              {2.55f, 1.4f, kWhite},
              {2.4f, 4.4f, kRed},
              {2.2f, 7.4f, kWhite},
              {2.0f, 10.4f, kRed},
              {1.82f, 13.4f, kWhite},
              {1.7f, 15.6f, kWhite},
              {2.5f, 16.1f, kDark},
              {2.5f, 16.4f, kWhite * 0.7f},
              {1.2f, 16.4f, kWhite}},
             28);
  // Lantern: glass with a glow, dome, rod.
  mesh.Lathe({0, 15.4f, 0},
             {{1.15f, 0, kRed},
              {1.15f, 0.8f, {0.9f, 0.8f, 0.5f}},
              {1.15f, 2.3f, kRed * 0.8f},
              {1.45f, 2.35f, kRed},
              {1.0f, 3.1f, kRed},
              {0.2f, 3.6f, kDark},
              {0.05f, 5.0f, kDark}},
             20);
  for (int i = 0; i < 20; ++i) {
    const float t = 2 * kPi * static_cast<float>(i) / 20;
    const Vec3 p{2.42f * std::cos(t), 15.4f, 2.42f * std::sin(t)};
    mesh.Tube(p, p + Vec3{0, 1.1f, 0}, 0.05f, 0.05f, 4, kDark);
  }
  for (int i = 0; i < 3; ++i) {
    mesh.Quad({-0.35f + 0.5f * i, 3.0f + 4.2f * i, -2.62f + 0.22f * i},
              {0.25f + 0.5f * i, 3.0f + 4.2f * i, -2.62f + 0.22f * i},
              {0.25f + 0.5f * i, 4.1f + 4.2f * i, -2.58f + 0.22f * i},
              {-0.35f + 0.5f * i, 4.1f + 4.2f * i, -2.58f + 0.22f * i}, kDark);
  }
  const size_t first = mesh.vertices.size();
  mesh.Box({0, -1.5f, 0}, {8.5f, 4.7f, 5.2f}, 0, kWhite);
  AddGable(mesh, 8.5f, 5.2f, 3.2f, 2.1f, {0.42f, 0.15f, 0.075f}, kWhite);
  for (float x : {-2.6f, 2.4f}) AddWindow(mesh, {x, 1.7f, -2.6f}, 0.95f, 1.25f, false, {0.07f, 0.17f, 0.28f});
  mesh.Box({2.6f, 3.4f, 0.4f}, {0.8f, 2.6f, 0.8f}, 0, {0.40f, 0.2f, 0.14f});
  mesh.Place(first, 0.25f, {-8.2f, 0, 1.0f});
}

void AddHouse(Mesh& mesh, Random& random) {
  static constexpr Vec3 kWalls[6] = {{0.78f, 0.72f, 0.62f}, {0.74f, 0.52f, 0.30f}, {0.70f, 0.40f, 0.29f},
                                     {0.80f, 0.66f, 0.36f}, {0.55f, 0.62f, 0.66f}, {0.82f, 0.79f, 0.75f}};
  static constexpr Vec3 kShutters[4] = {
      {0.06f, 0.18f, 0.10f}, {0.07f, 0.15f, 0.30f}, {0.30f, 0.07f, 0.05f}, {0.16f, 0.11f, 0.07f}};
  const Vec3 wall = kWalls[static_cast<int>(random.Unit() * 5.999f)];
  const Vec3 shutter = kShutters[static_cast<int>(random.Unit() * 3.999f)];
  const Vec3 tiles = Vec3{0.47f, 0.165f, 0.08f} * random.Range(0.75f, 1.2f);
  const float w = random.Range(8, 13), d = random.Range(7, 9), h = random.Unit() < 0.5f ? 5.6f : 8.2f;
  mesh.Box({0, -4, 0}, {w, h + 4, d}, 0, wall);
  AddGable(mesh, w, d, h, random.Range(1.9f, 2.8f), tiles, wall);
  for (float y = 1.6f; y + 1 < h; y += 2.7f) {
    for (float x = -w / 2 + 1.7f; x < w / 2 - 1; x += 2.9f)
      AddWindow(mesh, {x, y, -d / 2}, 1.0f, 1.5f, false, shutter);
    for (float z = -d / 2 + 1.8f; z < d / 2 - 1; z += 3.2f)
      AddWindow(mesh, {-w / 2, y, z}, 1.0f, 1.5f, true, shutter);
  }
  mesh.Box({random.Range(-0.3f, 0.3f) * w, h, 0.8f}, {0.9f, 3.4f, 0.9f}, 0, {0.45f, 0.25f, 0.17f});
}

void AddChurch(Mesh& mesh) {
  const Vec3 stone{0.72f, 0.65f, 0.53f}, tiles{0.44f, 0.16f, 0.08f};
  mesh.Box({0, -4, 0}, {22, 13, 11}, 0, stone);
  AddGable(mesh, 22, 11, 9, 4.5f, tiles, stone);
  mesh.Box({-13, -4, 0}, {6, 26, 6}, 0, stone);
  mesh.Box({-13, 15.5f, 0}, {3.4f, 3.2f, 6.2f}, 0, kDark);
  mesh.Lathe({-13, 22, 0}, {{4.4f, 0, tiles}, {0.1f, 7.5f, tiles}}, 4);
  for (float x = -7; x < 11; x += 4.2f) {
    mesh.Quad({x - 0.7f, 2, -5.56f}, {x + 0.7f, 2, -5.56f}, {x + 0.7f, 6, -5.56f}, {x - 0.7f, 6, -5.56f},
              kDark);
  }
}

void AddSailingBoat(Mesh& mesh, Vec3 hull, Vec3 sail, Vec3 jib) {
  const size_t first = mesh.vertices.size();
  // Hull: sections from stern (-z) to bow (+z), each a half-breadth curve.
  constexpr int kSections = 12, kSteps = 5;
  const auto point = [](int s, int k, float side) {
    const float t = static_cast<float>(s) / kSections, u = static_cast<float>(k) / kSteps;
    const float beam = 1.45f * (1 - std::pow(t, 2.4f)) * (0.74f + 0.55f * t);
    const float sheer = 0.95f + 0.45f * (t - 0.35f) * (t - 0.35f) * 2;
    const float half = beam * std::sqrt(u) * (0.85f + 0.15f * u);
    return Vec3{side * half, -0.35f + (sheer + 0.35f) * u, -4.3f + 8.9f * t + 0.35f * u * t};
  };
  for (float side : {-1.0f, 1.0f}) {
    for (int s = 0; s < kSections; ++s) {
      for (int k = 0; k < kSteps; ++k) {
        const Vec3 paint = k == kSteps - 1 ? Vec3{0.7f, 0.66f, 0.56f} : (k == 0 ? kRed * 0.7f : hull);
        mesh.Quad(point(s, k, side), point(s + 1, k, side), point(s + 1, k + 1, side), point(s, k + 1, side),
                  paint);
        for (size_t i = mesh.vertices.size() - 4; i < mesh.vertices.size(); ++i) {
          Vec3& n = mesh.vertices[i].normal;
          if (n.x * side < 0) n = n * -1.0f;
        }
      }
    }
  }
  for (int s = 0; s < kSections; ++s) {  // deck
    mesh.Quad(point(s, kSteps, -1), point(s, kSteps, 1), point(s + 1, kSteps, 1), point(s + 1, kSteps, -1),
              {0.45f, 0.30f, 0.17f});
  }
  mesh.Quad(point(0, 0, -1), point(0, kSteps, -1), point(0, kSteps, 1), point(0, 0, 1), hull * 0.8f);
  mesh.Box({0, 0.9f, -0.6f}, {1.3f, 0.65f, 2.6f}, 0, {0.78f, 0.76f, 0.70f});
  mesh.Tube({0, 0.8f, 0.9f}, {0, 12.6f, 0.7f}, 0.10f, 0.06f, 6, {0.40f, 0.27f, 0.15f});
  mesh.Tube({0, 1.9f, 0.85f}, {1.5f, 1.9f, -3.9f}, 0.07f, 0.06f, 6, {0.40f, 0.27f, 0.15f});

  // Sails: bellied triangles between three corners, belly toward +x, seams across.
  const auto bellied = [&](Vec3 tack, Vec3 clew, Vec3 head, float belly, Vec3 color) {
    constexpr int kGrid = 9;
    const auto at = [&](int i, int j) {
      const float v = static_cast<float>(j) / kGrid, u = static_cast<float>(i) / kGrid;
      const Vec3 luff = Mix(tack, head, v),
                 leech = Mix(clew, head, v) + Vec3{0.25f, 0, -0.35f} * std::sin(kPi * v);
      return Mix(luff, leech, u) + Vec3{belly * std::sin(kPi * std::sqrt(u)) * (1 - v * v), 0, 0};
    };
    for (int j = 0; j < kGrid; ++j) {
      for (int i = 0; i < kGrid; ++i) {
        mesh.Quad(at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1), color * (j % 3 == 2 ? 0.90f : 1.0f),
                  0.45f);
      }
    }
  };
  bellied({0, 2.1f, 0.85f}, {1.45f, 2.05f, -3.8f}, {0, 12.2f, 0.7f}, 0.75f, sail);
  bellied({0, 1.4f, 4.6f}, {1.15f, 1.6f, 0.2f}, {0, 10.6f, 0.85f}, 0.85f, jib);

  // Two sailors in the cockpit.
  mesh.Ellipsoid({-0.45f, 1.65f, -2.6f}, {0.26f, 0.45f, 0.24f}, 5, 8, {0.62f, 0.10f, 0.06f});
  mesh.Ellipsoid({-0.45f, 2.22f, -2.6f}, {0.14f, 0.17f, 0.14f}, 4, 7, {0.55f, 0.36f, 0.26f});
  mesh.Ellipsoid({-0.55f, 1.65f, -3.4f}, {0.26f, 0.45f, 0.24f}, 5, 8, {0.08f, 0.14f, 0.32f});
  mesh.Ellipsoid({-0.55f, 2.22f, -3.4f}, {0.14f, 0.17f, 0.14f}, 4, 7, {0.55f, 0.36f, 0.26f});
  // Heel over to leeward.
  constexpr float kHeel = 0.17f;
  for (size_t i = first; i < mesh.vertices.size(); ++i) {
    const auto lean = [](Vec3 v) {
      return Vec3{v.x * std::cos(kHeel) + v.y * std::sin(kHeel),
                  v.y * std::cos(kHeel) - v.x * std::sin(kHeel), v.z};
    };
    mesh.vertices[i].position = lean(mesh.vertices[i].position);
    mesh.vertices[i].normal = lean(mesh.vertices[i].normal);
  }
}

void AddBalloon(Mesh& mesh, uint32_t seed) {
  static constexpr Vec3 kStripes[4] = {
      {0.72f, 0.07f, 0.035f}, {0.88f, 0.52f, 0.06f}, {0.85f, 0.80f, 0.68f}, {0.09f, 0.20f, 0.46f}};
  constexpr int kGores = 32, kRings = 22;
  // Envelope: a sphere drawn out to a mouth.
  const auto profile = [](float v) {
    const float a = kPi * (1 - v);
    const float r =
        8.6f * std::sin(a) * (v < 0.5f ? 0.72f + 0.56f * v : 1.0f) + (v < 0.25f ? 1.3f * (1 - 4 * v) : 0);
    return Vec3{r, 12.5f + 9.2f * std::cos(a) * (v < 0.5f ? 1.12f : 1.0f), 0};
  };
  const int turn = static_cast<int>(Hash(seed) % 4);
  for (int g = 0; g < kGores; ++g) {
    for (int r = 0; r < kRings; ++r) {
      const float v0 = static_cast<float>(r) / kRings, v1 = static_cast<float>(r + 1) / kRings;
      const bool belt = r >= 10 && r <= 12;
      const Vec3 color = belt ? kStripes[((g / 2 + r) % 2) * 2 + 1] : kStripes[(g / 2 + turn) % 4];
      const uint32_t first = static_cast<uint32_t>(mesh.vertices.size());
      for (int k = 0; k < 4; ++k) {
        const Vec3 p = profile(k < 2 ? v0 : v1);
        const float t = 2 * kPi * static_cast<float>(g + (k == 1 || k == 2)) / kGores;
        const Vec3 q = profile(std::min((k < 2 ? v0 : v1) + 0.02f, 1.0f)) -
                       profile(std::max((k < 2 ? v0 : v1) - 0.02f, 0.0f));
        const Vec3 normal = Normalize(Vec3{std::cos(t) * q.y, -q.x, std::sin(t) * q.y});
        mesh.vertices.push_back({.position = {p.x * std::cos(t), p.y, p.x * std::sin(t)},
                                 .normal = normal,
                                 .albedo = color,
                                 .thin = 0.22f});
      }
      mesh.triangles.push_back({first, first + 1, first + 2});
      mesh.triangles.push_back({first, first + 2, first + 3});
    }
  }
  mesh.Box({0, -2.6f, 0}, {1.9f, 1.5f, 1.9f}, 0.4f, {0.34f, 0.20f, 0.09f});
  for (int i = 0; i < 4; ++i) {
    const float t = 0.4f + kPi / 4 + kPi / 2 * static_cast<float>(i);
    const Vec3 at{std::cos(t), 0, std::sin(t)};
    mesh.Tube(at * 1.3f + Vec3{0, -1.1f, 0}, at * 1.4f + Vec3{0, 2.6f, 0}, 0.05f, 0.05f, 4, kDark);
  }
  for (float x : {-0.45f, 0.4f}) {
    mesh.Ellipsoid({x, -0.75f, 0.2f}, {0.28f, 0.42f, 0.24f}, 5, 8,
                   x < 0 ? Vec3{0.1f, 0.3f, 0.2f} : Vec3{0.5f, 0.3f, 0.1f});
    mesh.Ellipsoid({x, -0.15f, 0.2f}, {0.15f, 0.18f, 0.15f}, 4, 7, {0.55f, 0.36f, 0.26f});
  }
}

void AddGull(Mesh& mesh) {
  const Vec3 white{0.86f, 0.85f, 0.83f}, gray{0.50f, 0.52f, 0.55f};
  mesh.Ellipsoid({0, 0, 0}, {0.075f, 0.07f, 0.27f}, 7, 9, white);
  mesh.Ellipsoid({0, 0.03f, 0.28f}, {0.05f, 0.05f, 0.08f}, 5, 8, white);
  mesh.Flat({-0.02f, 0.03f, 0.37f}, {0.02f, 0.03f, 0.37f}, {0, 0.01f, 0.46f}, {0.8f, 0.45f, 0.05f});
  mesh.Flat({-0.10f, 0, -0.42f}, {0.10f, 0, -0.42f}, {0, 0.02f, -0.20f}, white);
  for (float side : {-1.0f, 1.0f}) {
    const float span[5] = {0.04f, 0.34f, 0.66f, 0.92f, 1.12f}, lead[5] = {0.14f, 0.21f, 0.13f, 0.00f, -0.16f},
                trail[5] = {-0.14f, -0.10f, -0.12f, -0.16f, -0.17f};
    for (int i = 0; i < 4; ++i) {
      const Vec3 color =
          i == 3 ? Vec3{0.05f, 0.05f, 0.06f} : Mix(white, gray, 0.35f + 0.2f * static_cast<float>(i));
      mesh.Quad({side * span[i], 0.05f, lead[i]}, {side * span[i + 1], 0.05f, lead[i + 1]},
                {side * span[i + 1], 0.05f, trail[i + 1]}, {side * span[i], 0.05f, trail[i]}, color, 0.3f);
      for (size_t k = mesh.vertices.size() - 4; k < mesh.vertices.size(); ++k) {
        mesh.vertices[k].normal = {0, 1, 0};
        mesh.vertices[k].sway = std::fabs(mesh.vertices[k].position.x);
      }
    }
  }
}

void AddWalker(Mesh& mesh, Vec3 coat, Vec3 trousers, bool straw_hat) {
  const Vec3 skin{0.52f, 0.33f, 0.24f}, shoe{0.10f, 0.06f, 0.04f};
  for (float side : {-1.0f, 1.0f}) {
    AddLimb(mesh, {side * 0.10f, 0.92f, 0}, {side * 0.11f, 0.06f, 0}, 0.105f, 0.065f, side * 0.27f, trousers);
    const size_t foot = mesh.vertices.size();
    mesh.Ellipsoid({side * 0.11f, 0.05f, 0.06f}, {0.055f, 0.05f, 0.14f}, 4, 7, shoe);
    Sway(mesh, foot, side * 0.27f);
    AddLimb(mesh, {side * 0.205f, 1.42f, 0}, {side * 0.265f, 0.86f, 0.04f}, 0.062f, 0.042f, -side * 0.17f,
            coat);
    const size_t hand = mesh.vertices.size();
    mesh.Ellipsoid({side * 0.265f, 0.82f, 0.04f}, {0.045f, 0.06f, 0.05f}, 4, 6, skin);
    Sway(mesh, hand, -side * 0.17f);
  }
  mesh.Ellipsoid({0, 1.25f, 0}, {0.185f, 0.27f, 0.125f}, 8, 12, coat);
  mesh.Ellipsoid({0, 1.40f, 0}, {0.225f, 0.085f, 0.105f}, 6, 12, coat);
  mesh.Lathe({0, 0.80f, 0}, {{0.195f, 0, coat * 0.9f}, {0.17f, 0.3f, coat}, {0.175f, 0.42f, coat}}, 12);
  mesh.Tube({0, 1.45f, 0}, {0, 1.58f, 0}, 0.06f, 0.055f, 7, skin);
  mesh.Ellipsoid({0, 1.64f, 0.01f}, {0.09f, 0.125f, 0.105f}, 7, 10, skin);
  if (straw_hat) {
    mesh.Lathe({0, 1.69f, 0},
               {{0.24f, 0, {0.66f, 0.52f, 0.27f}},
                {0.12f, 0.035f, {0.62f, 0.48f, 0.24f}},
                {0.10f, 0.13f, {0.66f, 0.52f, 0.27f}},
                {0.0f, 0.15f, {0, 0, 0}}},
               14);
  } else {
    mesh.Ellipsoid({0, 1.68f, -0.02f}, {0.10f, 0.11f, 0.11f}, 6, 9, {0.09f, 0.05f, 0.03f});
  }
}

void AddDog(Mesh& mesh, Vec3 coat) {
  mesh.Ellipsoid({0, 0.42f, 0}, {0.13f, 0.15f, 0.34f}, 7, 10, coat);
  mesh.Ellipsoid({0, 0.58f, 0.38f}, {0.085f, 0.09f, 0.14f}, 6, 8, coat);
  mesh.Tube({0, 0.46f, 0.25f}, {0, 0.58f, 0.36f}, 0.09f, 0.07f, 7, coat);
  mesh.Tube({0, 0.50f, -0.32f}, {0, 0.74f, -0.52f}, 0.035f, 0.015f, 5, coat);
  for (float x : {-1.0f, 1.0f}) {
    for (float z : {-1.0f, 1.0f}) {
      AddLimb(mesh, {x * 0.08f, 0.40f, z * 0.23f}, {x * 0.08f, 0, z * 0.23f}, 0.05f, 0.03f, x * z * 0.12f,
              coat * 0.9f);
    }
  }
}

void AddSheep(Mesh& mesh, Random& random) {
  const Vec3 wool = Vec3{0.72f, 0.66f, 0.54f} * random.Range(0.8f, 1.1f), black{0.05f, 0.045f, 0.04f};
  mesh.Ellipsoid({0, 0.62f, 0}, {0.30f, 0.30f, 0.52f}, 8, 12, wool);
  mesh.Ellipsoid({0, 0.72f, 0.30f}, {0.24f, 0.24f, 0.26f}, 6, 10, wool);
  const float low = random.Unit() < 0.65f ? 0.18f : 0.82f;
  mesh.Ellipsoid({0, low, 0.66f}, {0.09f, 0.13f, 0.15f}, 6, 8, black);
  mesh.Tube({0, 0.70f, 0.45f}, {0, low + 0.05f, 0.62f}, 0.14f, 0.08f, 7, wool * 0.8f);
  for (float x : {-0.15f, 0.15f}) {
    for (float z : {-0.30f, 0.30f}) mesh.Tube({x, 0.45f, z}, {x, -0.05f, z}, 0.05f, 0.04f, 5, black);
  }
}

void AddFenceSpan(Mesh& mesh, Vec3 to, Random& random) {
  const Vec3 wood = Vec3{0.30f, 0.245f, 0.185f} * random.Range(0.8f, 1.15f);
  const float lean = random.Range(-0.05f, 0.05f);
  mesh.Tube({0, -0.4f, 0}, {lean, 1.12f, lean}, 0.075f, 0.065f, 8, wood);
  mesh.Ellipsoid({lean, 1.12f, lean}, {0.067f, 0.02f, 0.067f}, 3, 8, wood * 1.2f);
  for (float y : {0.48f, 0.92f}) {
    mesh.Tube({0, y + random.Range(-0.04f, 0.04f), 0}, to + Vec3{0, y + random.Range(-0.04f, 0.04f), 0},
              0.045f, 0.04f, 6, wood * random.Range(0.85f, 1.1f));
  }
}

}  // namespace tempera::scene
