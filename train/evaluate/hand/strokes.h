// Strokes against the content: direction, border, blobs.
#pragma once

#include "train/evaluate/plane.h"

namespace tempera::evaluate {

// How well the strokes of a painting follow the edges of its source. Both pictures' structure tensors
// (central differences of the luma after a Gaussian of 1 pixel, gathered by one of 4 pixels) give a direction
// and a coherence c = ((l1 - l2) / (l1 + l2 + e))^2, e = (2/255)^2; the mean, weighted by the source's
// coherence, of the cosine of twice the angle between the directions. 1: along every edge (the source
// itself), 0: no relation, -1: across.
double EdgeAlignment(const Plane& source, const Plane& painted);

// Detail in the outer 8 pixels against the inside (mean squared differences of neighbours), over the same of
// the source: 1 = the border is painted as the inside is. 0 where a picture has no detail inside.
double BorderEnergy(const Plane& source, const Plane& painted);

// Spots that neither source nor neighbourhood explains, for each million pixels: connected areas of 20 pixels
// and more in which the painting's colour (Lab, Gaussian of 2 pixels) lies 40 and more from its surroundings'
// (Gaussian of 24) and where the source, measured alike, stays below 15.
double OutlierBlobs(const media::RgbImage& source, const media::RgbImage& painted);

}  // namespace tempera::evaluate
