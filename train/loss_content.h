// Content: distance of deep features, where shapes live and textures no longer do.
#pragma once

#include <torch/types.h>

#include <vector>

namespace tempera::train {

class ContentLoss {
 public:
  // Where the features file goes so far; at relu3_3 the painting keeps more of the photograph's texture and
  // less of the painter's.
  static constexpr const char* kLayer = "relu4_2";
  static constexpr const char* kShallowLayer = "relu3_3";

  // `photos`: [n, c, h, w] features of different photographs, n >= 2. The loss is divided by their mean
  // squared distance to one another: 1 means as far from the source as another photograph would be.
  explicit ContentLoss(const torch::Tensor& photos);

  // [n]; both [n, c, h, w].
  torch::Tensor operator()(const torch::Tensor& painted, const torch::Tensor& source) const;

 private:
  double scale_ = 1;
};

}  // namespace tempera::train
