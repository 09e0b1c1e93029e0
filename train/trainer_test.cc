#include "train/trainer.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>

#include "train/motion/film_motion.h"

namespace tempera::train {
namespace {

media::RgbImage Noise(int width, int height, uint64_t seed) {
  media::RgbImage image{width, height, {}};
  Random random(seed);
  image.pixels.resize(static_cast<size_t>(width) * height * 3);
  for (uint8_t& p : image.pixels) p = static_cast<uint8_t>(random.Below(256));
  return image;
}

// VGG's shape with random weights: the loop does not care what the features mean.
const Vgg19& RandomVgg() {
  static const Vgg19* const kVgg = [] {
    const int places[9][3] = {{0, 3, 64},     {2, 64, 64},    {5, 64, 128},   {7, 128, 128}, {10, 128, 256},
                              {12, 256, 256}, {14, 256, 256}, {16, 256, 256}, {19, 256, 512}};
    Safetensors file;
    Random random(9);
    for (const auto& [index, in, out] : places) {
      const std::string prefix = "features." + std::to_string(index);
      FloatArray weight{{out, in, 3, 3}, std::vector<float>(static_cast<size_t>(out) * in * 9)};
      const double bound = std::sqrt(6.0 / (in * 9));
      for (float& v : weight.values) v = static_cast<float>(bound * (2 * random.Uniform() - 1));
      file.arrays[prefix + ".weight"] = std::move(weight);
      file.arrays[prefix + ".bias"] = {{out}, std::vector<float>(out, 0.1f)};
    }
    return new Vgg19(std::move(Vgg19::FromSafetensors(file, torch::kCPU).value()));
  }();
  return *kVgg;
}

StyleSource Style(const std::string& name) {
  StyleSource style;
  style.name = name;
  style.fine_size = 64;
  style.bold_size = 96;
  return style;
}

Options TinyRun() {
  Options o;
  o.net = "tiny";
  o.steps = 6;
  o.size = 32;
  o.batch = 1;
  o.styles = {Style("one")};
  o.device = "cpu";
  return o;
}

// Two styles in one network.
Options TinyGallery() {
  Options o = TinyRun();
  o.net = "painter";
  o.size = 64;
  o.batch = 2;
  o.styles = {Style("one"), Style("two")};
  return o;
}

std::unique_ptr<Trainer> Make(const Options& options) {
  std::vector<media::RgbImage> images;
  for (int i = 0; i < 5; ++i) images.push_back(Noise(96, 90, 20 + i));
  std::vector<media::RgbImage> paintings;
  for (size_t i = 0; i < options.styles.size(); ++i) paintings.push_back(Noise(80, 64, 5 + i));
  auto trainer =
      Trainer::Create(options, RandomVgg(), Photos::FromImages(std::move(images), options.size), paintings);
  EXPECT_TRUE(trainer.ok()) << trainer.status().message();
  return trainer.ok() ? std::move(*trainer) : nullptr;
}

std::vector<double> TakeSteps(Trainer& trainer, int steps) {
  std::vector<double> totals;
  for (int i = 0; i < steps; ++i) {
    Result<Losses> losses = trainer.Step();
    EXPECT_TRUE(losses.ok());
    if (losses.ok()) totals.push_back(losses->total);
  }
  return totals;
}

TEST(Trainer, TheSameSeedGivesTheSameLosses) {
  Options options = TinyRun();
  const std::vector<double> first = TakeSteps(*Make(options), 4), second = TakeSteps(*Make(options), 4);
  EXPECT_EQ(first, second);
  options.seed = 2;
  EXPECT_NE(TakeSteps(*Make(options), 4), first);
}

class Resuming : public testing::TestWithParam<const char*> {};

// With motion from the third step on, so that both halves see it.
TEST_P(Resuming, IsExact) {
  Options options = std::string(GetParam()) == "tiny" ? TinyRun() : TinyGallery();
  options.net = GetParam();
  const std::string checkpoint = testing::TempDir() + "trainer_test.pt";
  std::unique_ptr<Trainer> whole = Make(options);
  const std::vector<double> losses = TakeSteps(*whole, 6);
  EXPECT_TRUE(whole->done());

  std::unique_ptr<Trainer> first = Make(options);
  TakeSteps(*first, 3);
  ASSERT_TRUE(first->Save(checkpoint).ok());
  std::unique_ptr<Trainer> second = Make(options);
  const Status status = second->ResumeFrom(checkpoint);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(second->step(), 3);
  EXPECT_EQ(TakeSteps(*second, 3), std::vector<double>(losses.begin() + 3, losses.end()));
  EXPECT_TRUE(second->done());
  const auto a = whole->net().parameters(), b = second->net().parameters();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i]));
  std::remove(checkpoint.c_str());
}

INSTANTIATE_TEST_SUITE_P(Nets, Resuming, testing::Values("tiny", "painter", "painter-fed"));

