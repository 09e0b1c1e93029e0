// A convolution in 8-bit or bf16, with everything fused around it.
#include <string>
#include <utility>

#include "src/engine/ends/task_ends.h"
#include "src/engine/plan/norm.h"
#include "src/engine/plan/steps/conv_step.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

using kernels::PictureLayout;

namespace {

class ConvNhwcStep final : public GatheringStep {
 public:
  ConvNhwcStep(kernels::ConvNhwcPlan plan, const kernels::Pointwise& read, const kernels::Pointwise& write,
               const NodeData& node)
      : plan_(std::move(plan)), from_(node.reads[0].storage), to_(node.writes[0]) {
    args_.read = read;
    args_.write = write;
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = plan_.weight_bytes;
    info.macs = plan_.shape.macs();
  }

  void AddNorm(InstanceNorm* norm) override {
    norm->stored_in_f16 = plan_.output == PictureLayout::kNhwcF16;
    args_.moments = Gather(norm, plan_.shape.n * plan_.shape.out_channels * plan_.tiles,
                           plan_.tiles * plan_.shape.pixels_a_channel());
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.at(from_);
    args_.output = memory.at(to_);
  }

  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { ends_.RunTask(plan_, args_, task, scratch); }

  bool TakeSource(const PictureSource* source) override {
    if (plan_.input != PictureLayout::kPlanarF32 || !ends_.TakeSource(plan_, source)) return false;
    scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
    return true;
  }
  bool TakeSink(const PictureSink* sink) override {
    if (plan_.output != PictureLayout::kPlanarF32 || !ends_.TakeSink(plan_, sink)) return false;
    scratch_bytes = ends_.ScratchBytes(plan_.scratch_bytes);
    return true;
  }

 private:
  kernels::ConvNhwcPlan plan_;
  kernels::ConvNhwcArgs args_;
  TaskEnds ends_;
  StorageId from_, to_;
};

PictureLayout LayoutOf(bool interleaved) {
  return interleaved ? PictureLayout::kNhwcF16 : PictureLayout::kPlanarF32;
}

}  // namespace

kernels::ConvNhwcOptions NhwcOptionsOf(const ConvWork& work, int64_t highway_bit) {
  kernels::ConvNhwcOptions options;
  options.precision =
      work.precision == Precision::kBf16 ? kernels::ConvPrecision::kBf16 : kernels::ConvPrecision::kInt8;
  options.low = work.range_low;
  options.high = work.range_high;
  options.highway_bit = highway_bit;
  return options;
}

MadeStep MakeConvNhwcStep(const ConvWork& work, StepMaker& maker) {
  kernels::ConvNhwcOptions options = NhwcOptionsOf(work, maker.highway_bit());
  options.input = LayoutOf(maker.ReadsInterleaved());
  options.output = LayoutOf(maker.WritesInterleaved());
  TEMPERA_ASSIGN_OR_RETURN(kernels::ConvNhwcPlan planned,
                           kernels::PlanConvNhwc(ConvShapeOf(work, maker), maker.Peek(work.weights),
                                                 maker.Peek(work.bias), options));
  const std::string kernel = std::string(work.precision == Precision::kInt8 ? "conv_int8" : "conv_bf16") +
                             ConvShapeName(planned.shape) + (planned.shape.upsample == 2 ? " 4-phase" : "") +
                             " nhwc " + planned.dot->name;
  std::unique_ptr<Step> step = std::make_unique<ConvNhwcStep>(
      std::move(planned), maker.PointwiseOf(maker.read()), ActivationOf(work, maker), maker.node());
  step->info.kernel = kernel;
  return step;
}

}  // namespace tempera::engine
