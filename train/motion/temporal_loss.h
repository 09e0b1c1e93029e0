// What must stay from one painted frame to the next, in the two published forms.
#pragma once

#include <torch/types.h>

#include "train/motion/pair.h"

namespace tempera::train {

// Compound regularization (Wang et al. 2020, "Consistent Video Style Transfer via Compound Regularization"):
// the painting of a picture that was moved, with noise, against the moved painting. Mean squared difference,
// values in 0..1, of `second` and `first` moved along the flow, over the places seen in both; of a change of
// light, known as motion.lighter, the painting's luma may take its part: the luminance term of ReCoNet as a
// relaxation, which leaves out the noise. Scalar.
torch::Tensor CompoundLoss(const torch::Tensor& first, const torch::Tensor& second, const MotionPair& motion);

// ReCoNet (Gao et al. 2018, arXiv:1807.01197), with F, O, I features, outputs and inputs of `second` (t) and
// of `first` (t-1), W the motion and M what is visible.

// Output level with the luminance term, values in 0..1, D = c h w, mean over the batch. Scalar:
//   1/D sum_c M ((O_t - W(O_t-1))_c - (I_t - W(I_t-1))_Y)^2,  Y = 0.2126 R + 0.7152 G + 0.0722 B
torch::Tensor OutputTemporalLoss(const torch::Tensor& first, const torch::Tensor& second,
                                 const MotionPair& motion);

// Feature level, D = c h w of the features [n, c, h, w], mean over the batch. Scalar:
//   1/D sum M (F_t - W(F_t-1))^2
// Flow and mask are shrunk to the features' size: the mask to the share of a cell's pixels that are visible,
// the flow to the mean over these.
torch::Tensor FeatureTemporalLoss(const torch::Tensor& first, const torch::Tensor& second,
                                  const MotionPair& motion);

}  // namespace tempera::train
