// `steadiness`, `brightness` and `contrast` through the C API, with a network whose painting is known: what
// the source's noise does to it is what strokes that jump do to a real one's.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <random>
#include <string>
#include <vector>

#include "src/stylize/test_model.h"
#include "tempera/tempera.hpp"

namespace tempera::stylize {
namespace {

using Pixels = std::vector<uint8_t>;
constexpr int kWidth = 97, kHeight = 61;
constexpr size_t kBytes = size_t{3} * kWidth * kHeight;

// A wall of large shapes that drifts by (dx, dy) pixels a frame, a dark bar that crosses it by five, noise.
struct Film {
  double dx = 0, dy = 0, noise = 6;
  bool bar = false;
  double light = 0;  // a frame
  Pixels Frame(int t) const {
    std::mt19937 random(static_cast<unsigned>(t) + 1);
    std::normal_distribution<double> normal(0, noise);
    Pixels pixels(kBytes);
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const double u = x + dx * t, v = y + dy * t;
        const bool dark = bar && std::abs(x - (10 + 5 * t) % kWidth) < 4;
        for (int c = 0; c < 3; ++c) {
          const double wall =
              120 + 50 * std::sin(0.23 * u + c) * std::cos(0.19 * v - c) + 25 * std::sin(0.5 * u - 0.4 * v);
          pixels[static_cast<size_t>(3 * (y * kWidth + x) + c)] = static_cast<uint8_t>(
              std::clamp((dark ? 20 : wall) + light * t + normal(random), 0.0, 255.0) + 0.5);
        }
      }
    }
    return pixels;
  }
};

Expected<tempera::Stylizer> Open(const Options& options = {.threads = 2}) {
  const std::string bytes = AffineModel(-1, 255).Bytes();
  return tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), options);
}

Pixels Paint(tempera::Stylizer& s, Pixels in, const tempera_frame_params* params = nullptr) {
  Pixels out(in.size(), 77);
  const tempera_image from = MakeImage(TEMPERA_RGB, in.data(), kWidth, kHeight);
  const tempera_image to = MakeImage(TEMPERA_RGB, out.data(), kWidth, kHeight);
  EXPECT_EQ(tempera_process_frame(s.handle(), &from, &to, params), TEMPERA_OK) << tempera_error_message();
  return out;
}

std::vector<Pixels> PaintFilm(const Film& film, int first, int count, float steadiness, int threads = 2) {
  auto s = Open({.threads = threads});
  EXPECT_TRUE(s);
  EXPECT_FALSE(s->SetParameter("steadiness", steadiness));
  std::vector<Pixels> frames;
  for (int t = first; t < first + count; ++t) frames.push_back(Paint(*s, film.Frame(t)));
  return frames;
}

Pixels Inverted(Pixels pixels) {
  for (uint8_t& b : pixels) b = static_cast<uint8_t>(255 - b);
  return pixels;
}

double MeanSquare(const Pixels& a, const Pixels& b) {
  double sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += std::pow(int{a[i]} - int{b[i]}, 2);
  return sum / static_cast<double>(a.size());
}

TEST(SteadyFrames, NoneIsFrameByFrame) {
  const Film film;
  const std::vector<Pixels> frames = PaintFilm(film, 0, 4, 0);
  for (int t = 0; t < 4; ++t) EXPECT_EQ(frames[static_cast<size_t>(t)], Inverted(film.Frame(t)));
}

TEST(SteadyFrames, HoldsNoiseStillAlongTheMotion) {
  for (const Film& film :
       {Film{.noise = 3}, Film{.dx = 1.5, .dy = -0.75, .noise = 3}, Film{.dx = -4, .dy = 2, .noise = 3}}) {
    Film clean = film;
    clean.noise = 0;
    const auto error = [&](float steadiness) {
      return MeanSquare(PaintFilm(film, 0, 24, steadiness).back(), Inverted(clean.Frame(23)));
    };
    const double unheld = error(0);
    // What drifts past pixels of strong edges is blurred a little; what stands is not.
    EXPECT_LT(error(0.5f), (film.dx == 0 ? 0.35 : 0.5) * unheld) << film.dx;
    EXPECT_LT(error(1), (film.dx == 0 ? 0.2 : 0.9) * unheld) << film.dx;
  }
}

TEST(SteadyFrames, AMovingEdgeLeavesNoGhost) {
  const Film film = {.noise = 1, .bar = true};
  const std::vector<Pixels> held = PaintFilm(film, 0, 16, 1);
  for (int t = 4; t < 16; ++t) {
    const Pixels fresh = Inverted(film.Frame(t));
    int worst = 0;
    for (size_t i = 0; i < fresh.size(); ++i)
      worst = std::max(worst, std::abs(int{fresh[i]} - int{held[static_cast<size_t>(t)][i]}));
    EXPECT_LE(worst, 12) << "frame " << t;  // the bar is a hundred darker
  }
}

