#include "tools/scene/plants.h"

#include "tools/scene/sky.h"

namespace tempera::scene {
namespace {

// One bent blade: three triangles from a dark foot to a light tip.
void AddBlade(Mesh& mesh, Vec3 foot, float height, float width, Vec3 lean, Vec3 color, Random& random) {
  const float turn = random.Range(0, kPi);
  const Vec3 side = Vec3{std::cos(turn), 0, 0.5f * std::sin(turn)} * width;
  const Vec3 middle = foot + Vec3{0, height * 0.55f, 0} + lean * 0.35f,
             tip = foot + Vec3{0, height, 0} + lean;
  // Grass is lit like the ground it covers, leaning a little toward its own side.
  const Vec3 normal = Normalize({0.5f * std::cos(turn), 0.9f, 0.4f * std::sin(turn) - 0.2f});
  const uint32_t first = static_cast<uint32_t>(mesh.vertices.size());
  const Vec3 low = color * 0.5f, high = color * 1.25f;
  const float sway = height * 0.22f;
  const auto add = [&](Vec3 p, Vec3 albedo, float sky, float thin, float s) {
    mesh.vertices.push_back(
        {.position = p, .normal = normal, .albedo = albedo, .sun = 1, .sky = sky, .thin = thin, .sway = s});
  };
  add(foot - side, low, 0.35f, 0.1f, 0);
  add(foot + side, low, 0.35f, 0.1f, 0);
  add(middle - side * 0.7f, color, 0.8f, 0.4f, sway * 0.35f);
  add(middle + side * 0.7f, color, 0.8f, 0.4f, sway * 0.35f);
  add(tip, high, 1, 0.5f, sway);
  mesh.triangles.push_back({first, first + 1, first + 3});
  mesh.triangles.push_back({first, first + 3, first + 2});
  mesh.triangles.push_back({first + 2, first + 3, first + 4});
}

// A disc of petals on a stem, tilted toward the light.
void AddFlower(Mesh& mesh, Vec3 foot, float height, float size, int kind, Random& random) {
  static constexpr Vec3 kPetal[4] = {
      {0.80f, 0.050f, 0.022f}, {0.86f, 0.85f, 0.80f}, {0.85f, 0.60f, 0.04f}, {0.22f, 0.20f, 0.66f}};
  static constexpr Vec3 kHeart[4] = {
      {0.03f, 0.01f, 0.02f}, {0.80f, 0.55f, 0.03f}, {0.60f, 0.33f, 0.02f}, {0.12f, 0.08f, 0.35f}};
  const Vec3 lean{random.Range(-0.06f, 0.06f), 0, random.Range(-0.06f, 0.06f)};
  AddBlade(mesh, foot, height, 0.006f, lean, {0.12f, 0.20f, 0.05f}, random);
  const Vec3 center = foot + Vec3{0, height, 0} + lean;
  const Vec3 up = Normalize({random.Range(-0.5f, 0.7f), 0.75f, random.Range(-1.0f, 0.1f)});
  const Vec3 u = Normalize(Cross(up, {0, 0.1f, 1})), v = Cross(up, u);
  const uint32_t first = static_cast<uint32_t>(mesh.vertices.size());
  const float sway = height * 0.22f;
  const Vec3 petal = kPetal[kind] * random.Range(0.85f, 1.15f);
  mesh.vertices.push_back({.position = center, .normal = up, .albedo = kHeart[kind], .sway = sway});
  constexpr int kPoints = 16;
  for (int i = 0; i < kPoints; ++i) {
    const float t = 2 * kPi * static_cast<float>(i) / kPoints,
                r = size * (0.80f + 0.20f * std::fabs(std::cos(2 * t + 0.4f)));
    const float cup = kind == 0 ? 0.35f * size : 0.08f * size;
    mesh.vertices.push_back({.position = center + u * (r * std::cos(t)) + v * (r * std::sin(t)) + up * cup,
                             .normal = up,
                             .albedo = petal,
                             .sun = 1,
                             .sky = 1,
                             .thin = 0.55f,
                             .sway = sway});
  }
  for (uint32_t i = 0; i < kPoints; ++i) {
    mesh.triangles.push_back({first, first + 1 + i, first + 1 + (i + 1) % kPoints});
  }
}

// A ball of leaves. Leaves deep inside, and those behind much foliage as the sun sees it, are darker.
struct Puff {
  Vec3 center, radii;
};

void AddFoliage(Mesh& mesh, const std::vector<Puff>& puffs, int leaves, float leaf_size, Vec3 to_light,
                Vec3 color, Vec3 other, float sway, Random& random) {
  float total = 0;
  for (const Puff& p : puffs) total += p.radii.x * p.radii.y;
  for (const Puff& puff : puffs) {
    const int count = static_cast<int>(static_cast<float>(leaves) * puff.radii.x * puff.radii.y / total);
    for (int i = 0; i < count; ++i) {
      const Vec3 d = Normalize({random.Normal(), random.Normal(), random.Normal()});
      const float r = std::pow(random.Unit(), 0.28f);
      const Vec3 p = puff.center + d * puff.radii * r;
      // Length of the way to the sun through all puffs, in units of their radius.
      float way = 0, buried = 0;
      for (const Puff& q : puffs) {
        const Vec3 inverse{1 / q.radii.x, 1 / q.radii.y, 1 / q.radii.z};
        const Vec3 o = (p - q.center) * inverse, l = to_light * inverse;
        const float a = Dot(l, l), b = Dot(o, l), c = Dot(o, o) - 1;
        const float disc = b * b - a * c;
        if (disc > 0) {
          const float s = std::sqrt(disc), exit = (-b + s) / a, enter = std::max((-b - s) / a, 0.0f);
          if (exit > enter) way += (exit - enter);
        }
        buried += Saturate(-c) * 0.5f + (o.y < 0 && o.x * o.x + o.z * o.z < 1 ? 0.12f : 0);
      }
      const float scale = std::min(puff.radii.x, puff.radii.y);
      const float sun = FastExp(-0.95f * way / scale), sky = Clamp(1 - 0.55f * buried, 0.12f, 1);
      const Vec3 normal = Normalize(d + Vec3{random.Normal(), random.Normal(), random.Normal()} * 0.35f);
      const Vec3 u = Normalize({random.Normal(), random.Normal(), random.Normal()});
      const Vec3 v = Normalize(Cross(u, Normalize({random.Normal(), random.Normal(), random.Normal()})));
      const float size = leaf_size * random.Range(0.6f, 1.3f);
      const Vec3 albedo = Mix(color, other, random.Unit()) * random.Range(0.75f, 1.2f);
      const uint32_t first = static_cast<uint32_t>(mesh.vertices.size());
      for (Vec3 corner : {u * -size, v * (-0.45f * size), u * size, v * (0.45f * size)}) {
        mesh.vertices.push_back({.position = p + corner,
                                 .normal = normal,
                                 .albedo = albedo,
                                 .sun = sun,
                                 .sky = sky,
                                 .thin = 0.5f,
                                 .sway = sway});
      }
      mesh.triangles.push_back({first, first + 1, first + 2});
      mesh.triangles.push_back({first, first + 2, first + 3});
    }
  }
}

}  // namespace

void AddMeadow(Mesh& mesh, const Landscape& land, uint32_t seed) {
  Random random(seed + 401);
  // Strips from near to far: the farther, the sparser, wider and taller the tufts that stand for grass.
  for (float z = 2.2f; z < 46; z *= 1.035f) {
    const float depth = 0.035f * z, half = 4.5f + 0.66f * z;
    const int count = static_cast<int>(std::min(185.0f, 1100.0f / z) * depth * 2 * half);
    for (int i = 0; i < count; ++i) {
      const float x = random.Range(-half, half), at = z + random.Range(0, depth);
      const float path = std::fabs(land.PathDistance(x, at));
      const float keep = SmoothStep(0.45f, 1.25f, path + random.Range(-0.2f, 0.2f));
      const float growth = Fbm(x * 0.35f, at * 0.35f, 3, seed + 402),
                  dry = Fbm(x * 0.16f, at * 0.16f, 3, seed + 403);
      const Vec3 foot{x, land.Height(x, at), at};
      const float tall = random.Range(0.16f, 0.36f) * (1 + 0.9f * growth);
      const Vec3 lean{random.Range(-0.02f, 0.12f), 0, random.Range(-0.07f, 0.05f)};
      const Vec3 color = Mix(Vec3{0.085f, 0.160f, 0.036f}, Vec3{0.33f, 0.265f, 0.10f},
                             Saturate(0.30f + 1.1f * dry + random.Range(-0.25f, 0.25f)));
      const bool straw = random.Unit() < 0.05f + 0.10f * Saturate(dry);
      const float pick = random.Unit();
      if (random.Unit() > keep || foot.y < 12) continue;
      const float width = 0.0040f + 0.0010f * z;
      if (straw) {
        AddBlade(mesh, foot, tall * 1.9f, width * 0.7f, lean * 1.6f, {0.50f, 0.41f, 0.20f}, random);
      } else {
        AddBlade(mesh, foot, tall, width, lean, color, random);
      }
      // Flowers grow in drifts of a kind.
      const float drift = Fbm(x * 0.22f + 7, at * 0.22f, 3, seed + 404);
      const float other = Fbm(x * 0.27f - 3, at * 0.27f, 3, seed + 405);
      const float density =
          0.022f + 0.17f * SmoothStep(0.08f, 0.4f, drift) + 0.08f * SmoothStep(0.1f, 0.4f, other);
      if (pick < density * std::min(1.0f, 0.25f + z / 22)) {
        const int kind = drift > 0.08f ? (pick < 0.1f * density ? 3 : 0)
                                       : (other > 0.1f ? 1 : (pick < 0.4f * density ? 3 : 2));
        const float size = (kind == 0 ? 0.046f : 0.032f) * random.Range(0.8f, 1.25f) * (1 + 0.014f * z);
        AddFlower(mesh, foot + Vec3{random.Range(-0.1f, 0.1f), 0, 0}, tall * 1.35f + 0.08f, size, kind,
                  random);
      }
    }
  }
}

void AddStonePine(Mesh& mesh, std::vector<Caster>& casters, Vec3 foot, float height, Random& random) {
  const Vec3 bark{0.24f, 0.155f, 0.10f};
  const Vec3 fork = foot + Vec3{-0.07f * height, 0.52f * height, 0.02f * height};
  mesh.Tube(foot + Vec3{0, -0.4f, 0}, foot + Vec3{-0.015f * height, 0.22f * height, 0}, 0.042f * height,
            0.032f * height, 10, bark);
  mesh.Tube(foot + Vec3{-0.015f * height, 0.22f * height, 0}, fork, 0.032f * height, 0.025f * height, 10,
            bark);
  std::vector<Puff> puffs;
  constexpr int kBoughs = 11;
  for (int i = 0; i < kBoughs; ++i) {
    const float t = 2.4f * static_cast<float>(i),
                reach = height * (0.10f + 0.34f * std::sqrt(static_cast<float>(i) / kBoughs));
    const Vec3 end =
        fork +
        Vec3{reach * std::cos(t),
             height * (0.33f - 0.42f * (reach / height) * (reach / height) + random.Range(-0.03f, 0.03f)),
             reach * std::sin(t)};
    const Vec3 knee = Mix(fork, end, 0.55f) + Vec3{0, -0.03f * height, 0};
    mesh.Tube(fork, knee, 0.017f * height, 0.011f * height, 6, bark);
    mesh.Tube(knee, end, 0.011f * height, 0.005f * height, 5, bark);
    puffs.push_back({end + Vec3{0, 0.02f * height, 0},
                     Vec3{0.155f, 0.092f, 0.155f} * (height * random.Range(0.85f, 1.2f))});
  }
  AddFoliage(mesh, puffs, 7600, 0.0135f * height, LightDirection(), {0.050f, 0.095f, 0.022f},
             {0.115f, 0.150f, 0.032f}, 0.03f, random);
  for (const Puff& p : puffs) casters.push_back({p.center, p.radii.x * 0.85f, 0.62f});
  for (float h = 0.05f; h < 0.5f; h += 0.06f)
    casters.push_back({foot + Vec3{-0.13f * h * height * h, h * height, 0}, 0.045f * height, 0.55f});
}

void AddCypress(Mesh& mesh, std::vector<Caster>& casters, Vec3 foot, float height, Random& random) {
  mesh.Tube(foot + Vec3{0, -0.3f, 0}, foot + Vec3{0, 0.2f * height, 0}, 0.022f * height, 0.015f * height, 7,
            {0.16f, 0.11f, 0.08f});
  std::vector<Puff> puffs;
  for (int i = 0; i < 9; ++i) {
    const float t = static_cast<float>(i) / 8,
                wide = 0.105f * std::pow(std::sin(kPi * (0.12f + 0.86f * t * 0.98f)), 0.7f);
    puffs.push_back({foot + Vec3{random.Range(-0.012f, 0.012f) * height, height * (0.10f + 0.86f * t),
                                 random.Range(-0.012f, 0.012f) * height},
                     Vec3{wide, 0.105f, wide} * height});
    casters.push_back({puffs.back().center, wide * height, 0.7f});
  }
  AddFoliage(mesh, puffs, 2600, 0.016f * height, LightDirection(), {0.026f, 0.055f, 0.020f},
             {0.062f, 0.088f, 0.026f}, 0.05f, random);
}

void AddShrub(Mesh& mesh, std::vector<Caster>& casters, Vec3 foot, float radius, Vec3 leaf, Vec3 blossom,
              Random& random) {
  std::vector<Puff> puffs;
  for (int i = 0; i < 5; ++i) {
    const float t = 2.4f * static_cast<float>(i), r = i ? 0.55f * radius : 0.0f;
    puffs.push_back({foot + Vec3{r * std::cos(t), radius * random.Range(0.35f, 0.62f), r * std::sin(t)},
                     Vec3{0.62f, 0.5f, 0.62f} * (radius * random.Range(0.8f, 1.1f))});
  }
  casters.push_back({foot + Vec3{0, 0.5f * radius, 0}, 0.8f * radius, 0.75f});
  const Vec3 to_light = LightDirection();
  AddFoliage(mesh, puffs, 900, 0.055f + 0.02f * radius, to_light, leaf, leaf * 1.6f, 0.02f, random);
  if (blossom.x > 0) AddFoliage(mesh, puffs, 420, 0.05f, to_light, blossom, blossom * 1.15f, 0.02f, random);
}

}  // namespace tempera::scene
