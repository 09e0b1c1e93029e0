#include "train/segment/mask_losses.h"

#include <torch/torch.h>

#include <cmath>

namespace tempera::train {
namespace {

constexpr int kEdge = 7;  // pixels across that lie beside an edge

torch::Tensor Widened(const torch::Tensor& x) {
  return torch::max_pool2d(x, {kEdge, kEdge}, {1, 1}, {kEdge / 2, kEdge / 2});
}

// 1 beside edges of the mask, 0 elsewhere: [n, h, w].
torch::Tensor Edges(const torch::Tensor& mask) {
  const torch::Tensor m = mask.unsqueeze(1);
  return (Widened(m) + Widened(-m)).clamp(0, 1).squeeze(1);
}

// Of the hardest pixels of the batch, weighted.
torch::Tensor HardMean(const torch::Tensor& loss, const torch::Tensor& weight, double share) {
  const torch::Tensor weighted = (loss * weight).flatten();
  if (share >= 1) return weighted.sum() / weight.sum().clamp_min(1);
  const int64_t count =
      std::max<int64_t>(1, static_cast<int64_t>(static_cast<double>(weighted.numel()) * share));
  const torch::Tensor chosen = std::get<1>(weighted.detach().topk(count, 0, true, false));
  return weighted.index_select(0, chosen).sum() / weight.flatten().index_select(0, chosen).sum().clamp_min(1);
}

// 1 - 2 |A n B| / (|A| + |B|), of each picture and class, their mean.
torch::Tensor Dice(const torch::Tensor& shares, const torch::Tensor& truth) {
  const torch::Tensor both = (shares * truth).sum({2, 3}), either = (shares + truth).sum({2, 3});
  return (1 - (2 * both + 1) / (either + 1)).mean();
}

}  // namespace

torch::Tensor MaskLoss(const torch::Tensor& logits, const torch::Tensor& mask,
                       const torch::Tensor& class_weights, const MaskWeights& w, MaskLosses* losses) {
  torch::Tensor ce, dice;
  if (logits.size(1) == 1) {
    const torch::Tensor weight = 1 + w.boundary * Edges(mask);
    const torch::Tensor each =
        torch::binary_cross_entropy_with_logits(logits.squeeze(1), mask, {}, {}, at::Reduction::None);
    ce = HardMean(each, weight, w.hard_share);
    dice = Dice(torch::sigmoid(logits), mask.unsqueeze(1));
  } else {
    const torch::Tensor known = (mask >= 0).to(torch::kFloat);
    const torch::Tensor number = mask.clamp_min(0).to(torch::kLong);
    const torch::Tensor each = -torch::log_softmax(logits, 1).gather(1, number.unsqueeze(1)).squeeze(1);
    torch::Tensor weight = known * class_weights.index_select(0, number.flatten()).view(number.sizes());
    if (w.boundary > 0) weight = weight * (1 + w.boundary * Edges(mask));
    ce = HardMean(each, weight, w.hard_share);
    if (w.dice > 0) {
      const torch::Tensor truth =
          torch::one_hot(number, logits.size(1)).permute({0, 3, 1, 2}).to(torch::kFloat) * known.unsqueeze(1);
      const torch::Tensor shares = torch::softmax(logits, 1) * known.unsqueeze(1);
      // Of the classes that the batch has.
      const torch::Tensor there = (truth.sum({0, 2, 3}) > 0).to(torch::kFloat);
      const torch::Tensor both = (shares * truth).sum({0, 2, 3}), either = (shares + truth).sum({0, 2, 3});
      dice = ((1 - (2 * both + 1) / (either + 1)) * there).sum() / there.sum().clamp_min(1);
    }
  }
  losses->cross_entropy = ce.item<double>();
  torch::Tensor total = w.cross_entropy * ce;
  if (dice.defined()) {
    losses->dice = dice.item<double>();
    total = total + w.dice * dice;
  }
  return total;
}

torch::Tensor TemporalMaskLoss(const torch::Tensor& first, const torch::Tensor& second,
                               const std::vector<ViewMotion>& motion, MaskLosses* losses) {
  const int64_t n = first.size(0), h = first.size(2), w = first.size(3);
  torch::Tensor theta = torch::empty({n, 2, 3});
  for (int64_t i = 0; i < n; ++i) {
    // From pixels to libtorch's -1..1 between the outer edges.
    const double* m = motion[static_cast<size_t>(i)].m;
    const double sx = static_cast<double>(w) / 2, sy = static_cast<double>(h) / 2;
    const double mx = sx - 0.5, my = sy - 0.5;
    float* t = theta.data_ptr<float>() + i * 6;
    t[0] = static_cast<float>(m[0]);
    t[1] = static_cast<float>(m[1] * sy / sx);
    t[2] = static_cast<float>((m[0] * mx + m[1] * my + m[2] - mx) / sx);
    t[3] = static_cast<float>(m[3] * sx / sy);
    t[4] = static_cast<float>(m[4]);
    t[5] = static_cast<float>((m[3] * mx + m[4] * my + m[5] - my) / sy);
  }
  const torch::Tensor grid = torch::affine_grid_generator(theta, {n, 1, h, w}, false);
  const bool one = first.size(1) == 1;
  const torch::Tensor a = one ? torch::sigmoid(first) : torch::softmax(first, 1);
  const torch::Tensor b = one ? torch::sigmoid(second) : torch::softmax(second, 1);
  const torch::Tensor back = torch::grid_sampler_2d(b, grid, 0, 1, false);
  // Not the outermost pixels, whose neighbours the other frame may not show.
  const double edge_x = 1 - 3.0 / static_cast<double>(w), edge_y = 1 - 3.0 / static_cast<double>(h);
  const torch::Tensor seen =
      ((grid.select(3, 0).abs() < edge_x) & (grid.select(3, 1).abs() < edge_y)).to(torch::kFloat);
  const torch::Tensor apart = (a - back).square().sum(1);
  const torch::Tensor loss = (apart * seen).sum() / seen.sum().clamp_min(1);
  losses->temporal = loss.item<double>();
  return loss;
}

torch::Tensor ClassWeights(const MaskPairs& pairs, int classes, double balance) {
  torch::Tensor counts = torch::zeros({classes}, torch::kDouble);
  for (int i = 0; i < pairs.size(); ++i) {
    for (const uint8_t m : pairs.pair(i).mask) {
      if (m < classes) counts.data_ptr<double>()[m] += 1;
    }
  }
  const torch::Tensor weights = (1 / torch::log(1.02 + counts / counts.sum().clamp_min(1))).pow(balance);
  return (weights / weights.mean()).to(torch::kFloat);
}

}  // namespace tempera::train
