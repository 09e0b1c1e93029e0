#include "tools/scene/sky.h"

namespace tempera::scene {
namespace {

constexpr float kCloudBase = 820, kCloudTop = 2050;  // metres

// Forward-scattering weight of cloud droplets (two Henyey-Greenstein lobes), 1 at right angles.
float Phase(float mu) {
  const auto lobe = [mu](float g) { return (1 - g * g) / std::pow(1 + g * g - 2 * g * mu, 1.5f); };
  return 0.55f * lobe(0.72f) + 0.75f * lobe(-0.12f);
}

float CloudDensity(Vec3 p, const NoiseVolume& volume, const NoiseTile& cover, bool fine) {
  const float h = (p.y - kCloudBase) / (kCloudTop - kCloudBase);
  if (h <= 0 || h >= 1) return 0;
  const float c = cover.Sample(p.x * (1 / 26000.0f) + 0.13f, p.z * (1 / 26000.0f) + 0.41f);
  const float coverage = Clamp(0.30f + 1.55f * c, 0, 0.80f);
  if (coverage <= 0.02f) return 0;
  // Flat bases, domed tops: the more cover, the taller.
  const float profile =
      SmoothStep(0, 0.07f, h) * (1 - SmoothStep(0.25f * coverage, 0.12f + 0.9f * coverage, h));
  float d = volume.Sample(p * (1 / 3600.0f)) * 1.05f - (1 - coverage * profile) * 0.80f;
  if (d <= -0.12f) return 0;
  if (fine)
    d -= 0.22f * (1 - volume.Sample(p * (1 / 930.0f) + Vec3{0.3f, 0.1f, 0.7f}) * 1.5f) * (1 - 0.5f * d);
  return Saturate(d * 4.5f);
}

}  // namespace

Sky::Sky(uint32_t seed, ThreadPool& pool)
    : to_sun_(SunDirection()), to_light_(LightDirection()), panorama_(static_cast<size_t>(kWidth) * kHeight) {
  const NoiseVolume volume(seed + 301);
  const NoiseTile cover(seed + 302);
  pool.ParallelFor(kHeight, [&](int row, int) {
    const float rise = kTop * (static_cast<float>(row) + 0.5f) / kHeight;
    for (int column = 0; column < kWidth; ++column) {
      const float azimuth = kSpan * ((static_cast<float>(column) + 0.5f) / kWidth - 0.5f);
      panorama_[static_cast<size_t>(row) * kWidth + column] =
          CloudAlong(Normalize({std::sin(azimuth), rise, std::cos(azimuth)}), volume, cover);
    }
  });
}

Sky::Texel Sky::CloudAlong(Vec3 dir, const NoiseVolume& volume, const NoiseTile& cover) const {
  Texel out{{0, 0, 0}, 1};
  const float mu = Dot(dir, to_sun_);
  const float phase = Phase(mu);

  // High ice clouds: thin streaks on one plane.
  const float reach = 7500 / std::max(dir.y, 0.02f);
  const float along = (dir.x * 0.86f + dir.z * 0.51f) * reach,
              across = (dir.z * 0.86f - dir.x * 0.51f) * reach;
  const float streak = 0.6f * cover.Sample(along * (1 / 150000.0f), across * (1 / 42000.0f)) +
                       0.5f * cover.Sample(along * (1 / 52000.0f) + 0.3f, across * (1 / 9000.0f));
  const float cirrus = 0.34f * SmoothStep(0.10f, 0.8f, streak) * SmoothStep(0.02f, 0.12f, dir.y);
  out.clear -= cirrus;
  out.radiance = Vec3{1.10f, 0.98f, 0.86f} * (cirrus * (0.62f + 0.12f * phase));

  // Cumulus, front to back.
  const float near = kCloudBase / std::max(dir.y, 0.012f),
              far = std::min(kCloudTop / std::max(dir.y, 0.012f), 46000.0f);
  if (near >= far) return out;
  const Vec3 sun{3.2f, 2.55f, 1.85f}, shade_low{0.34f, 0.40f, 0.52f}, shade_high{0.52f, 0.62f, 0.80f};
  Vec3 light{0, 0, 0};
  float through = 1, depth = 0;
  const float step = Clamp((far - near) / 60, 26, 300);
  // A start of its own for each ray turns the bands of a coarse march into fine grain.
  const uint32_t at =
      Hash(static_cast<uint32_t>(dir.x * 16384 + 20000), static_cast<uint32_t>(dir.y * 16384), 5);
  for (float t = near + ToUnit(at) * step; t < far && through > 0.02f; t += step) {
    const Vec3 p = dir * t;
    const float density = CloudDensity(p, volume, cover, true);
    if (density <= 0) continue;
    float toward = 0;
    for (int i = 0; i < 4; ++i) {
      const float s = 70.0f * static_cast<float>((i + 1) * (i + 1));
      toward += CloudDensity(p + to_light_ * s, volume, cover, false) * 70.0f * static_cast<float>(2 * i + 1);
    }
    const float h = (p.y - kCloudBase) / (kCloudTop - kCloudBase);
    // Beer's law, with a slower second term for light scattered many times.
    const float lit = 0.75f * FastExp(-toward * 0.010f) + 0.25f * FastExp(-toward * 0.0022f);
    const Vec3 scattered = sun * (lit * (0.245f + 0.080f * phase)) + Mix(shade_low, shade_high, h);
    const float clear = FastExp(-density * step * 0.011f);
    light += scattered * (through * (1 - clear));
    depth += t * through * (1 - clear);
    through *= clear;
  }
  if (through < 1) {
    // Distant clouds sink into the haze.
    const float haze = 1 - FastExp(-(depth / (1 - through)) * (1 / 17000.0f));
    light = Mix(light, Haze(dir) * (1 - through), haze);
    out.radiance = light + out.radiance * through;
    out.clear *= through;
  }
  return out;
}

Vec3 Sky::Clear(Vec3 dir) const {
  dir = Normalize(dir);
  const float e = std::max(dir.y, 0.0f);
  const float mu = std::max(Dot(dir, to_sun_), 0.0f);
  const float up = 1 - FastExp(-e * 6.6f);
  Vec3 color = Mix(Vec3{0.60f, 0.67f, 0.74f}, Vec3{0.075f, 0.215f, 0.56f}, up);
  const float m2 = mu * mu, m4 = m2 * m2, m8 = m4 * m4, m32 = m8 * m8 * m8 * m8, m128 = m32 * m32 * m32 * m32;
  color += Vec3{1.0f, 0.62f, 0.28f} * (0.42f * m8 * FastExp(-e * 4.0f));
  color += Vec3{1.0f, 0.76f, 0.46f} * (0.36f * m32 + 0.55f * m128);
  const float m1024 = m128 * m128 * m128 * m128 * m128 * m128 * m128 * m128;
  color += Vec3{1.0f, 0.88f, 0.68f} * (2.2f * m1024);
  return color;
}

Vec3 Sky::Haze(Vec3 dir) const {
  const float mu = std::max(Dot(dir, to_sun_), 0.0f);
  const float m2 = mu * mu, m8 = m2 * m2 * m2 * m2;
  return Vec3{0.40f, 0.50f, 0.665f} + Vec3{0.62f, 0.38f, 0.15f} * (0.85f * m8 * m8);
}

Vec3 Sky::Ambient(Vec3 n) const {
  // Blue from above, warm from the sun's half of the sky, a little light back from the ground.
  const float up = 0.5f + 0.5f * n.y;
  const float side = 0.5f + 0.5f * (n.x * to_sun_.x + n.z * to_sun_.z);
  return Mix(Vec3{0.20f, 0.19f, 0.15f}, Vec3{0.46f, 0.60f, 0.86f}, up) + Vec3{0.30f, 0.22f, 0.13f} * side;
}

Vec3 Sky::Radiance(Vec3 dir, float drift) const {
  const Vec3 clear = Clear(dir);
  const float flat = std::hypot(dir.x, dir.z);
  const float azimuth = std::atan2(dir.x, dir.z) - drift;
  const float u = Clamp((azimuth / kSpan + 0.5f) * kWidth - 0.5f, 0, kWidth - 1.001f);
  const float v = Clamp(std::max(dir.y, 0.0f) / flat * (kHeight / kTop) - 0.5f, 0, kHeight - 1.001f);
  const int c = static_cast<int>(u), r = static_cast<int>(v);
  const float fu = u - static_cast<float>(c), fv = v - static_cast<float>(r);
  const Texel* at = &panorama_[static_cast<size_t>(r) * kWidth + c];
  const float w00 = (1 - fu) * (1 - fv), w10 = fu * (1 - fv), w01 = (1 - fu) * fv, w11 = fu * fv;
  const Vec3 clouds =
      at[0].radiance * w00 + at[1].radiance * w10 + at[kWidth].radiance * w01 + at[kWidth + 1].radiance * w11;
  const float open =
      at[0].clear * w00 + at[1].clear * w10 + at[kWidth].clear * w01 + at[kWidth + 1].clear * w11;
  return clear * open + clouds;
}

float Sky::DriftAt(double time_s) {
  return 0.16f * static_cast<float>(std::sin(2 * 3.14159265358979 * time_s / 600));
}

}  // namespace tempera::scene