TEST(SteadyFrames, LightThatChangesIsFollowed) {
  const Film film = {.noise = 1, .light = 3};
  const std::vector<Pixels> held = PaintFilm(film, 0, 16, 1);
  double error = 0;
  const Pixels fresh = Inverted(film.Frame(15));
  for (size_t i = 0; i < fresh.size(); ++i) error += int{fresh[i]} - int{held.back()[i]};
  EXPECT_LT(std::abs(error) / static_cast<double>(fresh.size()), 0.7);
}

TEST(SteadyFrames, BeginsAnew) {
  const Film film;
  enum What { kReset, kCut, kBack, kOff, kNothing, kSize };
  for (const What what : {kReset, kCut, kBack, kOff, kNothing, kSize}) {
    auto s = Open();
    ASSERT_TRUE(s);
    EXPECT_FALSE(s->SetParameter("steadiness", 1));
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    for (int t = 0; t < 3; ++t) {
      params.timestamp_us = 1000 * (t + 1);
      const Pixels painted = Paint(*s, film.Frame(t), &params);
      EXPECT_EQ(painted == Inverted(film.Frame(t)), t == 0);
    }
    params.timestamp_us = 4000;
    if (what == kReset) tempera_reset(s->handle());
    if (what == kCut) params.cut = 1;
    if (what == kBack) params.timestamp_us = 1500;
    if (what == kOff || what == kNothing) {
      const char* name = what == kOff ? "steadiness" : "strength";
      EXPECT_FALSE(s->SetParameter(name, 0));
      Paint(*s, film.Frame(3), &params);
      EXPECT_FALSE(s->SetParameter(name, 1));
    }
    if (what == kSize) {
      Pixels small(3 * 40 * 40, 9);
      const tempera_image image = MakeImage(TEMPERA_RGB, small.data(), 40, 40);
      EXPECT_FALSE(s->Process(image, image));
    }
    EXPECT_EQ(Paint(*s, film.Frame(4), &params), Inverted(film.Frame(4))) << "after " << what;
  }
}

// Nobody says that there is one.
TEST(SteadyFrames, ACutIsSeen) {
  auto s = Open();
  ASSERT_TRUE(s);
  EXPECT_FALSE(s->SetParameter("steadiness", 1));
  const Film film;
  for (int t = 0; t < 3; ++t) Paint(*s, film.Frame(t));
  std::mt19937 random(3);
  Pixels other(kBytes);
  for (uint8_t& b : other) b = static_cast<uint8_t>(random());
  EXPECT_EQ(Paint(*s, other), Inverted(other));
}

TEST(SteadyFrames, ARepeatedFrameIsTheSame) {
  const Film film = {.dx = 1.25};
  for (const float strength : {1.0f, 0.6f}) {
    for (const int format : {TEMPERA_RGB, TEMPERA_RGBA}) {
      auto s = Open();
      ASSERT_TRUE(s);
      EXPECT_FALSE(s->SetParameter("steadiness", 0.7f));
      EXPECT_FALSE(s->SetStrength(strength));
      for (int t = 0; t < 5; ++t) {
        Pixels first, again;
        for (Pixels* out : {&first, &again}) {
          Pixels in;
          const Pixels rgb = film.Frame(t);
          for (size_t i = 0; i < rgb.size(); i += 3) {
            in.insert(in.end(), rgb.begin() + static_cast<ptrdiff_t>(i),
                      rgb.begin() + static_cast<ptrdiff_t>(i) + 3);
            if (format == TEMPERA_RGBA) in.push_back(200);
          }
          *out = Pixels(in.size());
          EXPECT_FALSE(
              s->Process(MakeImage(static_cast<tempera_pixel_format>(format), in.data(), kWidth, kHeight),
                         MakeImage(static_cast<tempera_pixel_format>(format), out->data(), kWidth, kHeight)));
        }
        EXPECT_EQ(first, again) << "frame " << t;
      }
    }
  }
}

TEST(SteadyFrames, ThreadsMakeNoDifference) {
  const Film film = {.dx = 2.3, .dy = 0.6, .bar = true, .light = 1};
  EXPECT_EQ(PaintFilm(film, 0, 8, 0.8f, 1), PaintFilm(film, 0, 8, 0.8f, 3));
}

TEST(SteadyFrames, SegmentsMeetTheWhole) {
  const Film film = {.dx = 0.4, .noise = 10, .bar = true};
  auto whole = Open(), from_cut = Open();
  ASSERT_TRUE(whole && from_cut);
  for (auto* s : {&whole, &from_cut}) EXPECT_FALSE((*s)->SetParameter("steadiness", 1));
  const std::vector<Pixels> segment = PaintFilm(film, 12, 60, 1);
  for (int t = 0; t < 72; ++t) {
    tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
    params.cut = t == 64;
    const Pixels painted = Paint(*whole, film.Frame(t), &params);
    if (t >= 64) {
      EXPECT_EQ(painted, Paint(*from_cut, film.Frame(t))) << "frame " << t;
      continue;
    }
    if (t < 12 + 48) continue;
    const double error = MeanSquare(painted, segment[static_cast<size_t>(t - 12)]);
    EXPECT_GT(10 * std::log10(255 * 255 / (error + 1e-9)), 45) << "frame " << t;
  }
}

