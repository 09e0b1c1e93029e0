// Every target's functions against plain loops in double, at widths around the vectors', with canaries behind
// each row.
#include "src/kernels/edges/edges.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <vector>

#include "src/base/cpu.h"

namespace tempera::kernels {
namespace {

constexpr float kCanary = -12345;
const int kWidths[] = {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 64, 65, 255, 256, 257, 300};
constexpr size_t kRoom = 400;

std::vector<float> Floats(size_t n, float low, float high, unsigned seed) {
  std::mt19937 random(seed);
  std::uniform_real_distribution<float> value(low, high);
  std::vector<float> v(n);
  for (float& x : v) x = value(random);
  return v;
}

void ForTargets(const std::function<void(const EdgeKernels&)>& use) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    use(ChooseEdgeKernels(target.highway_bit));
  }
}

void ExpectRow(const std::vector<float>& got, const std::vector<double>& wanted, double tolerance) {
  for (size_t i = 0; i < wanted.size(); ++i)
    ASSERT_NEAR(static_cast<double>(got[i]), wanted[i], tolerance) << "number " << i;
  for (size_t i = wanted.size(); i < got.size(); ++i) ASSERT_EQ(got[i], kCanary) << "behind the row";
}

// What a row adds to each sum at pixel i.
std::vector<double> Terms(const std::vector<float> c[3], double mask, size_t i) {
  const double r = c[0][i] - 128.0, g = c[1][i] - 128.0, b = c[2][i] - 128.0;
  return {r, g, b, r * r, r * g, r * b, g * g, g * b, b * b, mask, r * mask, g * mask, b * mask};
}

TEST(EdgeKernels, SumsOfRowsAndSquares) {
  ForTargets([](const EdgeKernels& k) {
    std::vector<float> c[3] = {Floats(kRoom, 0, 255, 1), Floats(kRoom, 0, 255, 2), Floats(kRoom, 0, 255, 3)};
    const std::vector<float> mask = Floats(kRoom, 0, 1, 4), in = Floats(kRoom, -9, 9, 5);
    for (const int n : kWidths) {
      std::vector<std::vector<float>> sums(kEdgeSums, std::vector<float>(310, kCanary));
      float* to[kEdgeSums];
      for (size_t s = 0; s < kEdgeSums; ++s) to[s] = sums[s].data();
      k.add_row({c[0].data(), c[1].data(), c[2].data()}, mask.data(), n, true, to);
      k.add_row({c[0].data() + 1, c[1].data() + 1, c[2].data() + 1}, mask.data() + 1, n, false, to);
      std::vector<std::vector<double>> wanted(kEdgeSums);
      std::vector<double> squares, mixed, added;
      for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
        const auto a = Terms(c, mask[i], i), b = Terms(c, mask[i + 1], i + 1);
        for (size_t s = 0; s < kEdgeSums; ++s) wanted[s].push_back(a[s] + b[s]);
        double sum = 0;
        for (size_t j = 0; j < kEdgeSide; ++j) sum += in[i + j];
        squares.push_back(sum);
        mixed.push_back(0.5 * (in[i] + 0.25 * (in[i + 20] - in[i])));
        added.push_back(in[i] + in[i + 20]);
      }
      for (size_t s = 0; s < kEdgeSums; ++s) ExpectRow(sums[s], wanted[s], 0.02);
      std::vector<float> out(310, kCanary);
      k.box(in.data() + kEdgeRadius, n, out.data());
      ExpectRow(out, squares, 1e-4);
      k.mix_rows(in.data(), in.data() + 20, 0.25f, 0.5f, n, out.data());
      ExpectRow(out, mixed, 1e-5);
      k.add(in.data(), n, true, out.data());
      k.add(in.data() + 20, n, false, out.data());
      ExpectRow(out, added, 1e-5);
    }
  });
}

