// Blur: a Gaussian, of a region's own pixels alone. Nothing glows around what stands before a blurred ground.
#include "src/stylize/regions/blur.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/regions/regions.h"

namespace tempera::stylize {
namespace {

const PixelKernels& Kernels() { return kernels::ChoosePixelKernels(AvailableCpuTargets()[0].highway_bit); }

struct Color {
  uint8_t r, g, b;
};
constexpr Color kRed = {200, 0, 0}, kBlue = {0, 0, 180};

void SetPixel(const Image& rgb, int x, int y, Color color) {
  uint8_t* p = rgb.Row(0, y) + 3 * x;
  p[0] = color.r, p[1] = color.g, p[2] = color.b;
}

// A red square, the person, on a blue ground, and the mask of it; between them `ramp` pixels either way
// where both mix, as cameras and mask networks have it.
struct Scene {
  static constexpr int kWidth = 240, kHeight = 160;
  OwnedImage in{PixelFormat::kRgb, kWidth, kHeight}, out{PixelFormat::kRgb, kWidth, kHeight};
  std::vector<uint8_t> mask = std::vector<uint8_t>(kWidth * kHeight);

  explicit Scene(double ramp = 0) {
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double inside = 41 - std::max(std::abs(x - 119.5), std::abs(y - 79.5));
        const double share = ramp == 0 ? inside > 0 : std::clamp(0.5 + inside / (2 * ramp), 0.0, 1.0);
        MaskAt(x, y) = static_cast<uint8_t>(255 * share + 0.5);
        SetPixel(in.image, x, y,
                 {static_cast<uint8_t>(kRed.r * share + 0.5), 0,
                  static_cast<uint8_t>(kBlue.b * (1 - share) + 0.5)});
      }
    }
  }
  uint8_t& MaskAt(int x, int y) { return mask[static_cast<size_t>(y * kWidth + x)]; }
  const uint8_t* At(int x, int y) const { return out.image.Row(0, y) + 3 * x; }

  // Given masks have one class, 0. What regions lie over: the picture.
  std::unique_ptr<Regions> Paint(std::vector<Region> list) {
    auto host = HostWithPool(nullptr, 2, false);
    auto regions = Regions::Create(nullptr, *host);
    EXPECT_TRUE(regions.ok());
    (*regions)->Set(std::move(list));
    FrameParams params;
    params.mask = Mask{mask.data(), kWidth, {kWidth, kHeight}};
    const Status painted = (*regions)->Process(in.image, out.image, params);
    EXPECT_TRUE(painted.ok()) << painted.message();
    return std::move(*regions);
  }
};

Region Blurred(int channel, float blur, float feather = 0) { return {channel, nullptr, blur, feather}; }
constexpr int kGround = Region::kBackground;

std::vector<uint8_t> BlurOf(const Image& in, float pixels, const uint8_t* shares, int threads = 2) {
  auto pool = ThreadPool::Create(threads);
  Blur blur(Kernels(), pool->get());
  OwnedImage out(in.format, in.width, in.height);
  blur.Run(in, pixels, shares, out.image);
  return out.Pixels();
}

TEST(Blur, IsAGaussianAndKeepsFlatPictures) {
  const auto& kernels = kernels::ChoosePixelKernels(AvailableCpuTargets()[0].highway_bit);
  auto pool = ThreadPool::Create(2);
  Blur blur(kernels, pool->get());
  for (float pixels : {1.0f, 2.0f, 7.0f, 30.0f, 256.0f}) {
    OwnedImage in(PixelFormat::kRgb, 201, 90), out(PixelFormat::kRgb, 201, 90);
    for (auto& b : in.bytes) b = 77;
    blur.Run(in.image, pixels, nullptr, out.image);
    for (uint8_t b : out.Pixels()) ASSERT_EQ(b, 77) << pixels;
    // An edge becomes the error function of that deviation.
    for (int y = 0; y < 90; ++y) {
      for (int x = 0; x < 201; ++x) SetPixel(in.image, x, y, {static_cast<uint8_t>(x > 100 ? 200 : 0), 0, 0});
    }
    blur.Run(in.image, pixels, nullptr, out.image);
    if (pixels > 30) continue;  // the picture ends before the bell does
    for (int x = 0; x < 201; ++x) {
      const double wanted = 100 * (1 + std::erf((x - 100.5) / pixels / std::sqrt(2.0)));
      EXPECT_NEAR(out.image.Row(0, 45)[3 * x], wanted, 4) << pixels << " " << x;
    }
  }
}

