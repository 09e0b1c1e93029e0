#include "train/loss_tv.h"

#include <torch/torch.h>

namespace tempera::train {

torch::Tensor TotalVariation(const torch::Tensor& images) {
  const torch::Tensor x = images.to(torch::kFloat);
  const int64_t h = x.size(2), w = x.size(3);
  const torch::Tensor dy = x.narrow(2, 1, h - 1) - x.narrow(2, 0, h - 1);
  const torch::Tensor dx = x.narrow(3, 1, w - 1) - x.narrow(3, 0, w - 1);
  return (dy.abs().mean() + dx.abs().mean()) / 255.0;
}

}  // namespace tempera::train
