// That the detour through 36 products a tile, modulo 2^32, ends at the direct sums even for the largest
// numbers. Ordinary numbers and shapes: conv_nhwc_test.cc, where every kS16 kernel takes it.
#include "src/kernels/nhwc/winograd_s16.h"

#include <gtest/gtest.h>

#include <vector>

#include "src/base/cpu.h"

namespace tempera::kernels {
namespace {

constexpr int64_t kH = 9, kW = 11, kOut = 8;

struct Made {
  std::vector<float> numbers;
  bool winograd = false;
};

// 3x3 over `channels` channels of steps of 1, so that sums come out as they are.
Made Convolve(const CpuTarget& target, const DotKernel& dot, int64_t channels,
              const std::vector<float>& input, const std::vector<float>& weights) {
  ConvShape s;
  s.in_channels = channels, s.in_h = kH, s.in_w = kW, s.out_channels = kOut, s.out_h = kH, s.out_w = kW;
  s.kernel_h = s.kernel_w = 3, s.pad_top = s.pad_left = 1, s.pad_mode = PadMode::kEdge;
  const std::vector<float> low(static_cast<size_t>(channels), 0.0f), high(low.size(), 255.0f);
  ConvNhwcOptions o;
  o.input = o.output = PictureLayout::kPlanarF32;
  o.low = low, o.high = high, o.dot = &dot, o.highway_bit = target.highway_bit;
  Made made;
  auto plan = PlanConvNhwc(s, weights, {}, o);
  EXPECT_TRUE(plan.ok());
  if (!plan.ok()) return made;
  made.winograd = plan->winograd.tiles > 0;
  made.numbers.resize(static_cast<size_t>(kOut * kH * kW));
  auto scratch = AlignedBuffer::Allocate(plan->scratch_bytes);
  EXPECT_TRUE(scratch.ok());
  ConvNhwcArgs args;
  args.input = input.data();
  args.output = made.numbers.data();
  for (int64_t task = 0; task < plan->tasks; ++task) plan->RunTask(args, task, scratch->data());
  return made;
}

void Compare(int64_t channels, const std::vector<float>& input, const std::vector<float>& weights,
             bool winograd) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const Made direct = Convolve(target, PlainDotKernel(DotElement::kU8S8), channels, input, weights);
    EXPECT_FALSE(direct.winograd);
    for (const DotKernel* dot : DotKernelsFor(target.highway_bit)) {
      if (dot->element != DotElement::kS16) continue;
      const Made made = Convolve(target, *dot, channels, input, weights);
      EXPECT_EQ(made.winograd, winograd) << dot->name;
      EXPECT_EQ(made.numbers, direct.numbers) << target.name << " " << dot->name;
    }
  }
}

// Patterns that drive the transforms to their ends: signs of weights and largest inputs in rows, columns,
// checks and alone.
TEST(WinogradS16, LargestNumbers) {
  constexpr int64_t kChannels = 112;  // 255 * 127 * 9 * 112 is just below 2^25
  for (int pattern = 0; pattern < 8; ++pattern) {
    std::vector<float> input, weights;
    for (int64_t c = 0; c < kChannels; ++c) {
      for (int64_t i = 0; i < kH * kW; ++i) {
        const int64_t y = i / kW, x = i % kW;
        const bool on = pattern == 0 || (pattern == 1 && y % 2 == 0) || (pattern == 2 && x % 2 == 0) ||
                        (pattern == 3 && (x + y) % 2 == 0) || (pattern == 4 && y % 4 < 2) ||
                        (pattern == 5 && x % 3 == 1) || (pattern == 6 && i % 17 == 0) || pattern == 7;
        input.push_back(on ? 255.0f : 0.0f);
      }
    }
    for (int64_t i = 0; i < kOut * kChannels * 9; ++i) {
      const int64_t o = i / 9 / kChannels, y = i % 9 / 3, x = i % 3;
      const bool negative = o == 1 || (o == 2 && y == 1) || (o == 3 && x == 1) ||
                            (o == 4 && (x + y) % 2 == 1) || (o == 5 && i / 9 % 2 == 0) || (o == 6 && y == 2);
      weights.push_back(negative ? -127.0f : 127.0f);
    }
    Compare(kChannels, input, weights, true);
  }
}

// Weights whose sums need a 26th bit are summed directly.
TEST(WinogradS16, LeavesSumsThatDoNotFit) {
  constexpr int64_t kChannels = 120;  // 255 * 127 * 9 * 120 is above 2^25
  const std::vector<float> input(static_cast<size_t>(kChannels * kH * kW), 255.0f);
  const std::vector<float> weights(static_cast<size_t>(kOut * kChannels * 9), 127.0f);
  Compare(kChannels, input, weights, false);
}

}  // namespace
}  // namespace tempera::kernels
