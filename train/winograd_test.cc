#include "train/winograd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "train/random.h"

namespace tempera::train {
namespace {

std::vector<float> Noise(size_t count, uint64_t seed) {
  Random random(seed);
  std::vector<float> values(count);
  for (float& v : values) v = static_cast<float>(random.Uniform() * 2 - 1);
  return values;
}

struct Case {
  int n, h, w, in, out;
};

class WinogradTest : public testing::TestWithParam<Case> {};

// Against the definition, in double.
TEST_P(WinogradTest, ForwardEqualsTheDefinition) {
  const auto [n, h, w, in, out] = GetParam();
  const std::vector<float> x = Noise(static_cast<size_t>(n) * h * w * in, 1);
  const std::vector<float> weights = Noise(static_cast<size_t>(out) * in * 9, 2), bias = Noise(out, 3);
  const WinogradWeights transformed = TransformWeights(weights.data(), out, in, false);
  // NaN wherever nothing is written, and canaries behind.
  std::vector<float> y(static_cast<size_t>(n) * h * w * out + 16, NAN);
  WinogradConv conv{&transformed, x.data(), nullptr, bias.data(), true, n, h, w, y.data()};
  conv.RunBlocks(0, conv.BlockCount());
  for (int i = 0; i < n; ++i) {
    for (int r = 0; r < h; ++r) {
      for (int c = 0; c < w; ++c) {
        for (int k = 0; k < out; ++k) {
          double sum = bias[k];
          for (int a = -1; a <= 1; ++a) {
            for (int b = -1; b <= 1; ++b) {
              if (r + a < 0 || r + a >= h || c + b < 0 || c + b >= w) continue;
              for (int ch = 0; ch < in; ++ch) {
                sum += static_cast<double>(x[((static_cast<size_t>(i) * h + r + a) * w + c + b) * in + ch]) *
                       weights[(static_cast<size_t>(k) * in + ch) * 9 + (a + 1) * 3 + b + 1];
              }
            }
          }
          ASSERT_NEAR(y[((static_cast<size_t>(i) * h + r) * w + c) * out + k], std::max(0.0, sum),
                      2e-5 * std::sqrt(9.0 * in))
              << i << " " << r << " " << c << " " << k;
        }
      }
    }
  }
  for (size_t i = y.size() - 16; i < y.size(); ++i) EXPECT_TRUE(std::isnan(y[i])) << "written past the end";
}

// <conv(x), g masked> = <x, conv^T(g masked)> for the gradient's convolution.
TEST_P(WinogradTest, TransposedIsTheAdjoint) {
  const auto [n, h, w, in, out] = GetParam();
  const size_t pixels = static_cast<size_t>(n) * h * w;
  const std::vector<float> x = Noise(pixels * in, 1), g = Noise(pixels * out, 4),
                           mask = Noise(pixels * out, 5);
  const std::vector<float> weights = Noise(static_cast<size_t>(out) * in * 9, 2);
  const WinogradWeights forward = TransformWeights(weights.data(), out, in, false);
  const WinogradWeights backward = TransformWeights(weights.data(), out, in, true);
  std::vector<float> y(pixels * out), gx(pixels * in);
  WinogradConv there{&forward, x.data(), nullptr, nullptr, false, n, h, w, y.data()};
  there.RunBlocks(0, there.BlockCount());
  WinogradConv back{&backward, g.data(), mask.data(), nullptr, false, n, h, w, gx.data()};
  back.RunBlocks(0, back.BlockCount());
  double left = 0, right = 0, size = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    if (mask[i] > 0) left += static_cast<double>(y[i]) * g[i];
    size += std::abs(static_cast<double>(y[i]) * g[i]);
  }
  for (size_t i = 0; i < gx.size(); ++i) right += static_cast<double>(gx[i]) * x[i];
  EXPECT_NEAR(left, right, 1e-5 * size);
}

INSTANTIATE_TEST_SUITE_P(Shapes, WinogradTest,
                         testing::Values(Case{1, 4, 4, 16, 16}, Case{1, 1, 1, 16, 32}, Case{2, 7, 9, 32, 16},
                                         Case{1, 13, 30, 16, 48}, Case{3, 8, 6, 64, 64},
                                         // Several blocks, the last one not full.
                                         Case{1, 61, 59, 16, 32}, Case{2, 17, 43, 96, 112}));

}  // namespace
}  // namespace tempera::train
