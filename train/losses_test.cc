#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "train/frozen_conv.h"
#include "train/loss_content.h"
#include "train/loss_grid.h"
#include "train/loss_style.h"
#include "train/loss_tv.h"

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
  const StyleLoss loss({painting}, {photos}, {{"relu1_1", 1.0}, {"relu2_1", 1.0}});
  EXPECT_NEAR(loss(photos).item<double>(), 2.0, 1e-4);
  EXPECT_NEAR(loss(painting).item<double>(), 0.0, 1e-6);
}

TEST(StyleLoss, GradientAgreesWithDifferences) {
  torch::manual_seed(4);
  const StyleLoss loss({{{"relu1_1", torch::rand({1, 4, 9, 9})}}},
                       {{{"relu1_1", torch::rand({5, 4, 8, 8}) * 2}}}, {{"relu1_1", 2.0}});
  // Far from the painting: close to it the two sides of the difference cancel.
  CheckGradient([&](torch::Tensor x) { return loss({{"relu1_1", x}}); }, torch::rand({2, 4, 8, 8}) * 3, 1e-2,
                5e-3);
}

TEST(ContentLoss, MeasuresInDistancesBetweenPhotographs) {
  torch::manual_seed(5);
  const torch::Tensor photos = torch::rand({8, 4, 6, 6});
  const ContentLoss loss(photos);
  EXPECT_NEAR(loss(photos, photos.roll(1, 0)).item<double>(), 1.0, 1e-5);
  EXPECT_EQ(loss(photos, photos).item<double>(), 0.0);
  const torch::Tensor source = torch::rand({2, 4, 6, 6});
  CheckGradient([&](torch::Tensor x) { return loss(x, source); }, torch::rand({2, 4, 6, 6}), 1e-2, 2e-3);
}

TEST(TotalVariation, OfARampIsItsSlope) {
  const torch::Tensor ramp = (torch::arange(10) * 5.1f).view({1, 1, 1, 10}).expand({1, 3, 8, 10});
  EXPECT_NEAR(TotalVariation(ramp).item<double>(), 5.1 / 255, 1e-6);
  torch::manual_seed(6);
  // Steps far larger than the difference's, so that no sign turns.
  CheckGradient(TotalVariation, torch::rand({1, 3, 8, 10}) * 255, 1e-2, 2e-2);
}

TEST(GridPattern, SeesTheRasterAndNothingElse) {
  torch::Tensor raster = torch::full({1, 3, 64, 64}, 100.0f);
  EXPECT_NEAR(GridPattern(raster).item<double>(), 0.0, 1e-9);
  // A ramp and stripes of a period that does not divide 4 are not the raster's.
  const torch::Tensor stripes = (torch::arange(64) % 3 * 60.0f).view({1, 1, 1, 64}).expand({1, 3, 64, 64});
  raster.slice(2, 0, 64, 4) += 60;  // every fourth row
  EXPECT_GT(GridPattern(raster).item<double>(), 10 * GridPattern(stripes).item<double>());
  torch::manual_seed(7);
  CheckGradient(GridPattern, torch::rand({1, 3, 32, 32}) * 255, 1.0, 5e-3);
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
