// Motion without video: from a still picture a second one, as a camera would see it a moment later, with the
// exact flow between them.
#pragma once

#include <torch/types.h>

#include "train/motion/pair.h"
#include "train/random.h"

namespace tempera::train {

// images: [n, 3, s, s]. Smooth random flow (a 4x4 grid of normal numbers, enlarged bicubically), a shift of
// up to 8 pixels, zoom of up to 2 % and a turn of up to 1 degree, in one pair of three all three times as
// far; a cut-out of another picture of the batch that moves on its own over both, with exact occlusion; gain,
// gamma and sensor noise. One in eight pairs holds still but for the noise.
MotionPair DrawMotion(const torch::Tensor& images, Random& random);

}  // namespace tempera::train