// The fit solves its normal equations: a mask that is a linear function of the colours is found.
TEST(EdgeKernels, FitsALinearMask) {
  ForTargets([](const EdgeKernels& k) {
    std::vector<std::vector<float>> sums(kEdgeSums, std::vector<float>(310, 0.0f));
    const double a[4] = {0.002, -0.001, 0.0015, 0.3};
    std::mt19937 random(8);
    for (size_t i = 0; i < 300; ++i) {
      std::vector<double> all(kEdgeSums, 0.0);
      for (int j = 0; j < kEdgeSide * kEdgeSide; ++j) {
        std::vector<float> c[3];
        for (auto& plane : c) plane = {static_cast<float>(random() % 256)};
        const auto terms = Terms(c, a[0] * c[0][0] + a[1] * c[1][0] + a[2] * c[2][0] + a[3], 0);
        for (size_t s = 0; s < kEdgeSums; ++s) all[s] += terms[s];
      }
      for (size_t s = 0; s < kEdgeSums; ++s) sums[s][i] = static_cast<float>(all[s]);
    }
    const float* from[kEdgeSums];
    for (size_t s = 0; s < kEdgeSums; ++s) from[s] = sums[s].data();
    for (const int n : kWidths) {
      std::vector<std::vector<float>> out(kEdgeCoefficients, std::vector<float>(310, kCanary));
      float* const to[] = {out[0].data(), out[1].data(), out[2].data(), out[3].data()};
      k.fit(from, 0.1f, n, to);
      for (size_t c = 0; c < kEdgeCoefficients; ++c)
        ExpectRow(out[c], std::vector<double>(static_cast<size_t>(n), a[c]), c < 3 ? 2e-5 : 4e-3);
    }
  });
}

TEST(EdgeKernels, DrawsByTheColours) {
  ForTargets([](const EdgeKernels& k) {
    const std::vector<float> c[3] = {Floats(kRoom, 0, 255, 1), Floats(kRoom, 0, 255, 2),
                                     Floats(kRoom, 0, 255, 3)};
    const std::vector<float> a[4] = {Floats(kRoom, -0.01f, 0.01f, 5), Floats(kRoom, -0.01f, 0.01f, 6),
                                     Floats(kRoom, -0.01f, 0.01f, 7), Floats(kRoom, -1, 2, 8)};
    for (const double ratio : {1.0, 1.3, 2.0, 5.0, 40.0}) {
      std::vector<int> first(kRoom);
      std::vector<float> between(kRoom);
      for (size_t i = 0; i < kRoom; ++i) {
        const double at = static_cast<double>(i) / ratio * 0.75;
        first[i] = static_cast<int>(at);
        between[i] = static_cast<float>(at - first[i]);
      }
      for (const int n : kWidths) {
        std::vector<uint8_t> out(kRoom, 7);
        const float* const from[] = {a[0].data(), a[1].data(), a[2].data(), a[3].data()};
        const RgbRow colours = {const_cast<float*>(c[0].data()), const_cast<float*>(c[1].data()),
                                const_cast<float*>(c[2].data())};
        k.draw(colours, from, first.data(), between.data(), n, {0.2f}, out.data());
        for (size_t i = 0; i < static_cast<size_t>(n); ++i) {
          const auto f = static_cast<size_t>(first[i]);
          const auto at = [&](const std::vector<float>& v) { return v[f] + between[i] * (v[f + 1] - v[f]); };
          const double mask = at(a[0]) * c[0][i] + at(a[1]) * c[1][i] + at(a[2]) * c[2][i] + at(a[3]);
          const double t = std::clamp((mask - 0.2) / 0.6, 0.0, 1.0);
          ASSERT_NEAR(out[i], 255 * t * t * (3 - 2 * t), 0.51) << ratio << " " << n << " " << i;
        }
        ASSERT_EQ(out[static_cast<size_t>(n + kEdgePadding)], 7);
      }
    }
  });
}

}  // namespace
}  // namespace tempera::kernels
