// Style: distance of Gram matrices (Gatys et al., arXiv:1508.06576; Johnson et al., arXiv:1603.08155), of
// many paintings and at several sizes of the picture.
#pragma once

#include <torch/types.h>

#include <map>
#include <string>
#include <vector>

#include "train/features.h"

namespace tempera::train {

// [n, c, h, w] -> [n, c, c]: products of channels summed over the picture, divided by c * h * w.
torch::Tensor GramMatrix(const torch::Tensor& features);

// The loss at one size of the picture. Where the painting is halved together with the picture, the same
// layers see twice as far: that is what makes long strokes and large shapes.
class StyleLoss {
 public:
  // `photos`: features of plain photographs, the yardstick of each target.
  StyleLoss(const std::vector<FeatureMap>& photos, std::map<std::string, double> layer_weights);

  // One more painting, by its features at one or more sizes: the target is the mean of their Gram matrices.
  // Each layer's loss is divided by that of the photographs, so that an unstyled photograph scores 1 a layer
  // and one weight serves most paintings.
  void AddTarget(const std::vector<FeatureMap>& painting);

  // [n]: sum over layers of weight * |Gram - target|^2 / that of photographs. `shares` [n, targets]: of which
  // paintings each picture's target is mixed; rows sum to 1.
  torch::Tensor operator()(const FeatureMap& features, const torch::Tensor& shares) const;

 private:
  struct Layer {
    double weight = 0;
    std::vector<torch::Tensor> photos;  // Gram matrices [n, c, c]
    torch::Tensor targets;              // [targets, c * c]
    std::vector<float> scales;          // weight / the photographs' distance, of each target
  };
  std::map<std::string, Layer> layers_;
};

}  // namespace tempera::train
