// Every target's functions against plain loops in double, at widths around the vectors', with canaries behind
// each row.
#include "src/kernels/motion/motion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::kernels {
namespace {

constexpr float kCanary = -12345;
const int kWidths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 65, 255, 256, 257, 300};

std::vector<float> Floats(size_t n, float low, float high, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(low, high);
  std::vector<float> v(n);
  for (float& x : v) x = value(random);
  return v;
}
std::vector<uint8_t> Bytes(size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<uint8_t> v(n);
  for (uint8_t& x : v) x = static_cast<uint8_t>(random());
  return v;
}

void ForTargets(const std::function<void(const MotionKernels&)>& use) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    use(ChooseMotionKernels(target.highway_bit));
  }
}

void ExpectRow(const std::vector<float>& got, const std::vector<double>& wanted, double tolerance) {
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(static_cast<double>(got[i]), wanted[i], tolerance) << "number " << i;
  for (size_t i = wanted.size(); i < got.size(); ++i) ASSERT_EQ(got[i], kCanary) << "behind the row";
}

TEST(MotionKernels, Bytes) {
  ForTargets([](const MotionKernels& k) {
    std::vector<float> in = Floats(300, -60, 320, 1);
    in[0] = std::nanf("");
    for (const int n : kWidths) {
      std::vector<uint8_t> out(310, 7);
      k.to_bytes(in.data(), n, out.data());
      EXPECT_EQ(out[0], 0);
      for (int i = 1; i < n; ++i) {
        const double x = std::clamp(static_cast<double>(in[static_cast<size_t>(i)]), 0.0, 255.0);
        ASSERT_NEAR(out[static_cast<size_t>(i)], x, 0.5001);
      }
      ASSERT_EQ(out[static_cast<size_t>(n)], 7);
    }
  });
}

TEST(MotionKernels, SmallerPictures) {
  ForTargets([](const MotionKernels& k) {
    const std::vector<uint8_t> bytes = Bytes(6 * 600, 2);
    const std::vector<float> floats = Floats(1200, 0, 255, 3);
    for (const int n : kWidths) {
      const uint8_t *top[3], *bottom[3];
      for (int c = 0; c < 3; ++c) top[c] = bytes.data() + 600 * c, bottom[c] = bytes.data() + 600 * (3 + c);
      std::vector<float> luma(310, kCanary), half(310, kCanary);
      std::vector<double> wanted_luma, wanted_half;
      for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (int c = 0; c < 3; ++c) {
          for (int j = 2 * i; j < 2 * i + 2; ++j) sum += (c == 1 ? 2 : 1) * (top[c][j] + bottom[c][j]);
        }
        wanted_luma.push_back(sum / 16);
        sum = 0;
        for (const size_t at : {size_t{0}, size_t{1}, size_t{600}, size_t{601}})
          sum += static_cast<double>(floats[static_cast<size_t>(2 * i) + at]);
        wanted_half.push_back(sum / 4);
      }
      k.half_luma(top, bottom, n, luma.data());
      k.halve(floats.data(), floats.data() + 600, n, half.data());
      ExpectRow(luma, wanted_luma, 1e-4);
      ExpectRow(half, wanted_half, 1e-4);
      const float* const rows[3] = {floats.data() + 1, floats.data() + 401, floats.data() + 801};
      std::vector<float> smooth(310, kCanary);
      std::vector<double> wanted;
      for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (int v = 0; v < 3; ++v) {
          for (int u = -1; u < 2; ++u)
            sum += (v == 1 ? 2 : 1) * (u == 0 ? 2 : 1) * static_cast<double>(rows[v][i + u]);
        }
        wanted.push_back(sum / 16);
      }
      k.smooth(rows, n, smooth.data());
      ExpectRow(smooth, wanted, 1e-3);
    }
  });
}

// A smooth picture, and what it shows between its pixels.
double Wave(double x, double y) {
  return 120 + 50 * std::sin(0.35 * x + 0.1 * y) + 40 * std::cos(0.4 * y - 0.07 * x) +
         10 * std::sin(0.3 * x * 0.2 * y);
}
constexpr int kSide = 48;
std::vector<float> WavePlane(double dx, double dy, double lighter = 0) {
  std::vector<float> plane;
  for (int y = 0; y < kSide; ++y) {
    for (int x = 0; x < kSide; ++x) plane.push_back(static_cast<float>(Wave(x + dx, y + dy) + lighter));
  }
  return plane;
}

