#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "train/frozen_conv.h"
#include "train/loss_colour.h"
#include "train/loss_content.h"
#include "train/loss_direction.h"
#include "train/loss_grid.h"
#include "train/loss_style.h"
#include "train/loss_tone.h"
#include "train/loss_tv.h"
#include "train/motion/synthetic.h"
#include "train/motion/temporal_loss.h"

namespace tempera::train {
namespace {

// Compares the gradient along a random direction with a central difference of step `h`.
void CheckGradient(const std::function<torch::Tensor(torch::Tensor)>& loss, torch::Tensor at, double h,
                   double tolerance) {
  for (int seed = 0; seed < 3; ++seed) {
    torch::manual_seed(100 + seed);
    const torch::Tensor direction = torch::randn_like(at);
    torch::Tensor x = at.detach().clone().requires_grad_(true);
    loss(x).backward();
    const double along = (x.grad() * direction).sum().item<double>();
    torch::NoGradGuard no_grad;
    const double plus = loss(at + h * direction).item<double>(),
                 minus = loss(at - h * direction).item<double>();
    const double slope = (plus - minus) / (2 * h);
    // A random direction's slope is about the gradient's length.
    EXPECT_NEAR(along, slope, tolerance * x.grad().norm().item<double>());
    EXPECT_GT(std::abs(slope), 0) << "a loss that does not move proves nothing";
  }
}

TEST(Gram, IsWhatItSays) {
  torch::manual_seed(1);
  const torch::Tensor f = torch::rand({2, 3, 4, 5});
  const torch::Tensor g = GramMatrix(f);
  ASSERT_EQ(g.sizes(), (std::vector<int64_t>{2, 3, 3}));
  for (int n = 0; n < 2; ++n) {
    for (int a = 0; a < 3; ++a) {
      for (int b = 0; b < 3; ++b) {
        EXPECT_NEAR(g[n][a][b].item<double>(), (f[n][a] * f[n][b]).sum().item<double>() / (3 * 4 * 5), 1e-6);
      }
    }
  }
}

TEST(Gram, GradientAgreesWithDifferences) {
  torch::manual_seed(2);
  const torch::Tensor weights = torch::randn({2, 8, 8});  // not symmetric: both halves count
  const auto loss = [&](torch::Tensor x) { return (GramMatrix(x) * weights).sum(); };
  CheckGradient(loss, torch::rand({2, 8, 6, 7}), 1e-2, 2e-3);
  CheckGradient(loss, torch::rand({2, 8, 6, 7}).contiguous(torch::MemoryFormat::ChannelsLast), 1e-2, 2e-3);
}

TEST(StyleLoss, IsOneForPhotographsAndNothingForThePainting) {
  torch::manual_seed(3);
  const FeatureMap painting = {{"relu1_1", torch::rand({1, 4, 9, 9})},
                               {"relu2_1", torch::rand({1, 6, 5, 5})}};
  const FeatureMap photos = {{"relu1_1", torch::rand({5, 4, 8, 8}) * 2},
                             {"relu2_1", torch::rand({5, 6, 4, 4}) * 3}};
  StyleLoss loss({photos}, {{"relu1_1", 1.0}, {"relu2_1", 1.0}});
  loss.AddTarget({painting});
  loss.AddTarget({{{"relu1_1", torch::rand({1, 4, 7, 7}) * 4}, {"relu2_1", torch::rand({1, 6, 5, 5}) * 4}}});
  const torch::Tensor first = torch::tensor({1.0f, 0.0f}).view({1, 2});
  EXPECT_NEAR(loss(photos, first.expand({5, 2})).mean().item<double>(), 2.0, 1e-4);
  EXPECT_NEAR(loss(painting, first).item<double>(), 0.0, 1e-6);
  EXPECT_GT(loss(painting, torch::tensor({0.0f, 1.0f}).view({1, 2})).item<double>(), 0.1);
}

// Every picture is held against its own painting, and a blend against the blend of both.
TEST(StyleLoss, TargetsAreEachPicturesOwn) {
  torch::manual_seed(9);
  const torch::Tensor a = torch::rand({1, 4, 8, 8}), b = torch::rand({1, 4, 8, 8}) * 2;
  StyleLoss loss({{{"relu1_1", torch::rand({5, 4, 8, 8}) * 3}}}, {{"relu1_1", 1.0}});
  loss.AddTarget({{{"relu1_1", a}}});
  loss.AddTarget({{{"relu1_1", b}}});
  const FeatureMap both = {{"relu1_1", torch::cat({a, b})}};
  const torch::Tensor own = loss(both, torch::eye(2));
  EXPECT_LT(own.abs().max().item<double>(), 1e-6);
  const torch::Tensor crossed = loss(both, torch::eye(2).flip({0}));
  EXPECT_GT(crossed.min().item<double>(), 1e-3);
  const torch::Tensor blend = loss(both, torch::full({2, 2}, 0.5f));
  EXPECT_LT(blend.sum().item<double>(), crossed.sum().item<double>());
  EXPECT_GT(blend.min().item<double>(), 1e-3);
}

TEST(StyleLoss, GradientAgreesWithDifferences) {
  torch::manual_seed(4);
  StyleLoss loss({{{"relu1_1", torch::rand({5, 4, 8, 8}) * 2}}}, {{"relu1_1", 2.0}});
  loss.AddTarget({{{"relu1_1", torch::rand({1, 4, 9, 9})}}});
  // Far from the painting: close to it the two sides of the difference cancel.
  CheckGradient([&](torch::Tensor x) { return loss({{"relu1_1", x}}, torch::ones({2, 1})).mean(); },
                torch::rand({2, 4, 8, 8}) * 3, 1e-2, 5e-3);
}

TEST(ColourLoss, IsOneForPhotographsAndNothingForThePainting) {
  torch::manual_seed(10);
  const torch::Tensor photos = torch::rand({4, 3, 64, 64}) * 120,
                      painting = torch::rand({1, 3, 50, 80}) * 120 + 120;
  ColourLoss loss(photos);
  loss.AddTarget(painting);
  EXPECT_NEAR(loss(photos, torch::ones({4, 1})).mean().item<double>(), 1.0, 1e-4);
  EXPECT_NEAR(loss(painting, torch::ones({1, 1})).item<double>(), 0.0, 1e-6);
  // Where a colour stands does not matter, which it is does.
  EXPECT_NEAR(loss(painting.flip({3}), torch::ones({1, 1})).item<double>(), 0.0, 1e-6);
  EXPECT_GT(loss(painting.flip({1}) * 0.8, torch::ones({1, 1})).item<double>(), 0.05);
  CheckGradient([&](torch::Tensor x) { return loss(x, torch::ones({1, 1})).mean(); },
                torch::rand({1, 3, 32, 32}) * 100 + 60, 0.05, 2e-2);
}

TEST(ColourLoss, LabIsTheStandards) {
  // Bruce Lindbloom's figures for sRGB red, D65.
  const torch::Tensor red = RgbToLab(torch::tensor({255.0f, 0.0f, 0.0f}).view({1, 3, 1, 1}));
  EXPECT_NEAR(red[0][0].item<double>(), 53.24, 0.05);
  EXPECT_NEAR(red[0][1].item<double>(), 80.09, 0.1);
  EXPECT_NEAR(red[0][2].item<double>(), 67.20, 0.1);
  const torch::Tensor grey = RgbToLab(torch::full({1, 3, 1, 1}, 119.0f));
  EXPECT_NEAR(grey[0][0].item<double>(), 50.03, 0.1);
  EXPECT_NEAR(grey[0][1].item<double>(), 0, 0.05);
}

TEST(DirectionLoss, KnowsAlongFromAcross) {
  const torch::Tensor wave = (torch::arange(64, torch::kFloat) * 0.7f).sin() * 60 + 128;
  const torch::Tensor upright = wave.view({1, 1, 1, 64}).expand({1, 3, 64, 64});
  const torch::Tensor level = wave.view({1, 1, 64, 1}).expand({1, 3, 64, 64});
  EXPECT_NEAR(DirectionLoss(upright, upright).item<double>(), 0, 0.05);
  EXPECT_NEAR(DirectionLoss(level, upright).item<double>(), 2, 0.05);
  EXPECT_NEAR(DirectionLoss(torch::full({1, 3, 64, 64}, 128.0f), upright).item<double>(), 1, 1e-3);
  torch::manual_seed(11);
  CheckGradient([&](torch::Tensor x) { return DirectionLoss(x, upright).sum(); },
                torch::rand({1, 3, 64, 64}) * 200, 0.1, 2e-2);
}

TEST(ToneLoss, KnowsTheSameOrderOfTonesFromTheNegative) {
  torch::manual_seed(7);
  const torch::Tensor squares = torch::rand({2, 3, 4, 6}) * 200;
  const torch::Tensor source = torch::upsample_nearest2d(squares, {64, 96});
  EXPECT_NEAR(ToneLoss(source, source).max().item<double>(), 0, 1e-5);
  // Another palette of half the contrast is the same order; what is drawn within 4 pixels does not count.
  EXPECT_LT(ToneLoss(source * 0.5 + 20, source).max().item<double>(), 0.01);
  const torch::Tensor weave = (torch::arange(96) % 2).to(torch::kFloat).view({1, 1, 1, 96}) * 80 - 40;
  EXPECT_LT(ToneLoss(source + weave, source).max().item<double>(), 1e-4);
  EXPECT_GT(ToneLoss(255 - source, source).min().item<double>(), 1.9);
  EXPECT_NEAR(ToneLoss(torch::full_like(source, 128.0f), source).min().item<double>(), 1, 0.15);
  CheckGradient([&](torch::Tensor x) { return ToneLoss(x, source).sum(); }, torch::rand({2, 3, 64, 96}) * 200,
                0.1, 2e-2);
}

// A picture whose values say where they are: what the grid says must be where the second picture's pixel came
// from, wherever it is said to be visible.
TEST(Motion, FlowIsExactWhereItIsSaidToBeVisible) {
  const int64_t size = 96;
  Random random(5);
  const torch::Tensor line = torch::arange(size, torch::kFloat);
  int covered = 0;
  for (int round = 0; round < 12; ++round) {
    const torch::Tensor a =
        torch::stack({line.view({1, size}).expand({size, size}) * 2,
                      line.view({size, 1}).expand({size, size}) * 2, torch::zeros({size, size})});
    const torch::Tensor b = torch::stack({torch::full({size, size}, 10.0f), torch::full({size, size}, 20.0f),
                                          torch::full({size, size}, 250.0f)});
    const MotionPair pair = DrawMotion(torch::stack({a, b}), random);
    if (pair.lighter.narrow(0, 0, 1).abs().max().item<double>() > 0) continue;
    const torch::Tensor moved = torch::grid_sampler(pair.first, pair.grid, 0, 1, true);
    // Grain aside, and the soft rim that bilinear sampling gives the cut-out.
    const torch::Tensor off =
        ((moved - pair.second).abs().amax(1, true) > 8).to(torch::kFloat) * pair.visible;
    EXPECT_LT(off.narrow(0, 0, 1).mean().item<double>(), 0.02) << round;
    covered += pair.visible.narrow(0, 0, 1).mean().item<double>() < 0.99 ? 1 : 0;
  }
  EXPECT_GT(covered, 2) << "no motion, no occlusion: nothing was tested";
}

TEST(Motion, TheSameDrawsGiveTheSamePictures) {
  torch::manual_seed(12);
  const torch::Tensor images = torch::rand({2, 3, 64, 64}) * 255;
  Random a(7), b(7), c(8);
  const MotionPair first = DrawMotion(images, a), same = DrawMotion(images, b), other = DrawMotion(images, c);
  EXPECT_TRUE(torch::equal(first.second, same.second));
  EXPECT_FALSE(torch::equal(first.second, other.second));
}

TEST(CompoundLoss, OfWhatMovesWithThePictureIsNothing) {
  torch::manual_seed(13);
  Random random(9);
  // Smooth, so that resampling it twice changes little.
  const torch::Tensor images =
      torch::upsample_bicubic2d(torch::rand({2, 3, 8, 8}) * 200 + 20, {96, 96}, true);
  const MotionPair pair = DrawMotion(images, random);
  const double held = CompoundLoss(pair.first, pair.second, pair).item<double>();
  const double apart = CompoundLoss(pair.first, pair.second.flip({3}), pair).item<double>();
  EXPECT_LT(held, 0.003);
  EXPECT_GT(apart, 5 * held);
  CheckGradient([&](torch::Tensor x) { return CompoundLoss(pair.first, x, pair); }, pair.second + 20, 1.0,
                2e-2);
}

TEST(ContentLoss, MeasuresInDistancesBetweenPhotographs) {
  torch::manual_seed(5);
  const torch::Tensor photos = torch::rand({8, 4, 6, 6});
  const ContentLoss loss(photos);
  EXPECT_NEAR(loss(photos, photos.roll(1, 0)).mean().item<double>(), 1.0, 1e-5);
  EXPECT_EQ(loss(photos, photos).sum().item<double>(), 0.0);
  const torch::Tensor source = torch::rand({2, 4, 6, 6});
  CheckGradient([&](torch::Tensor x) { return loss(x, source).mean(); }, torch::rand({2, 4, 6, 6}), 1e-2,
                2e-3);
}

TEST(TotalVariation, OfARampIsItsSlope) {
  const torch::Tensor ramp = (torch::arange(10) * 5.1f).view({1, 1, 1, 10}).expand({1, 3, 8, 10});
  EXPECT_NEAR(TotalVariation(ramp).item<double>(), 5.1 / 255, 1e-6);
  torch::manual_seed(6);
  // Steps far larger than the difference's, so that no sign turns.
  CheckGradient(TotalVariation, torch::rand({1, 3, 8, 10}) * 255, 1e-2, 2e-2);
}

TEST(GridPattern, SeesTheRasterAndNothingElse) {
  for (int64_t cell : {4, 8}) {
    torch::Tensor raster = torch::full({1, 3, 128, 128}, 100.0f);
    EXPECT_NEAR(GridPattern(raster, cell).item<double>(), 0.0, 1e-9);
    // Stripes of a period that does not divide the cell are not the raster's.
    const torch::Tensor stripes =
        (torch::arange(128) % 3 * 60.0f).view({1, 1, 1, 128}).expand({1, 3, 128, 128});
    raster.slice(2, 0, 128, cell) += 60;  // every fourth row, or every eighth
    EXPECT_GT(GridPattern(raster, cell).item<double>(), 10 * GridPattern(stripes, cell).item<double>());
    torch::manual_seed(7);
    CheckGradient([cell](torch::Tensor x) { return GridPattern(x, cell); },
                  torch::rand({1, 3, 8 * cell, 8 * cell}) * 255, 1.0, 5e-3);
    EXPECT_EQ(GridPattern(torch::rand({1, 3, 16, 16}), cell).item<double>(), 0) << "too small to tell";
  }
}

TEST(BlockPattern, SeesAStaircaseAndNoSlope) {
  const torch::Tensor slope = (torch::arange(128) * 1.5f).view({1, 1, 1, 128}).expand({1, 3, 128, 128});
  for (int64_t cell : {4, 8}) {
    const torch::Tensor stairs = torch::floor(torch::arange(128, torch::kFloat) / cell) * (1.5f * cell);
    const torch::Tensor wide = stairs.view({1, 1, 1, 128}).expand({1, 3, 128, 128});
    EXPECT_NEAR(BlockPattern(slope, cell).item<double>(), 0, 1e-6);
    for (const torch::Tensor& blocks : {wide, wide.transpose(2, 3)}) {
      EXPECT_GT(BlockPattern(blocks, cell).item<double>(), 0.1);
      EXPECT_LT(GridPattern(blocks, cell).item<double>(), 1e-6) << "then this loss would not be needed";
    }
    // The same stairs on another raster are no pattern of this one.
    const torch::Tensor other = torch::floor(torch::arange(128, torch::kFloat) / (cell + 3)) * 9.0f;
    EXPECT_LT(BlockPattern(other.view({1, 1, 1, 128}).expand({1, 3, 128, 128}), cell).item<double>(),
              0.3 * BlockPattern(wide, cell).item<double>());
    torch::manual_seed(14);
    CheckGradient([cell](torch::Tensor x) { return BlockPattern(x, cell); },
                  torch::rand({1, 3, 8 * cell, 8 * cell}) * 255, 0.5, 1e-2);
  }
}

// The frozen convolution's own backward, by Winograd, against libtorch's.
TEST(FrozenConv, EqualsLibtorchForthAndBack) {
  torch::manual_seed(8);
  const torch::Tensor weight = torch::randn({32, 16, 3, 3}) * 0.1, bias = torch::randn({32});
  const FrozenConvRelu conv(weight, bias);
  torch::Tensor a = torch::randn({2, 16, 11, 14}).requires_grad_(true);
  torch::Tensor b = a.detach().clone().requires_grad_(true);
  const torch::Tensor ya = conv.Forward(a), yb = torch::relu(torch::conv2d(b, weight, bias, 1, 1));
  EXPECT_LT((ya - yb).abs().max().item<double>(), 1e-4);
  const torch::Tensor g = torch::randn_like(yb);
  (ya * g).sum().backward();
  (yb * g).sum().backward();
  EXPECT_LT((a.grad() - b.grad()).abs().max().item<double>(), 1e-4);
}

}  // namespace
}  // namespace tempera::train
