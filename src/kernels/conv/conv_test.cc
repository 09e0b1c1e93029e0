// Twins: the planned convolution on every target of this machine against the plain loops, at awkward sizes,
// with canaries around the output and the scratch.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

std::string Text(const ConvShape& s) {
  std::string t =
      std::to_string(s.n) + "x" + std::to_string(s.in_channels) + "x" + std::to_string(s.in_h) + "x" +
      std::to_string(s.in_w) + " -> " + std::to_string(s.out_channels) + "x" + std::to_string(s.out_h) + "x" +
      std::to_string(s.out_w) + " k" + std::to_string(s.kernel_h) + "x" + std::to_string(s.kernel_w) + " s" +
      std::to_string(s.stride_h) + std::to_string(s.stride_w) + " d" + std::to_string(s.dilation_h) +
      std::to_string(s.dilation_w) + " p" + std::to_string(s.pad_top) + "," + std::to_string(s.pad_left) +
      " g" + std::to_string(s.group) + " mode" + std::to_string(static_cast<int>(s.pad_mode)) + " up" +
      std::to_string(s.upsample) + " shuffle" + std::to_string(s.shuffle);
  return t;
}

// Output size from symmetric padding.
ConvShape Shape(int64_t cin, int64_t h, int64_t w, int64_t cout, int64_t k, int64_t stride, int64_t pad,
                PadMode mode = PadMode::kConstant, int64_t dilation = 1, int64_t group = 1,
                int64_t upsample = 1) {
  ConvShape s;
  s.in_channels = cin;
  s.in_h = h;
  s.in_w = w;
  s.out_channels = cout;
  s.kernel_h = s.kernel_w = k;
  s.stride_h = s.stride_w = stride;
  s.dilation_h = s.dilation_w = dilation;
  s.pad_top = s.pad_left = pad;
  s.pad_mode = mode;
  s.group = group;
  s.upsample = upsample;
  const int64_t reach = (k - 1) * dilation + 1;
  s.out_h = (h * upsample + 2 * pad - reach) / stride + 1;
  s.out_w = (w * upsample + 2 * pad - reach) / stride + 1;
  return s;
}

struct Case {
  ConvShape shape;
  bool affine = false;
  Activation read = Activation::kNone;
  Activation write = Activation::kNone;
};

class ConvTwin {
 public:
  explicit ConvTwin(const Case& c) : c_(c), s_(c.shape) {
    const int64_t n_in = s_.n * s_.in_channels;
    input_ = RandomNumbers(n_in * s_.in_h * s_.in_w, 1);
    weights_ = RandomNumbers(s_.out_channels * (s_.in_channels / s_.group) * s_.kernel_h * s_.kernel_w, 2);
    bias_ = RandomNumbers(s_.out_channels, 3);
    scale_ = RandomNumbers(n_in, 4, 0.5, 2);
    shift_ = RandomNumbers(n_in, 5);
    slope_ = RandomNumbers(std::max(n_in, s_.out_channels), 6);
    expected_.resize(static_cast<size_t>(s_.n * s_.out_channels * s_.out_h * s_.out_w));
    args_.input = input_.data();
    if (c.affine) {
      args_.read.scale = scale_.data();
      args_.read.shift = shift_.data();
    }
    Set(c.read, &args_.read);
    Set(c.write, &args_.write);
    args_.output = expected_.data();
    ConvReference(s_, weights_, bias_, args_);
  }

  // Both forms, where there are two.
  void RunOn(const CpuTarget& target) {
    for (ConvMethod method : {ConvMethod::kDirect, ConvMethod::kWinograd}) {
      RunAs(method, target);
      if (testing::Test::HasFatalFailure()) return;
    }
  }

 private:
  void RunAs(ConvMethod method, const CpuTarget& target) {
    SCOPED_TRACE(target.name + " " + Text(s_) + (method == ConvMethod::kWinograd ? " winograd" : ""));
    auto plan = PlanConv(s_, weights_, bias_, target.highway_bit, method);
    if (method == ConvMethod::kWinograd && plan.status().code() == StatusCode::kUnsupported) return;
    ASSERT_TRUE(plan.ok()) << plan.status().message();
    Guarded<float> actual(static_cast<int64_t>(expected_.size()));
    Guarded<uint8_t> scratch(static_cast<int64_t>(plan->scratch_bytes));
    args_.output = actual.data();
    std::vector<Moments> moments(static_cast<size_t>(s_.n * s_.out_channels * plan->tiles),
                                 Moments{-1, 0, 0});
    args_.moments = moments.data();
    for (int64_t task = plan->tasks - 1; task >= 0; --task) plan->RunTask(args_, task, scratch.data());
    ASSERT_TRUE(actual.intact() && scratch.intact());
    const double reach = static_cast<double>(s_.in_channels / s_.group * s_.kernel_h * s_.kernel_w);
    for (size_t i = 0; i < expected_.size(); ++i) {
      ASSERT_NEAR(args_.output[i], expected_[i], 1e-6 * reach + 1e-5) << "at " << i;
    }
    CheckMoments(*plan, moments);
  }

