// Deterministic noise: integer hashes, gradient noise evaluated where it is
// asked for (baking), and tileable tables for the per-pixel work.
#pragma once

#include <cstdint>
#include <vector>

#include "tools/scene/vec.h"

namespace tempera::scene {

inline uint32_t Hash(uint32_t v) {
  v ^= v >> 16;
  v *= 0x7feb352du;
  v ^= v >> 15;
  v *= 0x846ca68bu;
  return v ^ (v >> 16);
}
inline uint32_t Hash(uint32_t a, uint32_t b, uint32_t c) { return Hash(a ^ Hash(b ^ Hash(c))); }
inline float ToUnit(uint32_t h) { return static_cast<float>(h >> 8) * (1.0f / 16777216); }

// A sequence of numbers for placing things.
class Random {
 public:
  explicit Random(uint32_t seed) : state_(Hash(seed + 0x9e3779b9u)) {}
  float Unit() { return ToUnit(Hash(state_ += 0x9e3779b9u)); }
  float Range(float lo, float hi) { return lo + (hi - lo) * Unit(); }
  // Roughly normal, standard deviation 1.
  float Normal() { return (Unit() + Unit() + Unit() + Unit() - 2) * 1.7320508f; }

 private:
  uint32_t state_;
};

// Gradient noise, about -1..1, period 1 in each axis' integer lattice.
float GradientNoise(float x, float y, uint32_t seed);
// Octaves of the above, each twice as fine and half as strong; about -1..1.
float Fbm(float x, float y, int octaves, uint32_t seed);
// Sharp crests: 0..1.
float Ridged(float x, float y, int octaves, uint32_t seed);

// Distance to the nearest jittered cell centre (in cells) and that cell's hash.
struct Cell {
  float distance;
  uint32_t id;
};
Cell NearestCell(float x, float y, uint32_t seed);

// A square tile of fbm, about -1..1, that repeats every 1 in u and v.
class NoiseTile {
 public:
  explicit NoiseTile(uint32_t seed);
  float Sample(float u, float v) const;

 private:
  static constexpr int kSize = 512;
  std::vector<float> values_;
};

// A tile of sea: slopes of a sum of sine waves, repeating every 1 in u and v.
class WaveTile {
 public:
  // `spread`: radians of direction around +v that the waves take.
  WaveTile(uint32_t seed, float spread);
  struct Slope {
    float u, v;
  };
  Slope Sample(float u, float v) const;

 private:
  static constexpr int kSize = 256;
  std::vector<Slope> values_;
};

// Tileable noise in three dimensions for clouds, about 0..1, period 1.
class NoiseVolume {
 public:
  explicit NoiseVolume(uint32_t seed);
  float Sample(Vec3 p) const;

 private:
  static constexpr int kSize = 64;
  std::vector<float> values_;
};

}  // namespace tempera::scene
