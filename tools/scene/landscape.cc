// Where the land rises and what grows on it.
#include "tools/scene/terrain.h"

namespace tempera::scene {
namespace {

float SegmentDistance(float x, float z, float ax, float az, float bx, float bz) {
  const float dx = bx - ax, dz = bz - az;
  const float t = Saturate(((x - ax) * dx + (z - az) * dz) / (dx * dx + dz * dz));
  return std::hypot(x - ax - t * dx, z - az - t * dz);
}

// Height over a coast: `inland` metres from the water line; a cliff of `cliff` metres within `width`.
float CoastProfile(float inland, float cliff, float width) {
  if (inland < 0) return inland * 0.12f;
  return cliff * SmoothStep(-0.1f * width, width, inland) + 0.03f * inland;
}

}  // namespace

float Landscape::Height(float x, float z) const {
  const float wobble = Fbm(x * 0.021f, z * 0.021f, 4, seed_);
  const float broad = Fbm(x * 0.0034f, z * 0.0034f, 4, seed_ + 11);
  float height = -40;

  // The meadow under the viewer: a cliff top that falls away ahead.
  const float aside = Clamp(x, -110, 110);
  const float edge = 47 + 9 * wobble - 0.10f * aside + 0.0022f * aside * aside;
  if (z < edge + 60) {
    const float inland = edge - z;
    float h = CoastProfile(inland, 15.5f, 9);
    h += 0.052f * std::max(inland - 12, 0.0f) + 0.9f * wobble * Saturate(inland / 20);
    h += 3.2f * SmoothStep(8, 40, -x) * SmoothStep(4, 26, z) * Saturate(inland / 14);
    h += 2.4f * SmoothStep(7, 30, x) * SmoothStep(6, 24, z) * Saturate(inland / 14);
    if (inland > 0 && z < 60) {
      h += 0.16f * Fbm(x * 0.31f, z * 0.31f, 3, seed_ + 5);
      h -= 0.16f * SmoothStep(1.1f, 0.2f, std::fabs(PathDistance(x, z)));
    }
    height = std::max(height, h);
  }

  // The lighthouse cape, joined to the meadow far on the left.
  const float cape = 30 - SegmentDistance(x, z, -150, 110, -62, 178) + 15 * wobble;
  if (cape > -60) {
    const float rock = Ridged(x * 0.06f, z * 0.06f, 4, seed_ + 21);
    // Bedded rock: the cliff steps back at each bed, and gullies cut it.
    const float gully = Ridged(x * 0.17f, z * 0.17f, 4, seed_ + 22) - 0.4f;
    float h = CoastProfile(cape + 5 * gully, 10.5f, 10) +
              4.5f * (rock - 0.45f) * SmoothStep(-3, 5, cape) * (1 - 0.8f * SmoothStep(12, 24, cape));
    if (h > 0.5f && cape < 16) h += 0.8f * std::sin(h * 2.1f + 2 * wobble) * (1 - SmoothStep(8, 16, cape));
    if (cape > 0) h += 2.2f * SmoothStep(10, 32, cape) + 0.14f * Saturate(-x - 85) * 10;
    height = SmoothMax(height, h, 2);
  }
  // Skerries off the cape.
  const float skerry = 7 - SegmentDistance(x, z, -34, 196, -16, 208) + 9 * wobble;
  if (skerry > -20) {
    const float rock = Ridged(x * 0.11f, z * 0.11f, 4, seed_ + 23) - 0.5f;
    height =
        SmoothMax(height, std::min(skerry, 7.0f) * 0.5f - 1.6f + 7 * rock * SmoothStep(-4, 5, skerry), 1);
  }

  // The wooded headland across the bay, with a beach on the near side.
  const float ex = (x - 470) / 390, ez = (z - 660) / 235;
  const float headland = (1 - std::sqrt(ex * ex + ez * ez)) * 235 + 34 * wobble + 60 * broad;
  if (headland > -150) {
    float h = headland < 0 ? headland * 0.08f : 2.2f * SmoothStep(0, 16, headland);
    const float rise = SmoothStep(12, 150, headland);
    h += rise * (52 + 70 * broad + 30 * SmoothStep(250, 640, x));
    h += rise * 16 * (Ridged(x * 0.009f, z * 0.009f, 4, seed_ + 31) - 0.4f);
    // The point itself ends in cliffs.
    const float crag = Ridged(x * 0.045f, z * 0.045f, 4, seed_ + 32) - 0.4f;
    h += (13 + 9 * crag) * SmoothStep(3, 17, headland + 10 * crag) * SmoothStep(210, 130, x);
    height = SmoothMax(height, h, 2);
  }

  // The far shore and the mountains behind it.
  if (z > 1100) {
    const float coast = z - 1750 - 500 * broad + 0.55f * (x + 900) + 90 * wobble;
    if (coast > -300) {
      float h = coast < 0 ? coast * 0.05f : 30 * SmoothStep(0, 350, coast);
      const float inland = SmoothStep(100, 1700, coast);
      h += inland * (150 + 160 * Ridged(x * 0.0011f, z * 0.0011f, 5, seed_ + 41));
      const float back = SmoothStep(3300, 6500, z + 0.2f * x) * (1 - SmoothStep(7800, 11500, z));
      const float massif = Saturate(0.75f + 1.1f * Fbm(x * 0.00023f, z * 0.00023f, 2, seed_ + 43));
      const float crest = Ridged(x * 0.00042f + 3, z * 0.00042f, 7, seed_ + 42);
      h += back * massif *
           (960 * crest + 260 * (Ridged(x * 0.0021f, z * 0.0021f, 5, seed_ + 44) - 0.5f) * crest);
      height = SmoothMax(height, h, 3);
    }
  }

  // Canopies: every tree of a wood is a dome on the ground, until the near grid's real trees.
  if (height > 2.5f && z > 80) {
    const float forest = Forest(x, z);
    if (forest > 0.02f) {
      const Cell tree = NearestCell(x / 7.5f, z / 7.5f, seed_ + 51);
      const float size = (0.6f + 0.4f * ToUnit(tree.id)) * (ToUnit(Hash(tree.id)) < forest ? 1.0f : 0.0f);
      const float dome = 1 - tree.distance * tree.distance * 2.3f;
      if (dome > 0) {
        height += size * (z < 1200 ? 7.5f : 9.0f) * std::sqrt(dome) +
                  0.9f * size * GradientNoise(x * 0.7f, z * 0.7f, seed_ + 52);
      }
    }
  }
  return height;
}

float Landscape::PathDistance(float x, float z) const {
  const float middle = -1.2f - 0.035f * z + 2.6f * std::sin(z * 0.115f + 0.4f) - 0.0042f * z * z;
  return x - middle;
}

float Landscape::Forest(float x, float z) const {
  if (z < 80) return 0;
  const float n = Fbm(x * 0.0085f, z * 0.0085f, 4, seed_ + 61);
  if (z < 260) return x < -95 ? SmoothStep(0.0f, 0.25f, n + 0.15f) : 0;
  if (z < 1100) {
    // Woods on the headland's heights, groves lower down; fields and the village between.
    const float ex = (x - 470) / 390, ez = (z - 660) / 235;
    const float inside = 1 - std::sqrt(ex * ex + ez * ez);
    return SmoothStep(0.06f, 0.20f, inside) * SmoothStep(-0.22f, 0.06f, n + 0.30f * inside - 0.06f);
  }
  return SmoothStep(-0.15f, 0.1f, n) * (1 - SmoothStep(2600, 3600, z));
}

Vec3 Landscape::Albedo(float x, float z, float height, float normal_y) const {
  const float n1 = Fbm(x * 0.09f, z * 0.09f, 4, seed_ + 71);
  const float n2 = Fbm(x * 0.9f, z * 0.9f, 3, seed_ + 72);
  const float n3 = Fbm(x * 0.012f, z * 0.012f, 3, seed_ + 73);

  Vec3 color = Mix(Vec3{0.120f, 0.185f, 0.040f}, Vec3{0.290f, 0.250f, 0.085f}, Saturate(0.42f + 0.9f * n1));
  color = color * (1 + 0.35f * n2);
  if (z < 80) {
    const float path = std::fabs(PathDistance(x, z)) + 0.35f * n2;
    color = Mix(color, Vec3{0.44f, 0.35f, 0.235f} * (1 + 0.3f * n2), SmoothStep(1.05f, 0.45f, path));
  } else if (z < 1100 && z > 260 && height > 3) {
    // Fields: patches of wheat, lavender, vines, pasture, in rows.
    const Cell field = NearestCell((x + 20 * n3) / 58, (z + 14 * n3) / 46, seed_ + 74);
    static constexpr Vec3 kCrops[6] = {{0.46f, 0.35f, 0.11f},    {0.115f, 0.19f, 0.045f},
                                       {0.215f, 0.150f, 0.260f}, {0.20f, 0.25f, 0.07f},
                                       {0.52f, 0.43f, 0.19f},    {0.27f, 0.17f, 0.10f}};
    const Vec3 crop = kCrops[field.id % 6];
    const float turn = ToUnit(Hash(field.id)) * kPi;
    const float row = std::sin((x * std::cos(turn) + z * std::sin(turn)) * 1.05f);
    const float tilled = SmoothStep(0.80f, 0.90f, normal_y) * SmoothStep(120, 200, x);
    color = Mix(color, crop * (1 + 0.28f * row + 0.25f * n2), 0.85f * tilled);
    // Hedges between the fields.
    color = Mix(color, Vec3{0.06f, 0.09f, 0.03f}, tilled * SmoothStep(0.60f, 0.70f, field.distance));
  } else if (z > 1100) {
    // Far pastures, woods in patches, bare ridges.
    const float woods = Fbm(x * 0.0042f, z * 0.0042f, 5, seed_ + 75);
    color = Mix(Vec3{0.125f, 0.165f, 0.050f}, Vec3{0.36f, 0.295f, 0.135f},
                Saturate(0.45f + 1.3f * n3 + 0.4f * n1));
    color = Mix(color, Vec3{0.028f, 0.056f, 0.026f} * (1 + 0.5f * n1),
                SmoothStep(-0.06f, 0.05f, woods) * (1 - SmoothStep(330, 480, height)));
  }

  const float forest = Forest(x, z);
  if (forest > 0.02f) {
    const Cell tree = NearestCell(x / 7.5f, z / 7.5f, seed_ + 51);
    const float kind = ToUnit(Hash(tree.id + 1));
    Vec3 leaf = Mix(Vec3{0.032f, 0.062f, 0.020f}, Vec3{0.105f, 0.135f, 0.030f}, kind);
    if (kind > 0.93f) leaf = {0.21f, 0.15f, 0.035f};
    const float cover = ToUnit(Hash(tree.id)) < forest ? SmoothStep(0.72f, 0.62f, tree.distance) : 0.0f;
    color = Mix(color, leaf * (1 + 0.4f * n2), cover);
  }

  // Sand by the water, rock where it is steep, snow on the highest tops.
  const float beach = SmoothStep(3.2f, 1.6f, height + 0.6f * n1) * SmoothStep(230, 300, z) *
                      SmoothStep(0.72f, 0.88f, normal_y);
  const float wet = SmoothStep(0.9f, 0.1f, height);
  color = Mix(color, Vec3{0.60f, 0.49f, 0.335f} * (1 - 0.45f * wet) * (1 + 0.12f * n2), beach);
  const float strata = 0.5f + 0.5f * std::sin(height * 1.9f + 3 * n1 + 0.05f * x);
  const Vec3 rock =
      Mix(Vec3{0.235f, 0.195f, 0.155f}, Vec3{0.43f, 0.355f, 0.27f}, Saturate(strata * 0.7f + 0.4f * n2));
  float steep = SmoothStep(0.80f, 0.62f, normal_y + 0.10f * n2);
  if (z > 80 && z < 300) steep = std::max(steep, SmoothStep(5.5f, 3.5f, height + 2 * n1));
  color = Mix(color, rock * (height < 1.2f ? 0.55f : 1.0f), forest > 0.3f && z > 260 ? 0.25f * steep : steep);
  if (height > 420) color = Mix(color, Vec3{0.25f, 0.235f, 0.225f}, SmoothStep(330, 450, height + 160 * n3));
  if (height > 500) {
    const float fine = Fbm(x * 0.0061f, z * 0.0061f, 5, seed_ + 76);
    const float snow = SmoothStep(600, 700, height + 150 * n3 + 190 * fine) *
                       SmoothStep(0.60f, 0.70f, normal_y + 0.12f * fine);
    color = Mix(color, Vec3{0.86f, 0.87f, 0.90f}, snow);
  }
  return {Saturate(color.x), Saturate(color.y), Saturate(color.z)};
}

}  // namespace tempera::scene
