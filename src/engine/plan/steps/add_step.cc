// Add of two values of one shape, with what is pending on each applied on the way.
#include <algorithm>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/nhwc/pointwise_nhwc.h"
#include "src/kernels/planes/pointwise_f32.h"
#include "src/kernels/task_share.h"

namespace tempera::engine {
namespace {

class AddStep final : public BandedStep {
 public:
  AddStep(const Reading& a, const Reading& b, StorageId to, const Planes& planes, int64_t highway_bit)
      : a_(a), b_(b), to_(to), planes_(planes), add_(kernels::ChoosePointwiseF32(highway_bit).add) {
    reads = {a.storage, b.storage};
    writes = {to};
    info.kernel = "add_f32";
    parts_ = std::max<int64_t>(1, CeilDiv(planes_.plane(), kernels::kTaskNumbers));
  }

  void Bind(const Memory& memory) override {
    x_ = memory.floats(a_.storage);
    y_ = memory.floats(b_.storage);
    output_ = memory.floats(to_);
  }

  int64_t tasks() const override { return planes_.n * planes_.channels * parts_; }
  Pictures pictures() const override { return {planes_, planes_}; }
  TaskRows RowsOf(int64_t task) const override {
    return SameRows(planes_, task / parts_ / planes_.channels, task % parts_ * kernels::kTaskNumbers,
                    kernels::kTaskNumbers);
  }

  void RunTask(int64_t task, void*) override {
    const int64_t channel = task / parts_, begin = task % parts_ * kernels::kTaskNumbers;
    const int64_t at = channel * planes_.plane() + begin;
    add_(a_.pointwise, b_.pointwise, {}, channel, x_ + at, y_ + at, output_ + at,
         std::min(kernels::kTaskNumbers, planes_.plane() - begin));
  }

 private:
  Reading a_, b_;
  StorageId to_;
  Planes planes_;
  kernels::PointwiseF32::Add add_;
  int64_t parts_;
  const float *x_ = nullptr, *y_ = nullptr;
  float* output_ = nullptr;
};

// The same for interleaved pictures.
class AddNhwcStep final : public BandedStep {
 public:
  AddNhwcStep(const Reading& a, const Reading& b, StorageId to, const Planes& planes, int64_t highway_bit)
      : a_(a), b_(b), to_(to), planes_(planes), add_(kernels::ChoosePointwiseNhwc(highway_bit).add) {
    reads = {a.storage, b.storage};
    writes = {to};
    info.kernel = "add_f16 nhwc";
    stride_ = kernels::NhwcChannels(planes.channels);
    pixels_ = kernels::TaskLines(stride_);
    parts_ = CeilDiv(planes_.plane(), pixels_);
  }

  void Bind(const Memory& memory) override {
    x_ = static_cast<const uint16_t*>(memory.at(a_.storage));
    y_ = static_cast<const uint16_t*>(memory.at(b_.storage));
    output_ = static_cast<uint16_t*>(memory.at(to_));
  }

  int64_t tasks() const override { return planes_.n * parts_; }
  Pictures pictures() const override { return {planes_, planes_}; }
  TaskRows RowsOf(int64_t task) const override {
    return SameRows(planes_, task / parts_, task % parts_ * pixels_, pixels_);
  }

  void RunTask(int64_t task, void*) override {
    const int64_t image = task / parts_, begin = task % parts_ * pixels_;
    const int64_t at = (image * planes_.plane() + begin) * stride_;
    add_(a_.pointwise, b_.pointwise, image, planes_.channels, x_ + at, y_ + at, output_ + at,
         std::min(pixels_, planes_.plane() - begin));
  }

 private:
  Reading a_, b_;
  StorageId to_;
  Planes planes_;
  decltype(kernels::PointwiseNhwc::add) add_;
  int64_t stride_, pixels_, parts_;
  const uint16_t *x_ = nullptr, *y_ = nullptr;  // fp16
  uint16_t* output_ = nullptr;
};

}  // namespace

Result<bool> PlanAddNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId a = node.inputs[0], b = node.inputs[1], out = node.outputs[0];
  if (!builder.is_float(a) || builder.info(a).shape != builder.info(b).shape) return false;
  if (builder.reading(a).storage < 0 || builder.reading(b).storage < 0) return false;
  const bool interleaved = builder.LayoutOf(out) == kernels::PictureLayout::kNhwcF16 &&
                           !builder.reading(a).planar() && !builder.reading(b).planar();
  Reading ra = builder.reading(a), rb = builder.reading(b);
  if (!interleaved) {
    builder.PlanarReading(a);  // b may be a
    rb = builder.PlanarReading(b);
    ra = builder.reading(a);
  }
  const Planes planes = builder.PlanesOf(a);
  const StorageId to = builder.NewStorage(
      out, interleaved ? kernels::PictureLayout::kNhwcF16 : kernels::PictureLayout::kPlanarF32);
  builder.AllowInPlace(to, {ra.storage, rb.storage});
  if (interleaved) {
    builder.Add(std::make_unique<AddNhwcStep>(ra, rb, to, planes, builder.highway_bit()), node);
  } else {
    builder.Add(std::make_unique<AddStep>(ra, rb, to, planes, builder.highway_bit()), node);
  }
  return true;
}

}  // namespace tempera::engine