// To the bit: with every pixel beside the person counted, there are up to 97 levels of red.
TEST(Blur, NothingGlowsAroundWhatStandsBeforeIt) {
  for (const float pixels : {1.0f, 2.0f, 7.0f, 14.0f, 60.0f, 256.0f}) {
    Scene scene;
    const std::vector<std::vector<Region>> lists = {
        {Blurred(kGround, pixels)},
        {Blurred(kGround, pixels), {0, nullptr}},
        {{0, nullptr}, Blurred(kGround, pixels)},
        {Blurred(0, pixels)},
        {Blurred(0, pixels), Blurred(kGround, pixels)},
        {Blurred(kGround, pixels), Blurred(0, 3), Blurred(0, pixels)},
    };
    for (size_t i = 0; i < lists.size(); ++i) {
      scene.Paint(lists[i]);
      EXPECT_EQ(scene.out.Pixels(), scene.in.Pixels()) << pixels << " list " << i;
    }
  }
}

// What a pixel of the region shows is blurred with its own kind: edges within the ground stay soft.
TEST(Blur, TheGroundIsBlurredAsItWouldBeAlone) {
  Scene scene, alone;
  for (int y = 0; y < Scene::kHeight; ++y) {
    for (int x = 0; x < Scene::kWidth; ++x) {
      const Color ground = {0, static_cast<uint8_t>(y / 8 % 2 * 200), 0};
      SetPixel(alone.in.image, x, y, ground);
      if (scene.MaskAt(x, y) == 0) SetPixel(scene.in.image, x, y, ground);
    }
  }
  scene.Paint({Blurred(kGround, 4)});
  const std::vector<uint8_t> plain = BlurOf(alone.in.image, 4, nullptr);
  for (int y = 0; y < Scene::kHeight; ++y) {
    for (int x = 0; x < Scene::kWidth; ++x) {
      if (scene.MaskAt(x, y) != 0) continue;
      ASSERT_EQ(scene.At(x, y)[0], 0);
      const int wanted = plain[static_cast<size_t>(3 * (y * Scene::kWidth + x) + 1)];
      // Left and right of the person the stripes are the same; above and below, those behind it are missing.
      const bool clear = y < 20 || y >= 140 || (y > 60 && y < 100);
      if (clear) ASSERT_NEAR(scene.At(x, y)[1], wanted, 1) << x << "," << y;
    }
  }
}

TEST(Blur, AnEmptyMaskBlursAllAndAFullOneNothing) {
  for (const float feather : {0.0f, 5.0f}) {
    Scene scene;
    std::mt19937 random(4);
    scene.in.Fill(random);
    std::fill(scene.mask.begin(), scene.mask.end(), uint8_t{0});
    scene.Paint({Blurred(kGround, 9, feather)});
    EXPECT_EQ(scene.out.Pixels(), BlurOf(scene.in.image, 9, nullptr));
    scene.Paint({Blurred(0, 9, feather)});
    EXPECT_EQ(scene.out.Pixels(), scene.in.Pixels());
    std::fill(scene.mask.begin(), scene.mask.end(), uint8_t{255});
    scene.Paint({Blurred(kGround, 9, feather)});
    EXPECT_EQ(scene.out.Pixels(), scene.in.Pixels());
    scene.Paint({Blurred(0, 9, feather)});
    EXPECT_EQ(scene.out.Pixels(), BlurOf(scene.in.image, 9, nullptr));
  }
}

// However much wider than the blur: what is laid over the person is the ground, nowhere the person blurred.
TEST(Blur, FeathersLayTheGroundOverThePerson) {
  for (const float pixels : {1.0f, 4.0f, 14.0f}) {
    for (const float feather : {2.0f, 10.0f, 60.0f}) {
      for (const int blurred : {kGround, 0}) {
        Scene scene;
        const auto regions = scene.Paint({Blurred(blurred, pixels, feather)});
        std::vector<uint8_t> shares(Scene::kWidth * Scene::kHeight);
        ASSERT_TRUE(
            regions->ReadMask(0, {shares.data(), Scene::kWidth, {Scene::kWidth, Scene::kHeight}}).ok());
        const Color own = blurred == 0 ? kRed : kBlue;
        for (int y = 0; y < Scene::kHeight; ++y) {
          for (int x = 0; x < Scene::kWidth; ++x) {
            const double share = shares[static_cast<size_t>(y * Scene::kWidth + x)] / 255.0;
            const Color below = scene.MaskAt(x, y) != 0 ? kRed : kBlue;
            const uint8_t* p = scene.At(x, y);
            ASSERT_NEAR(p[0], share * own.r + (1 - share) * below.r, 1) << pixels << " " << feather;
            ASSERT_NEAR(p[2], share * own.b + (1 - share) * below.b, 1) << x << "," << y;
          }
        }
      }
    }
  }
}

