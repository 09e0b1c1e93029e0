// A trained network as an .onnx file that tempera, ONNX Runtime and others run.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/base/status.h"
#include "train/net_config.h"
#include "train/safetensors.h"

namespace tempera::train {

using Metadata = std::vector<std::pair<std::string, std::string>>;

// Opset 13: Pad (reflect), Conv, InstanceNormalization, Relu, Resize (nearest x2), Add. Input "input", output
// "output", both [1, 3, H, W] float RGB 0..255. The scaling of the input is folded into the first convolution
// and that of the output into the last: exact, because reflection pads with values of the picture itself.
//
// A conditional network has further inputs, each with its default as initializer: style_weights [styles]
// (shares that add up to 1), strength, fine_strength, coarse_strength and stroke_size [1]. They mix the rows
// of its affine tables (Mul, Sub, Concat, MatMul); its weights and tables are stored in 16 bits (Cast).
// Behind the last convolution keep_colors, brightness and contrast [1] adjust the painting
// (src/onnx/adjust_tail.h), but where the network is fed with its own painting: then there is the input
// previous [1, 3, H, W] instead, for its state. `weights` as PlainWeights gives them. kInvalidArgument when
// one is missing or of the wrong shape.
inline constexpr float kDefaultStrokeSize = 0;
Status ExportOnnx(const NetConfig& config, const std::map<std::string, FloatArray>& weights,
                  const Metadata& metadata, const std::string& path);

// What the export makes of a layer's convolution: the input's scaling goes into the first, the output's into
// the last. Unfold undoes it.
void FoldScaling(const NetConfig& config, size_t layer, FloatArray& weight, FloatArray& bias);
void UnfoldScaling(const NetConfig& config, size_t layer, FloatArray& weight, FloatArray& bias);

}  // namespace tempera::train
