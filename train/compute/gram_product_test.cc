#include "train/compute/gram_product.h"

#include <gtest/gtest.h>
#include <hwy/targets.h>

#include <cmath>
#include <vector>

#include "train/compute/parallel.h"
#include "train/random.h"

namespace tempera::train {
namespace {

struct Case {
  int64_t pixels;
  int c;
};

class GramProductTest : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    Random random(GetParam().pixels * 31 + GetParam().c);
    features_.resize(static_cast<size_t>(GetParam().pixels) * GetParam().c);
    for (float& v : features_) v = static_cast<float>(random.Uniform() * 2 - 1);
    matrix_.resize(static_cast<size_t>(GetParam().c) * GetParam().c);
    for (float& v : matrix_) v = static_cast<float>(random.Uniform() * 2 - 1);
  }
  void TearDown() override { SetParallelThreads(0); }
  std::vector<float> features_, matrix_;
};

// On every instruction set of this machine: the rows left over differ.
TEST_P(GramProductTest, EqualsTheDefinition) {
  const auto [pixels, c] = GetParam();
  for (int64_t target = hwy::SupportedTargets(); target != 0; target &= target - 1) {
    hwy::SetSupportedTargetsForTest(target & -target);
    std::vector<float> gram(static_cast<size_t>(c) * c + 16, NAN);
    ASSERT_TRUE(GramProduct(features_.data(), pixels, c, 0.5f, gram.data()));
    for (int i = 0; i < c; ++i) {
      for (int j = 0; j < c; ++j) {
        double sum = 0;
        for (int64_t p = 0; p < pixels; ++p) {
          sum += 0.5 * static_cast<double>(features_[p * c + i]) * features_[p * c + j];
        }
        ASSERT_NEAR(gram[static_cast<size_t>(i) * c + j], sum, 1e-5 * std::sqrt(pixels) + 1e-6)
            << i << " " << j;
      }
    }
    for (size_t i = gram.size() - 16; i < gram.size(); ++i) EXPECT_TRUE(std::isnan(gram[i]));
  }
  hwy::SetSupportedTargetsForTest(0);
}

TEST_P(GramProductTest, GradientEqualsTheDefinition) {
  const auto [pixels, c] = GetParam();
  std::vector<float> result(features_.size() + 16, NAN);
  ASSERT_TRUE(GramGradient(features_.data(), pixels, c, matrix_.data(), result.data()));
  for (int64_t p = 0; p < pixels; ++p) {
    for (int k = 0; k < c; ++k) {
      double sum = 0;
      for (int i = 0; i < c; ++i) {
        sum += static_cast<double>(features_[p * c + i]) * matrix_[static_cast<size_t>(i) * c + k];
      }
      ASSERT_NEAR(result[p * c + k], sum, 1e-5 * std::sqrt(c)) << p << " " << k;
    }
  }
  for (size_t i = features_.size(); i < result.size(); ++i) EXPECT_TRUE(std::isnan(result[i]));
}

TEST_P(GramProductTest, ThreadsDoNotChangeABit) {
  const auto [pixels, c] = GetParam();
  std::vector<float> one(static_cast<size_t>(c) * c), many(one.size());
  std::vector<float> gradient_one(features_.size()), gradient_many(features_.size());
  SetParallelThreads(1);
  ASSERT_TRUE(GramProduct(features_.data(), pixels, c, 1, one.data()));
  ASSERT_TRUE(GramGradient(features_.data(), pixels, c, matrix_.data(), gradient_one.data()));
  SetParallelThreads(3);
  ASSERT_TRUE(GramProduct(features_.data(), pixels, c, 1, many.data()));
  ASSERT_TRUE(GramGradient(features_.data(), pixels, c, matrix_.data(), gradient_many.data()));
  EXPECT_EQ(one, many);
  EXPECT_EQ(gradient_one, gradient_many);
}

INSTANTIATE_TEST_SUITE_P(Shapes, GramProductTest,
                         testing::Values(Case{1, 16}, Case{5, 48}, Case{3000, 32}, Case{2049, 64},
                                         Case{700, 128}, Case{67, 272}));

}  // namespace
}  // namespace tempera::train
