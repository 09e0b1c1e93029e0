#include "train/loss_grid.h"

#include <torch/torch.h>

namespace tempera::train {

torch::Tensor GridPattern(const torch::Tensor& images, int64_t cell) {
  const int64_t window = 8;  // cells whose phases are averaged
  const int64_t height = images.size(2) / cell * cell, width = images.size(3) / cell * cell;
  if (height < window * cell || width < window * cell)
    return torch::zeros({}, images.options().dtype(torch::kFloat));
  const torch::Tensor whole = images.narrow(2, 0, height).narrow(3, 0, width).to(torch::kFloat) / 255.0;
  const torch::Tensor phases = torch::pixel_unshuffle(whole, cell);
  const torch::Tensor means = torch::avg_pool2d(phases, window, window / 2);
  const torch::Tensor cells =
      means.reshape({means.size(0), images.size(1), cell * cell, means.size(2), means.size(3)});
  return (cells - cells.mean(2, /*keepdim=*/true)).square().mean() * 1000.0;
}

}  // namespace tempera::train
