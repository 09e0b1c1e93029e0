#include "tools/scene/shade.h"

namespace tempera::scene {
namespace {

class Shader {
 public:
  Shader(const World& world, const Patterns& patterns, const Pose& pose, const Geometry& geometry, int factor,
         double time_s)
      : world_(world),
        sky_(world.sky()),
        patterns_(patterns),
        pose_(pose),
        g_(geometry),
        factor_(factor),
        width_(geometry.width / factor),
        time_(static_cast<float>(std::fmod(time_s, 3600.0))),
        drift_(Sky::DriftAt(time_s)) {}

  // Everything but the sea, which mirrors the rest. Returns how many samples of the pixel are sea.
  int ShadeDry(int x, int y, Vec3* color) const;
  Vec3 ShadeSea(int sx, int sy, const std::vector<Vec3>& picture, const std::vector<uint8_t>& wet) const;

 private:
  Vec3 ShadeTriangle(int sx, int sy, uint32_t triangle) const;
  Vec3 ShadeGround(int sx, int sy) const;
  Vec3 Aerial(Vec3 color, Vec3 p, Vec3 unit_view) const;
  Vec3 Mirrored(Vec3 p, Vec3 dir, const std::vector<Vec3>& picture, const std::vector<uint8_t>& wet) const;

  const World& world_;
  const Sky& sky_;
  const Patterns& patterns_;
  const Pose& pose_;
  const Geometry& g_;
  const int factor_, width_;
  const float time_, drift_;
};

Vec3 Shader::Aerial(Vec3 color, Vec3 p, Vec3 unit_view) const {
  const float distance = Length(p - g_.camera.eye);
  // Haze thins with height: mountain tops stand out of it.
  const float thin = FastExp(-std::max(p.y, 0.0f) * (1 / 900.0f));
  const float through = FastExp(-distance * (1 / 7600.0f) * (0.40f + 0.60f * thin));
  return Mix(sky_.Haze(unit_view), color, through);
}

Vec3 Shader::ShadeGround(int sx, int sy) const {
  const Vec3 p = g_.Point(sx, sy);
  const Vec3 view = Normalize(p - g_.camera.eye);
  Terrain::Surface s = world_.terrain().Sample(p.x, p.z);
  const float depth = 1 / g_.inv_depth[g_.At(sx, sy)];
  // Grain finer than the grids, fading out where a sample covers more than its period.
  const float fine = patterns_.grain.Sample(p.x * 0.11f, p.z * 0.11f);
  const float fade =
      Saturate(1.3f - depth * (1 / 60.0f)) * (1 + 0.9f * patterns_.grain.Sample(p.x * 0.53f, p.z * 0.53f));
  const float mid = patterns_.grain.Sample(p.x * 0.006f + 0.02f * p.y, p.z * 0.006f);
  float detail = 1 + 0.42f * fine * fade + 0.22f * mid;
  if (s.normal.y < 0.85f && depth < 1200) {
    // Cracks and beds of bare rock, along the level and down the face.
    const float beds = patterns_.grain.Sample(0.012f * (p.x + p.z), 0.10f * p.y + 0.01f * p.x);
    const float cracks = patterns_.grain.Sample(0.055f * (p.x + 0.6f * p.z), 0.03f * p.y);
    detail *= 1 + (0.55f * beds + 0.45f * cracks) * SmoothStep(0.85f, 0.6f, s.normal.y);
  } else if (depth > 900) {
    detail += 0.5f * patterns_.grain.Sample(p.x * 0.0011f, p.z * 0.0007f);
  }
  float sun = s.sun;
  if (depth < 80 && sun > 0) sun *= SunPastCasters(pose_.casters, p, sky_.to_light());
  const float lambert = std::max(Dot(s.normal, sky_.to_light()), 0.0f);
  // Rough ground and leaves light up against the light more than a matt plane would.
  const float wrap = 0.78f * lambert + 0.22f * Saturate(0.3f + 0.7f * lambert);
  const Vec3 light = sky_.sunlight() * (sun * wrap) + sky_.Ambient(s.normal) * (0.80f * s.sky);
  return Aerial(s.albedo * light * std::max(detail, 0.2f), p, view);
}

Vec3 Shader::ShadeTriangle(int sx, int sy, uint32_t triangle) const {
  const auto& corner = world_.mesh().triangles[triangle];
  const Barycentric w = WeightsAt(g_, corner, static_cast<float>(sx) + 0.5f, static_cast<float>(sy) + 0.5f);
  const Vertex &a = world_.mesh().vertices[corner[0]], &b = world_.mesh().vertices[corner[1]],
               &c = world_.mesh().vertices[corner[2]];
  const auto blend = [&](float Vertex::* m) { return w.a * a.*m + w.b * b.*m + w.c * c.*m; };
  const Vec3 albedo = a.albedo * w.a + b.albedo * w.b + c.albedo * w.c;
  Vec3 normal = Normalize(pose_.normals[corner[0]] * w.a + pose_.normals[corner[1]] * w.b +
                          pose_.normals[corner[2]] * w.c);
  const Vec3 p = g_.Point(sx, sy);
  const Vec3 view = Normalize(p - g_.camera.eye);
  const uint8_t label = world_.LabelOf(triangle);
  const bool plant = label == kLabelMeadow || label == kLabelTree;
  if (!plant && Dot(normal, view) > 0) normal = normal * -1.0f;
  const float facing = Dot(normal, sky_.to_light());
  float sun = blend(&Vertex::sun);
  if (label == kLabelMeadow) sun *= SunPastCasters(pose_.casters, p, sky_.to_light());
  const float thin = blend(&Vertex::thin);
  // Light from behind comes through what is thin, strongest when looking toward the sun.
  const float toward = Saturate(Dot(view, sky_.to_light()));
  const float through = thin * (std::max(-facing, 0.0f) * 0.65f + 0.55f * toward * toward);
  const float lit = std::max(facing, 0.0f) + through;
  Vec3 light = sky_.sunlight() * (sun * lit) + sky_.Ambient(normal) * (0.82f * blend(&Vertex::sky));
  // Plaster, cloth and wood are never of one even colour.
  const Vec3 local = a.position * w.a + b.position * w.b + c.position * w.c;
  const float grain =
      plant ? 0
            : patterns_.grain.Sample(0.13f * (local.x + 0.7f * local.y), 0.13f * (local.z + 0.8f * local.y));
  return Aerial(albedo * light * (1 + 0.16f * grain), p, view);
}

int Shader::ShadeDry(int x, int y, Vec3* color) const {
  Vec3 sum;
  int sea = 0, sky = 0;
  for (int j = 0; j < factor_; ++j) {
    for (int i = 0; i < factor_; ++i) {
      const int sx = x * factor_ + i, sy = y * factor_ + j;
      const uint32_t surface = g_.surface[g_.At(sx, sy)];
      if (surface == kSurfaceSea) {
        ++sea;
      } else if (surface == kSurfaceSky) {
        ++sky;
      } else if (surface == kSurfaceTerrain) {
        sum += ShadeGround(sx, sy);
      } else {
        sum += ShadeTriangle(sx, sy, surface - kSurfaceTriangle);
      }
    }
  }
  if (sky > 0) {
    // The sky is smooth within a pixel; only the sun's rim needs every sample.
    const float fx = (static_cast<float>(x) + 0.5f) * static_cast<float>(factor_);
    const float fy = (static_cast<float>(y) + 0.5f) * static_cast<float>(factor_);
    const Vec3 dir = g_.camera.Ray(fx, fy);
    sum += sky_.Radiance(dir, drift_) * static_cast<float>(sky);
    if (Dot(Normalize(dir), sky_.to_sun()) > 0.9997f) {
      for (int k = 0; k < factor_ * factor_; ++k) {
        const int sx = x * factor_ + k % factor_, sy = y * factor_ + k / factor_;
        const Vec3 ray =
            Normalize(g_.camera.Ray(static_cast<float>(sx) + 0.5f, static_cast<float>(sy) + 0.5f));
        if (g_.surface[g_.At(sx, sy)] == kSurfaceSky && sky_.OnDisc(ray)) sum += Vec3{14, 11.5f, 8};
      }
    }
  }
  const int dry = factor_ * factor_ - sea;
  *color = dry > 0 ? sum * (1 / static_cast<float>(dry)) : Vec3{};
  return sea;
}

// The picture's own pixels serve as the mirror image: a few tries along the reflected ray, each checked
// against the depth of what stands there; past them, the sky.
Vec3 Shader::Mirrored(Vec3 p, Vec3 dir, const std::vector<Vec3>& picture,
                      const std::vector<uint8_t>& wet) const {
  const Camera& camera = g_.camera;
  const float flat = std::hypot(dir.x, dir.z);
  float along = 4;
  for (int i = 0; i < 12; ++i, along *= 1.75f) {
    const Vec3 q = p + dir * (along / flat);
    float sx, sy, depth;
    camera.Project(q, &sx, &sy, &depth);
    if (depth < 1 || sx < 0 || sy < 0 || sx >= static_cast<float>(g_.width) ||
        sy >= static_cast<float>(g_.height))
      break;
    const int ix = static_cast<int>(sx), iy = static_cast<int>(sy);
    const size_t at = g_.At(ix, iy);
    const float seen = g_.inv_depth[at];
    if (g_.surface[at] < kSurfaceTerrain || seen <= 0) continue;
    // A hit when the surface there lies about as deep as the ray, or the ray has just gone behind it.
    const float ratio = seen * depth;
    if (ratio > 0.90f && ratio < 1.95f) {
      const size_t pixel = static_cast<size_t>(iy / factor_) * width_ + ix / factor_;
      if (wet[pixel] < factor_ * factor_) return picture[pixel];
    }
  }
  return sky_.Radiance({dir.x, std::max(dir.y, 0.015f), dir.z}, drift_);
}

Vec3 Shader::ShadeSea(int sx, int sy, const std::vector<Vec3>& picture,
                      const std::vector<uint8_t>& wet) const {
  const Vec3 p = g_.Point(sx, sy);
  const Vec3 to = p - g_.camera.eye;
  const float distance = Length(to);
  const Vec3 view = to * (1 / distance);
  // Ground that a sample covers along the line of sight; waves shorter than that only roughen the water.
  const float footprint = distance * distance / (g_.camera.focal * std::max(g_.camera.eye.y, 1.0f));
  float slope_x = 0, slope_z = 0, variance = 0.0009f;
  struct Layer {
    const WaveTile* tile;
    float period, strength, speed, turn;  // metres per tile, slope factor, m/s, radians from +z
  };
  const Layer layers[4] = {{&patterns_.swell, 190, 0.55f, 5.2f, 2.45f},
                           {&patterns_.chop, 62, 0.75f, 3.1f, 2.75f},
                           {&patterns_.chop, 21, 0.8f, 1.9f, 2.05f},
                           {&patterns_.ripple, 6.3f, 0.8f, 1.0f, 2.6f}};
  // Gusts darken and roughen patches of the bay; lanes of smooth water lie between them.
  const float patch =
      patterns_.grain.Sample(p.x * (1 / 900.0f) + 0.0011f * time_, p.z * (1 / 2600.0f) + 0.0006f * time_);
  const float lane = patterns_.grain.Sample(p.x * (1 / 2300.0f) + 0.37f, p.z * (1 / 5200.0f) + 0.11f);
  const float breeze = Clamp(0.92f + 0.75f * patch + 0.45f * lane, 0.30f, 1.6f);
  for (const Layer& layer : layers) {
    const float c = std::cos(layer.turn), s = std::sin(layer.turn);
    const float u = (c * p.x - s * p.z) / layer.period,
                v = (s * p.x + c * p.z - layer.speed * time_) / layer.period;
    // The tile's waves are a tenth of its period long.
    const float keep = SmoothStep(1.3f, 0.25f, footprint / (0.10f * layer.period));
    const float strength = layer.strength * breeze;
    if (keep > 0) {
      const WaveTile::Slope w = layer.tile->Sample(u, v);
      slope_x += strength * keep * (c * w.u + s * w.v);
      slope_z += strength * keep * (-s * w.u + c * w.v);
    }
    variance += (1 - keep * keep) * strength * strength * 0.0036f;
  }

  const Vec3 normal = Normalize({-slope_x, 1, -slope_z});
  float cosine = -Dot(view, normal);
  Vec3 n = normal;
  if (cosine < 0.02f) {
    // A wave's far side cannot be seen: take the slope that is just visible.
    n = Normalize(normal - view * (0.02f - cosine + 0.01f));
    cosine = std::max(-Dot(view, n), 0.01f);
  }
  const float m = 1 - cosine, m2 = m * m;
  // Roughness keeps a far sea from mirroring fully at grazing angles.
  const float fresnel = 0.02f + 0.98f * m2 * m2 * m / (1 + 11 * std::sqrt(variance));
  Vec3 r = view - n * (2 * Dot(view, n));
  // Facets that face the viewer are favoured: the mirror image of a rough sea lies higher.
  r.y = std::fabs(r.y) + 1.2f * std::sqrt(variance);
  r = Normalize(r);
  const Vec3 mirrored = Mirrored(p, r, picture, wet);

  // Body colour: turquoise over shallow sand, deep blue-green beyond.
  const float depth = std::max(-world_.terrain().Height(p.x, p.z), 0.0f);
  const float murk = 1 - FastExp(-depth * 0.42f);
  const Vec3 shallow{0.33f, 0.50f, 0.41f}, middle{0.045f, 0.23f, 0.25f}, deep{0.012f, 0.072f, 0.125f};
  Vec3 body = Mix(shallow, Mix(middle, deep, SmoothStep(1.5f, 11, depth + 3 * patch)), murk) * 1.15f;
  // Sunlight through the thin crests.
  body += Vec3{0.02f, 0.085f, 0.07f} * Saturate(2.2f * (slope_x * 0.5f - slope_z * 0.6f));

  // Glitter: the share of facets that throw the sun at the eye (Beckmann slopes around the seen normal).
  const Vec3 half = Normalize(sky_.to_sun() - view);
  const float hx = -half.x / half.y - slope_x, hz = -half.z / half.y - slope_z;
  const float spread = 2 * (variance + 0.0016f);
  const float facets = FastExp(-(hx * hx + hz * hz) / spread) / (kPi * spread);
  const Vec3 glitter = Vec3{1.0f, 0.80f, 0.52f} * std::min(0.60f * facets * (0.1f + fresnel), 26.0f);

  Vec3 color = Mix(body, mirrored, Saturate(fresnel)) + glitter;

  // Foam: lines that run up the beach, lace around rocks, a few white crests where it blows.
  const float lace = patterns_.grain.Sample(p.x * 0.045f, p.z * 0.045f + 0.004f * time_);
  const float run = 0.5f + 0.5f * std::sin(depth * 5.5f + time_ * 0.9f + 5 * lace);
  float foam =
      SmoothStep(0.85f, 0.05f, depth) * (0.35f + 0.65f * run) * SmoothStep(-0.25f, 0.35f, lace + 0.15f);
  const float crest = slope_x * 0.75f - slope_z * 0.5f + 0.35f * lace;
  foam = std::max(foam,
                  0.55f * SmoothStep(0.36f, 0.52f, crest + 0.22f * patch) * Saturate(1.4f - footprint / 6));
  color = Mix(color, Vec3{1.25f, 1.12f, 0.98f}, Saturate(foam));
  return Aerial(color, p, view);
}

}  // namespace

void ShadePicture(const World& world, const Patterns& patterns, const Pose& pose, const Geometry& geometry,
                  int factor, double time_s, ThreadPool& pool, std::vector<Vec3>* out) {
  const int width = geometry.width / factor, height = geometry.height / factor;
  const size_t pixels = static_cast<size_t>(width) * static_cast<size_t>(height);
  out->resize(pixels);
  std::vector<uint8_t> wet(pixels);
  const Shader shader(world, patterns, pose, geometry, factor, time_s);
  pool.ParallelFor(height, [&](int y, int) {
    for (int x = 0; x < width; ++x) {
      const size_t at = static_cast<size_t>(y) * width + x;
      wet[at] = static_cast<uint8_t>(shader.ShadeDry(x, y, &(*out)[at]));
    }
  });
  // The sea reads dry pixels while wet ones are being made: those go aside first.
  std::vector<Vec3> sea(pixels);
  pool.ParallelFor(height, [&](int y, int) {
    for (int x = 0; x < width; ++x) {
      const size_t at = static_cast<size_t>(y) * width + x;
      if (!wet[at]) continue;
      Vec3 sum;
      for (int k = 0; k < factor * factor; ++k) {
        const int sx = x * factor + k % factor, sy = y * factor + k / factor;
        if (geometry.surface[geometry.At(sx, sy)] == kSurfaceSea) sum += shader.ShadeSea(sx, sy, *out, wet);
      }
      sea[at] = sum;
    }
  });
  const float share = 1 / static_cast<float>(factor * factor);
  for (size_t i = 0; i < pixels; ++i) {
    if (wet[i]) (*out)[i] = sea[i] * share + (*out)[i] * (1 - static_cast<float>(wet[i]) * share);
  }
}

}  // namespace tempera::scene