  void Set(Activation activation, Pointwise* p) {
    p->activation = activation;
    if (activation == Activation::kClamp) p->lo = -0.25f, p->hi = 0.75f;
    p->slope = slope_.data();
  }

  void CheckMoments(const ConvPlan& plan, const std::vector<Moments>& moments) {
    // Of a shuffle, channels that become one stand side by side.
    const auto together = static_cast<size_t>(s_.pixels_a_channel());
    const size_t plane = static_cast<size_t>(s_.out_h * s_.out_w) * together;
    const size_t tiles = static_cast<size_t>(plan.tiles) * together;
    for (size_t channel = 0; channel < static_cast<size_t>(s_.n * s_.out_channels) / together; ++channel) {
      Moments all;
      for (size_t t = 0; t < tiles; ++t) all.Join(moments[channel * tiles + t]);
      double mean = 0, square = 0;
      for (size_t i = 0; i < plane; ++i) mean += args_.output[channel * plane + i];
      mean /= static_cast<double>(plane);
      for (size_t i = 0; i < plane; ++i) square += std::pow(args_.output[channel * plane + i] - mean, 2);
      ASSERT_EQ(all.count, static_cast<double>(plane));
      ASSERT_NEAR(all.mean, mean, 1e-5 * (1 + std::abs(mean)));
      ASSERT_NEAR(all.m2, square, 1e-4 * square + 1e-6);
    }
  }

  Case c_;
  ConvShape s_;
  std::vector<float> input_, weights_, bias_, scale_, shift_, slope_, expected_;
  ConvArgs args_;
};

