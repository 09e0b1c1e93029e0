// A mask network as ONNX (docs/model-format.md).
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "train/safetensors.h"
#include "train/segment/mask_net.h"

namespace tempera::train {

struct MaskExport {
  bool int8 = true;           // weights in 8 bits by output channel, behind DequantizeLinear; else float32
  int width = 0, height = 0;  // 0: open, but for networks with a pyramid, which are of one size
  std::vector<std::pair<std::string, std::string>> metadata;
};

// input [1, 3, H, W] RGB -1..1; output [1, classes, H / s, W / s], shares. Operators of opset 14. weights: as
// FoldedWeights gives them. kInvalidArgument when one is missing or of another shape.
Status ExportMaskNet(const MaskNet& net, const std::map<std::string, FloatArray>& weights,
                     const MaskExport& how, const std::string& path);

}  // namespace tempera::train
