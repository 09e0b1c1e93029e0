#include "src/kernels/nhwc/pointwise_nhwc.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "src/base/cpu.h"
#include "src/base/half.h"

namespace tempera::kernels {
namespace {

float Plain(const Pointwise& p, size_t channel, float x) {
  if (p.scale != nullptr) x = x * p.scale[channel] + p.shift[channel];
  if (p.activation == Activation::kClamp) x = std::clamp(x, p.lo, p.hi);
  if (p.activation == Activation::kSlope && x < 0) x *= p.slope[channel];
  return x;
}

// Numbers of `image` 1 of 2, with margins that must stay as they are.
class PointwiseNhwcTest : public testing::TestWithParam<int64_t> {
 protected:
  static constexpr int64_t kPixels = 131;
  static constexpr uint16_t kCanary = 0x3555;

  void SetUp() override {
    channels_ = GetParam();
    step_ = NhwcChannels(channels_);
    for (int64_t i = 0; i < 2 * channels_; ++i) {
      scale_.push_back(0.5f + 0.1f * static_cast<float>(i % 7));
      shift_.push_back(0.3f * static_cast<float>(i % 5) - 0.6f);
      slope_.push_back(0.1f * static_cast<float>(i % 4));
    }
    clamp_.scale = scale_.data(), clamp_.shift = shift_.data();
    clamp_.activation = Activation::kClamp, clamp_.lo = -0.5f, clamp_.hi = 1.5f;
    leaky_ = clamp_;
    leaky_.activation = Activation::kSlope, leaky_.slope = slope_.data();
    a_ = Pixels(1);
    b_ = Pixels(2);
    out_.assign(a_.size() + 16, kCanary);
  }
  std::vector<uint16_t> Pixels(int64_t seed) const {
    std::vector<uint16_t> pixels;
    for (int64_t i = 0; i < kPixels * step_; ++i) {
      pixels.push_back(i % step_ < channels_ ? FloatToHalf(std::sin(static_cast<float>(i * seed))) : 0);
    }
    return pixels;
  }
  size_t Channel(int64_t i) const { return static_cast<size_t>(channels_ + i % step_); }

  int64_t channels_ = 0, step_ = 0;
  std::vector<float> scale_, shift_, slope_;
  Pointwise clamp_, leaky_;
  std::vector<uint16_t> a_, b_, out_;
};

TEST_P(PointwiseNhwcTest, AddsWithBothReads) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    for (const Pointwise& other : {Pointwise(), clamp_, leaky_}) {
      ChoosePointwiseNhwc(target.highway_bit)
          .add(clamp_, other, 1, channels_, a_.data(), b_.data(), out_.data() + 8, kPixels);
      for (int64_t i = 0; i < kPixels * step_; ++i) {
        const auto at = static_cast<size_t>(i);
        const float got = HalfToFloat(out_[8 + at]);
        if (i % step_ >= channels_) {
          ASSERT_EQ(got, 0) << target.name << " " << i;
          continue;
        }
        const float want =
            Plain(clamp_, Channel(i), HalfToFloat(a_[at])) + Plain(other, Channel(i), HalfToFloat(b_[at]));
        ASSERT_NEAR(got, want, std::abs(want) / 2000 + 7e-5) << target.name << " " << i;
      }
      for (size_t i = 0; i < 8; ++i) {
        ASSERT_EQ(out_[i], kCanary);
        ASSERT_EQ(out_[out_.size() - 1 - i], kCanary);
      }
    }
  }
}

TEST_P(PointwiseNhwcTest, GoesToPlanesAndBack) {
  const int64_t stride = kPixels + 5;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const PointwiseNhwc& functions = ChoosePointwiseNhwc(target.highway_bit);
    std::vector<float> planes(static_cast<size_t>(channels_ * stride), -77.0f);
    functions.to_planar(leaky_, 1, channels_, a_.data(), planes.data(), stride, kPixels);
    for (int64_t c = 0; c < channels_; ++c) {
      for (int64_t p = 0; p < stride; ++p) {
        const float got = planes[static_cast<size_t>(c * stride + p)];
        if (p >= kPixels) {
          ASSERT_EQ(got, -77.0f) << target.name;
          continue;
        }
        const float x = HalfToFloat(a_[static_cast<size_t>(p * step_ + c)]);
        ASSERT_NEAR(got, Plain(leaky_, Channel(c), x), 1e-6) << target.name;
      }
    }
    functions.to_planar(Pointwise(), 1, channels_, a_.data(), planes.data(), stride, kPixels);
    functions.from_planar(Pointwise(), 1, channels_, planes.data(), stride, out_.data() + 8, kPixels);
    for (size_t i = 0; i < a_.size(); ++i) ASSERT_EQ(out_[8 + i], a_[i]) << target.name << " " << i;
    for (size_t i = 0; i < 8; ++i) ASSERT_EQ(out_[out_.size() - 1 - i], kCanary) << target.name;
    planes[0] = 1e9f, planes[1] = -1e9f;
    functions.from_planar(Pointwise(), 1, channels_, planes.data(), stride, out_.data() + 8, kPixels);
    EXPECT_EQ(out_[8], 0x7bff) << target.name;
    EXPECT_EQ(out_[static_cast<size_t>(8 + step_)], 0xfbff) << target.name;
  }
}

INSTANTIATE_TEST_SUITE_P(Channels, PointwiseNhwcTest, testing::Values(1, 3, 8, 13, 16, 32));

}  // namespace
}  // namespace tempera::kernels
