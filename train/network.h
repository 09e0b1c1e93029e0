// The style network as a libtorch module, built from a NetConfig.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/net_config.h"
#include "train/safetensors.h"

namespace tempera::train {

// Which affine rows paint each picture: shares [n, rows], for the layers at full and half size (fine) and for
// those below (coarse). Undefined tensors: the only row there is.
struct RowMix {
  torch::Tensor fine, coarse;
  // Or rows that are in no table, [n, RowLength]: these then paint, in all layers.
  torch::Tensor given;
};

// How many numbers a row has, and where a layer's stand in it: its scales, then its shifts.
int64_t RowLength(const NetConfig& config);
int64_t RowOffset(const NetConfig& config, size_t layer);

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
  // `before`: what a network that is fed with its own painting painted of the frame before; undefined: none.
  torch::Tensor Forward(const torch::Tensor& images, const RowMix& mix, torch::Tensor* encoded,
                        const torch::Tensor& before = {});

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

// The rows of a conditional network as one table [rows, RowLength], detached; and one of them anew.
torch::Tensor RowTable(const TransformerNet& net);
void SetRow(TransformerNet& net, int64_t row, const torch::Tensor& numbers);

// The opposite of PlainWeights. kInvalidArgument when a parameter is missing or of another shape.
Status SetPlainWeights(const std::map<std::string, FloatArray>& weights, TransformerNet& net);

// Copies the weights of the layers whose names and shapes agree; returns how many tensors that were. A
// network that is fed with its own painting takes the first layer of one that is not, and begins with no
// regard to it.
int CopyMatchingWeights(const TransformerNet& from, TransformerNet& to);

}  // namespace tempera::train
