#include "train/motion/temporal_loss.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "train/options.h"

namespace tempera::train {
namespace {

constexpr int64_t kSize = 16;

// Nothing hidden, every pixel of `second` from `left` pixels further left, and the light as it was.
MotionPair Shifted(double left) {
  const torch::Tensor line = torch::linspace(-1, 1, kSize);
  const torch::Tensor x = line.view({1, kSize}).expand({kSize, kSize}) - left * 2.0 / (kSize - 1);
  const torch::Tensor y = line.view({kSize, 1}).expand({kSize, kSize});
  MotionPair pair;
  pair.grid = torch::stack({x, y}, -1).unsqueeze(0);
  pair.visible = torch::ones({1, 1, kSize, kSize});
  pair.lighter = torch::zeros({1, 1, kSize, kSize});
  torch::manual_seed(3);
  pair.first = torch::rand({1, 3, kSize, kSize}) * 200;
  pair.second = torch::grid_sampler(pair.first, pair.grid, 0, 1, true);
  return pair;
}

// Features of 4 x 4 cells of four pixels each, the picture moved by one cell.
TEST(FeatureTemporalLoss, OfAHandMadeCase) {
  MotionPair pair = Shifted(4);
  pair.visible.narrow(3, 0, 4).zero_();  // came in from outside
  torch::Tensor before = torch::arange(2 * 4 * 4, torch::kFloat).view({1, 2, 4, 4}).square();
  torch::Tensor after = torch::cat({torch::zeros({1, 2, 4, 1}), before.narrow(3, 0, 3)}, 3);
  EXPECT_NEAR(FeatureTemporalLoss(before, after, pair).item<double>(), 0, 1e-6);

  // One number of the 32 off by 3.
  after[0][1][2][1] += 3;
  EXPECT_NEAR(FeatureTemporalLoss(before, after, pair).item<double>(), 9.0 / 32, 1e-5);
  // Half of its cell is covered now, and what is said of the motion there is nonsense.
  pair.visible.narrow(2, 8, 2).narrow(3, 4, 4).zero_();
  pair.grid.narrow(1, 8, 2).narrow(2, 4, 4).fill_(0.9);
  EXPECT_NEAR(FeatureTemporalLoss(before, after, pair).item<double>(), 0.5 * 9.0 / 32, 1e-5);
  // What was outside may be anything.
  after[0][0][3][0] = 1000;
  EXPECT_NEAR(FeatureTemporalLoss(before, after, pair).item<double>(), 0.5 * 9.0 / 32, 1e-5);
  // Without the motion nothing fits.
  EXPECT_GT(FeatureTemporalLoss(before, after, Shifted(0)).item<double>(), 1);
}

TEST(FeatureTemporalLoss, TeachesBothFrames) {
  const MotionPair pair = Shifted(4);
  torch::Tensor before = torch::rand({1, 2, 4, 4}).requires_grad_(true);
  torch::Tensor after = torch::rand({1, 2, 4, 4}).requires_grad_(true);
  FeatureTemporalLoss(before, after, pair).backward();
  EXPECT_GT(before.grad().norm().item<double>(), 0);
  EXPECT_GT(after.grad().norm().item<double>(), 0);
}

TEST(OutputTemporalLoss, AChangeOfLightAloneCostsNothing) {
  MotionPair pair = Shifted(2);
  pair.second = pair.second + 30;
  const torch::Tensor painted = 255 - pair.first;
  const torch::Tensor later = torch::grid_sampler(painted, pair.grid, 0, 1, true);
  EXPECT_NEAR(OutputTemporalLoss(painted, later + 30, pair).item<double>(), 0, 1e-9);
  const double ignored = OutputTemporalLoss(painted, later, pair).item<double>();
  EXPECT_NEAR(ignored, 30.0 / 255 * 30 / 255, 1e-6);
}

// Red light of 10 levels is 2.126 of luminance, which all three channels are to follow.
TEST(OutputTemporalLoss, LuminanceGoesToAllChannels) {
  MotionPair pair = Shifted(0);
  pair.second = pair.first.clone();
  pair.second.narrow(1, 0, 1) += 10;
  const torch::Tensor painted = torch::rand_like(pair.first) * 255;
  EXPECT_NEAR(OutputTemporalLoss(painted, painted + 2.126, pair).item<double>(), 0, 1e-9);
  EXPECT_NEAR(OutputTemporalLoss(painted, painted, pair).item<double>(), 2.126 / 255 * 2.126 / 255, 1e-8);
}

// Divided by all places, as published, not by those that are visible.
TEST(OutputTemporalLoss, WhatIsHiddenCountsAsHeld) {
  MotionPair pair = Shifted(0);
  const torch::Tensor painted = torch::rand_like(pair.first) * 255;
  const double whole = OutputTemporalLoss(painted, painted + 51, pair).item<double>();
  EXPECT_NEAR(whole, 0.04, 1e-6);
  pair.visible.narrow(2, 0, kSize / 4).zero_();
  EXPECT_NEAR(OutputTemporalLoss(painted, painted + 51, pair).item<double>(), 0.75 * whole, 1e-6);
}

TEST(TemporalOptions, ReconetsNetworksTakeItsLosses) {
  Options o;
  EXPECT_FALSE(UsesReconetLoss(o));
  for (const char* net : {"reconet", "reconet-edge"}) {
    o.net = net;
    EXPECT_TRUE(UsesReconetLoss(o)) << net;
  }
  o.temporal_loss = "compound";
  EXPECT_FALSE(UsesReconetLoss(o));
  o.net = "painter";
  o.temporal_loss = "reconet";
  EXPECT_TRUE(UsesReconetLoss(o));
}

}  // namespace
}  // namespace tempera::train
