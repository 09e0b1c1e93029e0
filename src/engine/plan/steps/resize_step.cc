// Resize and Upsample of pictures along height and width: nearest, linear, cubic.
#include <algorithm>
#include <utility>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/kernels/task_share.h"
#include "src/ops/resize_axis.h"

namespace tempera::engine {
namespace {

// Pictures from 16 MiB on are written past the caches: no cache would keep them whole until they are read,
// and to write a line that is not in the cache is to read it first (128 channels of 256x256 on two Zen 3
// cores: 5.0 -> 2.9 ms, and 10 % less for the convolution that reads them).
constexpr int64_t kStreamedNumbers = int64_t{4} << 20;

class ResizeStep final : public BandedStep {
 public:
  ResizeStep(kernels::ResizeAxis y, kernels::ResizeAxis x, int64_t images, int64_t planes,
             const Reading& from, StorageId to, int64_t highway_bit)
      : y_(std::move(y)),
        x_(std::move(x)),
        images_(images),
        planes_(planes),
        from_(from),
        to_(to),
        resize_(kernels::ChooseResizeRowsF32(highway_bit)) {
    reads = {from.storage};
    writes = {to};
    info.kernel = "resize_f32";
    scratch_bytes = static_cast<size_t>(kernels::ResizeScratchFloats(x_)) * sizeof(float);
    rows_ = std::clamp<int64_t>(kernels::kTaskNumbers / x_.out, 1, y_.out);
    bands_ = CeilDiv(y_.out, rows_);
  }

  void Bind(const Memory& memory) override {
    input_ = memory.floats(from_.storage);
    output_ = memory.floats(to_);
  }

  int64_t tasks() const override { return planes_ * bands_; }
  Pictures pictures() const override {
    return {{images_, planes_ / images_, y_.in, x_.in}, {images_, planes_ / images_, y_.out, x_.out}};
  }
  TaskRows RowsOf(int64_t task) const override {
    const int64_t image = task / bands_ / (planes_ / images_), first = task % bands_ * rows_;
    const int64_t last = std::min(y_.out, first + rows_);
    int64_t low = y_.in, high = 0;
    for (int64_t t = 0; t < y_.taps; ++t) {
      const auto index = y_.index.begin() + t * y_.out;
      const auto [least, most] = std::minmax_element(index + first, index + last);
      low = std::min<int64_t>(low, *least), high = std::max<int64_t>(high, *most + 1);
    }
    return {{image * y_.in + low, image * y_.in + high}, {image * y_.out + first, image * y_.out + last}};
  }

  void RunTask(int64_t task, void* scratch) override {
    const int64_t plane = task / bands_, first = task % bands_ * rows_;
    const kernels::ResizeArgs args = {y_,
                                      x_,
                                      from_.pointwise,
                                      plane,
                                      input_ + plane * y_.in * x_.in,
                                      output_ + plane * y_.out * x_.out,
                                      planes_ * y_.out * x_.out >= kStreamedNumbers};
    resize_(args, first, std::min(y_.out, first + rows_), static_cast<float*>(scratch));
  }

 private:
  kernels::ResizeAxis y_, x_;
  int64_t images_, planes_;
  Reading from_;
  StorageId to_;
  kernels::ResizeRowsF32 resize_;
  int64_t rows_, bands_;
  const float* input_ = nullptr;
  float* output_ = nullptr;
};

kernels::ResizeAxis AxisOf(const ops::ResizeMode& mode, const ops::AxisScaling& scaling, bool* crops) {
  const ops::AxisTaps taps = ops::TapsOfAxis(mode, scaling);
  kernels::ResizeAxis axis;
  axis.in = scaling.in;
  axis.out = scaling.out;
  axis.taps = taps.count;
  axis.is_identity = taps.count == 1 && axis.in == axis.out;
  for (int64_t t = 0; t < taps.count; ++t) {
    for (int64_t i = 0; i < axis.out; ++i) {
      const auto at = static_cast<size_t>(i * taps.count + t);
      axis.index.push_back(static_cast<int32_t>(taps.index[at]));
      axis.weight.push_back(taps.weight[at]);
      if (taps.index[at] != i) axis.is_identity = false;
    }
  }
  axis.ascends = kernels::Ascends(axis);
  *crops = *crops || taps.crops;
  return axis;
}

}  // namespace

Result<bool> PlanResizeNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId x = node.inputs[0], out = node.outputs[0];
  if (!builder.is_picture(x) || !builder.is_picture(out) || builder.reading(x).storage < 0) return false;
  const Shape &from = builder.info(x).shape, &to = builder.info(out).shape;
  if (from[0] != to[0] || from[1] != to[1]) return false;
  std::vector<const Tensor*> constants;
  for (graph::ValueId v : node.inputs) {
    const bool known = v != graph::kNoValue && builder.graph().value(v).constant.has_value();
    constants.push_back(known ? &*builder.graph().value(v).constant : nullptr);
  }
  const auto scalings = ops::ResizeScalings(node, builder.graph().opset, from, constants);
  const auto mode = ops::ResizeMode::Of(node, builder.graph().opset);
  if (!scalings.ok() || !mode.ok()) return false;
  // Images and channels that are cropped, or resampled to the same count.
  for (size_t d = 0; d < 2; ++d) {
    if (scalings.value()[d].scale != 1.0f || mode.value().crops()) return false;
  }
  bool crops = false;
  kernels::ResizeAxis axis_y = AxisOf(mode.value(), scalings.value()[2], &crops);
  kernels::ResizeAxis axis_x = AxisOf(mode.value(), scalings.value()[3], &crops);
  const int64_t planes = from[0] * from[1];
  int64_t tasks = 0;
  if (crops || !CheckedMul(planes, to[2], &tasks) || tasks > (int64_t{1} << 30)) return false;
  const Reading source = builder.PlanarReading(x);
  auto step = std::make_unique<ResizeStep>(std::move(axis_y), std::move(axis_x), from[0], planes, source,
                                           builder.NewStorage(out), builder.highway_bit());
  builder.Add(std::move(step), node);
  return true;
}

}  // namespace tempera::engine
