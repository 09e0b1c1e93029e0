#include "src/kernels/planes/pool_f32.h"

#include <algorithm>
#include <limits>

#include "src/base/checked_math.h"
#include "src/kernels/task_share.h"

namespace tempera::kernels {
namespace {

void FindInside(PoolAxis* axis) {
  for (int64_t k = 0; k < axis->kernel; ++k) {
    const int64_t shift = axis->at(0, k);
    const int64_t first = shift >= 0 ? 0 : std::min(axis->out, CeilDiv(-shift, axis->stride));
    const int64_t last =
        shift >= axis->in ? 0 : std::min(axis->out, (axis->in - 1 - shift) / axis->stride + 1);
    axis->inside.emplace_back(first, std::max(first, last));
  }
}

// Calls visit(x, number) for every tap of output row y that lies inside.
template <typename Visit>
void VisitRow(const PoolPlan& plan, const float* plane, int64_t y, Visit visit) {
  const PoolAxis &ay = plan.y, &ax = plan.x;
  for (int64_t ky = 0; ky < ay.kernel; ++ky) {
    const int64_t in_y = ay.at(y, ky);
    if (in_y < 0 || in_y >= ay.in) continue;
    for (int64_t kx = 0; kx < ax.kernel; ++kx) {
      const auto [first, last] = ax.inside[static_cast<size_t>(kx)];
      const float* in = plane + in_y * ax.in + ax.at(first, kx);
      // Apart, so that a compiler sees whole vectors.
      if (ax.stride == 1) {
        for (int64_t x = first; x < last; ++x) visit(x, in[x - first]);
      } else {
        for (int64_t x = first; x < last; ++x) visit(x, in[(x - first) * ax.stride]);
      }
    }
  }
}

void MaxRow(const PoolPlan& plan, const float* plane, int64_t y, float* __restrict out) {
  std::fill_n(out, plan.x.out, -std::numeric_limits<float>::infinity());
  VisitRow(plan, plane, y, [&](int64_t x, float number) { out[x] = out[x] < number ? number : out[x]; });
}

void MeanRow(const PoolPlan& plan, const float* plane, int64_t y, double* __restrict sums, float* out) {
  std::fill_n(sums, plan.x.out, 0.0);
  VisitRow(plan, plane, y, [&](int64_t x, float number) { sums[x] += static_cast<double>(number); });
  const double taps_y = static_cast<double>(plan.y.taps[static_cast<size_t>(y)]);
  for (int64_t x = 0; x < plan.x.out; ++x) {
    out[x] =
        static_cast<float>(sums[x] / (taps_y * static_cast<double>(plan.x.taps[static_cast<size_t>(x)])));
  }
}

}  // namespace

PoolPlan PlanPool(bool mean, int64_t n, int64_t channels, PoolAxis y, PoolAxis x) {
  PoolPlan p;
  p.mean = mean;
  p.n = n, p.channels = channels;
  p.y = std::move(y), p.x = std::move(x);
  FindInside(&p.y);
  FindInside(&p.x);
  p.task_rows = std::clamp<int64_t>(kTaskNumbers / (p.x.out * p.y.kernel * p.x.kernel), 1, p.y.out);
  p.bands = CeilDiv(p.y.out, p.task_rows);
  p.tasks = n * channels * p.bands;
  if (mean) p.scratch_bytes = static_cast<uint64_t>(p.x.out) * sizeof(double);
  return p;
}

TaskRegion PoolPlan::WrittenRegion(int64_t task) const {
  const int64_t plane = task / bands, first = task % bands * task_rows;
  return {plane / channels, plane % channels, 1, first, 0, std::min(task_rows, y.out - first), x.out};
}

TaskRegion PoolPlan::ReadRegion(int64_t task) const {
  TaskRegion r = WrittenRegion(task);
  const int64_t first = std::clamp<int64_t>(y.at(r.y, 0), 0, y.in);
  const int64_t last = std::clamp<int64_t>(y.at(r.y + r.rows - 1, y.kernel - 1) + 1, first, y.in);
  r.y = first, r.rows = last - first;
  r.x = 0, r.columns = x.in;
  return r;
}

void PoolPlan::RunTask(const PoolArgs& args, int64_t task, void* scratch) const {
  const int64_t plane = task / bands, first = task % bands * task_rows;
  const float* in = args.input + plane * y.in * x.in;
  for (int64_t row = first; row < std::min(y.out, first + task_rows); ++row) {
    float* out = args.output + (plane * y.out + row) * x.out;
    if (mean) {
      MeanRow(*this, in, row, static_cast<double*>(scratch), out);
    } else {
      MaxRow(*this, in, row, out);
    }
  }
}

}  // namespace tempera::kernels