// What a step teaches one style must not be all that the other gets: rows are apart, and a style's picks
// alone move its rows.
TEST(Trainer, EveryStyleHasRowsOfItsOwn) {
  std::unique_ptr<Trainer> trainer = Make(TinyGallery());
  TakeSteps(*trainer, 6);
  const torch::Tensor rows = trainer->net().named_parameters()["up1_norm_weight"];
  ASSERT_EQ(rows.size(0), 2 * NetConfig::kStrokeSizes + 1);
  std::vector<media::RgbImage> painted;
  const media::RgbImage photo = Noise(64, 64, 3);
  for (int style : {0, 1}) {
    for (double bold : {0.0, 1.0}) {
      Pick pick;
      pick.style = pick.other = style;
      pick.bold = bold;
      painted.push_back(trainer->Paint(photo, pick));
    }
  }
  Pick plain;
  plain.identity = true;
  painted.push_back(trainer->Paint(photo, plain));
  for (size_t a = 0; a < painted.size(); ++a) {
    for (size_t b = a + 1; b < painted.size(); ++b)
      EXPECT_NE(painted[a].pixels, painted[b].pixels) << a << " " << b;
  }
}

TEST(Trainer, ResumingAnotherGalleryIsRefused) {
  const std::string checkpoint = testing::TempDir() + "trainer_gallery_test.pt";
  ASSERT_TRUE(Make(TinyGallery())->Save(checkpoint).ok());
  Options other = TinyGallery();
  other.styles[1].name = "three";
  EXPECT_EQ(Make(other)->ResumeFrom(checkpoint).code(), StatusCode::kInvalidArgument);
  std::remove(checkpoint.c_str());
}

TEST(Trainer, OnlyThePainterTakesSeveralStyles) {
  Options options = TinyGallery();
  options.net = "small";
  const auto trainer =
      Trainer::Create(options, RandomVgg(), Photos::FromImages({Noise(96, 90, 1)}, options.size),
                      {Noise(80, 64, 5), Noise(80, 64, 6)});
  ASSERT_FALSE(trainer.ok());
  EXPECT_NE(trainer.status().message().find("choose painter"), std::string::npos);
}

TEST(Trainer, ResumingAnotherRecipeIsRefused) {
  const std::string checkpoint = testing::TempDir() + "trainer_recipe_test.pt";
  ASSERT_TRUE(Make(TinyRun())->Save(checkpoint).ok());
  Options other = TinyRun();
  other.style_weight = 7;
  EXPECT_EQ(Make(other)->ResumeFrom(checkpoint).code(), StatusCode::kInvalidArgument);
  std::remove(checkpoint.c_str());
}

TEST(Trainer, StartsFromAnotherRunsWeights) {
  const std::string checkpoint = testing::TempDir() + "trainer_init_test.pt";
  std::unique_ptr<Trainer> teacher = Make(TinyRun());
  TakeSteps(*teacher, 2);
  ASSERT_TRUE(teacher->Save(checkpoint).ok());
  Options options = TinyRun();
  options.seed = 3;
  std::unique_ptr<Trainer> pupil = Make(options);
  ASSERT_TRUE(pupil->InitFrom(checkpoint).ok());
  EXPECT_EQ(pupil->step(), 0);
  const auto a = teacher->net().parameters(), b = pupil->net().parameters();
  for (size_t i = 0; i < a.size(); ++i) EXPECT_TRUE(torch::equal(a[i], b[i]));
  std::remove(checkpoint.c_str());
}

TEST(Trainer, LearnsSomething) {
  Options options = TinyRun();
  options.steps = 40;
  options.content_weight = 0;
  options.tv_weight = options.colour_weight = options.direction_weight = options.temporal_weight = 0;
  std::unique_ptr<Trainer> trainer = Make(options);
  const std::vector<double> losses = TakeSteps(*trainer, 40);
  EXPECT_LT(losses.back(), 0.7 * losses.front());
}

// A scene of noise that moves by four pixels, the frame whose motion is known lighter by `light` levels, on
// disk; its pair for crops of `size`.
std::shared_ptr<const FilmPairs> MovingNoise(int size, int light = 0) {
  namespace fs = std::filesystem;
  const std::string folder = testing::TempDir() + "trainer_films_test";
  fs::create_directories(folder);
  const media::RgbImage wide = Noise(104, 96, 77);
  for (int t = 0; t < 2; ++t) {
    media::RgbImage frame{96, 96, {}};
    for (size_t y = 0; y < 96; ++y) {
      const auto row = wide.pixels.begin() + static_cast<ptrdiff_t>((y * 104 + 4 * t) * 3);
      for (auto p = row; p != row + 96 * 3; ++p)
        frame.pixels.push_back(static_cast<uint8_t>(*p * 3 / 4 + (t == 0 ? light : 0)));
    }
    EXPECT_TRUE(media::WriteImage(folder + "/frame_000" + std::to_string(t + 1) + ".png", frame).ok());
  }
  Flow flow(96, 96);
  std::fill(flow.dx.begin(), flow.dx.end(), -4.0f);
  EXPECT_TRUE(WriteFlo(folder + "/frame_0001.flo", flow).ok());
  Result<FilmPairs> films = FilmPairs::Load({}, {folder}, size, 1);
  EXPECT_TRUE(films.ok()) << films.status().message();
  fs::remove_all(folder);
  return films.ok() ? std::make_shared<const FilmPairs>(std::move(films).value()) : nullptr;
}

