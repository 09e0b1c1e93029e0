// Direction: strokes that run along the edges of what is painted, as a brush does.
#pragma once

#include <torch/types.h>

namespace tempera::train {

// painted, source: [n, 3, h, w] RGB 0..255. [n]: 0 where the painting is all strokes along the source's
// structure, 1 where none has a direction in common with it, 2 where all cross it. Weighted by how clear both
// directions are: the source itself scores above 0.
//
// Both pictures' structure tensors of luma (Kang et al. 2007 call the source's the edge tangent flow): the
// angle between their main directions, doubled, weighted by how clearly the source has one.
torch::Tensor DirectionLoss(const torch::Tensor& painted, const torch::Tensor& source);

}  // namespace tempera::train
