#include "train/loss_grid.h"

#include <torch/torch.h>

namespace tempera::train {

torch::Tensor GridPattern(const torch::Tensor& images) {
  constexpr int64_t kCell = 4;             // pixels: the networks halve twice
  constexpr int64_t kWindow = 32 / kCell;  // cells
  const torch::Tensor phases = torch::pixel_unshuffle(images.to(torch::kFloat) / 255.0, kCell);
  const torch::Tensor means = torch::avg_pool2d(phases, kWindow, kWindow / 2);
  const torch::Tensor cells =
      means.reshape({means.size(0), images.size(1), kCell * kCell, means.size(2), means.size(3)});
  return (cells - cells.mean(2, /*keepdim=*/true)).square().mean() * 1000.0;
}

}  // namespace tempera::train
