// The shape of a mask network as plain data: the libtorch module and the ONNX export walk the same list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

enum class MaskOp {
  kConv,           // convolution without bias, batch norm (where norm), activation; else with bias
  kSqueezeExcite,  // x * hard sigmoid of two 1x1 convolutions of x's means (Hu et al., arXiv:1709.01507)
  kGate,     // x * sigmoid of a 1x1 convolution of the means of the second input (arXiv:1905.02244, LR-ASPP)
  kAdd,      // of two, then the activation
  kEnlarge,  // bilinearly, `factor` times either way
  kPyramid,  // means of 1, 4, 9 and 36 parts of x, each through a convolution, enlarged, beside x itself
};
enum class MaskActivation { kNone, kRelu, kHardSwish };

struct MaskLayer {
  MaskOp op = MaskOp::kConv;
  std::string name;
  std::vector<int> from;  // layers by index; -1: the picture
  int in_channels = 0, out_channels = 0;
  int kernel = 1, stride = 1, groups = 1;
  int factor = 1;    // of kEnlarge
  int squeezed = 0;  // of kSqueezeExcite: channels between
  bool norm = true;
  MaskActivation activation = MaskActivation::kNone;
  // Where a pretrained encoder has this layer's weights ("": nowhere).
  std::string pretrained;
};

// Pictures RGB -1..1 in, [n, classes, H / output_stride, W / output_stride] logits out. One class: its own
// share by a sigmoid; several: shares of a whole by softmax.
struct MaskNet {
  std::string name;
  std::vector<MaskLayer> layers;  // the last one's output is the network's
  std::vector<std::string> classes;
  int size_multiple = 32;
  int output_stride = 2;
};

// "person" (a MobileNetV3-small encoder to stride 16, arXiv:1905.02244, and a decoder of our own: about 0.2 M
// parameters at width 1), "street" (the same for many classes, wider behind the encoder), "fast-scnn" (as
// published: Poudel et al., arXiv:1902.04502). width: times the channels; the pretrained encoder has width 1.
Result<MaskNet> MakeMaskNet(const std::string& name, const std::vector<std::string>& classes, double width);

int64_t CountParameters(const MaskNet& net);

}  // namespace tempera::train
