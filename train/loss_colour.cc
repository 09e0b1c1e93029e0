#include "train/loss_colour.h"

#include <torch/torch.h>

#include <algorithm>
#include <cmath>

namespace tempera::train {

torch::Tensor RgbToLab(const torch::Tensor& rgb) {
  const torch::Tensor x = (rgb.to(torch::kFloat) / 255.0).clamp(0.0, 1.0);
  // pow has no slope to speak of below the linear part; the clamp keeps its gradient finite.
  const torch::Tensor linear =
      torch::where(x > 0.04045, ((x.clamp_min(0.04045) + 0.055) / 1.055).pow(2.4), x / 12.92);
  const torch::Tensor r = linear.select(1, 0), g = linear.select(1, 1), b = linear.select(1, 2);
  auto f = [](const torch::Tensor& t) {
    constexpr double kLow = 216.0 / 24389.0;
    return torch::where(t > kLow, t.clamp_min(kLow).pow(1.0 / 3.0), t * (841.0 / 108.0) + 4.0 / 29.0);
  };
  const torch::Tensor fx = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const torch::Tensor fy = f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
  const torch::Tensor fz = f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
  return torch::stack({116.0 * fy - 16.0, 500.0 * (fx - fy), 200.0 * (fy - fz)}, 1);
}

ColourLoss::ColourLoss(const torch::Tensor& photos) {
  torch::NoGradGuard no_grad;
  // Directions spread evenly over the half sphere (Fibonacci's spiral): no seed, the same everywhere.
  std::vector<float> directions(3 * kDirections);
  for (int64_t i = 0; i < kDirections; ++i) {
    const double z = (static_cast<double>(i) + 0.5) / kDirections, around = i * M_PI * (3.0 - std::sqrt(5.0));
    const double across = std::sqrt(1.0 - z * z);
    const double v[3] = {across * std::cos(around), across * std::sin(around), z};
    for (int c = 0; c < 3; ++c) directions[c * kDirections + i] = static_cast<float>(v[c]);
  }
  directions_ = torch::tensor(directions).view({3, kDirections}).to(photos.device());
  photos_ = Sorted(photos);
}

torch::Tensor ColourLoss::Sorted(const torch::Tensor& images) const {
  // Pixels of an even raster, every one the mean of its neighbourhood's small square: grain is not palette.
  const int64_t side = static_cast<int64_t>(std::ceil(std::sqrt(static_cast<double>(kSamples))));
  const torch::Tensor small = torch::adaptive_avg_pool2d(
      images.to(torch::kFloat), {std::min(side, images.size(2)), std::min(side, images.size(3))});
  const torch::Tensor lab = RgbToLab(small).flatten(2);  // [n, 3, pixels]
  const torch::Tensor projected = torch::matmul(directions_.t(), lab);
  const torch::Tensor sorted = std::get<0>(projected.sort(/*dim=*/2));
  if (sorted.size(2) == kSamples) return sorted;
  return torch::upsample_linear1d(sorted, {kSamples}, /*align_corners=*/true);  // quantiles
}

void ColourLoss::AddTarget(const torch::Tensor& painting) {
  torch::NoGradGuard no_grad;
  const torch::Tensor sorted = Sorted(painting);
  scales_.push_back(static_cast<float>(1.0 / std::max((photos_ - sorted).abs().mean().item<double>(), 1e-6)));
  const torch::Tensor row = sorted.reshape({1, -1});
  targets_ = targets_.defined() ? torch::cat({targets_, row}) : row;
}

torch::Tensor ColourLoss::operator()(const torch::Tensor& images, const torch::Tensor& shares) const {
  const torch::Tensor sorted = Sorted(images);
  const torch::Tensor target = torch::mm(shares, targets_).view(sorted.sizes());
  const torch::Tensor scale = torch::mv(shares, torch::tensor(scales_, torch::kFloat).to(shares.device()));
  return (sorted - target).abs().mean({1, 2}) * scale;
}

}  // namespace tempera::train
