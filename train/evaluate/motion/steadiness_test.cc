// Steadiness of painters whose habits are known.
#include <gtest/gtest.h>

#include <cmath>
#include <memory>

#include "train/evaluate/hand/fidelity.h"
#include "train/evaluate/motion/steadiness.h"
#include "train/evaluate/pictures_for_test.h"

namespace tempera::evaluate {
namespace {

using train::Flow;

using Paint = std::function<media::RgbImage(const media::RgbImage& frame, int number)>;

// number: of the frame since the last restart.
FilmPainter PainterOf(Paint paint) {
  auto number = std::make_shared<int>(0);
  return {[number] {
            *number = 0;
            return OkStatus();
          },
          [number, paint](const media::RgbImage& frame) -> Result<media::RgbImage> {
            return paint(frame, (*number)++);
          }};
}

FilmPainter AsItIs() {
  return PainterOf([](const media::RgbImage& frame, int) { return frame; });
}
FilmPainter AllGrey() {
  return PainterOf([](const media::RgbImage& frame, int) { return Grey(frame.width, frame.height, 128); });
}
// Every frame by so many levels lighter than the one before.
FilmPainter Drifting(double levels) {
  return PainterOf([levels](const media::RgbImage& frame, int number) {
    media::RgbImage out = frame;
    for (uint8_t& p : out.pixels) p = static_cast<uint8_t>(std::clamp(p / 2.0 + number * levels, 0.0, 255.0));
    return out;
  });
}
// Levels added to every other frame.
FilmPainter Flickering(int levels) {
  return PainterOf([levels](const media::RgbImage& frame, int number) {
    media::RgbImage out = frame;
    for (uint8_t& p : out.pixels) p = static_cast<uint8_t>(p / 2 + number % 2 * levels);
    return out;
  });
}

Clip MovingClip(int frames) {
  std::vector<media::RgbImage> film;
  for (int i = 0; i < frames; ++i) film.push_back(Waves(160, 96, 1.5 * i, 0.5 * i));
  return MeasureMotion("waves", std::move(film), 40);
}

std::vector<media::RgbImage> MustPaint(const FilmPainter& painter,
                                       const std::vector<media::RgbImage>& frames) {
  Result<std::vector<media::RgbImage>> painted = PaintFilm(painter, frames);
  EXPECT_TRUE(painted.ok());
  return painted.ok() ? *painted : frames;
}

TEST(WarpErrors, AGreyPictureIsPerfectlySteady) {
  const Clip clip = MovingClip(14);
  const WarpErrors errors = MeasureWarpErrors(clip, MustPaint(AllGrey(), clip.frames));
  EXPECT_EQ(errors.near, 0);
  EXPECT_EQ(errors.far, 0);
  EXPECT_EQ(errors.curve.size(), 13u);
}

TEST(WarpErrors, FlickerCountsWithItsSquare) {
  const Clip clip = MovingClip(14);
  const double still = MeasureWarpErrors(clip, MustPaint(Flickering(0), clip.frames)).near;
  const WarpErrors ten = MeasureWarpErrors(clip, MustPaint(Flickering(10), clip.frames));
  EXPECT_NEAR(ten.near - still, std::pow(10 / 255.0, 2), 1e-4);
  EXPECT_LT(std::abs(ten.far - MeasureWarpErrors(clip, MustPaint(Flickering(0), clip.frames)).far), 1e-4)
      << "frames ten apart flicker alike";
}

TEST(WarpErrors, LongFilmsAreSampledAndShortOnesHaveNoLongStep) {
  std::vector<media::RgbImage> film(30, Waves(64, 48));
  const Clip clip = MeasureMotion("still", film, 5);
  EXPECT_EQ(std::count_if(clip.back1.begin(), clip.back1.end(), [](const Flow& f) { return f.width > 0; }),
            5);
  EXPECT_EQ(std::count_if(clip.back10.begin(), clip.back10.end(), [](const Flow& f) { return f.width > 0; }),
            5);
  EXPECT_EQ(MeasureWarpErrors(clip, film).curve.size(), 5u);
  film.resize(6);
  EXPECT_TRUE(MeasureMotion("short", film, 5).back10.empty());
}

TEST(EStabs, IsTheRootOfTheMeanOverAllPixels) {
  const std::vector<media::RgbImage> film = {Grey(20, 10, 100), Grey(20, 10, 110), Grey(20, 10, 110)};
  std::vector<Flow> flows(2, Flow(20, 10));
  EXPECT_NEAR(EStab(film, flows), std::sqrt(0.5) * 10 / 255, 1e-7);
  // Masked pixels count as steady ones: D is all of the picture.
  std::fill(flows[0].valid.begin(), flows[0].valid.begin() + 150, uint8_t{0});
  EXPECT_NEAR(EStab(film, flows), std::sqrt(0.5 * 0.25) * 10 / 255, 1e-7);
}

TEST(Stills, NoiseComesOutAsItWentIn) {
  const media::RgbImage photo =
      Picture(120, 90, [](int x, int y) { return Rgb{90.0 + x / 2, 80.0 + y, 120}; });
  const Result<double> same = StillNoise(AsItIs(), photo, {});
  ASSERT_TRUE(same.ok());
  EXPECT_NEAR(*same, 1, 1e-9);
  EXPECT_EQ(*StillNoise(AllGrey(), photo, {}), 0);
  const FilmPainter thrice = PainterOf([&](const media::RgbImage& frame, int) {
    media::RgbImage out = frame;
    for (size_t i = 0; i < out.pixels.size(); ++i)
      out.pixels[i] =
          static_cast<uint8_t>(std::clamp(photo.pixels[i] + 3 * (frame.pixels[i] - photo.pixels[i]), 0, 255));
    return out;
  });
  EXPECT_NEAR(*StillNoise(thrice, photo, {}), 3, 0.01);
}

TEST(Exposures, AJumpIsFound) {
  const media::RgbImage photo = Waves(96, 64);
  const Result<Exposure> even = SlowExposure(AsItIs(), photo, 24);
  ASSERT_TRUE(even.ok());
  EXPECT_NEAR(even->gain, 1, 1e-9);
  EXPECT_EQ(even->curve.size(), 23u);
  EXPECT_LT(even->jump, 4);
  const FilmPainter jumping = PainterOf([](const media::RgbImage& frame, int number) {
    media::RgbImage out = frame;
    for (uint8_t& p : out.pixels) p = static_cast<uint8_t>(p / 2 + (number >= 12 ? 60 : 0));
    return out;
  });
  EXPECT_GT(SlowExposure(jumping, photo, 24)->jump, 20);
}

TEST(Loops, DriftIsFoundAndSteadyPaintersHaveNone) {
  std::vector<media::RgbImage> film;
  for (int i = 0; i < 5; ++i) film.push_back(Waves(64, 48, i, 0));
  const Result<LoopDrift> steady = Loop(AsItIs(), film, 40);
  ASSERT_TRUE(steady.ok());
  EXPECT_EQ(steady->worst(), 0);
  EXPECT_EQ(steady->curve.size(), 4u) << "five rounds of eight frames, the first one apart";
  const Result<LoopDrift> drifting = Loop(Drifting(0.5), film, 40);
  EXPECT_GT(drifting->colour, 5);
  EXPECT_LT(drifting->contrast, 2) << "lighter, but as rich in contrast";
}

TEST(Loops, AFailureEndsThem) {
  const FilmPainter failing = {
      [] { return OkStatus(); },
      [](const media::RgbImage&) -> Result<media::RgbImage> { return Internal("no"); }};
  EXPECT_FALSE(Loop(failing, {Grey(8, 8, 0), Grey(8, 8, 9)}, 40).ok());
  EXPECT_FALSE(StillNoise(failing, Grey(8, 8, 0), {}).ok());
}

TEST(Sharpness, CountsWhereItIsAskedTo) {
  const media::RgbImage edge =
      Picture(40, 20, [](int x, int) { return x < 20 ? Rgb{0, 0, 0} : Rgb{255, 255, 255}; });
  std::vector<uint8_t> everywhere(800, 1), left(800, 0);
  for (int y = 0; y < 20; ++y) std::fill_n(left.begin() + y * 40, 10, uint8_t{1});
  EXPECT_NEAR(SharpnessAt(edge, everywhere), 1.0 / 39, 1e-6);
  EXPECT_EQ(SharpnessAt(edge, left), 0);
}

}  // namespace
}  // namespace tempera::evaluate
