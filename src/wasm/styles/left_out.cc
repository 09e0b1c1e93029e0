// What style networks do without. These functions take the places of others at the linker, so that what
// stands behind those is left out; where one is called, the network is refused as unsupported, and the page
// fetches the whole engine.
#include <string>

#include "src/engine/plan/step_maker.h"
#include "src/engine/plan/steps/conv_step.h"
#include "src/engine/precision/calibration_search.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/metadata/picture_ends.h"
#include "src/onnx/flatten.h"

namespace tempera {
namespace {

Status LeftOut(const char* work) { return Unsupported(std::string(work) + " is for the whole engine"); }

}  // namespace

namespace engine {

// No operator of style_operators.cc is planned as one of these.
MadeStep MakeStep(const PoolWork&, StepMaker&) { return LeftOut("pooling"); }
MadeStep MakeStep(const MatrixWork&, StepMaker&) { return LeftOut("a product of matrices"); }
MadeStep MakeStep(const SoftmaxWork&, StepMaker&) { return LeftOut("Softmax"); }
MadeStep MakeStep(const LayerNormWork&, StepMaker&) { return LeftOut("LayerNormalization"); }
MadeStep MakeDepthwiseNhwcStep(const ConvWork&, StepMaker&) { return LeftOut("a convolution in groups"); }
MadeStep MakeDepthwiseStep(const ConvWork& work, StepMaker&) {
  if (work.conv.group > 1) return LeftOut("a convolution in groups");
  return std::unique_ptr<Step>();
}
MadeStep MakeMixStep(const ConvWork& work, StepMaker&) {
  if (work.kernel_h == 1 && work.kernel_w == 1) return LeftOut("a convolution of single pixels in fp32");
  return std::unique_ptr<Step>();
}

// Styles come with what was found out about them, or are painted in fp32.
Status FindCalibration(const CalibrationSearch&, Calibration*) { return LeftOut("calibrating"); }

}  // namespace engine

namespace kernels {

bool DepthwiseNhwcServes(const ConvShape&) { return false; }
// The general kernel serves.
ResizeRowsF32 ChooseDoubleRowsF32(const ResizeAxis&, const ResizeAxis&, int64_t) { return nullptr; }

}  // namespace kernels

namespace metadata {

Status TakePicture(const PictureForm&, const ModelMetadata&, graph::Graph*) {
  return LeftOut("a network of other pictures than float32 [1, 3, H, W]");
}
Status GivePicture(const PictureForm&, bool, ModelMetadata*, graph::Graph*) {
  return LeftOut("a network of other pictures than float32 [1, 3, H, W]");
}

}  // namespace metadata

namespace onnx {

// Branches (If) and ONNX Runtime's quantised operators are not in the table of operators.
Status Flatten(Model* model, const std::string&) {
  bool refers = !model->functions.empty();
  for (const Node& node : model->graph.nodes) {
    for (const Attribute& attribute : node.attributes) refers = refers || !attribute.ref_name.empty();
  }
  return refers ? LeftOut("a network with functions of its own") : OkStatus();
}

}  // namespace onnx
}  // namespace tempera
