// Deals the rows of a resized picture to tasks.
#include <algorithm>
#include <utility>

#include "src/base/checked_math.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/kernels/task_share.h"

namespace tempera::kernels {
namespace {

// Pictures from 16 MiB on are written past the caches: no cache would keep them whole until they are read,
// and to write a line that is not in the cache is to read it first (128 channels of 256x256 on two Zen 3
// cores: 5.0 -> 2.9 ms, and 10 % less for the convolution that reads them).
constexpr int64_t kStreamedNumbers = int64_t{4} << 20;

}  // namespace

ResizePlan PlanResize(int64_t n, int64_t channels, ResizeAxis y, ResizeAxis x, int64_t highway_bit) {
  ResizePlan p;
  p.n = n, p.channels = channels;
  p.y = std::move(y), p.x = std::move(x);
  p.task_rows = std::clamp<int64_t>(kTaskNumbers / p.x.out, 1, p.y.out);
  p.bands = CeilDiv(p.y.out, p.task_rows);
  p.tasks = n * channels * p.bands;
  p.scratch_bytes = static_cast<uint64_t>(ResizeScratchFloats(p.x)) * sizeof(float);
  p.stream = n * channels * p.y.out * p.x.out >= kStreamedNumbers;
  p.resize = p.stream ? nullptr : ChooseDoubleRowsF32(p.y, p.x, highway_bit);
  if (p.resize == nullptr) p.resize = ChooseResizeRowsF32(highway_bit);
  return p;
}

TaskRegion ResizePlan::WrittenRegion(int64_t task) const {
  const int64_t plane = task / bands, first = task % bands * task_rows;
  return {plane / channels, plane % channels, 1, first, 0, std::min(task_rows, y.out - first), x.out};
}

TaskRegion ResizePlan::ReadRegion(int64_t task) const {
  TaskRegion r = WrittenRegion(task);
  int64_t low = y.in, high = 0;
  for (int64_t t = 0; t < y.taps; ++t) {
    const auto* index = y.index.data() + t * y.out + r.y;
    const auto [least, most] = std::minmax_element(index, index + r.rows);
    low = std::min<int64_t>(low, *least), high = std::max<int64_t>(high, *most + 1);
  }
  r.y = low, r.rows = high - low;
  r.columns = x.in;
  return r;
}

void ResizePlan::RunTask(const ResizePictures& args, int64_t task, void* scratch) const {
  const int64_t plane = task / bands, first = task % bands * task_rows;
  const ResizeArgs rows = {
      y, x, args.read, plane, args.input + plane * y.in * x.in, args.output + plane * y.out * x.out, stream};
  resize(rows, first, std::min(y.out, first + task_rows), static_cast<float*>(scratch));
}

}  // namespace tempera::kernels
