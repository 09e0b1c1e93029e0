// Twins: the convolution over interleaved pixels against the plain fp32 loops, at awkward sizes.
#include "src/kernels/nhwc/conv_nhwc.h"

#include <gtest/gtest.h>

#include <iostream>
#include <limits>

#include "src/kernels/nhwc/nhwc_twin_for_test.h"

namespace tempera::kernels {
namespace {

constexpr PictureLayout kNhwc = PictureLayout::kNhwcF16, kPlanar = PictureLayout::kPlanarF32;

void RunEverywhere(const std::vector<TwinCase>& cases) {
  for (const TwinCase& c : cases) {
    NhwcTwin twin(c);
    for (const CpuTarget& target : AvailableCpuTargets()) {
      twin.RunInt8(target);
      if (!c.exact) twin.RunBf16(target);
      if (testing::Test::HasFailure()) return;
    }
  }
}

TEST(ConvNhwc, NamesTheKernels) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    std::string names;
    for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) names += std::string(" ") + dot->name;
    std::cout << target.name << ":" << names << "\n";
    EXPECT_FALSE(names.empty());
  }
}

TEST(ConvNhwc, WidthsAroundVectors) {
  std::vector<TwinCase> cases;
  for (int64_t w : {1, 2, 3, 5, 6, 7, 11, 12, 13, 17, 31, 47, 100}) {
    cases.push_back(
        {TwinShape(3, 5, w, 5, 3, 1, 1), kPlanar, kNhwc, true, Activation::kClamp, Activation::kNone, true});
    cases.push_back(
        {TwinShape(8, 1, w, 3, 1, 1, 0), kNhwc, kPlanar, true, Activation::kClamp, Activation::kNone, true});
    cases.push_back({TwinShape(5, 7, w, 9, 3, 2, 1, PadMode::kEdge), kNhwc, kNhwc, true, Activation::kSlope,
                     Activation::kClamp});
  }
  RunEverywhere(cases);
}

TEST(ConvNhwc, ChannelCounts) {
  std::vector<TwinCase> cases;
  for (int64_t c : {1, 2, 3, 4, 5, 8, 9, 13, 16, 24, 31, 32, 40}) {
    for (PictureLayout layout : {kNhwc, kPlanar}) {
      cases.push_back({TwinShape(c, 6, 19, c + 1, 3, 1, 1, PadMode::kReflect), layout, kNhwc, true,
                       Activation::kClamp, Activation::kNone, true});
      cases.push_back(
          {TwinShape(3, 6, 19, c, 3, 1, 1), kNhwc, layout, false, Activation::kNone, Activation::kSlope});
    }
  }
  RunEverywhere(cases);
}

TEST(ConvNhwc, KernelsStridesPads) {
  std::vector<TwinCase> cases;
  for (int64_t k : {1, 2, 3, 5, 7, 9}) {
    for (int64_t stride : {1, 2, 3}) {
      for (PadMode mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge}) {
        for (PictureLayout layout : {kNhwc, kPlanar}) {
          TwinCase c = {TwinShape(3, 11, 23, 8, k, stride, k / 2, mode),
                        layout,
                        kNhwc,
                        true,
                        Activation::kClamp,
                        Activation::kNone,
                        true};
          c.shape.pad_value = 0.5f;
          cases.push_back(c);
          c.shape.in_channels = 9;
          c.shape.out_channels = 3;
          c.output = kPlanar;
          cases.push_back(c);
        }
      }
    }
  }
  RunEverywhere(cases);
}

TEST(ConvNhwc, UnevenKernelsPadsAndBatches) {
  ConvShape s = TwinShape(3, 9, 20, 6, 3, 1, 1);
  s.kernel_w = 5, s.stride_h = 2, s.pad_top = 0, s.pad_left = 3;
  s.out_h = 4, s.out_w = 17;  // rows left over below, columns on the right
  ConvShape deep = TwinShape(700, 5, 9, 11, 1, 1, 0);
  ConvShape edge = TwinShape(1, 2, 2, 2, 9, 1, 8, PadMode::kEdge);  // padding larger than the image
  ConvShape batch = TwinShape(4, 9, 18, 6, 3, 1, 1, PadMode::kReflect);
  batch.n = 3;
  RunEverywhere({{s, kNhwc, kNhwc, true, Activation::kSlope, Activation::kSlope},
                 {deep},
                 {edge, kNhwc, kPlanar},
                 {edge, kPlanar, kNhwc},
                 {batch, kNhwc, kNhwc, true, Activation::kClamp, Activation::kNone, true},
                 {batch, kPlanar, kPlanar, true, Activation::kClamp, Activation::kNone, true}});
}

