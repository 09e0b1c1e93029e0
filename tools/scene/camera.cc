#include "tools/scene/camera.h"

namespace tempera::scene {

Camera CameraAt(double time_s, int width, int height, float eye_height, bool moving) {
  const double t = moving ? time_s : 0.0;
  const auto swing = [t](double period_s, double phase) {
    return static_cast<float>(std::sin(2 * 3.14159265358979 * t / period_s + phase));
  };
  Camera camera;
  const float yaw = 0.085f * swing(41, 0.0) + 0.015f;
  camera.forward = {std::sin(yaw), 0, std::cos(yaw)};
  camera.right = {std::cos(yaw), 0, -std::sin(yaw)};
  camera.eye = {2.4f * swing(33, -0.35), eye_height + 0.10f * swing(19, 0.4), 0.5f * swing(29, 0.3)};
  // 58 degrees across at 16:9; tall pictures keep a sensible height of view.
  camera.focal = 0.902f * std::max(static_cast<float>(width), 1.15f * static_cast<float>(height));
  camera.center_x = 0.5f * static_cast<float>(width);
  camera.horizon_y = 0.44f * static_cast<float>(height);
  return camera;
}

}  // namespace tempera::scene
