#include "tools/scene/noise.h"

namespace tempera::scene {
namespace {

inline float Fade(float t) { return t * t * t * (t * (t * 6 - 15) + 10); }

// Dot of (x, y) with one of eight unit gradients.
inline float Gradient(uint32_t h, float x, float y) {
  constexpr float kD = 0.70710678f;
  static constexpr float kX[8] = {1, -1, 0, 0, kD, -kD, kD, -kD};
  static constexpr float kY[8] = {0, 0, 1, -1, kD, kD, -kD, -kD};
  return kX[h & 7] * x + kY[h & 7] * y;
}

// Gradient noise whose lattice wraps every `period` cells.
float TiledNoise(float x, float y, int period, uint32_t seed) {
  const int xi = FloorInt(x), yi = FloorInt(y);
  const float fx = x - static_cast<float>(xi), fy = y - static_cast<float>(yi);
  const auto wrap = [period](int v) { return static_cast<uint32_t>(((v % period) + period) % period); };
  const uint32_t x0 = wrap(xi), x1 = wrap(xi + 1), y0 = wrap(yi), y1 = wrap(yi + 1);
  const float a = Gradient(Hash(x0, y0, seed), fx, fy), b = Gradient(Hash(x1, y0, seed), fx - 1, fy);
  const float c = Gradient(Hash(x0, y1, seed), fx, fy - 1), d = Gradient(Hash(x1, y1, seed), fx - 1, fy - 1);
  const float u = Fade(fx);
  return 1.4f * Mix(Mix(a, b, u), Mix(c, d, u), Fade(fy));
}

float TiledValue3(Vec3 p, int period, uint32_t seed) {
  const int xi = FloorInt(p.x), yi = FloorInt(p.y), zi = FloorInt(p.z);
  const float u = Fade(p.x - xi), v = Fade(p.y - yi), w = Fade(p.z - zi);
  float corner[8];
  for (int i = 0; i < 8; ++i) {
    const uint32_t x = (xi + (i & 1)) % period, y = (yi + (i >> 1 & 1)) % period,
                   z = (zi + (i >> 2)) % period;
    corner[i] = ToUnit(Hash(x + 131 * z, y, seed));
  }
  const float near = Mix(Mix(corner[0], corner[1], u), Mix(corner[2], corner[3], u), v);
  const float far = Mix(Mix(corner[4], corner[5], u), Mix(corner[6], corner[7], u), v);
  return Mix(near, far, w);
}

// 1 at a jittered cell centre, 0 a cell away: the billows of a cumulus.
float TiledBillow3(Vec3 p, int period, uint32_t seed) {
  const int xi = FloorInt(p.x), yi = FloorInt(p.y), zi = FloorInt(p.z);
  float nearest = 4;
  for (int dz = -1; dz <= 1; ++dz) {
    for (int dy = -1; dy <= 1; ++dy) {
      for (int dx = -1; dx <= 1; ++dx) {
        const uint32_t cx = (xi + dx + period) % period, cy = (yi + dy + period) % period;
        const uint32_t cz = (zi + dz + period) % period;
        const uint32_t h = Hash(cx + 131 * cz, cy, seed);
        const Vec3 d = Vec3{xi + dx + (h & 255) / 255.0f, yi + dy + (h >> 8 & 255) / 255.0f,
                            zi + dz + (h >> 16 & 255) / 255.0f} -
                       p;
        nearest = std::min(nearest, Dot(d, d));
      }
    }
  }
  return Saturate(1 - std::sqrt(nearest));
}

}  // namespace

float GradientNoise(float x, float y, uint32_t seed) {
  const int xi = FloorInt(x), yi = FloorInt(y);
  const float fx = x - static_cast<float>(xi), fy = y - static_cast<float>(yi);
  const auto corner = [&](int dx, int dy) {
    const uint32_t h = Hash(static_cast<uint32_t>(xi + dx) * 0x8da6b343u ^
                            static_cast<uint32_t>(yi + dy) * 0xd8163841u ^ seed);
    return Gradient(h, fx - static_cast<float>(dx), fy - static_cast<float>(dy));
  };
  const float u = Fade(fx);
  return 1.4f * Mix(Mix(corner(0, 0), corner(1, 0), u), Mix(corner(0, 1), corner(1, 1), u), Fade(fy));
}

float Fbm(float x, float y, int octaves, uint32_t seed) {
  float sum = 0, gain = 0.5f;
  for (int i = 0; i < octaves; ++i) {
    sum += gain * GradientNoise(x, y, seed + static_cast<uint32_t>(i) * 1013);
    // Each octave is turned by about 37 degrees so that the lattices do not line up.
    const float t = 1.6f * x + 1.2f * y;
    y = -1.2f * x + 1.6f * y + 17.3f;
    x = t + 5.1f;
    gain *= 0.5f;
  }
  return sum;
}

float Ridged(float x, float y, int octaves, uint32_t seed) {
  float sum = 0, gain = 0.5f, weight = 1;
  for (int i = 0; i < octaves; ++i) {
    float r = 1 - std::fabs(GradientNoise(x, y, seed + static_cast<uint32_t>(i) * 733));
    r *= r * weight;
    weight = Saturate(r * 1.6f);
    sum += gain * r;
    const float t = 1.6f * x + 1.2f * y;
    y = -1.2f * x + 1.6f * y + 9.7f;
    x = t + 3.3f;
    gain *= 0.5f;
  }
  return sum;
}

Cell NearestCell(float x, float y, uint32_t seed) {
  const int xi = FloorInt(x), yi = FloorInt(y);
  Cell best{8, 0};
  for (int dy = -1; dy <= 1; ++dy) {
    for (int dx = -1; dx <= 1; ++dx) {
      const uint32_t h = Hash(static_cast<uint32_t>(xi + dx) * 0x8da6b343u ^
                              static_cast<uint32_t>(yi + dy) * 0xd8163841u ^ seed);
      const float cx = static_cast<float>(xi + dx) + 0.1f + 0.8f * static_cast<float>(h & 0xffff) / 65535.0f;
      const float cy = static_cast<float>(yi + dy) + 0.1f + 0.8f * static_cast<float>(h >> 16) / 65535.0f;
      const float d = (cx - x) * (cx - x) + (cy - y) * (cy - y);
      if (d < best.distance) best = {d, Hash(h)};
    }
  }
  best.distance = std::sqrt(best.distance);
  return best;
}

NoiseTile::NoiseTile(uint32_t seed) : values_(kSize * kSize) {
  for (int y = 0; y < kSize; ++y) {
    for (int x = 0; x < kSize; ++x) {
      float sum = 0, gain = 0.55f;
      for (int period = 8; period <= 128; period *= 2, gain *= 0.6f) {
        const float s = static_cast<float>(period) / kSize;
        sum += gain * TiledNoise(static_cast<float>(x) * s, static_cast<float>(y) * s, period, seed + period);
      }
      values_[y * kSize + x] = sum;
    }
  }
}

float NoiseTile::Sample(float u, float v) const {
  const float x = u * kSize, y = v * kSize;
  const int xi = FloorInt(x), yi = FloorInt(y);
  const float fx = x - static_cast<float>(xi), fy = y - static_cast<float>(yi);
  const int x0 = xi & (kSize - 1), x1 = (xi + 1) & (kSize - 1);
  const float* row0 = &values_[(yi & (kSize - 1)) * kSize];
  const float* row1 = &values_[((yi + 1) & (kSize - 1)) * kSize];
  return Mix(Mix(row0[x0], row0[x1], fx), Mix(row1[x0], row1[x1], fx), fy);
}

WaveTile::WaveTile(uint32_t seed, float spread) : values_(kSize * kSize) {
  Random random(seed);
  for (int wave = 0; wave < 56; ++wave) {
    // Wave numbers 2..22 per tile: shorter waves are flatter, so slopes stay even across the spectrum.
    const float k = 2 + 20 * std::pow(random.Unit(), 1.6f);
    const float direction = spread * random.Normal() * 0.6f;
    const int kx = static_cast<int>(std::lround(k * std::sin(direction)));
    const int ky = std::max(1, static_cast<int>(std::lround(k * std::cos(direction))));
    const float phase = random.Range(0, 2 * kPi);
    const float slope = 0.19f / std::sqrt(k);
    const float norm = 1 / std::hypot(static_cast<float>(kx), static_cast<float>(ky));
    float profile[kSize];
    for (int i = 0; i < kSize; ++i) {
      const float s = std::sin(2 * kPi * static_cast<float>(i) / kSize + phase);
      profile[i] = slope * (s + 0.35f * s * std::fabs(s));  // crests sharper than troughs
    }
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        // Integer arithmetic modulo the tile makes the seam exact.
        const float value = profile[(kx * x + ky * y) & (kSize - 1)];
        values_[y * kSize + x].u += value * static_cast<float>(kx) * norm;
        values_[y * kSize + x].v += value * static_cast<float>(ky) * norm;
      }
    }
  }
}

