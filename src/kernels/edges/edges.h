// A coarse mask drawn along the edges of a picture: the guided filter of He, Sun and Tang (2010, "Guided
// Image Filtering", in colour), fitted on a small picture and applied to the large one as He and Sun (2015,
// "Fast Guided Filter", arXiv:1505.00996) do. About each pixel of the small picture the mask is taken for a
// linear function of the colours there; its four coefficients, averaged over the fits that a pixel has a part
// in, are enlarged and applied to the large picture's own colours.
#pragma once

#include <cstdint>

#include "src/kernels/pixels/pixels.h"

namespace tempera::kernels {

inline constexpr int kEdgeRadius = 3;  // of the square that is fitted, and of that averaged
inline constexpr int kEdgeSide = 2 * kEdgeRadius + 1;
inline constexpr int kEdgeSums = 13;         // three colours, six products of two, the mask and three with it
inline constexpr int kEdgeCoefficients = 4;  // of red, green and blue, and a constant

// From the mask the filter gives to the one that is drawn: 0 up to `low`, 255 from 1 - low on, between them a
// cubic without corners.
struct EdgeCurve {
  float low = 0.25f;
};

// One target's functions. Rows of `n` numbers; colours are 0..255, masks 0..1.
struct EdgeKernels {
  // sums[s] = (set) or += this row's contribution.
  void (*add_row)(RgbRow colours, const float* mask, int n, bool set, float* const sums[kEdgeSums]);
  // out[i] = the sum of in[i - kEdgeRadius .. i + kEdgeRadius], which must be there. They do not overlap.
  void (*box)(const float* in, int n, float* out);
  // Sums over squares of kEdgeSide pixels a side -> the coefficients of their fit; `noise` is the deviation
  // of a colour below which nothing is an edge.
  void (*fit)(const float* const sums[kEdgeSums], float noise, int n, float* const out[kEdgeCoefficients]);
  // out = (set) or += in
  void (*add)(const float* in, int n, bool set, float* out);
  // out = scale * (top + between * (bottom - top))
  void (*mix_rows)(const float* top, const float* bottom, float between, float scale, int n, float* out);
  // The mask of pixels of colours 0..255, from a row of coefficients of which pixel i lies `between[i]`
  // behind number first[i], whose `first` grows by 0 or 1 from one to the next. Everything is readable, and
  // `out` writable, up to kEdgePadding numbers further.
  void (*draw)(RgbRow colours, const float* const coefficients[kEdgeCoefficients], const int* first,
               const float* between, int n, EdgeCurve curve, uint8_t* out);
};
inline constexpr int kEdgePadding = 64;  // as many as the widest vector has, four times over

const EdgeKernels& ChooseEdgeKernels(int64_t highway_bit);

}  // namespace tempera::kernels
