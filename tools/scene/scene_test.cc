#include "tools/scene/scene.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "tools/scene/world.h"

namespace tempera::scene {
namespace {

std::unique_ptr<Scene> Make(int width, int height, uint32_t seed = 1, int threads = 2, float noise = 1.5f,
                            bool moving_camera = true) {
  auto scene = Scene::Create({.width = width,
                              .height = height,
                              .fps = 24,
                              .seed = seed,
                              .noise = noise,
                              .threads = threads,
                              .moving_camera = moving_camera});
  EXPECT_TRUE(scene.ok()) << scene.status().message();
  return std::move(scene).value();
}

double MeanDifference(const media::RgbImage& a, const media::RgbImage& b) {
  double sum = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

TEST(SceneTest, ThreadsAndFrameOrderDoNotChangeTheBytes) {
  auto one = Make(160, 90, 7, 1), two = Make(160, 90, 7, 2);
  const media::RgbImage late = one->RenderFrame(30);
  EXPECT_EQ(late.pixels, two->RenderFrame(30).pixels);
  EXPECT_EQ(one->RenderFrame(0).pixels, two->RenderFrame(0).pixels);
  EXPECT_EQ(two->RenderFrame(30).pixels, late.pixels);
  const GroundTruth a = one->TruthAt(3), b = two->TruthAt(3);
  EXPECT_EQ(a.flow, b.flow);
  EXPECT_EQ(a.occluded, b.occluded);
  EXPECT_EQ(a.labels, b.labels);
}

TEST(SceneTest, AnotherSeedIsAnotherScene) {
  // Far more than the sensor noise alone (about 1.3 steps) would make.
  EXPECT_GT(MeanDifference(Make(160, 90, 1)->RenderFrame(0), Make(160, 90, 2)->RenderFrame(0)), 6);
}

TEST(SceneTest, HasThePicturesContrastAndColour) {
  const media::RgbImage image = Make(160, 90)->RenderFrame(0);
  std::vector<int> luma;
  double colour = 0;
  for (size_t i = 0; i < image.pixels.size(); i += 3) {
    const int r = image.pixels[i], g = image.pixels[i + 1], b = image.pixels[i + 2];
    luma.push_back((54 * r + 183 * g + 19 * b) >> 8);
    colour += std::max({r, g, b}) - std::min({r, g, b});
  }
  std::sort(luma.begin(), luma.end());
  EXPECT_LT(luma[luma.size() / 20], 75);        // shadows
  EXPECT_GT(luma[luma.size() * 19 / 20], 185);  // lights
  EXPECT_GT(colour / static_cast<double>(luma.size()), 35);
}

TEST(SceneTest, AnySizeFromOnePixelRenders) {
  auto first = Make(8, 8);
  for (auto [w, h] : {std::pair{1, 1}, {1, 7}, {33, 1}, {61, 47}, {27, 64}}) {
    auto sized = first->WithSize(w, h);
    ASSERT_TRUE(sized.ok());
    auto scene = std::move(sized).value();
    const media::RgbImage image = scene->RenderFrame(2);
    EXPECT_EQ(image.width, w);
    EXPECT_EQ(image.height, h);
    EXPECT_EQ(image.pixels.size(), static_cast<size_t>(w) * h * 3);
    EXPECT_EQ(scene->TruthAt(2).flow.size(), static_cast<size_t>(w) * h * 2);
  }
}

TEST(SceneTest, AnotherSizeOfASceneIsThatScene) {
  auto small = Make(64, 36);
  auto grown = small->WithSize(96, 54);
  ASSERT_TRUE(grown.ok());
  EXPECT_EQ((*grown)->RenderFrame(1).pixels, Make(96, 54)->RenderFrame(1).pixels);
  EXPECT_FALSE(small->WithSize(0, 9).ok());
}

TEST(SceneTest, UnusableOptionsAreRefusedInOneLine) {
  for (SceneOptions bad : {SceneOptions{.width = 0}, SceneOptions{.width = 100000, .height = 100000},
                           SceneOptions{.height = -4}, SceneOptions{.fps = 0}, SceneOptions{.noise = -1},
                           SceneOptions{.noise = std::nanf("")}, SceneOptions{.threads = -2}}) {
    auto scene = Scene::Create(bad);
    ASSERT_FALSE(scene.ok());
    EXPECT_EQ(scene.status().code(), StatusCode::kInvalidArgument);
    EXPECT_FALSE(scene.status().message().empty());
    EXPECT_EQ(scene.status().message().find('\n'), std::string::npos);
  }
}

TEST(TruthTest, StillCameraSeesStillLand) {
  auto scene = Make(160, 90, 1, 2, 0, false);
  const GroundTruth truth = scene->TruthAt(5);
  size_t land = 0, moving = 0;
  for (size_t i = 0; i < truth.labels.size(); ++i) {
    const float length = std::hypot(truth.flow[2 * i], truth.flow[2 * i + 1]);
    const uint8_t label = truth.labels[i];
    if (label == kLabelTerrain || label == kLabelLighthouse || label == kLabelVillage || label == kLabelSea) {
      ++land;
      EXPECT_LT(length, 2e-3f) << "label " << int{label} << " at " << i;
    } else if (label >= kLabelBalloon && length > 0.02f) {
      ++moving;
    }
  }
  EXPECT_GT(land, truth.labels.size() / 8);
  EXPECT_GT(moving, 10u);
}

float Bilinear(const media::RgbImage& image, float x, float y, int channel) {
  x = std::clamp(x - 0.5f, 0.0f, static_cast<float>(image.width - 1));
  y = std::clamp(y - 0.5f, 0.0f, static_cast<float>(image.height - 1));
  const int x0 = std::min(static_cast<int>(x), image.width - 2),
            y0 = std::min(static_cast<int>(y), image.height - 2);
  const float fx = x - x0, fy = y - y0;
  const auto at = [&](int i, int j) {
    return static_cast<float>(image.pixels[(static_cast<size_t>(j) * image.width + i) * 3 + channel]);
  };
  return (1 - fy) * ((1 - fx) * at(x0, y0) + fx * at(x0 + 1, y0)) +
         fy * ((1 - fx) * at(x0, y0 + 1) + fx * at(x0 + 1, y0 + 1));
}

// Mean absolute difference, in 8-bit steps, between frame t and frame t + 1 fetched through `flow`, over
// pixels that stay visible and pass `keep`. The flow is scaled by `use_flow`, then shifted.
template <typename Keep>
double WarpError(const media::RgbImage& now, const media::RgbImage& next, const GroundTruth& truth, Keep keep,
                 float use_flow = 1, float shift_x = 0, float shift_y = 0) {
  double sum = 0;
  size_t count = 0;
  for (int y = 0; y < now.height; ++y) {
    for (int x = 0; x < now.width; ++x) {
      const size_t i = static_cast<size_t>(y) * now.width + x;
      if (truth.occluded[i] || !keep(truth.labels[i])) continue;
      const float u = use_flow * truth.flow[2 * i] + shift_x, v = use_flow * truth.flow[2 * i + 1] + shift_y;
      for (int c = 0; c < 3; ++c) {
        sum += std::fabs(Bilinear(next, x + 0.5f + u, y + 0.5f + v, c) - now.pixels[3 * i + c]);
      }
      count += 3;
    }
  }
  EXPECT_GT(count, 300u);
  return sum / static_cast<double>(std::max<size_t>(count, 1));
}

TEST(TruthTest, WarpingTheNextFrameBackGivesThisOne) {
  auto scene = Make(960, 540, 1, 2, 0);
  const int t = 20;
  const media::RgbImage now = scene->RenderFrame(t), next = scene->RenderFrame(t + 1);
  const GroundTruth truth = scene->TruthAt(t);
  // Large even surfaces: what is left is bilinear blur and 8-bit rounding. The sea is left out: its
  // flow follows the water plane, while its glitter and mirror images move by their own laws.
  const auto even = [](uint8_t l) {
    return l == kLabelSky || l == kLabelTerrain || l == kLabelLighthouse || l == kLabelVillage;
  };
  const double error = WarpError(now, next, truth, even);
  EXPECT_LT(error, 2.3);
  EXPECT_LT(error, 0.5 * WarpError(now, next, truth, even, 0));
  // Exact, not only near: a third of a pixel either way fits worse.
  for (auto [dx, dy] : {std::pair{0.33f, 0.0f}, {-0.33f, 0.0f}, {0.0f, 0.33f}, {0.0f, -0.33f}}) {
    EXPECT_LT(error, WarpError(now, next, truth, even, 1, dx, dy)) << dx << " " << dy;
  }
  // Grass blades and leaves are thinner than a pixel, so their sampling differs from frame to frame;
  // even so the flow must explain most of what changes.
  const auto plants = [](uint8_t l) { return l == kLabelMeadow || l == kLabelTree; };
  EXPECT_LT(WarpError(now, next, truth, plants), 0.6 * WarpError(now, next, truth, plants, 0));
  const auto movers = [](uint8_t l) { return l >= kLabelBalloon && l < kLabelGull; };
  EXPECT_LT(WarpError(now, next, truth, movers), 0.45 * WarpError(now, next, truth, movers, 0));
}

TEST(TruthTest, OcclusionMarksWhatTheNextFrameHides) {
  auto scene = Make(480, 270, 1, 2, 0);
  const GroundTruth truth = scene->TruthAt(20);
  size_t hidden = 0, inside_hidden = 0, outside_seen = 0;
  for (int y = 0; y < truth.height; ++y) {
    for (int x = 0; x < truth.width; ++x) {
      const size_t i = static_cast<size_t>(y) * truth.width + x;
      const float u = x + 0.5f + truth.flow[2 * i], v = y + 0.5f + truth.flow[2 * i + 1];
      const bool inside = u >= 0 && v >= 0 && u < truth.width && v < truth.height;
      hidden += truth.occluded[i] != 0;
      inside_hidden += inside && truth.occluded[i];
      outside_seen += !inside && !truth.occluded[i];
    }
  }
  EXPECT_EQ(outside_seen, 0u);
  EXPECT_GT(inside_hidden, 50u);  // grass before grass, boats before the sea
  EXPECT_LT(hidden, truth.occluded.size() / 5);
}

TEST(TruthTest, LabelsNameWhatIsThere) {
  const GroundTruth truth = Make(480, 270)->TruthAt(0);
  size_t count[256] = {};
  for (uint8_t label : truth.labels) ++count[label];
  for (int label :
       std::initializer_list<int>{kLabelSky, kLabelSea, kLabelTerrain, kLabelMeadow, kLabelTree,
                                  kLabelLighthouse, kLabelVillage, kLabelFence, kLabelBalloon, kLabelBoat,
                                  kLabelBoat + 1, kLabelWalker, kLabelWalker + 1, kLabelSheep}) {
    EXPECT_GT(count[label], 12u) << "label " << label;
  }
}

}  // namespace
}  // namespace tempera::scene
