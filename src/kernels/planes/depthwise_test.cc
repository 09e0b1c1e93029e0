// Twins: the planned depthwise convolution on every target of this machine against the plain loops, at
// awkward sizes, with canaries around the output and behind the scratch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

struct Case {
  int64_t channels = 3, h = 9, w = 17, kernel = 3, stride = 1, dilation = 1, pad = 1;
  PadMode mode = PadMode::kConstant;
  int64_t multiplier = 1, n = 1;
  bool affine = false;
  Activation read = Activation::kNone, write = Activation::kNone;
  float pad_value = 0;
};

ConvShape ShapeOf(const Case& c) {
  ConvShape s;
  s.n = c.n, s.in_channels = s.group = c.channels, s.in_h = c.h, s.in_w = c.w;
  s.out_channels = c.channels * c.multiplier;
  s.kernel_h = s.kernel_w = c.kernel;
  s.stride_h = s.stride_w = c.stride;
  s.dilation_h = s.dilation_w = c.dilation;
  s.pad_top = s.pad_left = c.pad;
  s.pad_mode = c.mode, s.pad_value = c.pad_value;
  const int64_t reach = (c.kernel - 1) * c.dilation + 1;
  s.out_h = (c.h + 2 * c.pad - reach) / c.stride + 1;
  s.out_w = (c.w + 2 * c.pad - reach) / c.stride + 1;
  return s;
}

void SetActivation(Activation activation, const std::vector<float>& slope, Pointwise* p) {
  p->activation = activation;
  if (activation == Activation::kClamp) p->lo = -0.25f, p->hi = 0.75f;
  p->slope = slope.data();
}

void CheckMoments(const ConvShape& s, int64_t tiles, const float* output,
                  const std::vector<Moments>& moments) {
  const auto plane = static_cast<size_t>(s.out_h * s.out_w);
  for (size_t channel = 0; channel < static_cast<size_t>(s.n * s.out_channels); ++channel) {
    Moments all;
    for (size_t t = 0; t < static_cast<size_t>(tiles); ++t) {
      all.Join(moments[channel * static_cast<size_t>(tiles) + t]);
    }
    double mean = 0, square = 0;
    for (size_t i = 0; i < plane; ++i) mean += output[channel * plane + i];
    mean /= static_cast<double>(plane);
    for (size_t i = 0; i < plane; ++i) square += std::pow(output[channel * plane + i] - mean, 2);
    ASSERT_EQ(all.count, static_cast<double>(plane));
    ASSERT_NEAR(all.mean, mean, 1e-5 * (1 + std::abs(mean)));
    ASSERT_NEAR(all.m2, square, 1e-4 * square + 1e-6);
  }
}

void Check(const Case& c, const ConvShape& s) {
  ASSERT_TRUE(DepthwiseServes(s));
  const auto in_planes = static_cast<size_t>(s.n * s.in_channels);
  const auto out_channels = static_cast<size_t>(s.out_channels);
  const auto input = RandomNumbers(in_planes * static_cast<size_t>(s.in_h * s.in_w), 1);
  const auto weights = RandomNumbers(out_channels * static_cast<size_t>(s.kernel_h * s.kernel_w), 2);
  const auto bias = RandomNumbers(out_channels, 3);
  const auto scale = RandomNumbers(in_planes, 4, 0.5, 2), shift = RandomNumbers(in_planes, 5);
  const auto slope = RandomNumbers(std::max(in_planes, out_channels), 6);
  std::vector<float> expected(static_cast<size_t>(s.n * s.out_channels * s.out_h * s.out_w));
  ConvArgs args;
  args.input = input.data();
  if (c.affine) args.read.scale = scale.data(), args.read.shift = shift.data();
  SetActivation(c.read, slope, &args.read);
  SetActivation(c.write, slope, &args.write);
  args.output = expected.data();
  ConvReference(s, weights, bias, args);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    auto plan = PlanDepthwise(s, weights, bias, target.highway_bit);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    Guarded<float> actual(static_cast<int64_t>(expected.size()));
    Guarded<uint8_t> scratch(static_cast<int64_t>(plan->scratch_bytes));
    args.output = actual.data();
    std::vector<Moments> moments(static_cast<size_t>(s.n * s.out_channels * plan->tiles), Moments{-1, 0, 0});
    args.moments = moments.data();
    for (int64_t task = plan->tasks - 1; task >= 0; --task) plan->RunTask(args, task, scratch.data());
    ASSERT_TRUE(actual.intact() && scratch.intact());
    const double taps = static_cast<double>(s.kernel_h * s.kernel_w);
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(args.output[i], expected[i], 1e-6 * taps + 1e-5) << "at " << i;
    }
    CheckMoments(s, plan->tiles, args.output, moments);
  }
}

