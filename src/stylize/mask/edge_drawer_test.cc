// Masks drawn along the frame's edges, held against cut-outs whose transparency is known exactly.
#include "src/stylize/mask/edge_drawer.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>
#include <vector>

#include "src/base/cpu.h"
#include "src/stylize/owned_image_for_test.h"

namespace tempera::stylize {
namespace {

using Plane = std::vector<double>;

// Shapes on textured grounds, each pixel's share of the shape known to a ninth.
struct CutOut {
  Size size;
  Plane alpha;
  Plane colours[3];
};

struct Hair {
  double x, y, to_x, to_y, radius;
  bool Covers(double px, double py) const {
    const double dx = to_x - x, dy = to_y - y;
    const double t = std::clamp(((px - x) * dx + (py - y) * dy) / (dx * dx + dy * dy), 0.0, 1.0);
    return std::hypot(px - x - t * dx, py - y - t * dy) < radius * (1 - 0.7 * t);
  }
};

// A texture of some waves of all directions.
struct Waves {
  std::array<std::array<double, 4>, 10> waves;
  double at(double x, double y) const {
    double sum = 0;
    for (const auto& [fx, fy, phase, height] : waves) sum += height * std::sin(fx * x + fy * y + phase);
    return sum;
  }
};

CutOut MakeCutOut(Size size, unsigned seed, double contrast) {
  std::mt19937 random(seed);
  const auto draw = [&](double low, double high) { return low + (high - low) * (random() % 10000) / 10000; };
  CutOut c = {.size = size, .alpha = {}, .colours = {}};
  const double cx = draw(0.4, 0.6) * size.width, cy = draw(0.4, 0.5) * size.height;
  const double rx = draw(0.1, 0.16) * size.width, ry = draw(0.2, 0.3) * size.height;
  std::vector<Hair> hair;
  for (int i = 0; i < 20; ++i) {
    const double turn = draw(0, 6.28), reach = draw(1.05, 1.3);
    hair.push_back({cx + 0.9 * rx * std::cos(turn), cy + 0.9 * ry * std::sin(turn),
                    cx + reach * rx * std::cos(turn), cy + reach * ry * std::sin(turn), draw(0.7, 2)});
  }
  const auto covers = [&](double x, double y) {
    if (std::hypot((x - cx) / rx, (y - cy) / ry) < 1) return true;
    if (y > cy + 0.7 * ry && std::abs(x - cx) < rx * (0.6 + 3 * (y - cy) / size.height)) return true;
    return std::any_of(hair.begin(), hair.end(), [&](const Hair& h) { return h.Covers(x, y); });
  };
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      int inside = 0;
      for (int i = 0; i < 9; ++i) inside += covers(x + (i % 3 + 0.5) / 3, y + (i / 3 + 0.5) / 3);
      c.alpha.push_back(inside / 9.0);
    }
  }
  std::normal_distribution<double> noise(0, 2);
  for (Plane& colour : c.colours) {
    Waves textures[2];
    for (Waves& t : textures) {
      for (auto& wave : t.waves) wave = {draw(-0.25, 0.25), draw(-0.25, 0.25), draw(0, 6.28), draw(1, 5)};
    }
    const double ground = draw(90, 160), shape = ground + (random() % 2 ? 1 : -1) * contrast * draw(0.4, 1);
    for (int y = 0; y < size.height; ++y) {
      for (int x = 0; x < size.width; ++x) {
        const double a = c.alpha[colour.size()];
        const double shown = a * (shape + textures[0].at(x, y)) + (1 - a) * (ground + textures[1].at(x, y));
        colour.push_back(std::clamp(shown + noise(random), 0.0, 255.0));
      }
    }
  }
  return c;
}

Plane Shrunk(const Plane& plane, Size from, Size to) {
  Plane out;
  for (int y = 0; y < to.height; ++y) {
    for (int x = 0; x < to.width; ++x) {
      const int left = x * from.width / to.width, right = std::max(left + 1, (x + 1) * from.width / to.width);
      const int top = y * from.height / to.height,
                bottom = std::max(top + 1, (y + 1) * from.height / to.height);
      double sum = 0;
      for (int j = top; j < bottom; ++j) {
        for (int i = left; i < right; ++i) sum += plane[static_cast<size_t>(j * from.width + i)];
      }
      out.push_back(sum / ((right - left) * (bottom - top)));
    }
  }
  return out;
}

double Between(const Plane& plane, Size size, double x, double y) {
  x = std::clamp(x, 0.0, size.width - 1.0), y = std::clamp(y, 0.0, size.height - 1.0);
  const int left = static_cast<int>(x), top = static_cast<int>(y);
  const int right = std::min(left + 1, size.width - 1), bottom = std::min(top + 1, size.height - 1);
  const auto at = [&](int i, int j) { return plane[static_cast<size_t>(j * size.width + i)]; };
  const double a = at(left, top) + (x - left) * (at(right, top) - at(left, top));
  const double b = at(left, bottom) + (x - left) * (at(right, bottom) - at(left, bottom));
  return a + (y - top) * (b - a);
}

