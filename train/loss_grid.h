// The grid: patterns locked to the network's own 4-pixel raster, a regular weave in flat areas.
#pragma once

#include <torch/types.h>

namespace tempera::train {

// images: [n, 3, h, w] RGB 0..255, h and w multiples of 4 and at least 32. Scalar.
//
// Most layers of the compact networks work at a quarter of the resolution, so each of the 16 positions inside
// a 4x4 cell is made by its own sub-filter, and Gram losses are glad of any texture these invent where the
// picture is flat. No photograph and no brush knows that raster: within a window of 32x32 pixels the 16
// positions have the same mean. The loss is the variance of these 16 means, averaged over windows (values in
// 0..1, times 1000).
torch::Tensor GridPattern(const torch::Tensor& images);

}  // namespace tempera::train