TEST(ConvNhwc, HardSwishOnWhatIsWritten) {
  std::vector<TwinCase> cases;
  for (PictureLayout layout : {kNhwc, kPlanar}) {
    for (int64_t out : {3, 8, 21, 32}) {
      cases.push_back({TwinShape(16, 9, 19, out, 3, 1, 1), kNhwc, layout, true, Activation::kClamp,
                       Activation::kHardSwish});
      cases.push_back({TwinShape(5, 9, 19, out, 3, 2, 1), kNhwc, layout, false, Activation::kNone,
                       Activation::kHardSwish});
    }
  }
  RunEverywhere(cases);
}

// In blocks of 2, 3 and 4, to planes and to pixels; exact ones through Winograd too, in blocks of columns.
TEST(ConvNhwc, ShuffledChannels) {
  std::vector<TwinCase> cases;
  const auto add = [&](ConvShape s, int64_t block, PictureLayout in, PictureLayout out, Activation write,
                       bool exact) {
    s.shuffle = block;
    cases.push_back({s, in, out, true, Activation::kClamp, write, exact});
  };
  for (int64_t block : {2, 3, 4}) {
    for (int64_t channels : {1, 3, 8}) {
      const int64_t out = channels * block * block;
      for (PictureLayout layout : {kPlanar, kNhwc}) {
        if (layout == kNhwc && channels % 8 != 0) continue;
        for (int64_t w : {1, 17}) {
          add(TwinShape(9, 5, w, out, 3, 1, 1), block, kNhwc, layout, Activation::kSlope, true);
        }
        add(TwinShape(16, 13, 19, out, 3, 1, 1), block, kNhwc, layout, Activation::kSlope, false);
        add(TwinShape(3, 9, 19, out, 5, 1, 2), block, kPlanar, layout, Activation::kClamp, false);
        add(TwinShape(16, 9, 19, out, 3, 2, 1), block, kNhwc, layout, Activation::kHardSwish, false);
      }
    }
  }
  ConvShape batch = TwinShape(16, 9, 105, 216, 3, 1, 1, PadMode::kReflect);
  batch.n = 2;
  add(batch, 3, kNhwc, kNhwc, Activation::kSlope, true);
  add(batch, 2, kNhwc, kPlanar, Activation::kSlope, true);
  RunEverywhere(cases);
}

TEST(ConvNhwc, EnlargedInput) {
  std::vector<TwinCase> cases;
  for (int64_t w : {1, 2, 7, 8, 15, 17, 33}) {
    for (PadMode mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge}) {
      cases.push_back({TwinShape(3, 6, w, 5, 3, 1, 1, mode, 2), kNhwc, kNhwc, true, Activation::kClamp});
      cases.push_back({TwinShape(9, 6, w, 3, 3, 1, 1, mode, 2), kNhwc, kPlanar, true, Activation::kSlope});
      cases.push_back({TwinShape(2, 5, w, 4, 2, 1, 0, mode, 2), kPlanar, kNhwc});  // odd output sizes
      if (mode != PadMode::kReflect) cases.push_back({TwinShape(2, 5, w, 3, 5, 1, 2, mode, 2)});
    }
  }
  RunEverywhere(cases);
}

TEST(ConvNhwc, LargeEnoughForManyTiles) {
  RunEverywhere(
      {{TwinShape(32, 41, 163, 32, 3, 1, 1, PadMode::kReflect), kNhwc, kNhwc, true, Activation::kClamp,
        Activation::kNone, true},
       {TwinShape(128, 12, 210, 9, 3, 1, 1, PadMode::kReflect), kNhwc, kNhwc, true, Activation::kClamp,
        Activation::kNone, true},
       {TwinShape(32, 30, 90, 16, 3, 1, 1, PadMode::kReflect, 2), kNhwc, kNhwc, true, Activation::kClamp},
       {TwinShape(16, 60, 300, 16, 3, 2, 1, PadMode::kReflect), kNhwc, kNhwc, true, Activation::kClamp,
        Activation::kNone, true},
       {TwinShape(32, 40, 330, 3, 9, 1, 4, PadMode::kReflect), kNhwc, kPlanar, true, Activation::kClamp,
        Activation::kNone, true}});
}

// out = (in - 1) * stride - 2 * pad + kernel + further.
ConvShape TransposedShape(int64_t in, int64_t h, int64_t w, int64_t out, int64_t kernel, int64_t stride,
                          int64_t pad, int64_t further) {
  ConvShape s = TwinShape(in, h, w, out, kernel, 1, kernel / 2);
  s.transposed = true;
  s.stride_h = s.stride_w = stride, s.pad_top = s.pad_left = pad;
  s.out_h = (h - 1) * stride - 2 * pad + kernel + further;
  s.out_w = (w - 1) * stride - 2 * pad + kernel + further;
  return s;
}

