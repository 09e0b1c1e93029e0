// 3x3 convolution with frozen weights by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray,
// arXiv:1509.09308): a quarter of the multiplications, which is most of a training step. Knows no libtorch.
#pragma once

#include <cstdint>
#include <vector>

namespace tempera::train {

// Weights in the transformed domain, packed [36][out / 32][in][32], or by 16 where 32 does not divide them.
struct WinogradWeights {
  int in_channels = 0;
  int out_channels = 0;
  std::vector<float> values;
};

// weights: [out, in, 3, 3]. With `transposed`, those of the gradient with respect to the input: channels
// exchanged, taps turned round. Both channel counts must be multiples of 16.
WinogradWeights TransformWeights(const float* weights, int out_channels, int in_channels, bool transposed);

// One convolution: stride 1, zero padding 1, all tensors [n, h, w, channels] dense.
struct WinogradConv {
  const WinogradWeights* weights = nullptr;
  const float* input = nullptr;
  const float* mask = nullptr;  // like input; input values count only where mask > 0 (null: everywhere)
  const float* bias = nullptr;  // [out] or null
  bool relu = false;
  int n = 0, h = 0, w = 0;
  float* output = nullptr;

  // The work is cut into blocks that may run on different threads at once.
  int64_t BlockCount() const;
  void RunBlocks(int64_t begin, int64_t end) const;
  int64_t TileCount() const;  // of 4x4 results
};

}  // namespace tempera::train
