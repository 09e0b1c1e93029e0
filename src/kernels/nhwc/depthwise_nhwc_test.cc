// Twins: the depthwise convolution over interleaved pixels on every target of this machine against the plain
// loops, at awkward sizes, with canaries around the output and behind the scratch.
#include "src/kernels/nhwc/depthwise_nhwc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/half.h"

namespace tempera::kernels {
namespace {

constexpr uint16_t kCanary = 0x3555;
constexpr size_t kMargin = 32;

struct Case {
  int64_t channels = 8, h = 9, w = 17, kernel = 3, stride = 1, dilation = 1, pad = 1;
  PadMode mode = PadMode::kConstant;
  bool affine = false;
  Activation read = Activation::kNone, write = Activation::kNone;
  int64_t n = 1;
};

ConvShape ShapeOf(const Case& c) {
  ConvShape s;
  s.n = c.n, s.in_channels = s.out_channels = s.group = c.channels, s.in_h = c.h, s.in_w = c.w;
  s.kernel_h = s.kernel_w = c.kernel, s.stride_h = s.stride_w = c.stride;
  s.dilation_h = s.dilation_w = c.dilation, s.pad_top = s.pad_left = c.pad, s.pad_mode = c.mode;
  const int64_t reach = (c.kernel - 1) * c.dilation + 1;
  s.out_h = (c.h + 2 * c.pad - reach) / c.stride + 1;
  s.out_w = (c.w + 2 * c.pad - reach) / c.stride + 1;
  return s;
}

float Wave(size_t i, float high) { return high * std::sin(static_cast<float>(i) * 1.7f + 0.3f); }

void SetActivation(Activation activation, const std::vector<float>& slope, Pointwise* p) {
  p->activation = activation;
  if (activation == Activation::kClamp) p->lo = -0.25f, p->hi = 0.75f;
  if (activation == Activation::kSlope) p->slope = slope.data();
}

class DepthwiseNhwcTest : public testing::TestWithParam<Case> {};

TEST_P(DepthwiseNhwcTest, IsWhatThePlainLoopsSay) {
  const Case& c = GetParam();
  const ConvShape s = ShapeOf(c);
  ASSERT_TRUE(DepthwiseNhwcServes(s));
  const auto channels = static_cast<size_t>(c.channels), step = static_cast<size_t>(NhwcChannels(c.channels));
  const auto images = static_cast<size_t>(c.n);
  const size_t in_pixels = static_cast<size_t>(c.h * c.w),
               out_pixels = static_cast<size_t>(s.out_h * s.out_w);
  std::vector<float> weights, bias, scale, shift, slope;
  for (size_t i = 0; i < channels * static_cast<size_t>(c.kernel * c.kernel); ++i)
    weights.push_back(Wave(i, 0.5f));
  for (size_t i = 0; i < channels; ++i) bias.push_back(Wave(i, 0.2f));
  for (size_t i = 0; i < images * channels; ++i) {
    scale.push_back(1 + Wave(i, 0.5f)), shift.push_back(Wave(i + 5, 0.5f)),
        slope.push_back(Wave(i + 9, 0.3f));
  }
  std::vector<float> planes(images * channels * in_pixels), want(images * channels * out_pixels);
  std::vector<uint16_t> pixels(images * in_pixels * step);
  for (size_t n = 0; n < images; ++n) {
    for (size_t k = 0; k < channels; ++k) {
      for (size_t p = 0; p < in_pixels; ++p) {
        uint16_t& half = pixels[(n * in_pixels + p) * step + k];
        half = FloatToHalf(Wave((n * channels + k) * in_pixels + p, 1.0f));
        planes[(n * channels + k) * in_pixels + p] = HalfToFloat(half);
      }
    }
  }
  ConvArgs plain;
  plain.input = planes.data(), plain.output = want.data();
  if (c.affine) plain.read.scale = scale.data(), plain.read.shift = shift.data();
  SetActivation(c.read, slope, &plain.read);
  SetActivation(c.write, slope, &plain.write);
  ConvReference(s, weights, bias, plain);

  for (const CpuTarget& target : AvailableCpuTargets()) {
    const auto plan = PlanDepthwiseNhwc(s, weights, bias, target.highway_bit);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    std::vector<uint16_t> output(images * out_pixels * step + 2 * kMargin, kCanary);
    auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes + 64);
    ASSERT_TRUE(scratch.ok());
    std::fill_n(scratch->data(), scratch->size_bytes(), uint8_t{0xa5});
    ConvNhwcArgs args;
    args.input = pixels.data(), args.output = output.data() + kMargin;
    args.read = plain.read, args.write = plain.write;
    for (int64_t task = plan->tasks; task-- > 0;) plan->RunTask(args, task, scratch->data());
    for (size_t i = 0; i < kMargin; ++i) {
      ASSERT_EQ(output[i], kCanary) << target.name;
      ASSERT_EQ(output[output.size() - 1 - i], kCanary) << target.name;
    }
    for (size_t i = 0; i < 64; ++i) ASSERT_EQ(scratch->data()[plan->scratch_bytes + i], 0xa5) << target.name;
    for (size_t n = 0; n < images; ++n) {
      for (size_t p = 0; p < out_pixels; ++p) {
        for (size_t k = 0; k < step; ++k) {
          const float got = HalfToFloat(output[kMargin + (n * out_pixels + p) * step + k]);
          if (k >= channels) {
            ASSERT_EQ(got, 0) << target.name << " padding of pixel " << p;
            continue;
          }
          const float expected = want[(n * channels + k) * out_pixels + p];
          ASSERT_NEAR(got, expected, std::abs(expected) / 2000 + 2e-5f)
              << target.name << " image " << n << " pixel " << p << " channel " << k;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, DepthwiseNhwcTest,
    testing::Values(Case{}, Case{1 + 7, 1, 1}, Case{13, 7, 3}, Case{16, 33, 65}, Case{40, 5, 130},
                    Case{.channels = 24, .h = 64, .w = 62, .stride = 2},
                    Case{.channels = 8, .h = 7, .w = 6, .stride = 2},
                    Case{.channels = 32, .w = 21, .dilation = 2, .pad = 2},
                    Case{.channels = 16, .h = 33, .w = 33, .dilation = 4, .pad = 4},
                    Case{.channels = 16, .h = 4, .w = 5, .dilation = 4, .pad = 4},
                    Case{.channels = 48, .h = 11, .w = 70, .kernel = 5, .pad = 2},
                    Case{.channels = 8, .h = 11, .w = 70, .kernel = 5, .stride = 2, .pad = 2},
                    Case{.channels = 16, .h = 12, .w = 12, .kernel = 4, .stride = 4, .pad = 0},
                    Case{.channels = 16, .kernel = 7, .pad = 3, .mode = PadMode::kReflect},
                    Case{.channels = 16, .stride = 3, .dilation = 2, .pad = 2, .mode = PadMode::kEdge}));

INSTANTIATE_TEST_SUITE_P(
    Pointwise, DepthwiseNhwcTest,
    testing::Values(Case{.affine = true, .n = 2}, Case{.channels = 13, .read = Activation::kClamp},
                    Case{.channels = 16, .affine = true, .read = Activation::kSlope, .n = 3},
                    Case{.channels = 16, .w = 64, .write = Activation::kClamp},
                    Case{.channels = 20, .write = Activation::kSlope}, Case{.write = Activation::kHardSwish},
                    Case{.channels = 32,
                         .w = 90,
                         .stride = 2,
                         .affine = true,
                         .read = Activation::kClamp,
                         .write = Activation::kHardSwish}));

TEST(DepthwiseNhwc, RefusesWhatItCannotDo) {
  ConvShape s = ShapeOf({});
  s.pad_value = 1;
  EXPECT_FALSE(DepthwiseNhwcServes(s));
  s = ShapeOf({});
  s.group = 4;
  EXPECT_FALSE(DepthwiseNhwcServes(s));
  EXPECT_FALSE(PlanDepthwiseNhwc(s, std::vector<float>(72), {}, AvailableCpuTargets()[0].highway_bit).ok());
  s = ShapeOf({});
  EXPECT_FALSE(PlanDepthwiseNhwc(s, std::vector<float>(71), {}, AvailableCpuTargets()[0].highway_bit).ok());
}

}  // namespace
}  // namespace tempera::kernels
