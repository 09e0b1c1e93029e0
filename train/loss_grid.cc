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

torch::Tensor BlockPattern(const torch::Tensor& images, int64_t cell) {
  const int64_t window = 8;  // cells over which a phase's differences are averaged
  const int64_t height = images.size(2) / cell * cell, width = images.size(3) / cell * cell;
  if (height < window * cell || width < window * cell)
    return torch::zeros({}, images.options().dtype(torch::kFloat));
  const torch::Tensor x = images.narrow(2, 0, height).narrow(3, 0, width).to(torch::kFloat) / 255.0;
  torch::Tensor sum;
  for (const int64_t dim : {int64_t{2}, int64_t{3}}) {
    // Each pixel's difference to the next one; the last row repeats the one before it.
    const torch::Tensor steps = torch::diff(x, 1, dim).square().sum(1, /*keepdim=*/true);
    const torch::Tensor energy = torch::cat({steps, steps.narrow(dim, steps.size(dim) - 1, 1)}, dim);
    // [n, cell * cell, ...] -> the phases along dim: those across it are averaged.
    const torch::Tensor phases = torch::avg_pool2d(torch::pixel_unshuffle(energy, cell), window, window / 2);
    const torch::Tensor along =
        phases.reshape({x.size(0), cell, cell, phases.size(2), phases.size(3)}).mean(dim == 2 ? 2 : 1);
    const torch::Tensor strength = (along + 1e-6).sqrt();
    const torch::Tensor term = (strength - strength.mean(1, /*keepdim=*/true)).square().mean();
    sum = sum.defined() ? sum + term : term;
  }
  return sum * 1000.0;
}

}  // namespace tempera::train
