// The sky: a clear gradient with a low sun, and cumulus rendered once into a
// panorama that drifts. Everything here is at infinity, a function of direction.
#pragma once

#include <vector>

#include "src/base/thread_pool.h"
#include "tools/scene/noise.h"

namespace tempera::scene {

// Where the sun stands in the picture (12 degrees up, in view), and where the land is lit from:
// 25 degrees up and to the side, as a photographer would wait for, so that slopes facing the
// viewer are not all in shade.
inline Vec3 SunDirection() { return Normalize({0.235f, 0.197f, 0.95f}); }
inline Vec3 LightDirection() { return Normalize({0.80f, 0.47f, 0.37f}); }

class Sky {
 public:
  Sky(uint32_t seed, ThreadPool& pool);

  // Light from direction `dir` (any length), without the sun's disc. Clouds are turned by `drift` radians
  // of azimuth to the right.
  Vec3 Radiance(Vec3 dir, float drift) const;
  // The same without clouds: what distant haze and rough water take their colour from.
  Vec3 Clear(Vec3 dir) const;
  // Clear air for a view ray near the horizon.
  Vec3 Haze(Vec3 unit_dir) const;
  // Diffuse light of the dome on a surface.
  Vec3 Ambient(Vec3 normal) const;

  Vec3 to_sun() const { return to_sun_; }
  Vec3 to_light() const { return to_light_; }
  Vec3 sunlight() const { return {3.55f, 2.66f, 1.66f}; }
  // Cosine of the disc's radius: 0.55 degrees, twice the true sun, as a lens would bloom it.
  static constexpr float kDiscCosine = 0.999954f;
  bool OnDisc(Vec3 unit_dir) const { return Dot(unit_dir, to_sun_) > kDiscCosine; }

  // Azimuth the clouds have turned by at a time: at most 0.1 degrees a second, bounded for any time.
  static float DriftAt(double time_s);

 private:
  struct Texel {
    Vec3 radiance;  // of the clouds, already weighted by their opacity
    float clear;    // share of the clear sky that shows through
  };
  Texel CloudAlong(Vec3 unit_dir, const NoiseVolume& volume, const NoiseTile& cover) const;

  static constexpr int kWidth = 1400, kHeight = 314;
  static constexpr float kSpan = 1.90f;  // radians of azimuth, centred on z
  static constexpr float kTop = 0.43f;   // tangent of the highest elevation kept

  Vec3 to_sun_, to_light_;
  std::vector<Texel> panorama_;
};

}  // namespace tempera::scene
