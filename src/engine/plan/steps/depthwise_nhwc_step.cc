// A depthwise convolution between interleaved pictures, in fp32 arithmetic whatever runs beside it.
#include <string>
#include <utility>

#include "src/engine/plan/steps/conv_step.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"

namespace tempera::engine {
namespace {

class DepthwiseNhwcStep final : public BandedStep {
 public:
  DepthwiseNhwcStep(kernels::DepthwiseNhwcPlan plan, const kernels::Pointwise& read,
                    const kernels::Pointwise& write, const NodeData& node)
      : plan_(std::move(plan)), from_(node.reads[0].storage), to_(node.writes[0]) {
    args_.read = read;
    args_.write = write;
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = plan_.weights.size_bytes() + plan_.bias.size() * sizeof(float);
    info.macs = plan_.shape.macs();
  }

  void Bind(const Memory& memory) override {
    args_.input = memory.at(from_);
    args_.output = memory.at(to_);
  }

  int64_t tasks() const override { return plan_.tasks; }
  Pictures pictures() const override { return PicturesOf(plan_.shape); }
  TaskRows RowsOf(int64_t task) const override { return RowsOfTask(plan_, task); }
  void RunTask(int64_t task, void* scratch) override { plan_.RunTask(args_, task, scratch); }

 private:
  kernels::DepthwiseNhwcPlan plan_;
  kernels::ConvNhwcArgs args_;
  StorageId from_, to_;
};

}  // namespace

MadeStep MakeDepthwiseNhwcStep(const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = ConvShapeOf(work, maker);
  TEMPERA_ASSIGN_OR_RETURN(kernels::DepthwiseNhwcPlan planned,
                           kernels::PlanDepthwiseNhwc(shape, maker.Peek(work.weights), maker.Peek(work.bias),
                                                      maker.highway_bit()));
  std::unique_ptr<Step> step = std::make_unique<DepthwiseNhwcStep>(
      std::move(planned), maker.PointwiseOf(maker.read()), ActivationOf(work, maker), maker.node());
  step->info.kernel = "depthwise_f16" + ConvShapeName(shape) + " nhwc " + maker.target_name();
  return step;
}

}  // namespace tempera::engine
