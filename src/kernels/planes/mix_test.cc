// Twins: the planned 1x1 convolution on every target of this machine against the plain loops, at awkward
// sizes, with canaries around the output and behind the scratch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/cpu.h"
#include "src/kernels/planes/mix_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

ConvShape ShapeOf(int64_t n, int64_t in, int64_t out, int64_t h, int64_t w) {
  ConvShape s;
  s.n = n, s.in_channels = in, s.out_channels = out;
  s.in_h = s.out_h = h, s.in_w = s.out_w = w;
  return s;
}

void CheckMoments(const ConvShape& s, int64_t tiles, const float* output,
                  const std::vector<Moments>& moments) {
  // Of a shuffle, channels that become one stand side by side.
  const int64_t together = s.pixels_a_channel(), plane = s.out_h * s.out_w * together;
  tiles *= together;
  for (int64_t channel = 0; channel < s.n * s.out_channels / together; ++channel) {
    Moments all;
    for (int64_t t = 0; t < tiles; ++t) all.Join(moments[static_cast<size_t>(channel * tiles + t)]);
    double mean = 0, square = 0;
    for (int64_t i = 0; i < plane; ++i) mean += output[channel * plane + i];
    mean /= static_cast<double>(plane);
    for (int64_t i = 0; i < plane; ++i) square += std::pow(output[channel * plane + i] - mean, 2);
    ASSERT_EQ(all.count, static_cast<double>(plane));
    ASSERT_NEAR(all.mean, mean, 1e-5 * (1 + std::abs(mean)));
    ASSERT_NEAR(all.m2, square, 1e-4 * square + 1e-6);
  }
}

void Check(const ConvShape& s, bool affine, Activation read, Activation write) {
  SCOPED_TRACE(std::to_string(s.n) + "x" + std::to_string(s.in_channels) + " -> " +
               std::to_string(s.out_channels) + " " + std::to_string(s.in_h) + "x" + std::to_string(s.in_w));
  ASSERT_TRUE(MixServes(s));
  const auto input = RandomNumbers(s.n * s.in_channels * s.in_h * s.in_w, 1);
  const auto weights = RandomNumbers(s.out_channels * s.in_channels / s.group, 2);
  const auto bias = RandomNumbers(s.out_channels, 3);
  const auto scale = RandomNumbers(s.n * s.in_channels, 4, 0.5, 2);
  const auto shift = RandomNumbers(s.n * s.in_channels, 5);
  const auto slope = RandomNumbers(std::max(s.n * s.in_channels, s.out_channels), 6);
  ConvArgs args;
  args.input = input.data();
  if (affine) args.read.scale = scale.data(), args.read.shift = shift.data();
  for (auto [p, activation] : {std::pair{&args.read, read}, {&args.write, write}}) {
    p->activation = activation;
    if (activation == Activation::kClamp) p->lo = -0.25f, p->hi = 0.75f;
    p->slope = slope.data();
  }
  std::vector<float> expected(static_cast<size_t>(s.n * s.out_channels * s.out_h * s.out_w));
  args.output = expected.data();
  ConvReference(s, weights, bias, args);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    auto plan = PlanMix(s, weights, bias, !args.read.is_identity(), target.highway_bit);
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    Guarded<float> actual(static_cast<int64_t>(expected.size()));
    Guarded<uint8_t> scratch(static_cast<int64_t>(plan->scratch_bytes));
    args.output = actual.data();
    std::vector<Moments> moments(static_cast<size_t>(s.n * s.out_channels * plan->tiles), Moments{-1, 0, 0});
    args.moments = moments.data();
    for (int64_t task = plan->tasks - 1; task >= 0; --task) plan->RunTask(args, task, scratch.data());
    ASSERT_TRUE(actual.intact() && scratch.intact());
    for (size_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(args.output[i], expected[i], 1e-6 * static_cast<double>(s.in_channels) + 1e-5) << i;
    }
    CheckMoments(s, plan->tiles, args.output, moments);
  }
}

TEST(Mix, ChannelCounts) {
  for (int64_t in : {1, 2, 3, 5, 8, 9, 13, 32, 130}) {
    for (int64_t out : {1, 3, 4, 5, 8, 13, 33}) {
      Check(ShapeOf(1, in, out, 5, 9), false, Activation::kNone, Activation::kSlope);
      Check(ShapeOf(2, in, out, 3, 7), true, Activation::kClamp, Activation::kNone);
    }
  }
}

TEST(Mix, PlanesAroundVectorsAndPanels) {
  for (int64_t w : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 47, 49, 100, 1025, 4097}) {
    for (int64_t in : {3, 12}) {
      Check(ShapeOf(1, in, 5, 1, w), false, Activation::kNone, Activation::kClamp);
      Check(ShapeOf(2, in, 4, 3, w), true, Activation::kSlope, Activation::kNone);
    }
  }
}

