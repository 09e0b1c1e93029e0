// How near one picture is to another.
#pragma once

#include "media/image.h"

namespace tempera::evaluate {

// dB, of RGB 0..255; 99 for equal pictures. Both of one size.
double Psnr(const media::RgbImage& a, const media::RgbImage& b);
// Structural similarity of the luma (Wang et al., 2004): Gaussian of 1.5 pixels, K = 0.01 and 0.03; 1 for
// equal ones.
double Ssim(const media::RgbImage& a, const media::RgbImage& b);
// Root of the mean squared difference of RGB 0..1.
double RmsDifference(const media::RgbImage& a, const media::RgbImage& b);

}  // namespace tempera::evaluate
