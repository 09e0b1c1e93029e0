// What the losses look through: a frozen network of one of several kinds, chosen by what its file holds.
#pragma once

#include <torch/types.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "src/base/status.h"
#include "train/features.h"
#include "train/safetensors.h"

namespace tempera::train {

class FeatureNetwork {
 public:
  virtual ~FeatureNetwork() = default;

  // "vgg19", "squeezenet1_1".
  virtual std::string name() const = 0;
  // Layers for style, coarse ones last, and the one for content: names for Forward.
  virtual std::vector<std::string> StyleLayers() const = 0;
  virtual std::string ContentLayer() const = 0;
  // As Vgg19::Forward; h and w at least 32.
  virtual FeatureMap Forward(const torch::Tensor& images, const std::vector<std::string>& names) const = 0;
};

std::shared_ptr<const FeatureNetwork> AsFeatureNetwork(Vgg19 vgg);

// By its tensors: Vgg19 or SqueezeNet 1.1. kNotFound, kCorruptModel: neither, or not whole.
Result<std::shared_ptr<const FeatureNetwork>> MakeFeatureNetwork(const Safetensors& file,
                                                                 torch::Device device);

}  // namespace tempera::train