void RunEverywhere(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    ConvTwin twin(c);
    for (const CpuTarget& target : AvailableCpuTargets()) {
      twin.RunOn(target);
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

TEST(ConvTwins, NamesTheTargets) {
  std::string names;
  for (const CpuTarget& target : AvailableCpuTargets()) names += " " + target.name;
  std::cout << "targets compared with the reference:" << names << "\n";
  EXPECT_FALSE(names.empty());
}

TEST(ConvTwins, WidthsAroundVectors) {
  std::vector<Case> cases;
  for (int64_t w : {1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 33, 47, 100}) {
    cases.push_back({Shape(3, 5, w, 5, 3, 1, 1)});
    cases.push_back({Shape(2, 1, w, 3, 1, 1, 0), true, Activation::kClamp});
    cases.push_back(
        {Shape(2, 7, w, 4, 3, 2, 1, PadMode::kEdge), true, Activation::kSlope, Activation::kClamp});
  }
  RunEverywhere(cases);
}

TEST(ConvTwins, ChannelCounts) {
  std::vector<Case> cases;
  for (int64_t c : {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 16, 33}) {
    cases.push_back({Shape(c, 6, 19, c + 1, 3, 1, 1, PadMode::kReflect), true, Activation::kClamp});
    cases.push_back({Shape(3, 6, 19, c, 1, 1, 0), false, Activation::kNone, Activation::kSlope});
  }
  RunEverywhere(cases);
}

TEST(ConvTwins, KernelsStridesDilationsPads) {
  std::vector<Case> cases;
  for (int64_t k : {1, 2, 3, 5, 7, 9}) {
    for (int64_t stride : {1, 2, 3}) {
      for (int64_t dilation : {1, 2, 5}) {
        for (PadMode mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge}) {
          const int64_t pad = std::min<int64_t>(k / 2 * dilation, 10);
          ConvShape s = Shape(2, 11, 23, 3, 1, stride, pad, mode, dilation);
          s.kernel_h = k, s.kernel_w = k;
          const int64_t reach = (k - 1) * dilation + 1;
          if (11 + 2 * pad < reach) continue;
          s.out_h = (11 + 2 * pad - reach) / stride + 1;
          s.out_w = (23 + 2 * pad - reach) / stride + 1;
          s.pad_value = 0.5f;
          cases.push_back({s, true, Activation::kClamp});
        }
      }
    }
  }
  RunEverywhere(cases);
}

TEST(ConvTwins, UnevenKernelsAndPads) {
  ConvShape s = Shape(3, 9, 20, 6, 3, 1, 1);
  s.kernel_w = 5, s.stride_h = 2, s.stride_w = 1, s.dilation_w = 2, s.pad_top = 0, s.pad_left = 3;
  s.out_h = 5, s.out_w = 17;
  ConvShape deep = Shape(700, 5, 9, 11, 1, 1, 0);
  ConvShape edge = Shape(1, 2, 2, 2, 9, 1, 8, PadMode::kEdge);  // padding larger than the image
  ConvShape batch = Shape(4, 9, 18, 6, 3, 1, 1, PadMode::kReflect);
  batch.n = 3;
  ConvShape strips = Shape(3, 25, 30, 6, 5, 1, 2);
  strips.kernel_w = 4, strips.stride_w = 2, strips.pad_left = 0, strips.pad_top = 1;
  strips.out_h = 24, strips.out_w = 14;
  ConvShape strided = Shape(3, 25, 30, 6, 3, 2, 1);
  strided.kernel_w = 1, strided.stride_w = 1, strided.out_w = 31;
  RunEverywhere(
      {{strips, true, Activation::kSlope, Activation::kSlope}, {strided, true, Activation::kClamp}});
  RunEverywhere(
      {{s, true, Activation::kSlope, Activation::kSlope}, {deep}, {edge}, {batch, true, Activation::kClamp}});
}

// Direct, in strips, in tiles, enlarged, transposed.
TEST(ConvTwins, HardSwishOnWhatIsWritten) {
  ConvShape transposed = Shape(9, 6, 17, 8, 1, 1, 0);
  transposed.transposed = true, transposed.kernel_h = transposed.kernel_w = 4;
  transposed.stride_h = transposed.stride_w = 2, transposed.pad_top = transposed.pad_left = 1;
  transposed.out_h = 12, transposed.out_w = 34;
  std::vector<Case> cases;
  for (const ConvShape& s :
       {Shape(3, 6, 19, 5, 3, 1, 1), Shape(8, 13, 19, 9, 3, 1, 1), Shape(16, 13, 19, 3, 5, 1, 2),
        Shape(16, 13, 19, 24, 3, 2, 1), Shape(40, 9, 21, 17, 3, 1, 1, PadMode::kConstant, 1, 1, 2),
        Shape(4, 12, 20, 8, 9, 1, 4), Shape(6, 9, 21, 6, 3, 1, 1, PadMode::kConstant, 1, 2), transposed}) {
    cases.push_back({s, true, Activation::kClamp, Activation::kHardSwish});
  }
  RunEverywhere(cases);
}

TEST(ConvTwins, Groups) {
  std::vector<Case> cases;
  for (int64_t stride : {1, 2}) {
    cases.push_back({Shape(24, 9, 21, 30, 3, stride, 1, PadMode::kReflect, 1, 3), true, Activation::kClamp});
    cases.push_back({Shape(6, 9, 21, 4, 7, stride, 3, PadMode::kEdge, 1, 2), false, Activation::kSlope});
    cases.push_back({Shape(6, 9, 21, 6, 3, stride, 1, PadMode::kConstant, 1, 6), true, Activation::kSlope});
    cases.push_back({Shape(40, 7, 7, 40, 5, stride, 2, PadMode::kConstant, 1, 40)});
    cases.push_back({Shape(8, 9, 21, 12, 3, stride, 1, PadMode::kConstant, 2, 4), false, Activation::kClamp});
  }
  RunEverywhere(cases);
}

TEST(ConvTwins, EnlargedInput) {
  std::vector<Case> cases;
  for (int64_t w : {1, 2, 7, 8, 15, 16, 17, 33}) {
    for (PadMode mode : {PadMode::kConstant, PadMode::kReflect, PadMode::kEdge}) {
      cases.push_back({Shape(3, 6, w, 5, 3, 1, 1, mode, 1, 1, 2), true, Activation::kClamp});
      cases.push_back({Shape(2, 5, w, 3, 5, 1, 2, w > 1 ? mode : PadMode::kEdge, 1, 1, 2)});
      cases.push_back({Shape(2, 5, w, 3, 3, 2, 1, mode, 1, 1, 2), true, Activation::kClamp});
      cases.push_back({Shape(2, 5, w, 4, 2, 1, 0, mode, 1, 1, 2)});  // odd output sizes
    }
    cases.push_back({Shape(4, 6, w, 4, 3, 1, 1, PadMode::kConstant, 1, 4, 2)});
    cases.push_back({Shape(2, 6, w, 3, 3, 1, 1, PadMode::kEdge, 1, 1, 3)});
  }
  RunEverywhere(cases);
}

TEST(ConvTwins, Transposed) {
  std::vector<Case> cases;
  for (int64_t k : {1, 2, 3, 4, 5}) {
    for (int64_t stride : {1, 2}) {
      for (int64_t pad = 0; pad < std::min<int64_t>(k, 3); ++pad) {
        for (int64_t w : {1, 5, 8, 17, 33}) {
          ConvShape s = Shape(3, 6, w, 5, 1, 1, 0);
          s.transposed = true;
          s.kernel_h = s.kernel_w = k, s.stride_h = s.stride_w = stride, s.pad_top = s.pad_left = pad;
          s.out_h = 5 * stride + k - 2 * pad, s.out_w = (w - 1) * stride + k - 2 * pad;
          if (s.out_w < 1) continue;
          cases.push_back({s, true, Activation::kClamp, Activation::kSlope});
          s.out_h += stride - 1, s.out_w += stride - 1;  // output_padding
          s.dilation_h = s.dilation_w = 1;
          cases.push_back({s});
        }
      }
    }
  }
  ConvShape s = Shape(4, 6, 9, 8, 1, 1, 0, PadMode::kConstant, 1, 2);
  s.transposed = true, s.kernel_h = s.kernel_w = 3, s.stride_h = s.stride_w = 2, s.out_h = 15, s.out_w = 21;
  s.dilation_h = s.dilation_w = 2;
  cases.push_back({s});
  RunEverywhere(cases);
}

// Four phases of an output or an input, more channels than a register block has, several tiles.
TEST(ConvTwins, PhasesOfManyChannels) {
  std::vector<Case> cases;
  for (int64_t k : {3, 4, 5, 6}) {
    for (int64_t pad : {0, 1, 2}) {
      ConvShape s = Shape(9 + pad, 9, 19, 11 - pad, 1, 1, 0);
      s.transposed = true;
      s.kernel_h = s.kernel_w = k, s.stride_h = s.stride_w = 2, s.pad_top = pad, s.pad_left = (pad + k) % 3;
      s.out_h = 16 + k - 2 * pad, s.out_w = 36 + k - 2 * s.pad_left + pad % 2;
      cases.push_back({s, true, Activation::kClamp, Activation::kSlope});
    }
    cases.push_back({Shape(13, 17, 35, 9, k, 2, k / 2, PadMode::kReflect), true, Activation::kClamp});
    cases.push_back({Shape(5, 17, 35, 6, k + 2, 2, 0, PadMode::kEdge)});
  }
  ConvShape wide = Shape(64, 20, 75, 6, 4, 1, 0);
  wide.transposed = true, wide.stride_h = wide.stride_w = 2, wide.pad_top = wide.pad_left = 1;
  wide.out_h = 40, wide.out_w = 150;
  cases.push_back({wide, true, Activation::kClamp});
  cases.push_back({Shape(96, 25, 150, 5, 3, 2, 1), true, Activation::kClamp});
  RunEverywhere(cases);
}

// In blocks of 2, 3 and 4: direct, in tiles, in strips; several tiles across and down.
TEST(ConvTwins, ShuffledChannels) {
  std::vector<Case> cases;
  const auto add = [&](ConvShape s, int64_t block, Activation write) {
    s.shuffle = block;
    cases.push_back({s, true, Activation::kClamp, write});
  };
  for (int64_t block : {2, 3, 4}) {
    for (int64_t channels : {1, 3, 5}) {
      const int64_t out = channels * block * block;
      for (int64_t w : {1, 7, 8, 17, 33}) {
        add(Shape(3, 5, w, out, 3, 1, 1, PadMode::kEdge), block, Activation::kSlope);
        add(Shape(13, 6, w, out, 3, 1, 1), block, Activation::kClamp);
      }
      add(Shape(5, 1, 1, out, 1, 1, 0), block, Activation::kNone);
      add(Shape(8, 17, 31, out, 5, 1, 2), block, Activation::kHardSwish);
      add(Shape(20, 18, 31, out, 3, 2, 1), block, Activation::kSlope);
      add(Shape(4, 12, 40, out, 9, 1, 4), block, Activation::kNone);
      add(Shape(4, 12, 40, out, 3, 1, 2, PadMode::kReflect, 2), block, Activation::kSlope);
    }
    ConvShape batch = Shape(6, 41, 150, 2 * block * block, 3, 1, 1, PadMode::kReflect);
    batch.n = 3;
    add(batch, block, Activation::kSlope);
  }
  add(Shape(150, 23, 163, 48, 3, 1, 1), 4, Activation::kClamp);
  RunEverywhere(cases);
}

TEST(ConvTwins, LargeEnoughForManyTiles) {
  RunEverywhere({{Shape(32, 41, 163, 32, 3, 1, 1, PadMode::kReflect), true, Activation::kClamp},
                 {Shape(128, 12, 210, 9, 3, 1, 1, PadMode::kReflect), true, Activation::kClamp},
                 {Shape(24, 21, 130, 5, 7, 1, 3, PadMode::kReflect), true, Activation::kClamp},
                 {Shape(96, 20, 70, 2, 9, 1, 4, PadMode::kReflect), true, Activation::kClamp},
                 {Shape(32, 30, 90, 16, 3, 1, 1, PadMode::kReflect, 1, 1, 2), true, Activation::kClamp},
                 {Shape(300, 4, 5, 64, 1, 1, 0)}});
}

// Tasks of many rows, whose strips use the rows of their scratch again.
TEST(ConvTwins, TallTasks) {
  RunEverywhere({{Shape(8, 205, 70, 3, 5, 1, 2, PadMode::kReflect), true, Activation::kClamp},
                 {Shape(3, 403, 71, 16, 5, 2, 2, PadMode::kReflect), true, Activation::kClamp},
                 {Shape(16, 410, 39, 5, 3, 2, 1, PadMode::kEdge), true, Activation::kSlope},
                 {Shape(16, 203, 41, 3, 3, 1, 1), true, Activation::kClamp},
                 {Shape(5, 150, 37, 6, 3, 1, 1, PadMode::kReflect, 1, 1, 2), true, Activation::kClamp}});
}

TEST(Conv, ReflectPaddingLargerThanTheImageIsRefused) {
  const ConvShape s = Shape(1, 3, 3, 1, 9, 1, 4, PadMode::kReflect);
  const std::vector<float> weights(81, 1.0f);
  const auto plan = PlanConv(s, weights, {}, AvailableCpuTargets().front().highway_bit);
  ASSERT_FALSE(plan.ok());
  EXPECT_NE(plan.status().message().find("at least 5 pixels"), std::string::npos) << plan.status().message();
}

TEST(Conv, HostileSizesAreRefused) {
  const std::vector<float> weights(9, 1.0f);
  const int64_t bit = AvailableCpuTargets().front().highway_bit;
  ConvShape s = Shape(1, 8, 8, 1, 3, 1, 1);
  s.stride_h = 0;
  EXPECT_FALSE(PlanConv(s, weights, {}, bit).ok());
  s = Shape(1, 8, 8, 1, 3, 1, 1);
  s.in_h = int64_t{1} << 40;
  EXPECT_FALSE(PlanConv(s, weights, {}, bit).ok());
  s = Shape(1, 8, 8, 1, 3, 1, 1);
  s.dilation_h = s.dilation_w = 1 << 24;
  s.pad_top = s.pad_left = 1 << 24;
  EXPECT_FALSE(PlanConv(s, weights, {}, bit).ok());
  EXPECT_FALSE(PlanConv(Shape(1, 8, 8, 2, 3, 1, 1), weights, {}, bit).ok());  // too few weights
  const std::vector<float> more(9 * 16, 1.0f);
  s = Shape(1, 8, 8, 16, 3, 1, 1);
  for (int64_t block : {-2, 0, 3, 5}) {
    s.shuffle = block;
    EXPECT_FALSE(PlanConv(s, more, {}, bit).ok()) << block;
  }
  s.shuffle = 4;
  EXPECT_TRUE(PlanConv(s, more, {}, bit).ok());
}

TEST(Moments, FlatPictureHasNoVariance) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const std::vector<float> flat(100 * 37, 123.456f);
    const Moments m = ChooseRegionMomentsF32(target.highway_bit)(flat.data(), 100, 37, 37);
    EXPECT_EQ(m.variance(), 0.0) << target.name;
    EXPECT_EQ(static_cast<float>(m.mean), 123.456f) << target.name;
  }
}

}  // namespace
}  // namespace tempera::kernels
