// Total variation: the price of every difference between neighbouring pixels.
#pragma once

#include <torch/types.h>

namespace tempera::train {

// images: [n, 3, h, w] RGB 0..255. Scalar: mean |dx| + mean |dy|, of values in 0..1.
torch::Tensor TotalVariation(const torch::Tensor& images);

}  // namespace tempera::train
