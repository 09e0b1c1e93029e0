// Motion from films, as a batch for the losses.
#pragma once

#include "train/motion/film_pairs.h"
#include "train/motion/pair.h"

namespace tempera::train {

// `count` crops of size x size. `lighter`: the mean of how much luma changed along the motion over an eighth
// of the crop, so that slow light passes and grain does not.
MotionPair DrawFilmMotion(const FilmPairs& films, Random& random, int count, int size);

}  // namespace tempera::train