// What a network makes of it: small, blurred, up to a pixel off here and there, steep.
std::vector<uint8_t> NetworkMask(const CutOut& c, Size small, unsigned seed) {
  const Plane shares = Shrunk(c.alpha, c.size, small);
  std::mt19937 random(seed);
  std::normal_distribution<double> off(0, 0.5);
  const Size coarse = {small.width / 8 + 2, small.height / 8 + 2};
  Plane by[2];
  for (Plane& p : by) {
    for (int i = 0; i < coarse.width * coarse.height; ++i) p.push_back(off(random));
  }
  std::vector<uint8_t> mask;
  for (int y = 0; y < small.height; ++y) {
    for (int x = 0; x < small.width; ++x) {
      double sum = 0, whole = 0;
      for (int j = -2; j <= 2; ++j) {
        for (int i = -2; i <= 2; ++i) {
          const double weight = std::exp(-(i * i + j * j) / 1.3);
          sum += weight * Between(shares, small, x + i + Between(by[0], coarse, x / 8.0, y / 8.0),
                                  y + j + Between(by[1], coarse, x / 8.0, y / 8.0));
          whole += weight;
        }
      }
      const double share = 1 / (1 + std::exp(-7 * (sum / whole - 0.5)));
      mask.push_back(share < 0.06 ? 0 : share > 0.94 ? 255 : static_cast<uint8_t>(255 * share));
    }
  }
  return mask;
}

void Fill(const CutOut& c, const Image& image) {
  OwnedImage rgb(PixelFormat::kRgb, c.size.width, c.size.height);
  for (int y = 0; y < c.size.height; ++y) {
    for (int x = 0; x < c.size.width; ++x) {
      for (size_t k = 0; k < 3; ++k) {
        rgb.image.Row(0, y)[3 * x + static_cast<int>(k)] =
            static_cast<uint8_t>(c.colours[k][static_cast<size_t>(y * c.size.width + x)] + 0.5);
      }
    }
  }
  CopyImage(kernels::ChoosePixelKernels(AvailableCpuTargets()[0].highway_bit), rgb.image, image);
}

std::vector<uint8_t> Drawn(const CutOut& c, Size small, const std::vector<uint8_t>& mask, int64_t bit,
                           int threads, PixelFormat format = PixelFormat::kRgb) {
  OwnedImage image(format, c.size.width, c.size.height, Matrix::kBt709, false, threads == 3);
  Fill(c, image.image);
  std::vector<float> picture;
  for (const Plane& colour : c.colours) {
    for (double v : Shrunk(colour, c.size, small)) picture.push_back(static_cast<float>(v));
  }
  auto pool = ThreadPool::Create(threads);
  EdgeDrawer drawer(kernels::ChoosePixelKernels(bit), kernels::ChooseEdgeKernels(bit), pool->get());
  std::vector<uint8_t> out(c.alpha.size(), 99);
  drawer.Draw(image.image, small, picture.data(), mask.data(), out.data());
  return out;
}

// Mean errors within eight pixels of where the transparency changes, and elsewhere.
struct Errors {
  double near = 0, far = 0;
};
template <typename At>
Errors ErrorsOf(const CutOut& c, At&& at) {
  Errors sum;
  size_t near = 0;
  const int width = c.size.width, height = c.size.height;
  std::vector<uint8_t> edge(c.alpha.size());
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) {
      const double a = c.alpha[static_cast<size_t>(y * width + x)];
      if (a == c.alpha[static_cast<size_t>(y * width + std::min(x + 1, width - 1))] &&
          a == c.alpha[static_cast<size_t>(std::min(y + 1, height - 1) * width + x)])
        continue;
      for (int j = std::max(0, y - 8); j <= std::min(height - 1, y + 8); ++j) {
        for (int i = std::max(0, x - 8); i <= std::min(width - 1, x + 8); ++i)
          edge[static_cast<size_t>(j * width + i)] = 1;
      }
    }
  }
  for (size_t i = 0; i < c.alpha.size(); ++i) {
    const double error = std::abs(at(i) - c.alpha[i]);
    (edge[i] ? sum.near : sum.far) += error;
    near += edge[i];
  }
  return {sum.near / static_cast<double>(near), sum.far / static_cast<double>(c.alpha.size() - near)};
}

constexpr Size kFrame = {320, 180}, kSmall = {64, 36};

