#include "train/loss_tone.h"

#include <torch/torch.h>

namespace tempera::train {
namespace {

// Deviation, in levels, below which differences of tone count as none.
constexpr double kFlat = 4.0;

// [n, 1, h, w], zero mean.
torch::Tensor Tones(const torch::Tensor& images, int64_t square) {
  const torch::Tensor x = images.to(torch::kFloat);
  const torch::Tensor luma =
      0.299 * x.narrow(1, 0, 1) + 0.587 * x.narrow(1, 1, 1) + 0.114 * x.narrow(1, 2, 1);
  const torch::Tensor mean = torch::avg_pool2d(luma, square);
  return mean - mean.mean({2, 3}, /*keepdim=*/true);
}

torch::Tensor OneMinusCorrelation(const torch::Tensor& painted, const torch::Tensor& source) {
  const torch::Tensor both = (painted * source).mean({1, 2, 3});
  const torch::Tensor p = painted.square().mean({1, 2, 3}) + kFlat * kFlat;
  const torch::Tensor s = source.square().mean({1, 2, 3}) + kFlat * kFlat;
  // The floor stands in the numerator as well, so that a picture is at 0 from itself, flat or not.
  return 1.0 - (both + kFlat * kFlat) / (p * s).sqrt();
}

}  // namespace

torch::Tensor ToneLoss(const torch::Tensor& painted, const torch::Tensor& source) {
  torch::Tensor sum;
  for (int64_t square : {4, 16}) {
    const torch::Tensor each = OneMinusCorrelation(Tones(painted, square), Tones(source, square));
    sum = sum.defined() ? sum + each : each;
  }
  return sum / 2.0;
}

}  // namespace tempera::train
