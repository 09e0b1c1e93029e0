#include "train/motion/temporal_loss.h"

#include <torch/torch.h>

#include "train/motion/sampling.h"

namespace tempera::train {
namespace {

// Rec. 709 weights, as the paper has them: relative luminance.
torch::Tensor Luminance(const torch::Tensor& x) {
  return 0.2126 * x.narrow(1, 0, 1) + 0.7152 * x.narrow(1, 1, 1) + 0.0722 * x.narrow(1, 2, 1);
}

// Every pixel's own place in -1..1, [1, h, w, 2], x before y.
torch::Tensor Places(int64_t h, int64_t w, const torch::TensorOptions& options) {
  const torch::Tensor x = torch::linspace(-1, 1, w, options).view({1, w}).expand({h, w});
  const torch::Tensor y = torch::linspace(-1, 1, h, options).view({h, 1}).expand({h, w});
  return torch::stack({x, y}, -1).unsqueeze(0);
}

}  // namespace

torch::Tensor CompoundLoss(const torch::Tensor& first, const torch::Tensor& second,
                           const MotionPair& motion) {
  const torch::Tensor moved = Sample(first.to(torch::kFloat), motion.grid);
  const torch::Tensor difference = (second.to(torch::kFloat) - moved - motion.lighter) / 255.0;
  return (difference.square() * motion.visible).sum() / (motion.visible.sum() * 3 + 1);
}

torch::Tensor OutputTemporalLoss(const torch::Tensor& first, const torch::Tensor& second,
                                 const MotionPair& motion) {
  const torch::Tensor light = Luminance(motion.second - Sample(motion.first, motion.grid));
  const torch::Tensor painted = second.to(torch::kFloat) - Sample(first.to(torch::kFloat), motion.grid);
  return (((painted - light) / 255.0).square() * motion.visible).mean();
}

torch::Tensor FeatureTemporalLoss(const torch::Tensor& first, const torch::Tensor& second,
                                  const MotionPair& motion) {
  const int64_t h = second.size(2), w = second.size(3);
  const int64_t rows = motion.grid.size(1), columns = motion.grid.size(2);
  const torch::TensorOptions options = motion.grid.options();
  // In pixels, as [n, 2, rows, columns]: a place in -1..1 means other pixels at another size.
  const torch::Tensor pixels =
      torch::tensor({(columns - 1) / 2.0, (rows - 1) / 2.0}, options).view({1, 2, 1, 1});
  const torch::Tensor flow = (motion.grid - Places(rows, columns, options)).permute({0, 3, 1, 2}) * pixels;
  const torch::Tensor mask = torch::adaptive_avg_pool2d(motion.visible, {h, w});
  const torch::Tensor mean = torch::adaptive_avg_pool2d(flow * motion.visible, {h, w}) / mask.clamp_min(1e-6);
  // A pixel of the features is columns / w pixels wide.
  const torch::Tensor back = torch::tensor({static_cast<double>(w) / columns * 2 / (w - 1),
                                            static_cast<double>(h) / rows * 2 / (h - 1)},
                                           options)
                                 .view({1, 2, 1, 1});
  const torch::Tensor grid = Places(h, w, options) + (mean * back).permute({0, 2, 3, 1});
  const torch::Tensor difference = second.to(torch::kFloat) - Sample(first.to(torch::kFloat), grid);
  return (difference.square() * mask).mean();
}

}  // namespace tempera::train