// A network that is given another value paints another picture: what was held does not stand in its way.
TEST(SteadyFrames, OtherWishesAreFollowed) {
  TestModel m;
  m.Node("Add", {"input", m.Input("lift", {1})}, "output");
  m.Metadata("tempera.param.lift", "range = -100..100; default = 0; unit = levels; line = How much lighter");
  const std::string bytes = m.Bytes();
  auto s = tempera::Stylizer::Open(std::as_bytes(std::span(bytes)), {.threads = 2});
  ASSERT_TRUE(s) << s.error().message;
  EXPECT_FALSE(s->SetParameter("steadiness", 1));
  const Film film = {.noise = 2};
  for (int t = 0; t < 4; ++t) Paint(*s, film.Frame(t));
  EXPECT_FALSE(s->SetParameter("lift", 30));
  for (const int t : {4, 4}) {  // the second one repeats it
    Pixels wanted = film.Frame(t);
    for (uint8_t& b : wanted) b = static_cast<uint8_t>(std::min(255, b + 30));
    EXPECT_EQ(Paint(*s, film.Frame(t)), wanted);
  }
  // A still that somebody paints again and again, turning a little each time.
  for (const int lift : {31, 32, 33}) {
    EXPECT_FALSE(s->SetParameter("lift", static_cast<float>(lift)));
    Pixels wanted = film.Frame(4);
    for (uint8_t& b : wanted) b = static_cast<uint8_t>(std::min(255, b + lift));
    EXPECT_EQ(Paint(*s, film.Frame(4)), wanted);
  }
}

// Held or not, on the way that is straight and on the one that scales.
TEST(SteadyFrames, AtAnotherWorkingSize) {
  auto s = Open({.threads = 2, .working_height = 40});
  ASSERT_TRUE(s);
  EXPECT_FALSE(s->SetParameter("steadiness", 1));
  const Film film = {.noise = 8};
  Pixels first, last;
  for (int t = 0; t < 16; ++t) {
    last = Paint(*s, film.Frame(t));
    if (t == 0) first = last;
  }
  Film clean = film;
  clean.noise = 0;
  EXPECT_LT(MeanSquare(last, Inverted(clean.Frame(0))), 0.8 * MeanSquare(first, Inverted(clean.Frame(0))));
}

TEST(SteadyFrames, TakesMemoryOnlyWhereItIsAsked) {
  auto plain = Open(), steady = Open();
  ASSERT_TRUE(plain && steady);
  EXPECT_FALSE(steady->SetParameter("steadiness", 0.1f));
  for (auto* s : {&plain, &steady})
    EXPECT_EQ(tempera_prepare((*s)->handle(), kWidth, kHeight, TEMPERA_RGB), TEMPERA_OK);
  EXPECT_GT(tempera_memory_bytes(steady->handle()),
            tempera_memory_bytes(plain->handle()) + 3 * 8 * kWidth * kHeight);
}

TEST(Adjustment, BrightnessAndContrast) {
  auto s = Open();
  ASSERT_TRUE(s);
  const Pixels in = Film{.noise = 40}.Frame(0);
  Pixels mask(static_cast<size_t>(kWidth) * kHeight);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = i % 3 == 0 ? 0 : 255;
  for (const float brightness : {0.0f, 0.5f, -1.0f, 1.0f}) {
    for (const float contrast : {1.0f, 0.0f, 0.5f, 2.0f}) {
      for (const float strength : {1.0f, 0.0f, 0.5f}) {
        for (const bool masked : {false, true}) {
          EXPECT_FALSE(s->SetParameter("brightness", brightness));
          EXPECT_FALSE(s->SetParameter("contrast", contrast));
          EXPECT_FALSE(s->SetStrength(strength));
          tempera_frame_params params = TEMPERA_FRAME_PARAMS_INIT;
          if (masked) {
            params.mask = mask.data(), params.mask_stride_bytes = kWidth;
            params.mask_width = kWidth, params.mask_height = kHeight;
          }
          const Pixels out = Paint(*s, in, &params);
          for (size_t i = 0; i < in.size(); ++i) {
            const double share = masked && mask[i / 3] == 0 ? 0 : static_cast<double>(strength);
            const double mixed = in[i] + share * (255.0 - 2.0 * in[i]);
            const double wanted = std::clamp((mixed - 127.5) * static_cast<double>(contrast) + 127.5 +
                                                 128 * static_cast<double>(brightness),
                                             0.0, 255.0);
            ASSERT_NEAR(out[i], wanted, brightness == 0 && contrast == 1 && share != 0.5 ? 0 : 0.51)
                << brightness << " " << contrast << " " << strength << " byte " << i;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tempera::stylize