TEST(MotionKernels, PatchDistance) {
  ForTargets([](const MotionKernels& k) {
    const std::vector<float> now = Floats(kSide * kSide, 0, 255, 4),
                             before = Floats(kSide * kSide, 0, 255, 5);
    for (const Displacement by : {Displacement{0, 0}, {2.25f, -3.5f}, {-4.125f, 1.0f}, {0.75f, 5.0f}}) {
      const int at = 20 * kSide + 20;
      double sum = 0, squares = 0;
      for (int y = 0; y < kPatch; ++y) {
        for (int x = 0; x < kPatch; ++x) {
          const double px = 20 + x + static_cast<double>(by.x), py = 20 + y + static_cast<double>(by.y);
          const int ix = static_cast<int>(std::floor(px)), iy = static_cast<int>(std::floor(py));
          const auto pixel = [&](int i, int j) {
            return static_cast<double>(before[static_cast<size_t>(j * kSide + i)]);
          };
          const double fx = px - ix, fy = py - iy;
          const double moved = (1 - fy) * ((1 - fx) * pixel(ix, iy) + fx * pixel(ix + 1, iy)) +
                               fy * ((1 - fx) * pixel(ix, iy + 1) + fx * pixel(ix + 1, iy + 1));
          const double d = static_cast<double>(now[static_cast<size_t>(at + y * kSide + x)]) - moved;
          sum += d, squares += d * d;
        }
      }
      float mean = 0;
      const float got = k.patch_distance(now.data() + at, kSide, before.data() + at, kSide, by, &mean);
      EXPECT_NEAR(static_cast<double>(got), squares - sum * sum / 64, 1e-4 * squares);
      EXPECT_NEAR(static_cast<double>(mean), sum / 64, 1e-3);
    }
  });
}

// Where the picture is smooth, a patch is found to a tenth of a pixel, also where it became lighter.
TEST(MotionKernels, FitsAPatch) {
  ForTargets([](const MotionKernels& k) {
    for (const double lighter : {0.0, 30.0}) {
      for (const auto& [dx, dy] : {std::pair{0.0, 0.0}, {1.3, -0.6}, {-2.2, 1.7}, {0.25, 2.4}}) {
        // What the present shows at x was at x + d.
        const std::vector<float> before = WavePlane(0, 0), now = WavePlane(dx, dy, lighter);
        const int at = 20 * kSide + 20;
        const PatchFit fit =
            k.fit_patch(now.data() + at, kSide, before.data() + at, kSide, {0, 0}, {-15, -15}, {15, 15}, 12);
        EXPECT_NEAR(static_cast<double>(fit.by.x), dx, 0.1);
        EXPECT_NEAR(static_cast<double>(fit.by.y), dy, 0.1);
      }
    }
    // Nothing to hold on to: stays. Never outside of what is allowed.
    const std::vector<float> flat(kSide * kSide, 80.0f), noise = Floats(kSide * kSide, 0, 255, 6),
                                                         other = Floats(kSide * kSide, 0, 255, 7);
    const int at = 20 * kSide + 20;
    const PatchFit still =
        k.fit_patch(flat.data() + at, kSide, noise.data() + at, kSide, {1, 2}, {-9, -9}, {9, 9}, 8);
    EXPECT_EQ(still.by.x, 1);
    EXPECT_EQ(still.by.y, 2);
    for (int i = 0; i < 200; ++i) {
      const int place = (12 + i % 20) * kSide + 12 + i / 20;
      const PatchFit fit =
          k.fit_patch(noise.data() + place, kSide, other.data() + place, kSide, {0, 0}, {-2, -2}, {2, 2}, 8);
      EXPECT_TRUE(std::abs(fit.by.x) <= 2 && std::abs(fit.by.y) <= 2);
    }
  });
}

double Cubic(double t) {
  t = std::abs(t);
  return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : t < 2 ? ((-0.5 * t + 2.5) * t - 4) * t + 2 : 0;
}