void Check(const Case& c) {
  const ConvShape s = ShapeOf(c);
  if (s.out_h < 1 || s.out_w < 1) return;
  SCOPED_TRACE(std::to_string(c.channels) + "x" + std::to_string(c.h) + "x" + std::to_string(c.w) + " k" +
               std::to_string(c.kernel) + " s" + std::to_string(c.stride) + " d" +
               std::to_string(c.dilation) + " p" + std::to_string(c.pad));
  Check(c, s);
}

TEST(Depthwise, WindowsStridesDilations) {
  for (int64_t kernel : {1, 2, 3, 5, 7}) {
    for (int64_t stride : {1, 2, 3}) {
      for (int64_t dilation : {1, 2, 3}) {
        for (int64_t w : {1, 7, 16, 17, 31, 40}) {
          Case c;
          c.kernel = kernel, c.stride = stride, c.dilation = dilation, c.w = w, c.h = 11;
          c.pad = kernel / 2 * dilation;
          c.affine = w % 2 == 1, c.read = Activation::kClamp, c.pad_value = 0.5f;
          Check(c);
        }
      }
    }
  }
}

TEST(Depthwise, HeightsAroundTheRowsAtOnce) {
  for (int64_t h : {1, 2, 3, 4, 5, 6, 7, 8, 9}) {
    for (int64_t stride : {1, 2}) {
      for (int64_t kernel : {3, 5}) {
        Case c;
        c.h = h, c.w = 13, c.stride = stride, c.kernel = kernel, c.pad = kernel / 2;
        c.write = Activation::kSlope;
        Check(c);
      }
    }
  }
}

TEST(Depthwise, PaddingModes) {
  for (PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect}) {
    for (int64_t pad : {0, 1, 2, 4}) {
      Case c;
      c.mode = mode, c.pad = pad, c.kernel = 5, c.h = 6, c.w = 21, c.affine = true;
      c.read = Activation::kSlope, c.write = Activation::kClamp, c.pad_value = -1.5f;
      Check(c);
      c.stride = 2;
      Check(c);
    }
  }
  Case wide;  // an edge repeated further than the picture is wide
  wide.mode = PadMode::kEdge, wide.h = 2, wide.w = 2, wide.kernel = 7, wide.pad = 6;
  Check(wide);
}

TEST(Depthwise, ChannelsImagesMultipliers) {
  for (int64_t channels : {1, 2, 3, 5, 8, 13, 64, 130}) {
    Case c;
    c.channels = channels, c.n = 2, c.multiplier = channels % 2 + 1, c.h = 5, c.w = 9;
    c.affine = true, c.write = Activation::kSlope;
    Check(c);
  }
}

TEST(Depthwise, HardSwishOnWhatIsWritten) {
  for (int64_t kernel : {3, 5, 7}) {
    for (int64_t w : {4, 9, 40}) {
      Case c;
      c.kernel = kernel, c.pad = kernel / 2, c.w = w, c.affine = true, c.write = Activation::kHardSwish;
      Check(c);
    }
  }
}

