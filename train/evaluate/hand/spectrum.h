// What a picture's spectrum tells of the hand: size of strokes, weave, repetition. All of luma 0..1.
#pragma once

#include <array>
#include <vector>

#include "train/evaluate/plane.h"

namespace tempera::evaluate {

// The centre of the radial spectrum as a period in pixels: 1 / (sum P(f) |f| |f| / sum P(f) |f|), P the power
// of the luma (mean taken off, Hann window) over all frequencies |f| of at most a half. The weight |f| makes
// photographs, whose power falls with |f|^-3 or so along a line, weigh all scales much alike. A sine has its
// period.
double StrokePeriod(const Plane& luma);

// How far patterns locked to a raster of 2, 4 and 8 pixels stand out, in dB: the power at that frequency
// along x, along y or both, whichever stands out most, over the median of its neighbours (3 to 5 bins of 1/64
// away), in the mean spectrum of windows of 64x64 pixels. 0: not at all. Pictures smaller than 64 pixels give
// 0.
struct Weave {
  double period2 = 0, period4 = 0, period8 = 0;
  double worst() const;
};
Weave MeasureWeave(const Plane& luma);

// How much a picture repeats itself: the highest peak of the autocorrelation (1 at no shift) at shifts of 6
// to 48 pixels, of the luma without what is coarser than 16 pixels, in windows of 128x128 pixels; the mean of
// the windows that are not flat. A wallpaper has 1, noise about 0.1.
double Repetition(const Plane& luma);

}  // namespace tempera::evaluate
