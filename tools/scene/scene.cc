#include "tools/scene/scene.h"

#include "src/base/thread_pool.h"
#include "tools/scene/grade.h"
#include "tools/scene/shade.h"
#include "tools/scene/truth.h"

namespace tempera::scene {
namespace {

// 2 x 2 samples a pixel.
constexpr int kSamples = 2;

Status Check(const SceneOptions& o) {
  if (o.width < 1 || o.height < 1 || o.width > 8192 || o.height > 8192) {
    return InvalidArgument("size " + std::to_string(o.width) + "x" + std::to_string(o.height) +
                           " cannot be rendered; use 1x1 to 8192x8192");
  }
  if (!(o.fps > 0 && o.fps <= 1000)) {
    return InvalidArgument("frame rate " + std::to_string(o.fps) + " is not usable; use more than 0, at most 1000");
  }
  if (!(o.noise >= 0 && o.noise <= 64)) {
    return InvalidArgument("noise " + std::to_string(o.noise) + " is not usable; use 0 to 64 (8-bit steps)");
  }
  if (o.threads < 0) {
    return InvalidArgument("thread count " + std::to_string(o.threads) + " is negative; use 0 for one per CPU");
  }
  return OkStatus();
}

}  // namespace

struct Scene::State {
  State(uint32_t seed, std::unique_ptr<ThreadPool> threads) : pool(std::move(threads)), world(seed, *pool), patterns(seed) {}

  std::unique_ptr<ThreadPool> pool;
  World world;
  Patterns patterns;
  Pose pose, next_pose;
  Geometry geometry, next_geometry;
  std::vector<Vec3> light;
};

Scene::Scene(const SceneOptions& options) : options_(options) {}
Scene::~Scene() = default;

Result<std::unique_ptr<Scene>> Scene::Create(const SceneOptions& options) {
  TEMPERA_RETURN_IF_ERROR(Check(options));
  TEMPERA_ASSIGN_OR_RETURN(auto pool, ThreadPool::Create(options.threads));
  std::unique_ptr<Scene> scene(new Scene(options));
  scene->state_ = std::make_unique<State>(options.seed, std::move(pool));
  return scene;
}

media::RgbImage Scene::RenderFrame(int frame) {
  State& s = *state_;
  const double time = frame / options_.fps;
  const int w = options_.width * kSamples, h = options_.height * kSamples;
  s.world.PoseAt(time, &s.pose);
  const Camera camera = CameraAt(time, w, h, s.world.eye_height(), options_.moving_camera);
  TraceGeometry(s.world, s.pose, camera, w, h, *s.pool, &s.geometry);
  ShadePicture(s.world, s.patterns, s.pose, s.geometry, kSamples, time, *s.pool, &s.light);
  media::RgbImage image;
  image.width = options_.width;
  image.height = options_.height;
  image.pixels.resize(s.light.size() * 3);
  GradePicture(s.light, image.width, image.height, options_.noise, options_.seed, frame, *s.pool, image.pixels.data());
  return image;
}

GroundTruth Scene::TruthAt(int frame) {
  State& s = *state_;
  const double time = frame / options_.fps, next_time = (frame + 1) / options_.fps;
  const int w = options_.width, h = options_.height;
  s.world.PoseAt(time, &s.pose);
  s.world.PoseAt(next_time, &s.next_pose);
  const float eye = s.world.eye_height();
  TraceGeometry(s.world, s.pose, CameraAt(time, w, h, eye, options_.moving_camera), w, h, *s.pool, &s.geometry);
  // The next frame at more samples, so that its edges are known to a fraction of a pixel.
  constexpr int kFine = 3;
  TraceGeometry(s.world, s.next_pose, CameraAt(next_time, w * kFine, h * kFine, eye, options_.moving_camera), w * kFine,
                h * kFine, *s.pool, &s.next_geometry);
  return ComputeTruth(s.world, s.geometry, s.next_pose, s.next_geometry, kFine,
                      Sky::DriftAt(next_time) - Sky::DriftAt(time), *s.pool);
}

}  // namespace tempera::scene
