// What grows on the near meadow: grass and flowers that bend in the wind, and
// trees and shrubs made of thousands of leaves. `sway` is the tip's travel in metres.
#pragma once

#include "tools/scene/mesh.h"
#include "tools/scene/terrain.h"

namespace tempera::scene {

// Blades, tufts and flowers on the meadow before the viewer.
void AddMeadow(Mesh& mesh, const Landscape& land, uint32_t seed);

// Trees and shrubs; each also leaves the casters of its shadow. `foot` is on the ground.
void AddStonePine(Mesh& mesh, std::vector<Caster>& casters, Vec3 foot, float height, Random& random);
void AddCypress(Mesh& mesh, std::vector<Caster>& casters, Vec3 foot, float height, Random& random);
void AddShrub(Mesh& mesh, std::vector<Caster>& casters, Vec3 foot, float radius, Vec3 leaf, Vec3 blossom,
              Random& random);

}  // namespace tempera::scene
