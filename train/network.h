// The style network as a libtorch module, built from a NetConfig.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "train/net_config.h"
#include "train/safetensors.h"

namespace tempera::train {

// Which affine rows paint each picture: shares [n, rows], for the layers at full and half size (fine) and for
// those below (coarse). Undefined tensors: the only row there is.
struct RowMix {
  torch::Tensor fine, coarse;
};

// TransformerNet of Johnson et al., in whatever shape the config gives it.
class TransformerNet : public torch::nn::Module {
 public:
  // Weights drawn with libtorch's generator: set torch::manual_seed first.
  explicit TransformerNet(const NetConfig& config);

  // [n, 3, h, w] RGB 0..255, h and w multiples of size_multiple -> the same shape, not clamped.
  torch::Tensor forward(const torch::Tensor& images, const RowMix& mix = {}) {
    return Forward(images, mix, nullptr);
  }
  // The same, and what leaves the layers at the smallest size (the encoder's output of ReCoNet's loss).
  torch::Tensor Forward(const torch::Tensor& images, const RowMix& mix, torch::Tensor* encoded);

  const NetConfig& config() const { return config_; }

 private:
  struct Layer {
    torch::Tensor weight, bias;
    torch::Tensor norm_weight, norm_bias;  // [out], or [rows, out] where the network is conditional
  };
  torch::Tensor Normalized(const torch::Tensor& x, size_t layer, const RowMix& mix) const;
  NetConfig config_;
  std::vector<Layer> layers_;
};

// Every parameter as plain numbers, "down1_conv_weight" [out, in, k, k] and so on: what the export needs.
std::map<std::string, FloatArray> PlainWeights(const TransformerNet& net);

// Copies the weights of the layers whose names and shapes agree; returns how many tensors that were.
int CopyMatchingWeights(const TransformerNet& from, TransformerNet& to);

}  // namespace tempera::train
