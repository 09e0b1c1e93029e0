#include "src/engine/plan/bands.h"

namespace tempera::engine {

bool IsPicture(const TensorInfo& info) {
  if (info.dtype != DataType::kFloat32 || info.shape.size() != 4) return false;
  // Tasks are counted by planes, in an int.
  constexpr int64_t kMostPlanes = int64_t{1} << 24;
  for (int64_t d : info.shape) {
    if (d < 1 || d > kMostPlanes) return false;
  }
  return info.shape[0] * info.shape[1] <= kMostPlanes;
}

Planes PictureOf(const TensorInfo& info) {
  const Shape& s = info.shape;
  if (IsPicture(info)) return {s[0], s[1], s[2], s[3]};
  Planes p;
  for (int64_t d : s) p.w *= d;
  return p;
}

Status BandedStep::Run(const RunContext& context) {
  context.pool.ParallelFor(static_cast<int>(tasks()),
                           [&](int task, int thread) { RunTask(task, context.ScratchOf(thread)); });
  Finish();
  return OkStatus();
}

Rows RowsOf(const kernels::TaskRegion& region, int64_t height) {
  const int64_t first = region.image * height + region.y;
  return {first, first + (region.empty() ? 0 : region.rows)};
}

Rows RowsOfPixels(int64_t image, int64_t begin, int64_t end, int64_t width, int64_t height) {
  kernels::TaskRegion region = kernels::RegionOfPixels(begin, end, width > 1 ? width : 1);
  region.image = image, region.channels = 1;
  return RowsOf(region, height);
}

}  // namespace tempera::engine
