#include "train/evaluate/hand/fidelity.h"

#include <algorithm>
#include <cmath>

#include "train/evaluate/plane.h"

namespace tempera::evaluate {
namespace {

Plane Product(const Plane& a, const Plane& b) {
  Plane out(a.width, a.height);
  for (size_t i = 0; i < out.values.size(); ++i) out.values[i] = a.values[i] * b.values[i];
  return out;
}

}  // namespace

double RmsDifference(const media::RgbImage& a, const media::RgbImage& b) {
  double sum = 0;
  const size_t n = std::min(a.pixels.size(), b.pixels.size());
  for (size_t i = 0; i < n; ++i) {
    const double d = (static_cast<double>(a.pixels[i]) - static_cast<double>(b.pixels[i])) / 255;
    sum += d * d;
  }
  return n > 0 ? std::sqrt(sum / static_cast<double>(n)) : 0;
}

double Psnr(const media::RgbImage& a, const media::RgbImage& b) {
  const double rms = RmsDifference(a, b);
  return rms > 0 ? std::min(99.0, -20 * std::log10(rms)) : 99;
}

double Ssim(const media::RgbImage& a, const media::RgbImage& b) {
  constexpr double kSigma = 1.5;
  const Plane x = Luma(a), y = Luma(b);
  const Plane mx = Blur(x, kSigma), my = Blur(y, kSigma);
  const Plane xx = Blur(Product(x, x), kSigma), yy = Blur(Product(y, y), kSigma),
              xy = Blur(Product(x, y), kSigma);
  constexpr double kC1 = 0.01 * 0.01, kC2 = 0.03 * 0.03;
  double sum = 0;
  for (size_t i = 0; i < x.values.size(); ++i) {
    const double u = mx.values[i], v = my.values[i];
    const double su = xx.values[i] - u * u, sv = yy.values[i] - v * v, suv = xy.values[i] - u * v;
    sum += (2 * u * v + kC1) * (2 * suv + kC2) / ((u * u + v * v + kC1) * (su + sv + kC2));
  }
  return sum / static_cast<double>(std::max<size_t>(1, x.values.size()));
}

}  // namespace tempera::evaluate
