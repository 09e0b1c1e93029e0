#include "tools/scene/world.h"

#include "tools/scene/plants.h"
#include "tools/scene/props.h"

namespace tempera::scene {

World::World(uint32_t seed, ThreadPool& pool) : land_(Hash(seed)), seed_(Hash(seed)) {
  eye_height_ = land_.Height(0, 0) + 2.1f;
  std::vector<Caster> casters;
  AddStandingThings(seed_, land_, &casters);
  terrain_ = std::make_unique<Terrain>(land_, LightDirection(), casters, pool);
  sky_ = std::make_unique<Sky>(seed_, pool);
  ShadeMeadow();
  AddMovingThings(seed_);
}

void World::EndPart(Motion motion, int index, uint8_t label) {
  const uint32_t first = parts_.empty() ? 0 : parts_.back().end_vertex;
  parts_.push_back({motion, index, first, static_cast<uint32_t>(mesh_.vertices.size())});
  labels_.resize(mesh_.triangles.size(), label);
}

void World::AddStandingThings(uint32_t seed, const Landscape& land, std::vector<Caster>* casters) {
  Random random(seed + 501);
  const auto ground = [&](float x, float z) { return Vec3{x, land.Height(x, z), z}; };

  AddMeadow(mesh_, land, seed);
  EndPart(Motion::kWind, 0, kLabelMeadow);

  AddStonePine(mesh_, *casters, ground(13.2f, 27.5f), 10.2f, random);
  AddStonePine(mesh_, *casters, ground(19.5f, 35), 8.6f, random);
  AddCypress(mesh_, *casters, ground(-16.2f, 31), 8.2f, random);
  AddCypress(mesh_, *casters, ground(-18.6f, 32.5f), 9.8f, random);
  AddCypress(mesh_, *casters, ground(-20.9f, 31.5f), 7.4f, random);
  const Vec3 gorse{0.80f, 0.55f, 0.03f}, lavender{0.30f, 0.18f, 0.52f}, none{};
  struct Bush {
    float x, z, radius;
    Vec3 leaf, blossom;
  };
  const Bush bushes[] = {{-7.2f, 12.5f, 0.9f, {0.060f, 0.095f, 0.03f}, gorse},
                         {-9.2f, 15.5f, 1.2f, {0.055f, 0.09f, 0.03f}, gorse},
                         {-11.5f, 22, 1.5f, {0.05f, 0.085f, 0.03f}, none},
                         {7.8f, 11.2f, 0.62f, {0.115f, 0.135f, 0.095f}, lavender},
                         {8.9f, 12.6f, 0.70f, {0.115f, 0.135f, 0.095f}, lavender},
                         {6.6f, 13.4f, 0.60f, {0.115f, 0.135f, 0.095f}, lavender},
                         {10.6f, 20.5f, 1.1f, {0.06f, 0.10f, 0.03f}, none},
                         {17.2f, 26, 1.4f, {0.05f, 0.085f, 0.03f}, gorse}};
  for (const Bush& b : bushes)
    AddShrub(mesh_, *casters, ground(b.x, b.z), b.radius, b.leaf, b.blossom, random);
  EndPart(Motion::kWind, 1, kLabelTree);

  {
    const size_t first = mesh_.vertices.size();
    AddLighthouse(mesh_);
    const Vec3 foot = ground(-66, 168);
    mesh_.Place(first, 0.1f, foot + Vec3{0, 0.3f, 0}, 1.25f);
    for (float h = 1; h < 24; h += 2) casters->push_back({foot + Vec3{0, h, 0}, 3.0f, 0.8f});
    for (float x : {-12.0f, -9.0f}) casters->push_back({foot + Vec3{x, 3, 1}, 4.0f, 0.8f});
    EndPart(Motion::kStanding, 0, kLabelLighthouse);
  }

  // The village: along the beach of the headland and up the slope behind it.
  for (int i = 0; i < 400 && parts_.back().end_vertex + 60000 > mesh_.vertices.size(); ++i) {
    const float x = random.Range(105, 420), z = random.Range(410, 560);
    const float h = land.Height(x, z);
    const float fall = std::max(std::fabs(land.Height(x + 9, z) - land.Height(x - 9, z)),
                                std::fabs(land.Height(x, z + 8) - land.Height(x, z - 8)));
    const float turn = random.Normal() * 0.25f + 0.3f;
    if (h < 3.2f || h > 32 || fall > 8 || land.Forest(x, z) > 0.4f) continue;
    if (random.Unit() > SmoothStep(150, 30, std::fabs(x - 240))) continue;
    const size_t first = mesh_.vertices.size();
    AddHouse(mesh_, random);
    mesh_.Place(first, turn, {x, h, z});
    casters->push_back({{x, h + 3, z}, 5.5f, 0.8f});
  }
  {
    const size_t first = mesh_.vertices.size();
    AddChurch(mesh_);
    mesh_.Place(first, 0.2f, ground(262, 486));
    casters->push_back({ground(262, 486) + Vec3{0, 6, 0}, 9, 0.8f});
  }
  EndPart(Motion::kStanding, 0, kLabelVillage);

  // A fence along the path's right side, toward the edge.
  const auto post = [&](int i) {
    const float z = 8.5f + 2.6f * static_cast<float>(i);
    const float x = 5.2f + 0.10f * z - 0.004f * z * z + 0.25f * std::sin(1.7f * static_cast<float>(i));
    return ground(x, z);
  };
  for (int i = 0; i < 11; ++i) {
    const Vec3 foot = post(i), next = post(i + 1);
    const size_t first = mesh_.vertices.size();
    AddFenceSpan(mesh_, next - foot, random);
    mesh_.Place(first, 0, foot);
    for (float h : {0.25f, 0.6f, 0.95f}) casters->push_back({foot + Vec3{0, h, 0}, 0.13f, 0.7f});
    for (float t = 0.08f; t < 1; t += 0.08f) {
      for (float h : {0.48f, 0.92f}) casters->push_back({Mix(foot, next, t) + Vec3{0, h, 0}, 0.10f, 0.45f});
    }
  }
  EndPart(Motion::kStanding, 0, kLabelFence);
}

void World::ShadeMeadow() {
  // Grass takes the ground's shadow; leaves have shaded themselves already; houses stay in the open.
  for (const Part& part : parts_) {
    if (part.motion != Motion::kWind || part.index != 0) continue;
    for (uint32_t i = part.first_vertex; i < part.end_vertex; ++i) {
      Vertex& v = mesh_.vertices[i];
      v.sun *= terrain_->Sample(v.position.x, v.position.z).sun;
    }
  }
}

void World::AddMovingThings(uint32_t seed) {
  Random random(seed + 601);
  AddSailingBoat(mesh_, {0.07f, 0.13f, 0.28f}, {0.85f, 0.80f, 0.70f}, {0.86f, 0.82f, 0.74f});
  EndPart(Motion::kBoat, 0, kLabelBoat);
  AddSailingBoat(mesh_, {0.75f, 0.73f, 0.68f}, {0.62f, 0.17f, 0.05f}, {0.66f, 0.21f, 0.06f});
  EndPart(Motion::kBoat, 1, kLabelBoat + 1);
  AddSailingBoat(mesh_, {0.30f, 0.06f, 0.04f}, {0.86f, 0.84f, 0.78f}, {0.80f, 0.62f, 0.20f});
  EndPart(Motion::kBoat, 2, kLabelBoat + 2);
  AddBalloon(mesh_, seed);
  EndPart(Motion::kBalloon, 0, kLabelBalloon);
  AddWalker(mesh_, {0.62f, 0.09f, 0.06f}, {0.10f, 0.13f, 0.24f}, true);
  EndPart(Motion::kWalk, 0, kLabelWalker);
  AddWalker(mesh_, {0.10f, 0.22f, 0.42f}, {0.33f, 0.27f, 0.19f}, false);
  EndPart(Motion::kWalk, 1, kLabelWalker + 1);
  AddDog(mesh_, {0.30f, 0.17f, 0.07f});
  EndPart(Motion::kWalk, 2, kLabelWalker + 2);
  const float flock[5][2] = {{-8.5f, 26}, {-10.2f, 27.5f}, {-6.8f, 29}, {-12.5f, 29.5f}, {-9.3f, 32}};
  for (int i = 0; i < 5; ++i) {
    const size_t first = mesh_.vertices.size();
    AddSheep(mesh_, random);
    const float x = flock[i][0], z = flock[i][1];
    mesh_.Place(first, random.Range(0, 2 * kPi), {x, terrain_->Height(x, z), z});
    EndPart(Motion::kStanding, i, static_cast<uint8_t>(kLabelSheep + i));
  }
  for (int i = 0; i < 7; ++i) {
    AddGull(mesh_);
    EndPart(Motion::kGull, i, static_cast<uint8_t>(kLabelGull + i));
  }
}

}  // namespace tempera::scene
