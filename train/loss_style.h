// Style: distance of Gram matrices (Gatys et al., arXiv:1508.06576; Johnson et al., arXiv:1603.08155).
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "train/features.h"

namespace tempera::train {

// [n, c, h, w] -> [n, c, c]: products of channels summed over the picture, divided by c * h * w.
torch::Tensor GramMatrix(const torch::Tensor& features);

class StyleLoss {
 public:
  // `style`: features of the painting at one or more sizes; the targets are the mean of their Gram matrices.
  // `photos`: features of plain photographs. Each layer's loss is divided by that of the photographs,
  // so an unstyled photograph scores 1 a layer and one weight serves most paintings.
  StyleLoss(const std::vector<FeatureMap>& style, const std::vector<FeatureMap>& photos,
            std::map<std::string, double> layer_weights);

  // Scalar: sum over layers of weight * mean over pictures of |Gram - target|^2 / that of photographs.
  torch::Tensor operator()(const FeatureMap& features) const;

 private:
  struct Layer {
    torch::Tensor target;  // [1, c, c]
    double scale = 0;      // weight / the photographs' distance
  };
  std::map<std::string, Layer> layers_;
};

}  // namespace tempera::train