// Several panels a tile, several tiles, several chunks of input channels, parts of output channels.
TEST(Mix, PanelsChunksParts) {
  Check(ShapeOf(1, 520, 37, 9, 23), true, Activation::kClamp, Activation::kSlope);
  Check(ShapeOf(1, 1100, 9, 3, 15), true, Activation::kSlope, Activation::kClamp);
  Check(ShapeOf(1, 24, 20, 67, 131), true, Activation::kClamp, Activation::kNone);
  Check(ShapeOf(2, 40, 200, 31, 17), false, Activation::kNone, Activation::kClamp);
  Check(ShapeOf(1, 96, 500, 1, 1), false, Activation::kNone, Activation::kSlope);
  Check(ShapeOf(1, 700, 300, 5, 5), true, Activation::kNone, Activation::kClamp);
}

TEST(Mix, Groups) {
  for (int64_t group : {2, 3, 5}) {
    for (int64_t out : {2, 3, 4, 5, 9}) {
      for (int64_t w : {1, 7, 8, 33, 200}) {
        ConvShape s = ShapeOf(w % 2 + 1, group * (w % 2 == 0 ? 3 : 12), group * out, 5, w);
        s.group = group;
        Check(s, false, Activation::kNone, Activation::kSlope);
        Check(s, true, Activation::kClamp, Activation::kNone);
      }
    }
    // Several chunks and parts; strided and enlarged ones.
    ConvShape s = ShapeOf(1, group * 520, group * 70, 5, 5);
    s.group = group;
    Check(s, true, Activation::kSlope, Activation::kClamp);
    s = ShapeOf(2, group * 6, group * 7, 9, 21);
    s.group = group, s.stride_h = s.stride_w = 2, s.out_h = 5, s.out_w = 11;
    Check(s, true, Activation::kClamp, Activation::kNone);
    s = ShapeOf(2, group * 6, group * 7, 9, 21);
    s.group = group, s.upsample = 2, s.out_h = 18, s.out_w = 42;
    Check(s, false, Activation::kNone, Activation::kHardSwish);
  }
}

TEST(Mix, HardSwishOnWhatIsWritten) {
  for (int64_t out : {1, 3, 4, 9, 33}) {
    Check(ShapeOf(1, 12, out, 5, 9), true, Activation::kClamp, Activation::kHardSwish);
  }
}

TEST(Mix, Strides) {
  for (int64_t w : {1, 2, 3, 16, 17, 31, 40, 130}) {
    for (int64_t stride : {2, 3}) {
      ConvShape s = ShapeOf(2, 13, 9, 11, w);
      s.stride_h = stride, s.stride_w = stride;
      s.out_h = (s.in_h - 1) / stride + 1, s.out_w = (s.in_w - 1) / stride + 1;
      Check(s, w % 2 == 0, Activation::kClamp, Activation::kSlope);
      s.stride_h = 1, s.out_h = s.in_h;
      Check(s, w % 2 == 1, Activation::kSlope, Activation::kNone);
    }
  }
}

TEST(Mix, Enlarged) {
  for (int64_t w : {1, 2, 7, 8, 9, 16, 31, 200}) {
    for (int64_t out : {1, 3, 8, 21}) {
      ConvShape s = ShapeOf(2, 12, out, 5, w);
      s.upsample = 2, s.out_h = 10, s.out_w = 2 * w;
      Check(s, w % 2 == 0, Activation::kClamp, Activation::kSlope);
      Check(s, w % 2 == 1, Activation::kNone, Activation::kClamp);
    }
  }
}

TEST(Mix, ShuffledChannels) {
  for (int64_t block : {2, 3, 4}) {
    for (int64_t w : {1, 2, 7, 8, 17, 31, 200, 1025}) {
      ConvShape s = ShapeOf(2, w % 2 == 0 ? 12 : 3, 3 * block * block, 5, w);
      s.shuffle = block;
      Check(s, false, Activation::kNone, Activation::kSlope);
      Check(s, true, Activation::kSlope, Activation::kClamp);
    }
    ConvShape wide = ShapeOf(1, 70, 12 * block * block, 31, 67);
    wide.shuffle = block;
    Check(wide, true, Activation::kClamp, Activation::kHardSwish);
    ConvShape strided = ShapeOf(1, 13, 2 * block * block, 9, 21);
    strided.shuffle = block, strided.stride_h = strided.stride_w = 2, strided.out_h = 5, strided.out_w = 11;
    Check(strided, true, Activation::kClamp, Activation::kNone);
  }
}

TEST(Mix, OthersAreRefused) {
  ConvShape s = ShapeOf(1, 4, 4, 5, 5);
  const std::vector<float> few(3);
  EXPECT_FALSE(PlanMix(s, few, {}, false, AvailableCpuTargets().front().highway_bit).ok());
  s.kernel_w = 3;
  EXPECT_FALSE(MixServes(s));
  s = ShapeOf(1, 4, 4, 5, 5);
  s.stride_h = 2, s.out_h = 4;  // reads behind the picture
  EXPECT_FALSE(MixServes(s));
  s = ShapeOf(1, 4, 4, 5, 5);
  s.upsample = 2, s.out_h = 9, s.out_w = 10;
  EXPECT_FALSE(MixServes(s));
}

}  // namespace
}  // namespace tempera::kernels
