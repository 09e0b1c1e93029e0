// Three floats and the few scalar functions every part of the scene uses.
// World axes: x right, y up, z away from the viewer, metres; the sea is y = 0.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>

namespace tempera::scene {

inline constexpr float kPi = 3.14159265f;

struct Vec3 {
  float x = 0, y = 0, z = 0;
};

inline Vec3 operator+(Vec3 a, Vec3 b) { return {a.x + b.x, a.y + b.y, a.z + b.z}; }
inline Vec3 operator-(Vec3 a, Vec3 b) { return {a.x - b.x, a.y - b.y, a.z - b.z}; }
inline Vec3 operator*(Vec3 a, float s) { return {a.x * s, a.y * s, a.z * s}; }
inline Vec3 operator*(Vec3 a, Vec3 b) { return {a.x * b.x, a.y * b.y, a.z * b.z}; }
inline Vec3& operator+=(Vec3& a, Vec3 b) { return a = a + b; }
inline float Dot(Vec3 a, Vec3 b) { return a.x * b.x + a.y * b.y + a.z * b.z; }
inline Vec3 Cross(Vec3 a, Vec3 b) {
  return {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
}
inline float Length(Vec3 a) { return std::sqrt(Dot(a, a)); }
// A zero vector stays zero.
inline Vec3 Normalize(Vec3 a) {
  const float l = Length(a);
  return l > 0 ? a * (1 / l) : a;
}

inline float Clamp(float v, float lo, float hi) { return v < lo ? lo : (v > hi ? hi : v); }
inline float Saturate(float v) { return Clamp(v, 0, 1); }
inline float Mix(float a, float b, float t) { return a + (b - a) * t; }
inline Vec3 Mix(Vec3 a, Vec3 b, float t) { return a + (b - a) * t; }
inline float SmoothStep(float lo, float hi, float v) {
  const float t = Saturate((v - lo) / (hi - lo));
  return t * t * (3 - 2 * t);
}
inline float SmoothMax(float a, float b, float k) {
  const float h = Saturate(0.5f + 0.5f * (a - b) / k);
  return Mix(b, a, h) + k * h * (1 - h);
}
// Without SSE4.1 std::floor is a call; coordinates here stay far inside an int.
inline int FloorInt(float v) {
  const int i = static_cast<int>(v);
  return i - (v < static_cast<float>(i));
}
// exp(v) for v <= 0, relative error below 4e-5: fog and glitter need no more.
inline float FastExp(float v) {
  if (v < -40) return 0;
  const float t = v * 1.44269504f;
  const int i = FloorInt(t);
  const float f = t - static_cast<float>(i);
  const float p = 1 + f * (0.6951536f + f * (0.2276130f + f * 0.0772334f));
  return p * std::bit_cast<float>((i + 127) << 23);
}

}  // namespace tempera::scene
