// Content: distance of features at relu3_3, where shapes live and textures no longer do.
#pragma once

#include <torch/types.h>

#include <vector>

namespace tempera::train {

class ContentLoss {
 public:
  static constexpr const char* kLayer = "relu3_3";

  // `photos`: [n, c, h, w] features of different photographs, n >= 2. The loss is divided by their mean
  // squared distance to one another: 1 means as far from the source as another photograph would be.
  explicit ContentLoss(const torch::Tensor& photos);

  // Scalar; both [n, c, h, w].
  torch::Tensor operator()(const torch::Tensor& painted, const torch::Tensor& source) const;

 private:
  double scale_ = 1;
};

}  // namespace tempera::train
