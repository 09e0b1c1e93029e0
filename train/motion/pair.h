// Two pictures a moment apart, and how one became the other.
#pragma once

#include <torch/types.h>

namespace tempera::train {

struct MotionPair {
  torch::Tensor first, second;  // [n, 3, s, s] RGB 0..255
  torch::Tensor grid;  // [n, s, s, 2]: where each pixel of `second` was in `first`, in grid_sampler's -1..1
  torch::Tensor visible;  // [n, 1, s, s]: 1 where that place was in the picture and not covered
  torch::Tensor lighter;  // [n, 1, s, s]: how much light changed there, levels of luma
};

}  // namespace tempera::train
