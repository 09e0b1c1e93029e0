// The hand: every measure on pictures of which the answer is known.
#include <gtest/gtest.h>

#include "train/evaluate/hand/colour.h"
#include "train/evaluate/hand/fidelity.h"
#include "train/evaluate/hand/spectrum.h"
#include "train/evaluate/hand/strokes.h"
#include "train/evaluate/pictures_for_test.h"

namespace tempera::evaluate {
namespace {

TEST(Colour, LabIsAsPublished) {
  // sRGB's corners, from Lindbloom's calculator.
  const struct {
    uint8_t rgb[3];
    float lab[3];
  } cases[] = {{{255, 255, 255}, {100, 0, 0}},
               {{0, 0, 0}, {0, 0, 0}},
               {{255, 0, 0}, {53.24f, 80.09f, 67.20f}},
               {{0, 255, 0}, {87.73f, -86.18f, 83.18f}},
               {{0, 0, 255}, {32.30f, 79.19f, -107.86f}}};
  for (const auto& c : cases) {
    const std::array<float, 3> lab = LabOfRgb(c.rgb);
    for (size_t k = 0; k < 3; ++k) EXPECT_NEAR(lab[k], c.lab[k], 0.05) << int(c.rgb[0]) << " " << k;
  }
}

TEST(Colour, TheSameColoursAreAtNoDistanceWhereverTheyStand) {
  const media::RgbImage a = Waves(120, 80);
  media::RgbImage turned = a;
  for (size_t i = 0; i < a.pixels.size(); i += 3) {
    for (size_t k = 0; k < 3; ++k) turned.pixels[i + k] = a.pixels[a.pixels.size() - 3 - i + k];
  }
  EXPECT_EQ(ColourCloud(a).DistanceTo(ColourCloud(a)), 0);
  EXPECT_EQ(ColourCloud(a).DistanceTo(ColourCloud(turned)), 0);
  EXPECT_GT(ColourCloud(a).DistanceTo(ColourCloud(Noise(120, 80, 1))), 3);
}

// Two greys differ along L alone: the mean over half a sphere of |w_L| is a half.
TEST(Colour, TwoGreysAreHalfTheirLightnessApart) {
  const media::RgbImage dark = Grey(40, 30, 60), light = Grey(56, 48, 180);
  const double apart = LabOfRgb(light.pixels.data())[0] - LabOfRgb(dark.pixels.data())[0];
  EXPECT_NEAR(ColourCloud(dark).DistanceTo(ColourCloud(light)), apart / 2, 0.02 * apart);
}

TEST(Spectrum, ASineHasItsPeriod) {
  for (const double period : {2.5, 4.0, 7.3, 12.0, 20.0}) {
    for (const double angle : {0.0, 0.6, 1.5}) {
      const Plane wave = PlaneOf(320, 240, [&](int x, int y) {
        return 0.5 +
               0.3 * std::sin(2 * std::numbers::pi * (x * std::cos(angle) + y * std::sin(angle)) / period);
      });
      EXPECT_NEAR(StrokePeriod(wave), period, 0.03 * period) << angle;
    }
  }
}

TEST(Spectrum, AFlatPictureHasNoStrokes) {
  const Plane flat = PlaneOf(128, 128, [](int, int) { return 0.5; });
  EXPECT_EQ(StrokePeriod(flat), 0);
  EXPECT_EQ(Repetition(flat), 0);
  EXPECT_EQ(MeasureWeave(flat).worst(), 0);
}

// A raster of two levels under noise of ten: seen in its own period and in no other.
TEST(Spectrum, AFaintRasterStandsOutAtItsPeriodAlone) {
  for (const int period : {2, 4, 8}) {
    train::Random random(5);
    const Plane plane = PlaneOf(256, 192, [&](int x, int y) {
      const double wave =
          std::cos(2 * std::numbers::pi * x / period) * std::cos(2 * std::numbers::pi * y / period);
      return 0.5 + 4.0 / 255 * wave + 20.0 / 255 * (random.Uniform() - 0.5);
    });
    const Weave weave = MeasureWeave(plane);
    const double found[] = {weave.period2, weave.period4, weave.period8};
    for (int k = 0; k < 3; ++k) {
      if (2 << k == period) {
        EXPECT_GT(found[k], 10) << period;
      } else {
        EXPECT_LT(found[k], 4) << period << " at " << (2 << k);
      }
    }
  }
}

TEST(Spectrum, ACheckerboardIsFound) {
  const Plane board = PlaneOf(128, 128, [](int x, int y) { return (x + y) % 2 == 0 ? 0.4 : 0.6; });
  EXPECT_GT(MeasureWeave(board).period2, 30);
}

TEST(Spectrum, PicturesSmallerThanAWindowHaveNoWeave) {
  EXPECT_EQ(MeasureWeave(PlaneOf(63, 200, [](int x, int) { return x % 2; })).worst(), 0);
}

TEST(Spectrum, WallpaperRepeatsItselfAndNoiseDoesNot) {
  train::Random random(9);
  std::vector<double> tile(20 * 20);
  for (double& v : tile) v = random.Uniform();
  const double wallpaper = Repetition(
      PlaneOf(256, 256, [&](int x, int y) { return tile[static_cast<size_t>(y % 20 * 20 + x % 20)]; }));
  const double noise = Repetition(PlaneOf(256, 256, [&](int, int) { return random.Uniform(); }));
  EXPECT_GT(wallpaper, 0.9);
  EXPECT_LT(noise, 0.2);
}

Plane Stripes(double angle, double phase) {
  return PlaneOf(200, 160, [=](int x, int y) {
    return 0.5 + 0.3 * std::sin((x * std::cos(angle) + y * std::sin(angle)) / 2.5 + phase);
  });
}

TEST(Strokes, FollowAcrossAndNotAtAll) {
  const Plane edges = Stripes(0.4, 0);
  EXPECT_NEAR(EdgeAlignment(edges, edges), 1, 1e-5);
  EXPECT_NEAR(EdgeAlignment(edges, Stripes(0.4, 1.7)), 1, 0.01);
  EXPECT_NEAR(EdgeAlignment(edges, Stripes(0.4 + std::numbers::pi / 2, 0)), -1, 0.01);
  EXPECT_NEAR(EdgeAlignment(edges, Stripes(0.4 + std::numbers::pi / 4, 0)), 0, 0.05);
  EXPECT_EQ(EdgeAlignment(PlaneOf(64, 64, [](int, int) { return 0.5; }), edges), 0) << "no edges to follow";
}

TEST(Strokes, AnEmptyBorderIsFound) {
  train::Random random(2);
  const Plane source = PlaneOf(120, 100, [&](int, int) { return random.Uniform(); });
  Plane faded = source, doubled = source;
  for (int y = 0; y < 100; ++y) {
    for (int x = 0; x < 120; ++x) {
      if (x >= 8 && y >= 8 && x < 112 && y < 92) continue;
      faded.at(x, y) = 0.5f;
      doubled.at(x, y) = 0.5f + 2 * (source.at(x, y) - 0.5f);
    }
  }
  EXPECT_NEAR(BorderEnergy(source, source), 1, 1e-9);
  EXPECT_LT(BorderEnergy(source, faded), 0.1);
  EXPECT_NEAR(BorderEnergy(source, doubled), 4, 0.5);
}

TEST(Strokes, ABlobIsFoundWhereTheSourceHasNone) {
  const media::RgbImage plain = Grey(200, 100, 120);
  auto with_spots = [&](int spots) {
    return Picture(200, 100, [&](int x, int y) {
      for (int i = 0; i < spots; ++i) {
        if (std::hypot(x - 40 - 60 * i, y - 50) < 6) return Rgb{250, 30, 30};
      }
      return Rgb{120, 120, 120};
    });
  };
  EXPECT_EQ(OutlierBlobs(plain, plain), 0);
  EXPECT_NEAR(OutlierBlobs(plain, with_spots(1)), 50, 1e-6) << "one on 20,000 pixels";
  EXPECT_NEAR(OutlierBlobs(plain, with_spots(3)), 150, 1e-6);
  EXPECT_EQ(OutlierBlobs(with_spots(3), with_spots(3)), 0) << "they are the source's";
}

TEST(Fidelity, KnownDistances) {
  const media::RgbImage a = Waves(90, 70), grey = Grey(90, 70, 100), lighter = Grey(90, 70, 110);
  EXPECT_EQ(Psnr(a, a), 99);
  EXPECT_NEAR(Ssim(a, a), 1, 1e-6);
  EXPECT_NEAR(Psnr(grey, lighter), 20 * std::log10(25.5), 1e-9);
  EXPECT_NEAR(RmsDifference(grey, lighter), 10 / 255.0, 1e-12);
  media::RgbImage negative = a;
  for (uint8_t& p : negative.pixels) p = static_cast<uint8_t>(255 - p);
  EXPECT_LT(Ssim(a, negative), 0);
}

}  // namespace
}  // namespace tempera::evaluate
