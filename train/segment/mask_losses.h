// What a mask network is taught with, term by term.
#pragma once

#include <torch/types.h>

#include <vector>

#include "train/segment/augment.h"

namespace tempera::train {

struct MaskWeights {
  double cross_entropy = 1;
  double dice = 1;      // Milletari et al., arXiv:1606.04797
  double boundary = 3;  // how much more a pixel counts beside an edge of the mask
  double hard_share =
      1;  // of the pixels: the hardest alone count (Shrivastava et al., arXiv:1604.03540); 1: all
  double temporal = 2;  // masks of two frames agree along the motion
};

struct MaskLosses {
  double total = 0, cross_entropy = 0, dice = 0, temporal = 0;
};

// logits [n, classes, h, w] and what they should be: of one class shares [n, h, w] of 0..1, of several their
// numbers, -1 for those that count nowhere. class_weights: [classes], undefined for one class. Values go to
// *losses.
torch::Tensor MaskLoss(const torch::Tensor& logits, const torch::Tensor& mask,
                       const torch::Tensor& class_weights, const MaskWeights& weights, MaskLosses* losses);

// How far the second frames' masks, brought back along the motion, are from the first ones': mean squared
// difference of shares where both frames show the place. logits: at the pictures' size.
torch::Tensor TemporalMaskLoss(const torch::Tensor& first, const torch::Tensor& second,
                               const std::vector<ViewMotion>& motion, MaskLosses* losses);

// 1 / log(1.02 + share) of how often each class occurs (Paszke et al., arXiv:1606.02147), to the power of
// `balance`, their mean 1.
torch::Tensor ClassWeights(const MaskPairs& pairs, int classes, double balance);

}  // namespace tempera::train
