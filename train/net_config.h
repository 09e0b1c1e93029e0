// The shape of a style network as plain data: the libtorch module and the ONNX export walk the same list.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/status.h"

namespace tempera::train {

// One layer, in this order: nearest enlargement x2 (if upsample), reflection pad by kernel / 2,
// convolution with bias, affine instance norm (if norm), plus the value that entered the layer
// before this one (if residual), plus the output of the layer `skip` (if not empty), ReLU (if relu).
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
  std::string skip;
  bool fine = false;  // at full or half size: which of the two strengths moves its rows
};

// A whole network: RGB 0..255 in, RGB about 0..255 out, sizes in multiples of `size_multiple`.
// What the layers see is (x - kInputMean) / kInputScale, and the last layer's
// output y leaves as y * kInputScale + kInputMean: no tanh, which dulls colours.
struct NetConfig {
  std::string name;
  std::vector<LayerSpec> layers;
  int size_multiple = 4;
  // Conditional instance norm (Dumoulin et al., arXiv:1610.07629): every norm has a table of affine rows, one
  // for each style with fine strokes, one for each with bold strokes, and one, the last, that paints the
  // picture as it is. Without styles there is one row, whose numbers are the norm's own.
  std::vector<std::string> styles;
  // Fed with its own painting of the frame before: the first layer sees 6 channels, the picture's and that
  // painting's (zeros where there is none). In a file the painting is a state (docs/model-format.md).
  bool fed = false;

  bool conditional() const { return !styles.empty(); }
  int rows() const { return conditional() ? kStrokeSizes * static_cast<int>(styles.size()) + 1 : 1; }
  int row(int style, int stroke) const { return stroke * static_cast<int>(styles.size()) + style; }
  int identity_row() const { return rows() - 1; }
  static constexpr int kStrokeSizes = 2;  // fine, bold
};

inline constexpr double kInputMean = 127.5;
inline constexpr double kInputScale = 60.0;   // about the standard deviation of photographs
inline constexpr double kNormEpsilon = 1e-5;  // of the instance norms

// "painter" (the bundled styles: most of the work at an eighth of the size, many styles in one network),
// "painter-fed" (the same, fed with its own painting),
// "small" and "tiny" (at a quarter, one style), "johnson" (Johnson et al. 2016 with resize-convolutions,
// arXiv:1603.08155), "reconet" (Gao et al. 2018, arXiv:1807.01197: 48, 96, 192) and "reconet-edge" (32, 64,
// 128 with four blocks). An unknown name is an error that lists them. `styles`: names, for the painters only;
// the others have room for one and take none.
Result<NetConfig> MakeNetConfig(const std::string& name, std::vector<std::string> styles = {});

// Trainable numbers.
int64_t CountParameters(const NetConfig& config);
// Multiply-accumulates of all convolutions for one picture; width and height in multiples of size_multiple.
int64_t CountMacs(const NetConfig& config, int64_t width, int64_t height);

}  // namespace tempera::train
