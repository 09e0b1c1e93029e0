// SqueezeNet 1.1 (Iandola et al., arXiv:1602.07360), frozen, as features: 2.9 MB, and terms that let anybody
// share them.
#pragma once

#include <torch/types.h>

#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/features/feature_network.h"

namespace tempera::train {

class SqueezeNet : public FeatureNetwork {
 public:
  // Expects features.0 and features.{3,4,6,7,9,10,11,12}.{squeeze,expand1x1,expand3x3}, each .weight and
  // .bias, as torchvision numbers them; input RGB 0..255 minus (123, 117, 104).
  static Result<std::shared_ptr<const SqueezeNet>> FromSafetensors(const Safetensors& file,
                                                                   torch::Device device);

  std::string name() const override { return "squeezenet1_1"; }
  // relu1 (64 channels at half the size), and what the fire modules give: fire2 (128, a quarter), fire4 (256,
  // an eighth), fire6 and fire9 (384, 512, a sixteenth), as the papers number them.
  std::vector<std::string> StyleLayers() const override { return {"relu1", "fire2", "fire4", "fire6"}; }
  std::string ContentLayer() const override { return "fire5"; }
  // Names: "relu1", "fire2" to "fire9".
  FeatureMap Forward(const torch::Tensor& images, const std::vector<std::string>& names) const override;

 private:
  struct Convolution {
    torch::Tensor weight, bias;
  };
  struct Fire {
    std::string name;
    bool pool_before;
    Convolution squeeze, expand1x1, expand3x3;
  };
  Convolution first_;
  std::vector<Fire> fires_;
  torch::Tensor mean_;
};

}  // namespace tempera::train
