// Motion without video: from a still picture a second one, as a camera would see it a moment later, with the
// exact flow between them.
#pragma once

#include <torch/types.h>

#include "train/random.h"

namespace tempera::train {

struct MotionPair {
  torch::Tensor first, second;  // [n, 3, s, s] RGB 0..255
  torch::Tensor grid;  // [n, s, s, 2]: where each pixel of `second` was in `first`, in grid_sampler's -1..1
  torch::Tensor visible;  // [n, 1, s, s]: 1 where that place was in the picture and not covered
  torch::Tensor lighter;  // [n, 1, s, s]: how much light changed there, levels of luma
};

// images: [n, 3, s, s]. Smooth random flow (a 4x4 grid of normal numbers, enlarged bicubically), a shift of
// up to 8 pixels, zoom of up to 2 % and a turn of up to 1 degree, in one pair of three all three times as
// far; a cut-out of another picture of the batch that moves on its own over both, with exact occlusion; gain,
// gamma and sensor noise. One in eight pairs holds still but for the noise.
MotionPair DrawMotion(const torch::Tensor& images, Random& random);

// Mean squared difference, values in 0..1, of `second` and `first` moved along the flow, where both are seen;
// a change of light in the source may pass into the painting's luma (Gao et al. 2018, arXiv:1807.01197).
// Scalar.
torch::Tensor TemporalLoss(const torch::Tensor& first, const torch::Tensor& second, const MotionPair& motion);

}  // namespace tempera::train
