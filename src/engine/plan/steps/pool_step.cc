// MaxPool and AveragePool over height and width: row by row, one tap of the window at a time along the whole
// row, so that the inner loop is as long as the picture is wide and has no branch.
#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/task_share.h"
#include "src/ops/window.h"

namespace tempera::engine {
namespace {

// One dimension of a window.
struct Axis {
  int64_t kernel, stride, dilation, pad_begin, in, out;
  // How many taps each output divides by, where a mean is taken.
  std::vector<float> taps;

  // Where tap k of output o lies; outside [0, in) is padding.
  int64_t at(int64_t o, int64_t k) const { return o * stride - pad_begin + k * dilation; }
  // The outputs [first, last) whose tap k lies inside.
  std::pair<int64_t, int64_t> Inside(int64_t k) const {
    const int64_t shift = at(0, k);
    const int64_t first = shift >= 0 ? 0 : std::min(out, CeilDiv(-shift, stride));
    const int64_t last = shift >= in ? 0 : std::min(out, (in - 1 - shift) / stride + 1);
    return {first, std::max(first, last)};
  }
};

// `counts_padding`: means divide by taps on the declared padding too.
Axis MakeAxis(const ops::Window& w, size_t d, int64_t in, bool counts_padding) {
  Axis axis = {w.kernel[d], w.strides[d], w.dilations[d], w.pads_begin[d], in, w.output[d], {}};
  for (int64_t o = 0; o < axis.out; ++o) {
    int64_t inside = 0, padded = 0;
    for (int64_t k = 0; k < axis.kernel; ++k) {
      const int64_t i = axis.at(o, k);
      inside += i >= 0 && i < in ? 1 : 0;
      padded += i < in + w.pads_end[d] ? 1 : 0;
    }
    // 0 marks a window of padding alone.
    axis.taps.push_back(static_cast<float>(inside == 0 ? 0 : counts_padding ? padded : inside));
  }
  return axis;
}

class PoolStep final : public BandedStep {
 public:
  PoolStep(StorageId from, StorageId to, int64_t images, int64_t planes, Axis y, Axis x, bool mean)
      : from_(from),
        to_(to),
        images_(images),
        planes_(planes),
        y_(std::move(y)),
        x_(std::move(x)),
        mean_(mean) {
    reads = {from};
    writes = {to};
    rows_ = std::clamp<int64_t>(kernels::kTaskNumbers / (x_.out * y_.kernel * x_.kernel), 1, y_.out);
    bands_ = CeilDiv(y_.out, rows_);
    if (mean) scratch_bytes = static_cast<size_t>(x_.out) * sizeof(double);
    for (int64_t k = 0; k < x_.kernel; ++k) inside_x_.push_back(x_.Inside(k));
    info.kernel = mean ? "mean_pool_f32" : "max_pool_f32";
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_);
    output_ = memory.floats(to_);
  }

  int64_t tasks() const override { return planes_ * bands_; }
  Pictures pictures() const override {
    return {{images_, planes_ / images_, y_.in, x_.in}, {images_, planes_ / images_, y_.out, x_.out}};
  }
  TaskRows RowsOf(int64_t task) const override {
    const int64_t image = task / bands_ / (planes_ / images_), first = task % bands_ * rows_;
    const int64_t last = std::min(y_.out, first + rows_);
    const int64_t low = std::clamp<int64_t>(y_.at(first, 0), 0, y_.in);
    const int64_t high = std::clamp<int64_t>(y_.at(last - 1, y_.kernel - 1) + 1, 0, y_.in);
    return {{image * y_.in + low, image * y_.in + high}, {image * y_.out + first, image * y_.out + last}};
  }

  void RunTask(int64_t task, void* scratch) override {
    const int64_t plane = task / bands_, first = task % bands_ * rows_;
    const float* in = input_ + plane * y_.in * x_.in;
    for (int64_t row = first; row < std::min(y_.out, first + rows_); ++row) {
      float* out = output_ + (plane * y_.out + row) * x_.out;
      if (mean_) {
        MeanRow(in, row, static_cast<double*>(scratch), out);
      } else {
        MaxRow(in, row, out);
      }
    }
  }

 private:
  // Calls visit(x, number) for every tap of output row y that lies inside.
  template <typename Visit>
  void VisitRow(const float* plane, int64_t y, Visit visit) const {
    for (int64_t ky = 0; ky < y_.kernel; ++ky) {
      const int64_t in_y = y_.at(y, ky);
      if (in_y < 0 || in_y >= y_.in) continue;
      for (int64_t kx = 0; kx < x_.kernel; ++kx) {
        const auto [first, last] = inside_x_[static_cast<size_t>(kx)];
        const float* in = plane + in_y * x_.in + x_.at(first, kx);
        // Apart, so that a compiler sees whole vectors.
        if (x_.stride == 1) {
          for (int64_t x = first; x < last; ++x) visit(x, in[x - first]);
        } else {
          for (int64_t x = first; x < last; ++x) visit(x, in[(x - first) * x_.stride]);
        }
      }
    }
  }

  void MaxRow(const float* plane, int64_t y, float* __restrict out) const {
    std::fill_n(out, x_.out, -std::numeric_limits<float>::infinity());
    VisitRow(plane, y, [&](int64_t x, float number) { out[x] = out[x] < number ? number : out[x]; });
  }

  void MeanRow(const float* plane, int64_t y, double* __restrict sums, float* out) const {
    std::fill_n(sums, x_.out, 0.0);
    VisitRow(plane, y, [&](int64_t x, float number) { sums[x] += static_cast<double>(number); });
    const double taps_y = static_cast<double>(y_.taps[static_cast<size_t>(y)]);
    for (int64_t x = 0; x < x_.out; ++x) {
      out[x] = static_cast<float>(sums[x] / (taps_y * static_cast<double>(x_.taps[static_cast<size_t>(x)])));
    }
  }

  StorageId from_, to_;
  int64_t images_, planes_;
  int64_t rows_ = 1, bands_ = 1;
  Axis y_, x_;
  bool mean_;
  std::vector<std::pair<int64_t, int64_t>> inside_x_;  // by tap
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

}  // namespace

Result<bool> PlanPoolNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  const bool mean = node.op_type == "AveragePool";
  if (!builder.is_picture(x) || builder.reading(x).storage < 0 || !builder.is_picture(out)) return false;
  // Where the maxima lay is asked of the plain loop.
  if (node.outputs.size() > 1 && node.outputs[1] != graph::kNoValue) return false;
  const Shape in = builder.info(x).shape;
  const Result<ops::Window> window = ops::ResolveWindow(node, std::span(in).subspan(2), {});
  if (!window.ok()) return false;
  const bool counts_padding = mean && node.attributes.Int("count_include_pad", 0) != 0;
  Axis axes[2] = {MakeAxis(*window, 0, in[2], counts_padding), MakeAxis(*window, 1, in[3], counts_padding)};
  for (const Axis& axis : axes) {
    if (std::count(axis.taps.begin(), axis.taps.end(), 0.0f) > 0) return false;
  }
  const StorageId from = builder.Materialize(x);
  builder.Add(std::make_unique<PoolStep>(from, builder.NewStorage(out), in[0], in[0] * in[1],
                                         std::move(axes[0]), std::move(axes[1]), mean),
              node);
  return true;
}

}  // namespace tempera::engine
