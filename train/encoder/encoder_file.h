// The style encoder as an .onnx file: a picture in, the affine rows of its style out.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/safetensors.h"

namespace tempera::train {

// What the encoder looks at: strided convolutions with ReLU, of each the mean and standard deviation of every
// channel over the picture. Where things are does not matter to a style; which colours and strokes there are,
// and which come together, does (Gram matrices say as little of places).
struct EncoderConv {
  const char* name;
  int in_channels, out_channels, kernel;  // stride 2, kernel / 2 zeros around
};
inline constexpr std::array<EncoderConv, 5> kEncoderConvs = {{{"conv1", 3, 24, 5},
                                                              {"conv2", 24, 48, 3},
                                                              {"conv3", 48, 64, 3},
                                                              {"conv4", 64, 96, 3},
                                                              {"conv5", 96, 96, 3}}};
inline constexpr int64_t kEncoderStatistics = 2 * (24 + 48 + 64 + 96 + 96);
inline constexpr int64_t kEncoderHidden = 160, kEncoderCode = 64;
inline constexpr double kEncoderVariance = 1e-3;  // added before the root, whose slope at 0 is infinite

// Long side, in pixels, at which a picture is looked at, and what its short side is at least.
inline constexpr int kEncoderSide = 320, kEncoderShortSide = 32;

// Shapes of the weights by name, as conventions of libtorch have them. `numbers`: how many come out.
std::map<std::string, std::vector<int64_t>> EncoderShapes(int64_t numbers);

struct EncoderFile {
  std::string body;     // BodyHash of the network that the rows are for
  int64_t numbers = 0;  // of both rows together: fine strokes', then bold strokes'
  std::map<std::string, FloatArray> weights;
  std::map<std::string, std::string> metadata;
};

// Opset 13: Sub, Mul, Conv, Relu, ReduceMean, Add, Sqrt, Flatten, Concat, Gemm. Input "picture" [1, 3, H, W]
// RGB 0..255, output "rows" [1, numbers]. Weights are kept in 16 bits. Beside, then renamed.
Status WriteEncoderFile(const EncoderFile& encoder, const std::string& path);

// kInvalidArgument where the file is another kind of network; kNotFound, kIo and kCorruptModel.
Result<EncoderFile> ReadEncoderFile(const std::string& path);

}  // namespace tempera::train