TEST(MotionKernels, Warp) {
  ForTargets([](const MotionKernels& k) {
    const std::vector<float> floats = Floats(kSide * kSide, 0, 255, 8);
    const std::vector<uint8_t> bytes = ::tempera::kernels::Bytes(kSide * kSide, 9);
    const int at = 4 * kSide + 4;
    for (const auto& [fx, fy] : {std::pair{0, 0}, {0, 5}, {8, 0}, {3, 13}, {15, 15}}) {
      for (const auto& [rows, columns] : {std::pair{1, 1}, {8, 8}, {5, 13}, {32, 32}, {32, 7}}) {
        std::vector<float> got(33 * kSide, kCanary), got_bytes = got;
        k.warp({floats.data() + at, kSide}, fx, fy, rows, columns, got.data(), kSide);
        k.warp_bytes({bytes.data() + at, kSide}, fx, fy, rows, columns, got_bytes.data(), kSide);
        for (int y = 0; y < 33; ++y) {
          for (int x = 0; x < kSide; ++x) {
            const auto i = static_cast<size_t>(y * kSide + x);
            if (y >= rows || x >= columns) {
              ASSERT_EQ(got[i], kCanary);
              ASSERT_EQ(got_bytes[i], kCanary);
              continue;
            }
            double wanted = 0, wanted_byte = 0;
            for (int v = -1; v < 3; ++v) {
              for (int u = -1; u < 3; ++u) {
                const double weight = Cubic(v - fy / 16.0) * Cubic(u - fx / 16.0);
                const auto from = static_cast<size_t>(at + (y + v) * kSide + x + u);
                wanted += weight * static_cast<double>(floats[from]), wanted_byte += weight * bytes[from];
              }
            }
            ASSERT_NEAR(static_cast<double>(got[i]), wanted, fx + fy == 0 ? 0 : 1e-3);
            ASSERT_NEAR(static_cast<double>(got_bytes[i]), wanted_byte, fx + fy == 0 ? 0 : 1e-3);
          }
        }
      }
    }
  });
}

TEST(MotionKernels, DifferenceAndWeights) {
  ForTargets([](const MotionKernels& k) {
    const std::vector<uint8_t> now = Bytes(3 * 300, 10);
    const std::vector<float> before = Floats(3 * 300, 0, 255, 11);
    for (const int n : kWidths) {
      const uint8_t* const a[3] = {now.data(), now.data() + 300, now.data() + 600};
      const float* const b[3] = {before.data(), before.data() + 300, before.data() + 600};
      std::vector<uint8_t> out(310, 7);
      k.difference(a, b, -3.5f, n, out.data());
      for (int i = 0; i < n; ++i) {
        double sum = 0;
        for (int c = 0; c < 3; ++c)
          sum += (c == 1 ? 0.5 : 0.25) * std::abs(a[c][i] - static_cast<double>(b[c][i]) + 3.5);
        ASSERT_NEAR(out[static_cast<size_t>(i)], std::min(sum, 255.0), 1.0001);
        ASSERT_LE(out[static_cast<size_t>(i)], sum + 1e-3);
      }
      ASSERT_EQ(out[static_cast<size_t>(n)], 7);
    }
    std::vector<uint8_t> differences = Bytes(5 * 304, 12);
    for (uint8_t& d : differences) d = static_cast<uint8_t>(d % 24);
    const uint8_t* rows[5];
    for (int j = 0; j < 5; ++j) rows[j] = differences.data() + 304 * j + 2;
    for (const int n : kWidths) {
      std::vector<float> out(310, kCanary);
      k.weights(rows, {0.75f, 8, 20}, n, out.data());
      std::vector<double> wanted;
      for (int x = 0; x < n; ++x) {
        double largest = 0;
        for (int v = 1; v < 4; ++v) {
          for (int u = -1; u < 2; ++u) {
            double sum = 0;
            for (int j = -1; j < 2; ++j) {
              for (int i = -1; i < 2; ++i) sum += rows[v + j][x + u + i];
            }
            largest = std::max(largest, sum / 9);
          }
        }
        wanted.push_back(0.75 * std::clamp((20 - largest) / 12, 0.0, 1.0));
      }
      ExpectRow(out, wanted, 1e-5);
    }
  });
}

TEST(MotionKernels, Mix) {
  ForTargets([](const MotionKernels& k) {
    const std::vector<float> painted = Floats(300, 0, 255, 13), history = Floats(300, -20, 280, 14);
    std::vector<float> weights = Floats(300, 0, 1, 15);
    weights[0] = weights[5] = 0;
    for (const int n : kWidths) {
      std::vector<float> out(painted.begin(), painted.begin() + n);
      out.push_back(kCanary);
      k.mix(out.data(), history.data(), weights.data(), 4.5f, n);
      std::vector<double> wanted;
      double sum = 0;
      for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
        const auto p = static_cast<double>(painted[i]), h = static_cast<double>(history[i]);
        wanted.push_back(std::clamp(p + static_cast<double>(weights[i]) * (h + 4.5 - p), 0.0, 255.0));
        sum += p - h;
      }
      ExpectRow(out, wanted, 1e-3);
      EXPECT_EQ(out[0], painted[0]);
      EXPECT_NEAR(k.sum_difference(painted.data(), history.data(), n), sum, 1e-2);
    }
  });
}

}  // namespace
}  // namespace tempera::kernels
