// The sample scene: a bay at a late hour, rendered from a seed, with exact
// ground truth for motion. Conventions: tools/scene/README.md.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "media/image.h"
#include "src/base/status.h"

namespace tempera::scene {

struct SceneOptions {
  int width = 640, height = 360;  // 1..8192 each
  double fps = 24;
  uint32_t seed = 1;
  float noise = 1.5f;         // sensor noise: standard deviation in 8-bit steps; 0 = none
  int threads = 0;            // 0 = one per CPU; the picture does not depend on it
  bool moving_camera = true;  // false holds the camera still; things still move
};

// Motion from frame t to t + 1, at pixel centres. All planes are row by row, width * height.
struct GroundTruth {
  int width = 0, height = 0;
  std::vector<float> flow;        // u, v interleaved: pixels right and down
  std::vector<uint8_t> occluded;  // 255: hidden or out of the picture in t + 1
  std::vector<uint8_t> labels;    // what the pixel shows at t (world.h, Label)
};

// One caller at a time; frames in any order give the same bytes.
class Scene {
 public:
  // Bakes land and sky: about a second. Errors name the option and its range.
  static Result<std::unique_ptr<Scene>> Create(const SceneOptions& options);
  // A scene of the same seed in another size: shares the baked land and sky, which takes no time.
  // Both may live on; still one caller at a time for the two together.
  Result<std::unique_ptr<Scene>> WithSize(int width, int height) const;
  ~Scene();

  // Frame numbers count from 0; any non-negative number is valid.
  media::RgbImage RenderFrame(int frame);
  GroundTruth TruthAt(int frame);

  const SceneOptions& options() const { return options_; }

 private:
  struct Baked;
  struct Buffers;
  Scene(const SceneOptions& options, std::shared_ptr<Baked> baked);

  SceneOptions options_;
  std::shared_ptr<Baked> baked_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace tempera::scene