TEST(ConvNhwc, TransposedIsPhasesOfTheOutput) {
  std::vector<TwinCase> cases;
  for (int64_t w : {1, 2, 9, 33}) {
    cases.push_back({TransposedShape(3, 6, w, 5, 4, 2, 1, 0), kNhwc, kNhwc, true, Activation::kClamp});
    cases.push_back({TransposedShape(9, 5, w, 3, 3, 2, 1, 1), kNhwc, kPlanar, true, Activation::kSlope});
    cases.push_back({TransposedShape(16, 4, w, 8, 3, 2, 1, 0), kPlanar, kNhwc, false, Activation::kNone});
    cases.push_back({TransposedShape(4, 3, w, 17, 2, 2, 0, 0), kNhwc, kNhwc, true, Activation::kNone,
                     Activation::kClamp});
    cases.push_back({TransposedShape(2, 5, w, 3, 5, 2, 2, 1), kPlanar, kPlanar});
    cases.push_back({TransposedShape(8, 5, w, 8, 3, 1, 1, 0), kNhwc, kNhwc});
  }
  RunEverywhere(cases);
}

ConvNhwcOptions Options(const std::vector<float>& low, const std::vector<float>& high) {
  ConvNhwcOptions o;
  o.low = low, o.high = high;
  o.highway_bit = AvailableCpuTargets().front().highway_bit;
  return o;
}

TEST(ConvNhwc, RefusesWhatItCannotDo) {
  {
    ConvShape s = TwinShape(8, 8, 8, 16, 3, 1, 1);
    s.shuffle = 2;
    ConvNhwcOptions options;
    options.precision = ConvPrecision::kBf16;
    EXPECT_FALSE(ConvNhwcServes(s, options));  // pixels of 4 channels
    options.output = kPlanar;
    EXPECT_TRUE(ConvNhwcServes(s, options));
  }
  const std::vector<float> low(1, -1.0f), high(1, 1.0f), weights(9, 1.0f);
  const ConvNhwcOptions one = Options(low, high);
  ConvShape s = TwinShape(1, 8, 8, 1, 3, 1, 1);
  EXPECT_TRUE(ConvNhwcServes(s, one));
  for (auto change : {+[](ConvShape& x) { x.dilation_h = 2; },
                      +[](ConvShape& x) { x.transposed = true, x.kernel_h = 1, x.stride_h = x.stride_w = 2; },
                      +[](ConvShape& x) { x.upsample = 3; }, +[](ConvShape& x) { x.stride_w = 0; }}) {
    ConvShape other = s;
    change(other);
    EXPECT_FALSE(ConvNhwcServes(other, one));
    EXPECT_FALSE(PlanConvNhwc(other, weights, {}, one).ok());
  }
  ConvShape groups = TwinShape(4, 8, 8, 4, 3, 1, 1);
  groups.group = 4;
  EXPECT_FALSE(ConvNhwcServes(groups, one));
  // 1024 channels of 9x9: sums of 255 * 127 * 82944 do not fit 32 bits.
  EXPECT_FALSE(ConvNhwcServes(TwinShape(1024, 9, 9, 1, 9, 1, 4), one));
  EXPECT_TRUE(ConvNhwcServes(TwinShape(512, 9, 9, 1, 9, 1, 4), one));
  ConvNhwcOptions reversed = one;
  reversed.low = one.high, reversed.high = one.low;
  EXPECT_FALSE(PlanConvNhwc(s, weights, {}, reversed).ok());
  EXPECT_FALSE(PlanConvNhwc(s, {weights.data(), 8}, {}, one).ok());
  ConvNhwcOptions bf16_kernel = one;
  bf16_kernel.dot = &PlainDotKernel(DotElement::kBf16);
  EXPECT_FALSE(PlanConvNhwc(s, weights, {}, bf16_kernel).ok());
}

// What does not fit fp16 becomes its largest number, never infinite.
TEST(ConvNhwc, ClampsToHalfPrecision) {
  const std::vector<float> low = {-1000.0f}, high = {1000.0f}, weights = {1000.0f, -1000.0f};
  const ConvShape s = TwinShape(1, 1, 3, 2, 1, 1, 0);
  const float input[3] = {1000, -1000, 0};
  for (const CpuTarget& target : AvailableCpuTargets()) {
    ConvNhwcOptions o = Options(low, high);
    o.input = kPlanar;
    o.highway_bit = target.highway_bit;
    auto plan = PlanConvNhwc(s, weights, {}, o);
    ASSERT_TRUE(plan.ok());
    auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes);
    ASSERT_TRUE(scratch.ok());
    uint16_t output[24];
    ConvNhwcArgs args;
    args.input = input;
    args.output = output;
    for (int64_t task = 0; task < plan->tasks; ++task) plan->RunTask(args, task, scratch->data());
    EXPECT_EQ(output[0], 0x7bff) << target.name;
    EXPECT_EQ(output[1], 0xfbff) << target.name;
    EXPECT_EQ(output[8], 0xfbff) << target.name;
  }
}

}  // namespace
}  // namespace tempera::kernels
