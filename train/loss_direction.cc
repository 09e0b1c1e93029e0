#include "train/loss_direction.h"

#include <torch/torch.h>

namespace tempera::train {
namespace {

struct Directions {
  torch::Tensor cos2, sin2;  // of the doubled angle, times coherence (0..1)
};

// `window`: over how many pixels gradients are averaged.
Directions MainDirections(const torch::Tensor& images, int64_t window) {
  const torch::Tensor x = images.to(torch::kFloat) / 255.0;
  const torch::Tensor luma =
      0.299 * x.narrow(1, 0, 1) + 0.587 * x.narrow(1, 1, 1) + 0.114 * x.narrow(1, 2, 1);
  const int64_t h = luma.size(2), w = luma.size(3);
  const torch::Tensor dx = (luma.narrow(3, 2, w - 2) - luma.narrow(3, 0, w - 2)).narrow(2, 1, h - 2);
  const torch::Tensor dy = (luma.narrow(2, 2, h - 2) - luma.narrow(2, 0, h - 2)).narrow(3, 1, w - 2);
  auto smooth = [window](const torch::Tensor& t) { return torch::avg_pool2d(t, window, window / 4); };
  const torch::Tensor xx = smooth(dx * dx), yy = smooth(dy * dy), xy = smooth(dx * dy);
  const torch::Tensor sum = xx + yy + 1e-4;  // what is flat has no direction
  return {(xx - yy) / sum, 2 * xy / sum};
}

}  // namespace

torch::Tensor DirectionLoss(const torch::Tensor& painted, const torch::Tensor& source) {
  constexpr int64_t kWindow = 16;
  const Directions p = MainDirections(painted, kWindow);
  Directions s;
  {
    torch::NoGradGuard no_grad;
    s = MainDirections(source, kWindow);
  }
  const torch::Tensor coherence = (s.cos2.square() + s.sin2.square()).sqrt();
  const torch::Tensor agreement = p.cos2 * s.cos2 + p.sin2 * s.sin2;  // weighted by both coherences
  return 1.0 - agreement.sum({1, 2, 3}) / coherence.sum({1, 2, 3}).clamp_min(1e-3);
}

}  // namespace tempera::train
