// A mask network as a libtorch module, built from a MaskNet.
#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/safetensors.h"
#include "train/segment/mask_net.h"

namespace tempera::train {

class MaskModule : public torch::nn::Module {
 public:
  // Weights drawn with libtorch's generator: set torch::manual_seed first.
  explicit MaskModule(const MaskNet& net);

  // [n, 3, h, w] RGB -1..1, h and w multiples of size_multiple -> logits [n, classes, h / s, w / s].
  torch::Tensor forward(const torch::Tensor& images);

  // The encoder's weights from a file of convolutions whose batch norms are folded (X.weight, X.bias, and
  // X.weight_scale of 8-bit ones). The norms behind are set so that, of `images`, the network computes at
  // first what the file's does. Returns how many layers were found.
  Result<int> TakePretrained(const Safetensors& file, const torch::Tensor& images);

  // true: convolutions use their weights rounded to 8 bits by output channel, as files hold them; gradients
  // pass.
  void set_rounds(bool rounds) { rounds_ = rounds; }

  const MaskNet& net() const { return net_; }
  // Whether a parameter belongs to what TakePretrained filled.
  bool IsEncoder(const std::string& parameter) const;

 private:
  struct Layer {
    std::vector<torch::Tensor> weights, biases;  // of its convolutions; biases undefined where a norm is
    std::vector<torch::Tensor> scale, shift;     // of the norms
    std::vector<torch::Tensor> mean, variance;   // running, buffers
  };
  torch::Tensor Conv(const torch::Tensor& x, size_t layer);
  torch::Tensor Rounded(const torch::Tensor& weight) const;
  torch::Tensor Norm(const torch::Tensor& x, Layer& layer, size_t which);
  torch::Tensor Run(const MaskLayer& spec, size_t index, const std::vector<torch::Tensor>& done,
                    const torch::Tensor& images);
  void AddConv(const MaskLayer& spec, const std::string& name, int64_t in, int64_t out, int64_t kernel,
               int64_t groups, bool norm, Layer* layer);

  MaskNet net_;
  std::vector<Layer> layers_;
  bool rounds_ = false;
  bool calibrates_ = false;  // norms take what they see as theirs
};

// Convolutions with their norms folded in, "stem.weight" [out, in, k, k] and "stem.bias" [out] and so on:
// what the export needs.
std::map<std::string, FloatArray> FoldedWeights(const MaskModule& module);

}  // namespace tempera::train
