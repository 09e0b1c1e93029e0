// A network that is fed with its own painting, over several frames: what it must learn is to go on from any
// history, also from none and from a wrong one.
#pragma once

#include "train/motion/pair.h"
#include "train/network.h"
#include "train/random.h"

namespace tempera::train {

struct UnrolledOptions {
  int frames = 3;          // 2 to 8
  bool ping_pong = false;  // also back to the first frame
};

struct Unrolled {
  torch::Tensor frame, painted;  // [n, 3, s, s]: of the frame whose look is judged, drawn by lot
  int judged = 0;                // which that is
  torch::Tensor temporal;        // CompoundLoss of each frame and the next, their mean
  // Ping-pong (Chu et al. 2020, arXiv:1811.09393): the mean squared difference, values in 0..1, of each
  // frame's painting on the way there and on the way back. What drifts, or leaves trails, differs. 0 without
  // it.
  torch::Tensor ping_pong;
};

// Frames: first.first, first.second and further ones, each moved from the one before (DrawMotion). What the
// first one is fed with: nothing (zeros, as at a start or after a cut) in three draws of five, else another
// picture of the batch or its painting, as after a cut that nobody marked. Gradients go through all frames.
Unrolled PaintUnrolled(TransformerNet& net, const RowMix& mix, const MotionPair& first,
                       const UnrolledOptions& options, Random& random);

}  // namespace tempera::train