TEST(Depthwise, ManyTiles) {
  Case c;
  c.channels = 2, c.h = 70, c.w = 300, c.affine = true, c.read = Activation::kClamp;
  Check(c);
  c.stride = 2, c.w = 3000, c.h = 9;
  Check(c);
  c.stride = 1, c.kernel = 5, c.pad = 2, c.w = 4097, c.h = 3;
  Check(c);
}

TEST(Depthwise, UnevenWindows) {
  Case c;
  ConvShape s = ShapeOf(c);
  s.kernel_h = 3, s.kernel_w = 5, s.stride_h = 2, s.stride_w = 1, s.dilation_w = 2;
  s.pad_top = 0, s.pad_left = 3, s.out_h = 4, s.out_w = 15;
  Check(c, s);
  s.kernel_h = 1, s.kernel_w = 3, s.stride_h = 1, s.stride_w = 3, s.out_h = 9, s.out_w = 6;
  Check(c, s);
}

TEST(Depthwise, UnevenDilations) {
  for (const int64_t dilation_h : {1, 2, 3}) {
    for (const int64_t dilation_w : {1, 2, 3}) {
      for (const int64_t w : {7, 17, 64, 700}) {
        for (const int64_t kernel : {3, 5}) {
          Case c;
          c.w = w, c.h = 13, c.kernel = kernel, c.pad = 1;
          ConvShape s = ShapeOf(c);
          s.dilation_h = dilation_h, s.dilation_w = dilation_w;
          s.out_h = c.h + 2 - (kernel - 1) * dilation_h, s.out_w = w + 2 - (kernel - 1) * dilation_w;
          SCOPED_TRACE(std::to_string(kernel) + " dilations " + std::to_string(dilation_h) + " " +
                       std::to_string(dilation_w) + " w " + std::to_string(w));
          if (s.out_h > 0 && s.out_w > 0) Check(c, s);
        }
      }
    }
  }
}

TEST(Depthwise, Enlarged) {
  for (PadMode mode : {PadMode::kConstant, PadMode::kEdge, PadMode::kReflect}) {
    for (int64_t kernel : {1, 2, 3, 5, 7}) {
      for (int64_t pad : {int64_t{0}, kernel / 2}) {
        for (int64_t w : {4, 8, 9, 17, 31, 40, 700}) {
          Case c;
          c.mode = mode, c.kernel = kernel, c.pad = pad, c.w = w, c.h = w % 2 == 0 ? 9 : 4, c.channels = 3;
          c.affine = w % 3 == 1, c.read = Activation::kClamp, c.pad_value = 0.5f;
          ConvShape s = ShapeOf(c);
          s.upsample = 2, s.out_h = 2 * c.h + 2 * pad - kernel + 1, s.out_w = 2 * w + 2 * pad - kernel + 1;
          SCOPED_TRACE(std::to_string(kernel) + " pad " + std::to_string(pad) + " w " + std::to_string(w));
          Check(c, s);
          s.dilation_h = s.dilation_w = 2;
          s.out_h -= kernel - 1, s.out_w -= kernel - 1;
          if (s.out_h > 0 && s.out_w > 0) Check(c, s);
        }
      }
    }
  }
}

TEST(Depthwise, OthersAreRefused) {
  ConvShape s = ShapeOf({});
  s.group = 1;
  EXPECT_FALSE(DepthwiseServes(s));
  s = ShapeOf({});
  s.upsample = 2, s.stride_h = s.stride_w = 2;
  EXPECT_FALSE(DepthwiseServes(s));
  s = ShapeOf({});
  const std::vector<float> few(3);
  EXPECT_FALSE(PlanDepthwise(s, few, {}, AvailableCpuTargets().front().highway_bit).ok());
  s.stride_h = 0;
  EXPECT_FALSE(PlanDepthwise(s, few, {}, AvailableCpuTargets().front().highway_bit).ok());
}

}  // namespace
}  // namespace tempera::kernels
