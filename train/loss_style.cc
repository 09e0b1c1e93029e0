#include "train/loss_style.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

namespace tempera::train {
namespace {

// [n]: squared Frobenius distance of each picture's Gram matrix to the target.
torch::Tensor GramDistance(const torch::Tensor& features, const torch::Tensor& target) {
  return (GramMatrix(features) - target).square().sum({1, 2});
}

}  // namespace

torch::Tensor GramMatrix(const torch::Tensor& features) {
  const int64_t n = features.size(0), c = features.size(1), pixels = features.size(2) * features.size(3);
  // Divided first, so that bf16 and fp16 sums stay in range.
  const double scale = 1.0 / static_cast<double>(c * pixels);
  const torch::Tensor flat = features.reshape({n, c, pixels});
  std::vector<torch::Tensor> grams;
  grams.reserve(n);
  // One product a picture: libtorch 1.13's batched product does not reach BLAS.
  for (int64_t i = 0; i < n; ++i) grams.push_back(torch::mm(flat[i], flat[i].t()));
  return torch::stack(grams).to(torch::kFloat) * scale;
}

StyleLoss::StyleLoss(const std::vector<FeatureMap>& style, const std::vector<FeatureMap>& photos,
                     std::map<std::string, double> layer_weights) {
  torch::NoGradGuard no_grad;
  for (const auto& [name, weight] : layer_weights) {
    Layer layer;
    for (const FeatureMap& scale : style) {
      const torch::Tensor gram = GramMatrix(scale.at(name)) / static_cast<double>(style.size());
      layer.target = layer.target.defined() ? layer.target + gram : gram;
    }
    double plain = 0;
    for (const FeatureMap& photo : photos) {
      plain += GramDistance(photo.at(name), layer.target).mean().item<double>() / static_cast<double>(photos.size());
    }
    layer.scale = weight / std::max(plain, 1e-12);
    layers_[name] = layer;
  }
}

torch::Tensor StyleLoss::operator()(const FeatureMap& features) const {
  torch::Tensor sum;
  for (const auto& [name, layer] : layers_) {
    const torch::Tensor term = GramDistance(features.at(name), layer.target).mean() * layer.scale;
    sum = sum.defined() ? sum + term : term;
  }
  return sum;
}

}  // namespace tempera::train
