// Add of two values of one shape, with what is pending on each applied on the way.
#include "src/engine/plan/steps/add_step.h"

#include <algorithm>

#include "src/base/checked_math.h"
#include "src/engine/plan/bands.h"
#include "src/engine/plan/plan_builder.h"
#include "src/kernels/nhwc/pointwise_nhwc.h"
#include "src/kernels/planes/pointwise_f32.h"
#include "src/kernels/task_share.h"
#include "src/ops/shape_rules.h"

namespace tempera::engine {
namespace {

class AddStep final : public BandedStep {
 public:
  explicit AddStep(StepMaker& maker)
      : from_{maker.read(0).storage, maker.read(1).storage},
        to_(maker.node().writes[0]),
        a_(maker.PointwiseOf(maker.read(0))),
        b_(maker.PointwiseOf(maker.read(1))),
        planes_(maker.PictureOfRead()),
        add_(kernels::ChoosePointwiseF32(maker.highway_bit()).add) {
    info.kernel = "add_f32";
    parts_ = std::max<int64_t>(1, CeilDiv(planes_.plane(), kernels::kTaskNumbers));
  }

  void Bind(const Memory& memory) override {
    x_ = memory.floats(from_[0]);
    y_ = memory.floats(from_[1]);
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
    add_(a_, b_, {}, channel, x_ + at, y_ + at, output_ + at,
         std::min(kernels::kTaskNumbers, planes_.plane() - begin));
  }

 private:
  StorageId from_[2], to_;
  kernels::Pointwise a_, b_;
  Planes planes_;
  kernels::PointwiseF32::Add add_;
  int64_t parts_;
  const float *x_ = nullptr, *y_ = nullptr;
  float* output_ = nullptr;
};

// The same for interleaved pictures.
class AddNhwcStep final : public BandedStep {
 public:
  explicit AddNhwcStep(StepMaker& maker)
      : from_{maker.read(0).storage, maker.read(1).storage},
        to_(maker.node().writes[0]),
        a_(maker.PointwiseOf(maker.read(0))),
        b_(maker.PointwiseOf(maker.read(1))),
        planes_(maker.PictureOfRead()),
        add_(kernels::ChoosePointwiseNhwc(maker.highway_bit()).add) {
    info.kernel = "add_f16 nhwc";
    stride_ = kernels::NhwcChannels(planes_.channels);
    pixels_ = kernels::TaskLines(stride_);
    parts_ = CeilDiv(planes_.plane(), pixels_);
  }

  void Bind(const Memory& memory) override {
    x_ = static_cast<const uint16_t*>(memory.at(from_[0]));
    y_ = static_cast<const uint16_t*>(memory.at(from_[1]));
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
    add_(a_, b_, image, planes_.channels, x_ + at, y_ + at, output_ + at,
         std::min(pixels_, planes_.plane() - begin));
  }

 private:
  StorageId from_[2], to_;
  kernels::Pointwise a_, b_;
  Planes planes_;
  decltype(kernels::PointwiseNhwc::add) add_;
  int64_t stride_, pixels_, parts_;
  const uint16_t *x_ = nullptr, *y_ = nullptr;  // fp16
  uint16_t* output_ = nullptr;
};

}  // namespace

Result<bool> PlanAddNode(PlanBuilder& builder, const graph::Node& node) {
  const graph::ValueId a = node.inputs[0], b = node.inputs[1], out = node.outputs[0];
  if (!builder.is_float(a) || builder.shape(a) != builder.shape(b)) return false;
  if (!builder.is_computed(a) || !builder.is_computed(b)) return false;
  const bool interleaved = builder.LayoutOf(out) == StorageLayout::kInterleavedF16 &&
                           !builder.reading(a).dense() && !builder.reading(b).dense();
  if (!interleaved) {
    builder.DenseRead(a);  // b may be a: read below, when both are in place
    builder.DenseRead(b);
  }
  const ReadData ra = builder.ReadOf(a), rb = builder.ReadOf(b);
  const StorageId to =
      builder.NewStorage(out, interleaved ? StorageLayout::kInterleavedF16 : StorageLayout::kDense);
  builder.AllowInPlace(to, {ra.storage, rb.storage});
  const Shape strides = ops::DenseStrides(ra.shape);
  builder.Add(node, BinaryWork{"Add", {0, {}}, {1, {}}, ra.shape, strides, strides}, {ra, rb}, {to});
  return true;
}

bool IsPlainSum(const BinaryWork& work, const StepMaker& maker) {
  return work.function == "Add" && work.a.read >= 0 && work.b.read >= 0 &&
         maker.read(0).shape == maker.read(1).shape;
}

MadeStep MakeAddStep(StepMaker& maker) {
  if (maker.WritesInterleaved()) return NewStep<AddNhwcStep>(maker);
  return NewStep<AddStep>(maker);
}

}  // namespace tempera::engine
