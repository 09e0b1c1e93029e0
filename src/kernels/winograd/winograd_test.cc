// What the transformed forms cost in accuracy, against sums in double, and who uses them.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/winograd/winograd.h"

namespace tempera::kernels {
namespace {

ConvShape Same(int64_t in, int64_t h, int64_t w, int64_t out, int64_t kernel, int64_t upsample) {
  ConvShape s;
  s.in_channels = in, s.in_h = h, s.in_w = w, s.out_channels = out, s.upsample = upsample;
  s.kernel_h = s.kernel_w = kernel, s.pad_top = s.pad_left = kernel / 2;
  s.out_h = h * upsample, s.out_w = w * upsample;
  return s;
}

ConvShape Strided(int64_t in, int64_t h, int64_t w, int64_t out, int64_t kernel) {
  ConvShape s = Same(in, h, w, out, kernel, 1);
  s.stride_h = s.stride_w = 2, s.out_h = (h + 1) / 2, s.out_w = (w + 1) / 2;
  return s;
}

ConvShape Transposed(int64_t in, int64_t h, int64_t w, int64_t out, int64_t kernel) {
  ConvShape s = Same(in, h, w, out, kernel, 1);
  s.transposed = true, s.stride_h = s.stride_w = 2, s.pad_top = s.pad_left = 1;
  s.out_h = 2 * h, s.out_w = 2 * w;
  return s;
}

// Exact output and the sum of |weight * input| of one pixel; padding is zeros.
struct Exact {
  double sum = 0, magnitude = 0;
};
Exact At(const ConvShape& s, const std::vector<float>& x, const std::vector<float>& w, int64_t o, int64_t y,
         int64_t column) {
  Exact e;
  for (int64_t c = 0; c < s.in_channels; ++c) {
    for (int64_t ky = 0; ky < s.kernel_h; ++ky) {
      for (int64_t kx = 0; kx < s.kernel_w; ++kx) {
        const int64_t iy = y * s.stride_h + ky - s.pad_top, ix = column * s.stride_w + kx - s.pad_left;
        if (iy < 0 || ix < 0 || iy >= s.in_h * s.upsample || ix >= s.in_w * s.upsample) continue;
        const double product =
            static_cast<double>(
                x[static_cast<size_t>((c * s.in_h + iy / s.upsample) * s.in_w + ix / s.upsample)]) *
            w[static_cast<size_t>(((o * s.in_channels + c) * s.kernel_h + ky) * s.kernel_w + kx)];
        e.sum += product;
        e.magnitude += std::abs(product);
      }
    }
  }
  return e;
}

TEST(Winograd, ErrorStaysBelowItsBound) {
  std::mt19937 engine(7);
  std::normal_distribution<float> normal;
  for (const ConvShape& s : {Same(64, 26, 38, 8, 3, 1), Same(3, 26, 38, 8, 3, 1), Same(32, 25, 31, 3, 9, 1),
                             Same(3, 25, 31, 8, 9, 1), Same(16, 25, 31, 8, 5, 1), Same(64, 13, 19, 8, 3, 2),
                             Same(64, 25, 31, 3, 5, 1), Same(32, 25, 31, 3, 3, 1), Same(16, 13, 19, 8, 5, 2),
                             Same(3, 25, 31, 8, 7, 1), Same(32, 25, 31, 3, 7, 1), Strided(3, 26, 38, 8, 5),
                             Strided(64, 26, 38, 8, 5), Strided(16, 26, 38, 8, 3), Strided(64, 26, 38, 8, 3),
                             Strided(3, 26, 38, 8, 4), Strided(64, 26, 38, 8, 4), Strided(3, 26, 38, 8, 7)}) {
    std::vector<float> x(static_cast<size_t>(s.in_channels * s.in_h * s.in_w));
    for (float& v : x) v = std::max(0.0f, normal(engine) + 1.0f);  // a mean, as after relu
    std::vector<float> w(static_cast<size_t>(s.out_channels * s.in_channels * s.kernel_h * s.kernel_w));
    for (float& v : w) v = normal(engine);
    for (const CpuTarget& target : AvailableCpuTargets()) {
      SCOPED_TRACE(target.name + " " + std::to_string(s.in_channels) + " channels, kernel " +
                   std::to_string(s.kernel_h) + ", upsample " + std::to_string(s.upsample) + ", stride " +
                   std::to_string(s.stride_h));
      const auto plan = PlanConv(s, w, {}, target.highway_bit, ConvMethod::kWinograd);
      ASSERT_TRUE(plan.ok()) << plan.status().message();
      std::vector<float> y(static_cast<size_t>(s.out_channels * s.out_h * s.out_w));
      auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes);
      ASSERT_TRUE(scratch.ok());
      ConvArgs args;
      args.input = x.data(), args.output = y.data();
      for (int64_t task = 0; task < plan->tasks; ++task) plan->RunTask(args, task, scratch->data());
      double error = 0, magnitude = 0;
      for (int64_t o = 0; o < s.out_channels; o += 3) {
        for (int64_t i = 0; i < s.out_h * s.out_w; ++i) {
          const Exact e = At(s, x, w, o, i / s.out_w, i % s.out_w);
          error = std::max(error, std::abs(y[static_cast<size_t>(o * s.out_h * s.out_w + i)] - e.sum));
          magnitude = std::max(magnitude, e.magnitude);
        }
      }
      EXPECT_LT(error, kWinogradError * magnitude);
      RecordProperty(target.name + std::to_string(s.in_channels) + "k" + std::to_string(s.kernel_h) + "s" +
                         std::to_string(s.stride_h) + "x" + std::to_string(s.upsample),
                     std::to_string(error / magnitude * 1e6) + "e-6");
    }
  }
}

// The fastest form of a residual block is the transformed one everywhere; a picture's last layer is direct.
TEST(Winograd, IsChosenByShape) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const auto kind = [&](const ConvShape& s) {
      const std::vector<float> w(
          static_cast<size_t>(s.out_channels * s.in_channels / s.group * s.kernel_h * s.kernel_w));
      return PlanConv(s, w, {}, target.highway_bit)->winograd.kind;
    };
    EXPECT_EQ(kind(Same(32, 90, 160, 32, 3, 1)), WinogradKind::kF43);
    EXPECT_EQ(kind(Same(32, 48, 80, 3, 9, 1)), WinogradKind::kF33);
    EXPECT_EQ(kind(Same(32, 90, 160, 16, 3, 2)), WinogradKind::kF42);
    EXPECT_EQ(kind(Same(8, 90, 160, 8, 3, 2)), WinogradKind::kNone);
    EXPECT_EQ(kind(Same(16, 48, 80, 8, 5, 2)), WinogradKind::kF43);
    EXPECT_EQ(kind(Same(3, 48, 80, 24, 7, 1)), WinogradKind::kF44);
    EXPECT_EQ(kind(Same(8, 48, 80, 3, 3, 1)), WinogradKind::kNone);
    EXPECT_EQ(kind(Same(32, 48, 80, 3, 3, 1)), WinogradKind::kRows43);
    EXPECT_EQ(kind(Same(8, 48, 80, 3, 5, 1)), WinogradKind::kRows45);
    EXPECT_EQ(kind(Strided(3, 90, 160, 16, 5)), WinogradKind::kF43);
    EXPECT_EQ(kind(Strided(16, 90, 160, 32, 3)), WinogradKind::kRows42Strided);
    EXPECT_EQ(kind(Strided(32, 90, 160, 64, 3)), WinogradKind::kF42);
    EXPECT_EQ(kind(Strided(16, 90, 160, 32, 4)), WinogradKind::kF42);
    EXPECT_EQ(kind(Strided(3, 90, 160, 16, 3)), WinogradKind::kNone);
    EXPECT_EQ(kind(Transposed(64, 90, 160, 32, 4)), WinogradKind::kF42);
    EXPECT_EQ(kind(Transposed(48, 90, 160, 24, 3)), WinogradKind::kF42);
    EXPECT_EQ(kind(Transposed(32, 90, 160, 3, 4)), WinogradKind::kNone);
    ConvShape grouped = Same(48, 90, 160, 48, 3, 1);
    grouped.group = 4;
    EXPECT_EQ(kind(grouped), WinogradKind::kF43);
  }
}

TEST(Winograd, UnfitShapesAreRefused) {
  ConvShape s = Same(8, 16, 16, 8, 3, 1);
  s.group = 8;
  const std::vector<float> w(72);
  const auto plan = PlanConv(s, w, {}, AvailableCpuTargets().front().highway_bit, ConvMethod::kWinograd);
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.status().code(), StatusCode::kUnsupported);
}

}  // namespace
}  // namespace tempera::kernels
