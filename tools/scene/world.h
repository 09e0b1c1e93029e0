// Everything in the scene and where it is at a time: the baked land, the sky,
// and the parts (things made of triangles), standing or moving.
#pragma once

#include <memory>
#include <vector>

#include "tools/scene/mesh.h"
#include "tools/scene/sky.h"
#include "tools/scene/terrain.h"

namespace tempera::scene {

// Values of the object mask. Several things of one kind count on from its first value.
enum Label : uint8_t {
  kLabelSky = 0,
  kLabelSun = 1,
  kLabelSea = 2,
  kLabelTerrain = 3,
  kLabelMeadow = 4,  // grass and flowers
  kLabelTree = 5,    // trees and shrubs
  kLabelLighthouse = 6,
  kLabelVillage = 7,
  kLabelFence = 8,
  kLabelBalloon = 20,
  kLabelBoat = 30,    // 30, 31, 32
  kLabelWalker = 40,  // 40, 41 and the dog 42
  kLabelSheep = 50,   // 50..
  kLabelGull = 60,    // 60..
};

// Where every vertex is at one time, in world coordinates.
struct Pose {
  std::vector<Vec3> positions;
  std::vector<Vec3> normals;
  std::vector<Caster> casters;  // shadows of the things that move, on the ground
};

class World {
 public:
  World(uint32_t seed, ThreadPool& pool);

  // Poses every vertex for a time in seconds. A pose can be used again for another time.
  void PoseAt(double time_s, Pose* pose) const;

  const Mesh& mesh() const { return mesh_; }
  // Label of each triangle.
  uint8_t LabelOf(uint32_t triangle) const { return labels_[triangle]; }
  const Terrain& terrain() const { return *terrain_; }
  const Sky& sky() const { return *sky_; }
  // Height of the viewer's eye above the sea.
  float eye_height() const { return eye_height_; }

 private:
  enum class Motion : uint8_t { kStanding, kWind, kBoat, kBalloon, kGull, kWalk };
  struct Part {
    Motion motion;
    int index;  // which one of its kind
    uint32_t first_vertex, end_vertex;
  };
  // Closes a part: everything added to the mesh since the last call.
  void EndPart(Motion motion, int index, uint8_t label);
  void AddStandingThings(uint32_t seed, const Landscape& land, std::vector<Caster>* casters);
  void AddMovingThings(uint32_t seed);
  void ShadeMeadow();
  void PosePart(const Part& part, double time_s, Pose* pose) const;

  Mesh mesh_;
  std::vector<Part> parts_;
  std::vector<uint8_t> labels_;
  std::unique_ptr<Terrain> terrain_;
  std::unique_ptr<Sky> sky_;
  Landscape land_;
  uint32_t seed_;
  float eye_height_ = 0;
};

}  // namespace tempera::scene