TEST(FilmMotion, SlowLightPassesAndGrainDoesNot) {
  for (int light : {0, 16}) {
    const auto films = MovingNoise(64, light);
    ASSERT_NE(films, nullptr);
    Random random(4);
    const MotionPair pair = DrawFilmMotion(*films, random, 3, 64);
    EXPECT_GT(pair.visible.mean().item<double>(), 0.6);
    const torch::Tensor moved = torch::grid_sampler(pair.first, pair.grid, 0, 1, true);
    // Resampled noise differs by levels from place to place; the mean over a neighbourhood does not.
    const torch::Tensor grain = (pair.second - moved - light).abs().mean(1, true);
    EXPECT_LT(((pair.lighter - light).abs() * pair.visible).mean().item<double>(),
              0.4 * (grain * pair.visible).mean().item<double>())
        << light;
    EXPECT_GT((pair.first - pair.second).abs().mean().item<double>(), 2 * grain.mean().item<double>());
  }
}

TEST(Trainer, ResumingWithFilmsIsExact) {
  Options options = TinyRun();
  options.temporal_loss = "reconet";
  options.temporal_start = 0;
  const auto films = MovingNoise(options.size);
  ASSERT_NE(films, nullptr);
  auto make = [&] {
    std::unique_ptr<Trainer> trainer = Make(options);
    trainer->TakeFilms(films);
    return trainer;
  };
  const std::string checkpoint = testing::TempDir() + "trainer_film_resume_test.pt";
  const std::vector<double> losses = TakeSteps(*make(), 6);
  EXPECT_NE(losses, TakeSteps(*Make(options), 6)) << "films changed nothing";
  std::unique_ptr<Trainer> first = make();
  TakeSteps(*first, 3);
  ASSERT_TRUE(first->Save(checkpoint).ok());
  std::unique_ptr<Trainer> second = make();
  const Status status = second->ResumeFrom(checkpoint);
  ASSERT_TRUE(status.ok()) << status.message();
  EXPECT_EQ(TakeSteps(*second, 3), std::vector<double>(losses.begin() + 3, losses.end()));
  // Without the films it is another recipe.
  const Status other = Make(options)->ResumeFrom(checkpoint);
  EXPECT_EQ(other.code(), StatusCode::kInvalidArgument);
  EXPECT_NE(other.message().find("1 pair of 1 scene"), std::string::npos) << other.message();
  std::remove(checkpoint.c_str());
}

TEST(Trainer, TheShareOfFilmsCounts) {
  Options options = TinyRun();
  options.temporal_start = 0;
  const auto films = MovingNoise(options.size);
  ASSERT_NE(films, nullptr);
  std::vector<std::vector<double>> losses;
  for (double share : {0.0, 1.0}) {
    options.motion_share = share;
    std::unique_ptr<Trainer> trainer = Make(options);
    trainer->TakeFilms(films);
    losses.push_back(TakeSteps(*trainer, 2));
  }
  EXPECT_NE(losses[0], losses[1]);
}

TEST(Trainer, ReconetsLossesHoldFeaturesToo) {
  Options options = TinyRun();
  options.temporal_start = 0;
  Result<Losses> losses = Make(options)->Step();
  ASSERT_TRUE(losses.ok());
  EXPECT_GT(losses->temporal, 0);
  EXPECT_EQ(losses->feature_temporal, 0);

  options.temporal_loss = "reconet";
  losses = Make(options)->Step();
  ASSERT_TRUE(losses.ok());
  EXPECT_GT(losses->temporal, 0);
  EXPECT_GT(losses->feature_temporal, 0);
  Options heavier = options;
  heavier.feature_temporal_weight += 2;
  EXPECT_NEAR(Make(heavier)->Step()->total, losses->total + 2 * losses->feature_temporal,
              1e-4 * losses->total);
}

TEST(Trainer, ABadCheckpointIsAnErrorNotACrash) {
  const std::string path = testing::TempDir() + "not_a_checkpoint.pt";
  std::FILE* file = std::fopen(path.c_str(), "w");
  std::fputs("hello", file);
  std::fclose(file);
  EXPECT_EQ(LoadCheckpoint(path).status().code(), StatusCode::kCorruptModel);
  EXPECT_EQ(LoadCheckpoint("/nowhere/x.pt").status().code(), StatusCode::kNotFound);
  std::remove(path.c_str());
}

}  // namespace
}  // namespace tempera::train
