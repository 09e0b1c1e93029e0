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
    return InvalidArgument("frame rate " + std::to_string(o.fps) +
                           " is not usable; use more than 0, at most 1000");
  }
  if (!(o.noise >= 0 && o.noise <= 64)) {
    return InvalidArgument("noise " + std::to_string(o.noise) + " is not usable; use 0 to 64 (8-bit steps)");
  }
  if (o.threads < 0) {
    return InvalidArgument("thread count " + std::to_string(o.threads) +
                           " is negative; use 0 for one per CPU");
  }
  return OkStatus();
}

}  // namespace

struct Scene::Baked {
  Baked(uint32_t seed, std::unique_ptr<ThreadPool> threads)
      : pool(std::move(threads)), world(seed, *pool), patterns(seed) {}

  std::unique_ptr<ThreadPool> pool;
  World world;
  Patterns patterns;
};

// Kept from frame to frame so that a frame allocates little.
struct Scene::Buffers {
  Pose pose, next_pose;
  Geometry geometry, next_geometry;
  std::vector<Vec3> light;
};

Scene::Scene(const SceneOptions& options, std::shared_ptr<Baked> baked)
    : options_(options), baked_(std::move(baked)), buffers_(std::make_unique<Buffers>()) {}
Scene::~Scene() = default;

Result<std::unique_ptr<Scene>> Scene::Create(const SceneOptions& options) {
  TEMPERA_RETURN_IF_ERROR(Check(options));
  TEMPERA_ASSIGN_OR_RETURN(auto pool, ThreadPool::Create(options.threads));
  auto baked = std::make_shared<Baked>(options.seed, std::move(pool));
  return std::unique_ptr<Scene>(new Scene(options, std::move(baked)));
}

Result<std::unique_ptr<Scene>> Scene::WithSize(int width, int height) const {
  SceneOptions options = options_;
  options.width = width;
  options.height = height;
  TEMPERA_RETURN_IF_ERROR(Check(options));
  return std::unique_ptr<Scene>(new Scene(options, baked_));
}

media::RgbImage Scene::RenderFrame(int frame) {
  Buffers& s = *buffers_;
  const World& world = baked_->world;
  ThreadPool& pool = *baked_->pool;
  const double time = frame / options_.fps;
  const int w = options_.width * kSamples, h = options_.height * kSamples;
  world.PoseAt(time, &s.pose);
  const Camera camera = CameraAt(time, w, h, world.eye_height(), options_.moving_camera);
  TraceGeometry(world, s.pose, camera, w, h, pool, &s.geometry);
  ShadePicture(world, baked_->patterns, s.pose, s.geometry, kSamples, time, pool, &s.light);
  media::RgbImage image;
  image.width = options_.width;
  image.height = options_.height;
  image.pixels.resize(s.light.size() * 3);
  GradePicture(s.light, image.width, image.height, options_.noise, options_.seed, frame, pool,
               image.pixels.data());
  return image;
}

GroundTruth Scene::TruthAt(int frame) {
  Buffers& s = *buffers_;
  const World& world = baked_->world;
  ThreadPool& pool = *baked_->pool;
  const double time = frame / options_.fps, next_time = (frame + 1) / options_.fps;
  const int w = options_.width, h = options_.height;
  world.PoseAt(time, &s.pose);
  world.PoseAt(next_time, &s.next_pose);
  const float eye = world.eye_height();
  TraceGeometry(world, s.pose, CameraAt(time, w, h, eye, options_.moving_camera), w, h, pool, &s.geometry);
  // The next frame at more samples, so that its edges are known to a fraction of a pixel.
  constexpr int kFine = 3;
  TraceGeometry(world, s.next_pose, CameraAt(next_time, w * kFine, h * kFine, eye, options_.moving_camera),
                w * kFine, h * kFine, pool, &s.next_geometry);
  return ComputeTruth(world, s.geometry, s.next_pose, s.next_geometry, kFine,
                      Sky::DriftAt(next_time) - Sky::DriftAt(time), pool);
}

}  // namespace tempera::scene