WaveTile::Slope WaveTile::Sample(float u, float v) const {
  const float x = u * kSize, y = v * kSize;
  const int xi = FloorInt(x), yi = FloorInt(y);
  const float fx = x - static_cast<float>(xi), fy = y - static_cast<float>(yi);
  const int x0 = xi & (kSize - 1), x1 = (xi + 1) & (kSize - 1);
  const Slope* row0 = &values_[(yi & (kSize - 1)) * kSize];
  const Slope* row1 = &values_[((yi + 1) & (kSize - 1)) * kSize];
  return {Mix(Mix(row0[x0].u, row0[x1].u, fx), Mix(row1[x0].u, row1[x1].u, fx), fy),
          Mix(Mix(row0[x0].v, row0[x1].v, fx), Mix(row1[x0].v, row1[x1].v, fx), fy)};
}

NoiseVolume::NoiseVolume(uint32_t seed) : values_(kSize * kSize * kSize) {
  for (int z = 0; z < kSize; ++z) {
    for (int y = 0; y < kSize; ++y) {
      for (int x = 0; x < kSize; ++x) {
        const Vec3 p =
            Vec3{static_cast<float>(x), static_cast<float>(y), static_cast<float>(z)} * (1.0f / kSize);
        values_[(z * kSize + y) * kSize + x] = 0.5f * TiledBillow3(p * 5, 5, seed) +
                                               0.25f * TiledBillow3(p * 11, 11, seed + 1) +
                                               0.35f * TiledValue3(p * 4, 4, seed + 2);
      }
    }
  }
}

float NoiseVolume::Sample(Vec3 p) const {
  p = p * kSize;
  const int xi = FloorInt(p.x), yi = FloorInt(p.y), zi = FloorInt(p.z);
  const float fx = p.x - xi, fy = p.y - yi, fz = p.z - zi;
  constexpr int kMask = kSize - 1;
  const int x0 = xi & kMask, x1 = (xi + 1) & kMask;
  const int y0 = (yi & kMask) * kSize, y1 = ((yi + 1) & kMask) * kSize;
  const float* z0 = &values_[(zi & kMask) * kSize * kSize];
  const float* z1 = &values_[((zi + 1) & kMask) * kSize * kSize];
  const float near = Mix(Mix(z0[y0 + x0], z0[y0 + x1], fx), Mix(z0[y1 + x0], z0[y1 + x1], fx), fy);
  const float far = Mix(Mix(z1[y0 + x0], z1[y0 + x1], fx), Mix(z1[y1 + x0], z1[y1 + x1], fx), fy);
  return Mix(near, far, fz);
}

}  // namespace tempera::scene
