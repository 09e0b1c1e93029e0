// Tone: light and dark stay where the photograph has them, whatever the palette. Deep features do not say
// which side of an edge is the lighter one, so content alone lets a white coat become dark, and eyes vanish.
#pragma once

#include <torch/types.h>

namespace tempera::train {

// painted, source: [n, 3, h, w] RGB 0..255, h and w at least 16. [n]: 1 minus the correlation of both
// pictures' luma, averaged over squares of 4 pixels and over squares of 16, the mean of the two. 0: the same
// order of tones, whatever their contrast; 1: nothing in common; 2: the negative. What is flat to within a
// few levels has hardly any tone to keep and weighs accordingly.
torch::Tensor ToneLoss(const torch::Tensor& painted, const torch::Tensor& source);

}  // namespace tempera::train
