// Small arithmetic of pictures that move.
#pragma once

#include <torch/torch.h>

namespace tempera::train {

// Bilinear, at places in -1..1; beyond the border its last pixels.
inline torch::Tensor Sample(const torch::Tensor& images, const torch::Tensor& grid) {
  return torch::grid_sampler(images, grid, /*bilinear=*/0, /*border=*/1, /*align_corners=*/true);
}

// Rec. 601's, which video has.
inline torch::Tensor Luma(const torch::Tensor& x) {
  return 0.299 * x.narrow(1, 0, 1) + 0.587 * x.narrow(1, 1, 1) + 0.114 * x.narrow(1, 2, 1);
}

}  // namespace tempera::train
