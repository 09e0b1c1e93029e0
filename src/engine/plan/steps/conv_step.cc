// A planned convolution with everything fused around it.
#include "src/engine/plan/steps/conv_step.h"

#include <string>
#include <utility>

#include "src/engine/ends/task_ends.h"
#include "src/engine/plan/norm.h"
#include "src/engine/precision/conv_shape.h"
#include "src/kernels/conv/conv_f32.h"

namespace tempera::engine {
namespace {

class ConvStep final : public GatheringStep {
 public:
  ConvStep(kernels::ConvPlan plan, const kernels::Pointwise& read, const kernels::Pointwise& write,
           const NodeData& node)
      : plan_(std::move(plan)), from_(node.reads[0].storage), to_(node.writes[0]) {
    args_.read = read;
    args_.write = write;
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = plan_.weights.size_bytes() + plan_.bias.size() * sizeof(float);
    info.macs = plan_.shape.macs();
  }

  void AddNorm(InstanceNorm* norm) override {
    args_.moments = Gather(norm, plan_.shape.n * plan_.shape.out_channels * plan_.tiles,
                           plan_.tiles * plan_.shape.pixels_a_channel());
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.floats(from_);
    args_.output = memory.floats(to_);
  }

  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { ends_.RunTask(plan_, args_, task, scratch); }

  bool TakeSource(const PictureSource* source) override {
    if (!ends_.TakeSource(plan_, source)) return false;
    scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
    return true;
  }
  bool TakeSink(const PictureSink* sink) override {
    if (!ends_.TakeSink(plan_, sink)) return false;
    scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
    return true;
  }

 private:
  kernels::ConvPlan plan_;
  kernels::ConvArgs args_;
  TaskEnds ends_;
  StorageId from_, to_;
};

}  // namespace

kernels::ConvShape ConvShapeOf(const ConvWork& work, const StepMaker& maker) {
  return ConvShapeOf(work.conv, work.kernel_h, work.kernel_w, maker.read().shape, maker.written().shape);
}

kernels::Pointwise ActivationOf(const ConvWork& work, StepMaker& maker) {
  kernels::Pointwise write;
  write.activation = ActivationOf(work.conv.activation);
  if (work.conv.activation == graph::ActivationKind::kClamp) {
    write.lo = work.conv.lo;
    write.hi = work.conv.hi;
  }
  write.slope = maker.KeepFloats(work.slope);
  return write;
}

std::string ConvShapeName(const kernels::ConvShape& s) {
  std::string name =
      " " + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w) + " s" + std::to_string(s.stride_h);
  if (s.stride_w != s.stride_h) name += "x" + std::to_string(s.stride_w);
  if (s.dilation_h != 1 || s.dilation_w != 1) name += " d" + std::to_string(s.dilation_h);
  if (s.group > 1) name += " g" + std::to_string(s.group);
  if (s.transposed) name += " transposed";
  if (s.shuffle > 1) name += " shuffle" + std::to_string(s.shuffle);
  return name;
}

MadeStep MakeStep(const ConvWork& work, StepMaker& maker) {
  if (work.precision != Precision::kFp32) return MakeConvNhwcStep(work, maker);
  if (maker.ReadsInterleaved()) return MakeDepthwiseNhwcStep(work, maker);
  TEMPERA_ASSIGN_OR_RETURN(std::unique_ptr<Step> planes, MakePlaneConvStep(work, maker));
  if (planes != nullptr) return planes;
  TEMPERA_ASSIGN_OR_RETURN(kernels::ConvPlan planned,
                           kernels::PlanConv(ConvShapeOf(work, maker), maker.Peek(work.weights),
                                             maker.Peek(work.bias), maker.highway_bit()));
  const std::string kernel =
      "conv_f32" + ConvShapeName(planned.shape) + planned.form_name() + " planar " + maker.target_name();
  std::unique_ptr<Step> step = std::make_unique<ConvStep>(std::move(planned), maker.PointwiseOf(maker.read()),
                                                          ActivationOf(work, maker), maker.node());
  step->info.kernel = kernel;
  return step;
}

}  // namespace tempera::engine
