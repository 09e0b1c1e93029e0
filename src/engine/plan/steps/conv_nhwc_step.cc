// A convolution in 8-bit or bf16, with everything fused around it.
#include <string>
#include <utility>

#include "src/engine/plan/steps/planned_conv_step.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {

using kernels::PictureLayout;

namespace {

class ConvNhwcStep final : public ConvStepWithEnds<kernels::ConvNhwcPlan, kernels::ConvNhwcArgs> {
 public:
  using ConvStepWithEnds::ConvStepWithEnds;

  void AddNorm(InstanceNorm* norm) override {
    norm->stored_in_f16 = plan_.output == PictureLayout::kNhwcF16;
    ConvStepWithEnds::AddNorm(norm);
  }
  bool TakeSource(const PictureSource* source) override {
    return plan_.input == PictureLayout::kPlanarF32 && ConvStepWithEnds::TakeSource(source);
  }
  bool TakeSink(const PictureSink* sink) override {
    return plan_.output == PictureLayout::kPlanarF32 && ConvStepWithEnds::TakeSink(sink);
  }
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
  const size_t weight_bytes = planned.weight_bytes;
  return NewConvStep<ConvNhwcStep>(std::move(planned), weight_bytes, kernel, work, maker);
}

}  // namespace tempera::engine
