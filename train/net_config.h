// The shape of a style network as plain data: the libtorch module and the ONNX export walk the same list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

// One layer, in this order: nearest enlargement x2 (if upsample), reflection pad by kernel / 2,
// convolution with bias, affine instance norm (if norm), plus the value that entered the layer
// before this one (if residual), ReLU (if relu).
struct LayerSpec {
  std::string name;  // prefix of its parameters: "down1_conv_weight", "down1_norm_bias", ...
  int in_channels = 0;
  int out_channels = 0;
  int kernel = 3;  // odd
  int stride = 1;
  bool upsample = false;
  bool norm = true;
  bool relu = true;
  bool residual = false;
};

// A whole network: RGB 0..255 in, RGB about 0..255 out, sizes in multiples of 4.
// What the layers see is (x - kInputMean) / kInputScale, and the last layer's
// output y leaves as y * kInputScale + kInputMean: no tanh, which dulls colours.
struct NetConfig {
  std::string name;
  std::vector<LayerSpec> layers;
};

inline constexpr double kInputMean = 127.5;
inline constexpr double kInputScale = 60.0;   // about the standard deviation of photographs
inline constexpr double kNormEpsilon = 1e-5;  // of the instance norms

// "small" (the bundled styles), "tiny" (half its cost), "johnson" (Johnson et al. 2016 with
// resize-convolutions, arXiv:1603.08155). An unknown name is an error that lists them.
Result<NetConfig> MakeNetConfig(const std::string& name);

// Trainable numbers.
int64_t CountParameters(const NetConfig& config);
// Multiply-accumulates of all convolutions for one picture; width and height in multiples of 4.
int64_t CountMacs(const NetConfig& config, int64_t width, int64_t height);

}  // namespace tempera::train
