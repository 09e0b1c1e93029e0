// Losses through a VGG of random weights: what must hold whatever the weights are.
#include "train/evaluate/losses/judge.h"

#include <gtest/gtest.h>
#include <torch/torch.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <fstream>

#include "train/evaluate/losses/studied.h"
#include "train/evaluate/losses/vgg_for_test.h"

namespace tempera::evaluate {
namespace {

media::RgbImage RandomPicture(int width, int height, int seed, int cell) {
  media::RgbImage image{width, height, {}};
  torch::manual_seed(seed);
  const torch::Tensor colours = torch::randint(0, 256, {height / cell + 1, width / cell + 1, 3}, torch::kInt);
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      for (int k = 0; k < 3; ++k)
        image.pixels.push_back(static_cast<uint8_t>(colours[y / cell][x / cell][k].item<int>()));
    }
  }
  return image;
}

class JudgeTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    path_ = testing::TempDir() + "vgg_" + std::to_string(getpid()) + ".safetensors";
    ASSERT_TRUE(WriteRandomVgg(path_, 21));
    Result<std::unique_ptr<Judge>> judge = Judge::Open(path_, 1, "cpu");
    ASSERT_TRUE(judge.ok()) << judge.status().message();
    judge_ = std::move(*judge).release();
  }
  static void TearDownTestSuite() {
    delete judge_;
    judge_ = nullptr;
    std::remove(path_.c_str());
  }
  static std::string path_;
  static Judge* judge_;
};
std::string JudgeTest::path_;
Judge* JudgeTest::judge_ = nullptr;

TEST_F(JudgeTest, APhotographIsAtNoDistanceFromItself) {
  const media::RgbImage photo = RandomPicture(96, 72, 1, 9);
  const auto studied = judge_->StudyPhoto(photo);
  const auto painting = judge_->StudyPainting(RandomPicture(512, 384, 2, 5));
  ASSERT_TRUE(studied.ok() && painting.ok());
  const Result<Judged> judged = judge_->Look(photo, **studied, painting->get());
  ASSERT_TRUE(judged.ok());
  EXPECT_NEAR(judged->content, 0, 1e-9);
  EXPECT_NEAR(judged->feature_distance, 0, 1e-9);
  const StyleDistance own = judge_->StyleOf(**studied, **painting);
  for (size_t i = 0; i < kStyleLayers; ++i) EXPECT_NEAR(judged->style[i], own[i], 1e-4 * own[i]);
  EXPECT_NEAR(StyleLoss({judged->style}, {own}), 1, 1e-4) << "unstyled is 1";
  EXPECT_GT(judged->sifid, 0.001);
  EXPECT_NEAR(judged->sifid, judge_->FrechetTo(**studied, **painting), 1e-3 * judged->sifid);
}

TEST_F(JudgeTest, APaintingIsAtNoFrechetDistanceFromItself) {
  const media::RgbImage picture = RandomPicture(512, 256, 3, 7);
  const auto painting = judge_->StudyPainting(picture);
  const auto studied = judge_->StudyPhoto(picture);
  ASSERT_TRUE(painting.ok() && studied.ok());
  EXPECT_NEAR(judge_->FrechetTo(**studied, **painting), 0, 1e-4);
}

// The scale is the mean squared difference of two places drawn at random: here of all pairs.
TEST_F(JudgeTest, TheContentScaleIsWhatTwoPlacesDifferBy) {
  const auto a = judge_->StudyPhoto(RandomPicture(96, 72, 4, 6)),
             b = judge_->StudyPhoto(RandomPicture(72, 80, 5, 11));
  ASSERT_TRUE(a.ok() && b.ok());
  ContentScale scale;
  scale.Add(**a);
  scale.Add(**b);
  std::vector<torch::Tensor> rows;
  for (const auto* photo : {a->get(), b->get()})
    rows.push_back(
        photo->content.permute({0, 2, 3, 1}).reshape({-1, photo->content.size(1)}).to(torch::kDouble));
  const torch::Tensor places = torch::cat(rows);
  const double all_pairs = torch::cdist(places, places).square().mean().item<double>() / places.size(1);
  EXPECT_NEAR(scale.value(), all_pairs, 1e-3 * all_pairs);
}

TEST_F(JudgeTest, OptimisingComesNearerToThePainting) {
  const media::RgbImage photo = RandomPicture(64, 64, 6, 8);
  const auto painting = judge_->StudyPainting(RandomPicture(512, 512, 7, 3));
  const auto studied = judge_->StudyPhoto(photo);
  ASSERT_TRUE(painting.ok() && studied.ok());
  ContentScale scale;
  scale.Add(**studied);
  Judge::Recipe recipe;
  recipe.steps = 15;
  const Result<media::RgbImage> made = judge_->Optimise(photo, **painting, scale.value(), recipe, nullptr);
  ASSERT_TRUE(made.ok()) << made.status().message();
  const Result<Judged> judged = judge_->Look(*made, **studied, painting->get());
  ASSERT_TRUE(judged.ok());
  EXPECT_LT(StyleLoss({judged->style}, {judge_->StyleOf(**studied, **painting)}), 0.6);
  const auto stop = [](int step, double, double) { return step < 3; };
  EXPECT_EQ(judge_->Optimise(photo, **painting, scale.value(), recipe, stop).status().code(),
            StatusCode::kCancelled);
}

TEST_F(JudgeTest, RefusesWhatDoesNotFit) {
  EXPECT_FALSE(judge_->StudyPhoto(RandomPicture(40, 200, 1, 5)).ok());
  const auto studied = judge_->StudyPhoto(RandomPicture(96, 96, 1, 5));
  ASSERT_TRUE(studied.ok());
  EXPECT_FALSE(judge_->Look(RandomPicture(128, 96, 1, 5), **studied, nullptr).ok());
  const std::string shorter = path_ + ".short";
  ASSERT_TRUE(WriteRandomVgg(shorter, 19));
  const auto judge = Judge::Open(shorter, 1, "cpu");
  ASSERT_FALSE(judge.ok());
  EXPECT_NE(judge.status().message().find("relu4_2"), std::string::npos);
  std::remove(shorter.c_str());
  EXPECT_FALSE(Judge::Open(path_ + ".gone", 1, "cpu").ok());
}

}  // namespace
}  // namespace tempera::evaluate
