// Depthwise convolutions, and those of single pixels, with everything fused around them.
#include <span>
#include <string>
#include <utility>

#include "src/engine/plan/norm.h"
#include "src/engine/plan/steps/conv_step.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/planes/mix_f32.h"

namespace tempera::engine {
namespace {

// ConvPlan: one of the two kernels' plans.
template <typename ConvPlan>
class PlaneConvStep final : public GatheringStep {
 public:
  PlaneConvStep(ConvPlan plan, size_t bytes_of_weights, const kernels::Pointwise& read,
                const kernels::Pointwise& write, const NodeData& node)
      : plan_(std::move(plan)), from_(node.reads[0].storage), to_(node.writes[0]) {
    args_.read = read;
    args_.write = write;
    scratch_bytes = plan_.scratch_bytes;
    weight_bytes = bytes_of_weights;
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
  void RunTask(int64_t task, void* scratch) override { plan_.RunTask(args_, task, scratch); }

 private:
  ConvPlan plan_;
  kernels::ConvArgs args_;
  StorageId from_, to_;
};

template <typename ConvPlan>
std::unique_ptr<Step> StepOf(ConvPlan planned, const std::string& kernel, const ConvWork& work,
                             StepMaker& maker) {
  const kernels::ConvShape shape = planned.shape;
  const size_t numbers = maker.Peek(work.weights).size() + static_cast<size_t>(shape.out_channels);
  auto step = std::make_unique<PlaneConvStep<ConvPlan>>(std::move(planned), numbers * sizeof(float),
                                                        maker.PointwiseOf(maker.read()),
                                                        ActivationOf(work, maker), maker.node());
  const std::string form = shape.upsample == 2 ? " x2" : "";
  step->info.kernel = kernel + ConvShapeName(shape) + form + " planar " + maker.target_name();
  return step;
}

}  // namespace

MadeStep MakePlaneConvStep(const ConvWork& work, StepMaker& maker) {
  const kernels::ConvShape shape = ConvShapeOf(work, maker);
  const auto weights = maker.Peek(work.weights), bias = maker.Peek(work.bias);
  // One channel to several is a convolution like any other.
  const bool one_to_several = shape.group == 1 && shape.out_channels > 1;
  if (!one_to_several && kernels::DepthwiseServes(shape)) {
    TEMPERA_ASSIGN_OR_RETURN(kernels::DepthwisePlan planned,
                             kernels::PlanDepthwise(shape, weights, bias, maker.highway_bit()));
    return StepOf(std::move(planned), "depthwise_f32", work, maker);
  }
  if (kernels::MixServes(shape)) {
    const bool pending = !maker.read().pending.empty();
    TEMPERA_ASSIGN_OR_RETURN(kernels::MixPlan planned,
                             kernels::PlanMix(shape, weights, bias, pending, maker.highway_bit()));
    return StepOf(std::move(planned), "mix_f32", work, maker);
  }
  return std::unique_ptr<Step>();
}

}  // namespace tempera::engine