// Pixels that are both bring the other's colour in, but little: by their shares, the worst would be 17, and
// 75 where all count.
TEST(Blur, SoftEdgesBringLittleOfTheOther) {
  Scene scene(4);
  int worst = 0;
  for (const float pixels : {7.0f, 14.0f}) {
    scene.Paint({Blurred(kGround, pixels)});
    for (int y = 0; y < Scene::kHeight; ++y) {
      for (int x = 0; x < Scene::kWidth; ++x) {
        if (scene.MaskAt(x, y) == 0) worst = std::max<int>(worst, scene.At(x, y)[0]);
      }
    }
  }
  EXPECT_LE(worst, 6);
  EXPECT_GT(worst, 0);
}

// A share that is low all over is no reason to blur otherwise.
TEST(Blur, OnlyDifferencesOfSharesCount) {
  Scene scene(20);
  const std::vector<uint8_t> plain = BlurOf(scene.in.image, 9, nullptr);
  for (const uint8_t share : {uint8_t{254}, uint8_t{128}, uint8_t{60}}) {
    const std::vector<uint8_t> shares(scene.mask.size(), share);
    const std::vector<uint8_t> blurred = BlurOf(scene.in.image, 9, shares.data());
    for (size_t i = 0; i < plain.size(); ++i) ASSERT_NEAR(blurred[i], plain[i], 1) << int{share};
  }
  const std::vector<uint8_t> none(scene.mask.size(), 0);
  EXPECT_EQ(BlurOf(scene.in.image, 9, none.data()), plain);
}

TEST(Blur, IsTheSameForAnyThreadsAndWidths) {
  std::mt19937 random(8);
  for (const Size size : {Size{1, 1}, {3, 200}, {201, 90}}) {
    OwnedImage in(PixelFormat::kRgba, size.width, size.height);
    in.Fill(random);
    std::vector<uint8_t> shares(static_cast<size_t>(size.width) * static_cast<size_t>(size.height));
    for (uint8_t& s : shares) s = static_cast<uint8_t>(random() % 40 == 0 ? random() : 0);
    for (const float pixels : {0.5f, 2.0f, 11.0f, 256.0f}) {
      const std::vector<uint8_t> one = BlurOf(in.image, pixels, shares.data(), 1);
      EXPECT_EQ(one, BlurOf(in.image, pixels, shares.data(), 3)) << pixels;
    }
  }
}

TEST(ColorFill, TheNearestGoesOn) {
  auto pool = ThreadPool::Create(2);
  ColorFill fill(pool->get());
  const Size size = {53, 37};
  std::vector<float> sums(4 * 53 * 37, 0.0f);
  const auto at = [&](int x, int y, int plane) -> float& {
    return sums[static_cast<size_t>((4 * y + plane) * 53 + x)];
  };
  EXPECT_FALSE(fill.Run(size, sums.data()));
  EXPECT_EQ(sums, std::vector<float>(sums.size(), 0.0f));
  // Two cells, red and blue, one of a weight that is close to none.
  at(4, 18, 0) = 0.5f * 200, at(4, 18, 3) = 0.5f;
  at(48, 18, 2) = 1e-9f * 180, at(48, 18, 3) = 1e-9f;
  ASSERT_TRUE(fill.Run(size, sums.data()));
  EXPECT_FLOAT_EQ(at(4, 18, 0), 200);
  EXPECT_FLOAT_EQ(at(4, 18, 2), 0);
  for (int y = 0; y < 37; ++y) {
    for (int x = 0; x < 53; ++x) ASSERT_NEAR(at(x, y, 0), 200, 0.01) << x << "," << y;
  }
  std::fill(sums.begin(), sums.end(), 0.0f);
  at(4, 18, 0) = 200, at(4, 18, 3) = 1, at(48, 18, 2) = 180, at(48, 18, 3) = 1;
  ASSERT_TRUE(fill.Run(size, sums.data()));
  EXPECT_GT(at(7, 20, 0), 0.7 * 200);
  EXPECT_GT(at(45, 16, 2), 0.7 * 180);
  for (int y = 0; y < 37; ++y) {
    for (int x = 0; x < 53; ++x) ASSERT_NEAR(at(x, y, 0) / 200 + at(x, y, 2) / 180, 1, 1e-4);
  }
}

}  // namespace
}  // namespace tempera::stylize
