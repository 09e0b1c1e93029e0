// The man-made things and the animals of the scene, each in its own
// coordinates: foot at the origin, front toward +z unless said otherwise.
#pragma once

#include "tools/scene/mesh.h"
#include "tools/scene/noise.h"

namespace tempera::scene {

// 19 m tall, red and white, with its gallery, lantern and the keeper's cottage.
void AddLighthouse(Mesh& mesh);
// A plastered house with a tiled gable roof, shutters and a chimney.
void AddHouse(Mesh& mesh, Random& random);
// A fishing village's church: nave and a square tower.
void AddChurch(Mesh& mesh);
// A sloop 9 m long on the water line; the wind comes from -x. Leans over.
void AddSailingBoat(Mesh& mesh, Vec3 hull, Vec3 sail, Vec3 jib);
// A striped hot-air balloon 24 m tall with its basket below the origin.
void AddBalloon(Mesh& mesh, uint32_t seed);
// A gull with 1.7 m of wings; `sway` holds the distance along the wing.
void AddGull(Mesh& mesh);
// A walker 1.75 m tall; `sway` of limbs is the reach of their swing in metres.
void AddWalker(Mesh& mesh, Vec3 coat, Vec3 trousers, bool straw_hat);
// A dog, walking.
void AddDog(Mesh& mesh, Vec3 coat);
// A sheep, grazing.
void AddSheep(Mesh& mesh, Random& random);
// A weathered fence post with its rails to the next post at `to` (relative).
void AddFenceSpan(Mesh& mesh, Vec3 to, Random& random);

}  // namespace tempera::scene
