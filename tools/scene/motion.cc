// How the moving parts move. Every path is bounded and smooth for any time.
#include "tools/scene/world.h"

namespace tempera::scene {
namespace {

float Wave(double time_s, double period_s, double phase) {
  return static_cast<float>(std::sin(2 * 3.14159265358979 * time_s / period_s + phase));
}

// A rigid placement: roll about the forward axis, pitch about the right one, then yaw, then offset.
struct Placement {
  float yaw = 0, pitch = 0, roll = 0;
  Vec3 offset;

  Vec3 Turn(Vec3 v) const {
    const float cr = std::cos(roll), sr = std::sin(roll), cp = std::cos(pitch), sp = std::sin(pitch);
    v = {cr * v.x - sr * v.y, sr * v.x + cr * v.y, v.z};
    v = {v.x, cp * v.y + sp * v.z, -sp * v.y + cp * v.z};
    return TurnYaw(v, yaw);
  }
};

Placement BoatAt(int index, double t) {
  // Long ellipses over the bay; the boat looks along its path.
  struct Course {
    float x, z, reach_x, reach_z;
    double period, phase;
  };
  static constexpr Course kCourses[3] = {
      {2, 205, 58, 14, 230, 3.7}, {22, 262, -88, 22, 270, 0.35}, {60, 430, 150, 40, 430, 4.6}};
  const Course& c = kCourses[index];
  const auto at = [&](double s) {
    return Vec3{c.x + c.reach_x * Wave(s, c.period, c.phase), 0,
                c.z + c.reach_z * Wave(s, c.period, c.phase + 1.9)};
  };
  const Vec3 here = at(t), ahead = at(t + 0.5) - here;
  Placement p;
  p.yaw = std::atan2(ahead.x, ahead.z);
  p.pitch = 0.030f * Wave(t, 3.7 + index, index);
  p.roll = 0.035f * Wave(t, 4.9 + 0.6 * index, 2.0 * index);
  p.offset = here + Vec3{0, 0.10f * Wave(t, 3.1 + 0.5 * index, 1.3 * index), 0};
  return p;
}

Placement BalloonAt(double t) {
  Placement p;
  p.yaw = 0.25f * Wave(t, 97, 0.3);
  p.offset = {-26 + 95 * Wave(t, 520, 0.02), 74 + 7 * Wave(t, 140, 0.9), 330 + 40 * Wave(t, 700, 1.0)};
  return p;
}

Placement GullAt(int i, double t) {
  // Circles and figures of eight above the cliff edge, banking into the turn.
  const double period = 11 + 1.7 * i, phase = 1.9 * i + 0.6 * (i % 3);
  const float x = -14.0f + 5.2f * static_cast<float>(i), z = 46 + 9.0f * static_cast<float>((i * 3) % 5);
  const float reach = 9 + 2.0f * static_cast<float>(i % 3);
  const auto at = [&](double s) {
    return Vec3{x + reach * Wave(s, period, phase),
                27.5f + 1.9f * static_cast<float>((i * 2) % 5) + 1.1f * Wave(s, period * 0.7, phase),
                z + 0.7f * reach * Wave(s, i % 2 ? period : 2 * period, phase + 1.57)};
  };
  const Vec3 before = at(t - 0.1), here = at(t), after = at(t + 0.1);
  const Vec3 d = after - before;
  Placement p;
  p.yaw = std::atan2(d.x, d.z);
  const Vec3 turn = after + before - here * 2;
  const Vec3 right{std::cos(p.yaw), 0, -std::sin(p.yaw)};
  p.roll = -std::atan(Dot(turn, right) * (100 / 9.81f)) * 0.7f;
  p.pitch = std::atan2(d.y, std::hypot(d.x, d.z)) * 0.8f;
  p.offset = here;
  return p;
}

// Wings beat in bouts, then glide.
float FlapAngle(int i, double t) {
  const float bout = SmoothStep(-0.2f, 0.5f, Wave(t, 5.3 + 0.4 * i, 1.1 * i));
  return 0.20f + bout * 0.62f * Wave(t, 0.42 + 0.02 * i, i);
}

}  // namespace

void World::PoseAt(double time_s, Pose* pose) const {
  const size_t n = mesh_.vertices.size();
  if (pose->positions.size() != n) {
    pose->positions.resize(n);
    pose->normals.resize(n);
    for (size_t i = 0; i < n; ++i) {
      pose->positions[i] = mesh_.vertices[i].position;
      pose->normals[i] = mesh_.vertices[i].normal;
    }
  }
  pose->casters.clear();
  for (const Part& part : parts_) PosePart(part, time_s, pose);
}

void World::PosePart(const Part& part, double t, Pose* pose) const {
  const auto place = [&](const Placement& p, auto&& bend) {
    for (uint32_t i = part.first_vertex; i < part.end_vertex; ++i) {
      const Vertex& v = mesh_.vertices[i];
      pose->positions[i] = p.Turn(bend(v)) + p.offset;
      pose->normals[i] = p.Turn(v.normal);
    }
  };
  const auto rigid = [](const Vertex& v) { return v.position; };
  switch (part.motion) {
    case Motion::kStanding:
      break;
    case Motion::kWind: {
      // Gusts travel over the meadow; each plant answers with its own small delay.
      const float s = static_cast<float>(std::fmod(t, 6283.18530718));
      for (uint32_t i = part.first_vertex; i < part.end_vertex; ++i) {
        const Vertex& v = mesh_.vertices[i];
        if (v.sway == 0) continue;
        const float a = 0.55f * v.position.x + 0.31f * v.position.z;
        const float gust = 0.55f + 0.45f * std::sin(0.9f * s - 0.21f * a);
        const float bend = v.sway * gust * (0.45f + 0.55f * std::sin(3.0f * s - a));
        pose->positions[i] = v.position + Vec3{bend, -0.15f * std::fabs(bend), 0.35f * bend};
      }
      break;
    }
    case Motion::kBoat:
      // A third larger than life, so that they read at a small picture size.
      place(BoatAt(part.index, t), [](const Vertex& v) { return v.position * 1.35f; });
      break;
    case Motion::kBalloon:
      place(BalloonAt(t), rigid);
      break;
    case Motion::kGull: {
      const float angle = FlapAngle(part.index, t);
      const float tip = FlapAngle(part.index, t - 0.06) - angle;
      place(GullAt(part.index, t), [&](const Vertex& v) {
        if (v.sway == 0) return v.position;
        // The hand of the wing trails the arm.
        const float outer = std::max(v.sway - 0.45f, 0.0f);
        const float y = std::sin(angle) * v.sway + std::sin(tip) * outer * 1.3f - 0.28f * outer;
        const float shrink = std::cos(angle) * (1 - 0.1f * outer);
        return Vec3{v.position.x * shrink, v.position.y + y, v.position.z};
      });
      break;
    }
    case Motion::kWalk: {
      // To and fro along the path, 1 m/s at most; the couple walk side by side, the dog runs ahead.
      const double lag = part.index == 2 ? -0.9 : 0;
      const double period = 104;
      const float along = 23 + 14.5f * Wave(t - lag, period, -0.55);
      const float ahead = 23 + 14.5f * Wave(t - lag + 0.2, period, -0.55);
      const float side = part.index == 0 ? -0.42f : (part.index == 1 ? 0.40f : 1.25f);
      const auto at = [&](float z) { return Vec3{side - land_.PathDistance(0, z), 0, z}; };
      Placement p;
      p.offset = at(along);
      const Vec3 d = at(ahead) - p.offset;
      // Turning round takes a moment, not an instant.
      const float speed = (ahead - along) / 0.2f;
      p.yaw = std::atan2(d.x * (speed < 0 ? -1.0f : 1.0f), std::fabs(d.z) + 1e-4f);
      p.yaw += kPi * SmoothStep(0.25f, -0.25f, speed);
      p.offset.y = terrain_->Height(p.offset.x, p.offset.z);
      const float stride = part.index == 2 ? 9.5f : 4.4f;
      const float step = along * stride + static_cast<float>(part.index) * 1.2f;
      const float pace = std::min(1.0f, std::fabs(speed) * 1.6f);
      p.offset.y += 0.02f * pace * std::fabs(std::cos(step));
      const float swing = std::sin(step) * pace;
      place(p, [&](const Vertex& v) {
        return v.position + Vec3{0, std::fabs(v.sway * swing) * 0.25f, v.sway * swing};
      });
      const float tall = part.index == 2 ? 0.55f : 1.75f;
      for (float h = 0.12f; h < tall; h += 0.22f) {
        pose->casters.push_back({p.offset + Vec3{0, h, 0}, part.index == 2 ? 0.22f : 0.2f, 0.72f});
      }
      break;
    }
  }
}

}  // namespace tempera::scene