TEST(EdgeDrawer, FollowsTheEdgesOfThePicture) {
  for (const double contrast : {60.0, 30.0}) {
    Errors plain, drawn;
    for (unsigned seed = 0; seed < 3; ++seed) {
      const CutOut c = MakeCutOut(kFrame, seed, contrast);
      const std::vector<uint8_t> mask = NetworkMask(c, kSmall, seed);
      const Plane shares(mask.begin(), mask.end());
      const Errors enlarged = ErrorsOf(c, [&](size_t i) {
        const double x = static_cast<double>(i % kFrame.width), y = static_cast<double>(i / kFrame.width);
        return Between(shares, kSmall, (x + 0.5) / 5 - 0.5, (y + 0.5) / 5 - 0.5) / 255;
      });
      const std::vector<uint8_t> out = Drawn(c, kSmall, mask, AvailableCpuTargets()[0].highway_bit, 2);
      const Errors mine = ErrorsOf(c, [&](size_t i) { return out[i] / 255.0; });
      plain.near += enlarged.near / 3, drawn.near += mine.near / 3, drawn.far += mine.far / 3;
    }
    RecordProperty("enlarged", std::to_string(plain.near));
    RecordProperty("drawn", std::to_string(drawn.near));
    EXPECT_LT(drawn.near, (contrast > 40 ? 0.4 : 0.55) * plain.near) << contrast;
    // No halo.
    EXPECT_LT(drawn.far, 0.001) << contrast;
  }
}

// A slanted edge is a line, not stairs as wide as the small mask's pixels.
TEST(EdgeDrawer, HasNoStairs) {
  CutOut c = {.size = kFrame, .alpha = {}, .colours = {}};
  const auto edge = [](int y) { return 120.3 + 0.37 * y; };
  for (int y = 0; y < kFrame.height; ++y) {
    for (int x = 0; x < kFrame.width; ++x) {
      const double a = std::clamp(edge(y) - x, 0.0, 1.0);
      c.alpha.push_back(a);
      for (size_t k = 0; k < 3; ++k) c.colours[k].push_back(60 + (k == 1 ? 90 : 40) * a);
    }
  }
  const std::vector<uint8_t> out =
      Drawn(c, kSmall, NetworkMask(c, kSmall, 4), AvailableCpuTargets()[0].highway_bit, 2);
  for (int y = 16; y < kFrame.height - 16; ++y) {
    double inside = 0;
    for (int x = 0; x < kFrame.width; ++x) inside += out[static_cast<size_t>(y * kFrame.width + x)] / 255.0;
    ASSERT_NEAR(inside, edge(y), 1.0) << "row " << y;
  }
}

TEST(EdgeDrawer, IsTheSameForAnyThreadsAndNearlyForAnyTargetAndFormat) {
  const CutOut c = MakeCutOut({333, 187}, 7, 60);
  const Size small = {97, 55};
  const std::vector<uint8_t> mask = NetworkMask(c, small, 7);
  const std::vector<uint8_t> first = Drawn(c, small, mask, AvailableCpuTargets()[0].highway_bit, 1);
  const auto differ = [&](const std::vector<uint8_t>& other, int most) {
    size_t count = 0;
    for (size_t i = 0; i < first.size(); ++i) count += std::abs(first[i] - other[i]) > most;
    return count;
  };
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (const int threads : {1, 3}) {
      const auto out = Drawn(c, small, mask, target.highway_bit, threads);
      EXPECT_EQ(out, Drawn(c, small, mask, target.highway_bit, 2)) << target.name;
      EXPECT_EQ(differ(out, 2), 0u) << target.name;
    }
  }
  for (const PixelFormat format : kFormats) {
    const auto out = Drawn(c, small, mask, AvailableCpuTargets()[0].highway_bit, 2, format);
    EXPECT_LT(differ(out, 40), first.size() / 100) << static_cast<int>(format);
  }
}

TEST(EdgeDrawer, AnySizesAndFlatMasks) {
  for (const Size frame : {Size{1, 1}, {1, 40}, {40, 1}, {2, 3}, {17, 9}, {64, 64}, {65, 33}, {200, 3}}) {
    for (const Size wish : {Size{1, 1}, {2, 2}, {9, 8}, {16, 17}, {64, 64}}) {
      const Size small = {std::min(frame.width, wish.width), std::min(frame.height, wish.height)};
      const CutOut c = MakeCutOut(frame, 1, 60);
      const auto pixels = static_cast<size_t>(small.width) * static_cast<size_t>(small.height);
      for (const int value : {0, 255}) {
        const std::vector<uint8_t> mask(pixels, static_cast<uint8_t>(value));
        const auto out = Drawn(c, small, mask, AvailableCpuTargets()[0].highway_bit, 2);
        EXPECT_EQ(out, std::vector<uint8_t>(c.alpha.size(), static_cast<uint8_t>(value)));
      }
      std::vector<uint8_t> mask(pixels);
      std::mt19937 random(3);
      for (auto& m : mask) m = static_cast<uint8_t>(random());
      for (const CpuTarget& target : AvailableCpuTargets()) Drawn(c, small, mask, target.highway_bit, 2);
    }
  }
}

}  // namespace
}  // namespace tempera::stylize
