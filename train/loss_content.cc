#include "train/loss_content.h"

#include <torch/torch.h>

#include <algorithm>

namespace tempera::train {

ContentLoss::ContentLoss(const torch::Tensor& photos) {
  torch::NoGradGuard no_grad;
  const double apart = torch::mse_loss(photos, photos.roll(1, 0)).item<double>();
  scale_ = 1.0 / std::max(apart, 1e-12);
}

torch::Tensor ContentLoss::operator()(const torch::Tensor& painted, const torch::Tensor& source) const {
  return (painted.to(torch::kFloat) - source.to(torch::kFloat)).square().mean({1, 2, 3}) * scale_;
}

}  // namespace tempera::train
