// Films painted by regions: the mask is that of the frame it paints, held and moved without a trail.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"
#include "src/stylize/regions/regions.h"
#include "src/stylize/test_model.h"

namespace tempera::stylize {
namespace {

constexpr Size kFrame = {320, 180};

template <typename T>
std::unique_ptr<T> Open(const TestModel& model) {
  const std::string bytes = model.Bytes();
  auto loaded = engine::LoadModelMemory({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
  StylizerOptions options;
  options.precision = engine::Precision::kFp32;
  options.num_threads = 2;
  auto opened = T::Create(std::move(*loaded), "the model", options);
  EXPECT_TRUE(opened.ok()) << opened.status().message();
  return std::move(*opened);
}

// What is red, at a quarter of the size.
TestModel RedMarker() {
  TestModel m;
  std::vector<float> weights;
  for (const float of : {1.0f, -0.5f, -0.5f}) weights.insert(weights.end(), 4, of / 4 / 60);
  m.Constant("w", {1, 3, 2, 2}, weights).Constant("b", {1}, {-0.5f});
  m.Node("Conv", {"input", "w", "b"}, "x").Ints("strides", {2, 2});
  m.Constant("zero", {}, {0}).Constant("one", {}, {1}).Node("Clip", {"x", "zero", "one"}, "output");
  m.Metadata("tempera.mask.long_side", "160").Metadata("tempera.mask.classes", "marker");
  return m;
}

// Says a quarter more of each frame that it sees, whatever that shows.
TestModel Counter() {
  TestModel m;
  m.Input("r1i", {-1, -1, -1, -1});
  m.Output("r1o");
  m.Constant("w", {1, 3, 1, 1}, {0, 0, 0}).Constant("b", {1}, {0.25f}).Node("Conv", {"input", "w", "b"}, "x");
  m.Node("Shape", {"x"}, "like")
      .Node("Expand", {"r1i", "like"}, "before")
      .Node("Add", {"x", "before"}, "r1o");
  m.Constant("zero", {}, {0}).Constant("one", {}, {1}).Node("Clip", {"r1o", "zero", "one"}, "output");
  m.Metadata("tempera.mask.long_side", "160");
  return m;
}

struct Film {
  std::unique_ptr<Masker> masker;
  std::unique_ptr<Stylizer> style = Open<Stylizer>(AffineModel(0, 255));
  std::unique_ptr<Regions> regions;
  OwnedImage in{PixelFormat::kRgb, kFrame.width, kFrame.height},
      out{PixelFormat::kRgb, kFrame.width, kFrame.height};
  bool shown = true;
  double ground = 1;  // another number, another texture
  double redder = 0;  // the disc, by so many levels

  explicit Film(const MaskParams& params, int threads = 2, const TestModel& network = RedMarker())
      : masker(Open<Masker>(network)) {
    masker->params = params;
    auto host = HostWithPool(nullptr, threads, false);
    auto opened = Regions::Create(masker.get(), *host);
    EXPECT_TRUE(opened.ok());
    regions = std::move(*opened);
    regions->Set({{0, style.get()}});
  }

  // A ground with a texture, and a disc of 30 pixels on it.
  void Paint(double x, double y, const FrameParams& params = {}) {
    for (int j = 0; j < kFrame.height; ++j) {
      for (int i = 0; i < kFrame.width; ++i) {
        const double behind =
            90 + 25 * std::sin(ground * (0.31 * i + 0.2 * j)) + 25 * std::sin(ground * (0.27 * j - 0.13 * i));
        // The disc has a texture that goes with it.
        const double mine = 20 * std::sin(0.4 * (i - x)) * std::sin(0.5 * (j - y));
        const double share = shown ? std::clamp(30.5 - std::hypot(i - x, j - y), 0.0, 1.0) : 0;
        uint8_t* p = in.image.Row(0, j) + 3 * i;
        p[0] = static_cast<uint8_t>(share * (220 + redder + mine) + (1 - share) * behind);
        p[1] = p[2] = static_cast<uint8_t>(share * (70 + mine) + (1 - share) * behind);
      }
    }
    const Status painted = regions->Process(in.image, out.image, params);
    ASSERT_TRUE(painted.ok()) << painted.message();
  }
  // By how much what is painted differs from a disc there: its own area is 1.
  double ErrorFor(double x, double y) const {
    std::vector<uint8_t> mask(static_cast<size_t>(kFrame.width * kFrame.height));
    EXPECT_TRUE(regions->ReadMask(0, {mask.data(), kFrame.width, kFrame}).ok());
    double error = 0;
    for (int j = 0; j < kFrame.height; ++j) {
      for (int i = 0; i < kFrame.width; ++i) {
        const double share = std::clamp(30.5 - std::hypot(i - x, j - y), 0.0, 1.0);
        error += std::abs(mask[static_cast<size_t>(j * kFrame.width + i)] / 255.0 - share);
      }
    }
    return error / (3.14159 * 30 * 30);
  }
};

MaskParams With(float hold, int interval, bool plain = false) {
  MaskParams params;
  params.hold = hold, params.interval = interval, params.plain_edges = plain;
  return params;
}

// A marker that jumps about: its mask is this frame's, not one frame late, nor early.
TEST(RegionsFilm, TheMaskIsThatOfItsFrame) {
  for (const bool plain : {false, true}) {
    for (const float hold : {0.0f, 1.0f}) {
      Film film(With(hold, 1, plain));
      std::mt19937 random(3);
      for (int frame = 0; frame < 8; ++frame) {
        const double x = 60 + random() % 200, y = 50 + random() % 80;
        film.Paint(x, y);
        // Held, an edge that is enlarged as it is gets softer: what it was is fetched from between pixels.
        const double most = !plain ? 0.02 : hold == 0 ? 0.09 : 0.1;
        EXPECT_LT(film.ErrorFor(x, y), most) << frame << " " << plain << hold;
        // The picture's own pixels: white in the disc, the source without.
        EXPECT_GT(film.out.image.Row(0, static_cast<int>(y))[3 * static_cast<int>(x)], 250);
        EXPECT_EQ(film.out.image.Row(0, 2)[3], film.in.image.Row(0, 2)[3]);
      }
    }
  }
}

// A marker that moves on while the network looks away: its mask goes with it.
TEST(RegionsFilm, BetweenTheNetworksFramesMasksMove) {
  for (const int interval : {2, 4}) {
    Film film(With(0, interval)), every(With(0, 1));
    double worst = 0, standing = 0;
    for (int frame = 0; frame < 9; ++frame) {
      const double x = 80 + 5.0 * frame, y = 70 + 3.0 * frame;
      film.Paint(x, y), every.Paint(x, y);
      EXPECT_LT(every.ErrorFor(x, y), 0.02) << frame;
      worst = std::max(worst, film.ErrorFor(x, y));
      standing = std::max(standing, film.ErrorFor(x - 5, y - 3));
    }
    // Three moves in a row add up.
    EXPECT_LT(worst, interval == 2 ? 0.06 : 0.16) << interval;
    EXPECT_GT(standing, 0.15) << interval;
    // A cut, and a jump back in time, show the network the next frame.
    FrameParams cut;
    cut.cut = true;
    film.Paint(200, 100, cut);
    EXPECT_LT(film.ErrorFor(200, 100), 0.02);
    FrameParams later, earlier;
    later.timestamp_us = 90000, earlier.timestamp_us = 30000;
    film.Paint(60, 60, later);
    film.Paint(240, 60, earlier);
    EXPECT_LT(film.ErrorFor(240, 60), 0.02);
  }
}

// With hold, a network that flickers does so less; at 0 each frame stands for itself.
TEST(RegionsFilm, HoldCalmsWhatStands) {
  const auto flicker = [](float hold, double speed) {
    Film film(With(hold, 1));
    std::mt19937 random(5);
    std::vector<uint8_t> before, now(static_cast<size_t>(kFrame.width * kFrame.height));
    double sum = 0;
    for (int frame = 0; frame < 8; ++frame) {
      // A disc that goes on, and light that changes by a little: that moves a network's edges.
      film.redder = 8 * (static_cast<double>(random() % 3) - 1);
      film.Paint(160 + speed * frame, 90);
      EXPECT_TRUE(film.regions->ReadMask(0, {now.data(), kFrame.width, kFrame}).ok());
      for (size_t i = 0; i < before.size(); ++i) {
        const auto was = static_cast<size_t>(i - static_cast<size_t>(speed));
        if (i >= static_cast<size_t>(speed)) sum += std::abs(now[i] - before[was]);
      }
      before = now;
    }
    return sum;
  };
  EXPECT_LT(flicker(1, 0), 0.6 * flicker(0, 0));
  // About the rim of what moves before a ground that does not, nothing stays as it was.
  EXPECT_LT(flicker(1, 4), 1.1 * flicker(0, 4));
  Film film(With(0, 1)), alone(With(0, 1));
  for (int frame = 0; frame < 3; ++frame) film.Paint(100 + 9 * frame, 90);
  alone.Paint(118, 90);
  EXPECT_EQ(film.out.Pixels(), alone.out.Pixels());
}

TEST(RegionsFilm, NobodyThereIsTheSource) {
  for (const int interval : {1, 3}) {
    Film film(With(0.5f, interval));
    film.shown = false;
    for (int frame = 0; frame < 4; ++frame) {
      film.Paint(100, 90);
      EXPECT_EQ(film.out.Pixels(), film.in.Pixels());
    }
    EXPECT_EQ(film.style->plans_made(), 0);
  }
}

// A cut that nobody tells of: the network sees the frame, and does not before it has to where things move.
TEST(RegionsFilm, ACutIsSeenWithoutBeingTold) {
  Film film(With(0, 16));
  film.Paint(80, 70), film.Paint(84, 72);
  film.ground = 2;
  film.Paint(240, 110);
  EXPECT_LT(film.ErrorFor(240, 110), 0.02);
  film.Paint(244, 110);
  EXPECT_LT(film.ErrorFor(244, 110), 0.1);
  // The same ground: where the marker was it is not any more.
  film.Paint(60, 60);
  EXPECT_LT(film.ErrorFor(60, 60), 0.02);
  // What a network counts are the frames that it sees.
  Film counted(With(0, 8, true), 2, Counter());
  std::vector<uint8_t> mask(static_cast<size_t>(kFrame.width * kFrame.height));
  for (int frame = 0; frame < 8; ++frame) {
    counted.Paint(80 + 6 * frame, 70 + 3 * frame);
    EXPECT_TRUE(counted.regions->ReadMask(0, {mask.data(), kFrame.width, kFrame}).ok());
    EXPECT_NEAR(mask[mask.size() / 2], 64, 2) << frame;
  }
}

// The interval changes in the middle of a film: nothing is known of how the frame before moved.
TEST(RegionsFilm, AnotherIntervalShowsTheNetworkTheFrame) {
  Film film(With(0, 1));
  film.Paint(80, 70), film.Paint(85, 70);
  film.masker->params = With(0, 4);
  film.Paint(200, 100);
  EXPECT_LT(film.ErrorFor(200, 100), 0.02);
  film.Paint(204, 100);
  EXPECT_LT(film.ErrorFor(204, 100), 0.1);
}

// What a network remembers lives as long as the film goes on, however masks are made of it.
TEST(RegionsFilm, StatesLastFromFrameToFrame) {
  for (const bool plain : {false, true}) {
    for (const float hold : {0.0f, 0.1f}) {
      Film film(With(hold, 1, plain), 2, Counter());
      std::vector<uint8_t> mask(static_cast<size_t>(kFrame.width * kFrame.height));
      const auto middle = [&](const FrameParams& params = {}) {
        film.Paint(100, 90, params);
        EXPECT_TRUE(film.regions->ReadMask(0, {mask.data(), kFrame.width, kFrame}).ok());
        return static_cast<int>(mask[mask.size() / 2]);
      };
      EXPECT_LT(middle(), 67) << plain << hold;
      middle();
      EXPECT_GT(middle(), 127) << plain << hold;
      EXPECT_GT(middle(), 250) << plain << hold;
      FrameParams cut;
      cut.cut = true;
      EXPECT_LT(middle(cut), 67) << plain << hold;
    }
  }
}

// A region that is blurred by a network that remembers: each frame shows what the same mask, given with the
// frame, makes of it, and no frame is seen twice or left out.
TEST(RegionsFilm, BlursByANetworkThatRemembers) {
  Film film(With(0, 1, true), 2, Counter());
  film.regions->Set({{.blur = 4}});
  auto given = Regions::Create(nullptr, *HostWithPool(nullptr, 2, false));
  ASSERT_TRUE(given.ok());
  (*given)->Set({{.blur = 4}});
  OwnedImage wanted(PixelFormat::kRgb, kFrame.width, kFrame.height);
  std::vector<uint8_t> mask(static_cast<size_t>(kFrame.width * kFrame.height));
  for (int frame = 0; frame < 8; ++frame) {
    FrameParams params;
    params.cut = frame == 5;
    film.Paint(100 + 6 * frame, 90, params);
    ASSERT_TRUE(film.regions->ReadMask(0, {mask.data(), kFrame.width, kFrame}).ok());
    const int said = std::min(255, 64 * (frame % 5 + 1));
    EXPECT_NEAR(mask[mask.size() / 2], said, 2) << frame;
    params.mask = Mask{mask.data(), kFrame.width, kFrame};
    ASSERT_TRUE((*given)->Process(film.in.image, wanted.image, params).ok());
    EXPECT_EQ(film.out.Pixels(), wanted.Pixels()) << frame;
    EXPECT_NE(film.out.Pixels(), film.in.Pixels()) << frame;
  }
}

TEST(RegionsFilm, IsTheSameForAnyThreads) {
  Film one(With(0.7f, 2), 1), three(With(0.7f, 2), 3);
  for (int frame = 0; frame < 5; ++frame) {
    one.Paint(100 + 4 * frame, 80 + frame), three.Paint(100 + 4 * frame, 80 + frame);
    EXPECT_EQ(one.out.Pixels(), three.out.Pixels()) << frame;
  }
}

}  // namespace
}  // namespace tempera::stylize
