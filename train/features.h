// VGG-19 up to relu5_1 (Simonyan and Zisserman, arXiv:1409.1556), frozen: what the losses look through.
#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/frozen_conv.h"
#include "train/safetensors.h"

namespace tempera::train {

// Activations by name, "relu3_3": [n, c, h, w].
using FeatureMap = std::map<std::string, torch::Tensor>;

class Vgg19 {
 public:
  // Expects features.<k>.weight [out, in, 3, 3] and features.<k>.bias as torchvision numbers them;
  // input RGB 0..255 minus the mean (123.68, 116.779, 103.939). Layers that the file lacks end the network.
  static Result<Vgg19> FromSafetensors(const Safetensors& file, torch::Device device);

  // images: [n, 3, h, w] RGB 0..255, h and w at least 8. Computes up to the last of `names` and returns
  // those. Differentiable with respect to the images only.
  FeatureMap Forward(const torch::Tensor& images, const std::vector<std::string>& names) const;

  // Whether the file reaches that layer.
  bool has(const std::string& name) const;

 private:
  struct Layer {
    std::string name;
    bool pool_before;
    FrozenConvRelu conv;
  };
  // Shared: autograd keeps pointers to the layers.
  std::shared_ptr<std::vector<Layer>> layers_ = std::make_shared<std::vector<Layer>>();
  torch::Tensor mean_;
};

}  // namespace tempera::train
