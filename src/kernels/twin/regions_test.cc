// A task reads no pixel outside the region that its plan declares, and writes exactly the declared one: plans
// over planes and convolutions over pixels, every task, random shapes. All outside the read region is NaN,
// and the task must still make its bytes.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "src/base/checked_math.h"
#include "src/base/cpu.h"
#include "src/base/half.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/nhwc/conv_nhwc.h"
#include "src/kernels/nhwc/depthwise_nhwc.h"
#include "src/kernels/planes/depthwise_f32.h"
#include "src/kernels/planes/mix_f32.h"
#include "src/kernels/planes/pool_f32.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/kernels/twin/guarded.h"
#include "src/kernels/twin/random_shape.h"

namespace tempera::kernels {
namespace {

// How a picture's numbers lie.
struct PictureShape {
  int64_t n, channels, h, w;
  PictureLayout layout = PictureLayout::kPlanarF32;
  int64_t count() const {
    return n * h * w * (layout == PictureLayout::kPlanarF32 ? channels : NhwcChannels(channels));
  }
  int64_t At(int64_t image, int64_t c, int64_t y, int64_t x) const {
    if (layout == PictureLayout::kPlanarF32) return ((image * channels + c) * h + y) * w + x;
    return ((image * h + y) * w + x) * NhwcChannels(channels) + c;
  }
  // f(number) for all of a region; interleaved pixels are whole, their padding as well.
  template <typename F>
  void ForRegion(const TaskRegion& r, const F& f) const {
    const int64_t last =
        layout == PictureLayout::kPlanarF32 ? r.channel + r.channels : NhwcChannels(channels);
    for (int64_t c = r.channel; c < last; ++c) {
      for (int64_t y = r.y; y < r.y + r.rows; ++y) {
        for (int64_t x = r.x; x < r.x + r.columns; ++x) f(At(r.image, c, y, x));
      }
    }
  }
  bool Holds(const TaskRegion& r) const {
    return r.image >= 0 && r.image < n && r.channel >= 0 && r.channel + r.channels <= channels && r.y >= 0 &&
           r.x >= 0 && r.y + r.rows <= h && r.x + r.columns <= w;
  }
};

// Numbers of one layout: T is float, or uint16_t for fp16.
template <typename T>
T Poison() {
  if constexpr (std::is_same_v<T, float>) return std::numeric_limits<float>::quiet_NaN();
  return FloatToHalf(std::numeric_limits<float>::quiet_NaN());
}

template <typename In, typename Out, class Plan, class Args>
void CheckTasks(const Plan& plan, Args args, const PictureShape& in, const PictureShape& out,
                const std::vector<In>& numbers) {
  Guarded<uint8_t> scratch(static_cast<int64_t>(plan.scratch_bytes));
  std::vector<In> poisoned(numbers.size(), Poison<In>());
  Guarded<Out> want(out.count()), got(out.count());
  args.input = numbers.data();
  args.output = want.data();
  for (int64_t task = 0; task < plan.tasks; ++task) plan.RunTask(args, task, scratch.data());
  std::vector<uint8_t> written(static_cast<size_t>(out.count()), 0);
  for (int64_t task = 0; task < plan.tasks; ++task) {
    const TaskRegion read = plan.ReadRegion(task), wrote = plan.WrittenRegion(task);
    ASSERT_TRUE(read.empty() || in.Holds(read)) << "task " << task;
    ASSERT_TRUE(!wrote.empty() && out.Holds(wrote)) << "task " << task;
    if (!read.empty()) {
      in.ForRegion(read,
                   [&](int64_t i) { poisoned[static_cast<size_t>(i)] = numbers[static_cast<size_t>(i)]; });
    }
    got.Clear();
    scratch.Clear();
    args.input = poisoned.data();
    args.output = got.data();
    plan.RunTask(args, task, scratch.data());
    ASSERT_TRUE(got.intact() && scratch.intact()) << "task " << task;
    // Nothing outside: there are still canaries. Inside, the same bytes as with all of the input.
    Guarded<Out> rest(std::span<const Out>(got.numbers()));
    const Guarded<Out> canaries(out.count());
    int64_t wrong = -1;
    out.ForRegion(wrote, [&](int64_t i) {
      const bool same = std::memcmp(&got[i], &want[i], sizeof(Out)) == 0;
      const bool untouched = std::memcmp(&got[i], &canaries[i], sizeof(Out)) == 0;
      if (!same && !untouched) wrong = i;
      written[static_cast<size_t>(i)] |= same;
      rest[i] = canaries[i];
    });
    ASSERT_EQ(wrong, -1) << "task " << task << " read outside of its region";
    ASSERT_EQ(std::memcmp(rest.data(), canaries.data(), static_cast<size_t>(out.count()) * sizeof(Out)), 0)
        << "task " << task << " wrote outside of its region";
    if (!read.empty()) {
      in.ForRegion(read, [&](int64_t i) { poisoned[static_cast<size_t>(i)] = Poison<In>(); });
    }
  }
  EXPECT_EQ(std::count(written.begin(), written.end(), 0), 0) << "numbers that no task wrote";
}

std::string Text(const ConvShape& s) {
  std::string text;
  for (const int64_t x :
       {s.n, s.in_channels, s.in_h, s.in_w, s.out_channels, s.out_h, s.out_w, s.kernel_h, s.kernel_w,
        s.stride_h, s.stride_w, s.dilation_h, s.pad_top, s.pad_left, s.group, s.upsample, s.shuffle,
        static_cast<int64_t>(s.pad_mode), static_cast<int64_t>(s.transposed)}) {
    text += std::to_string(x) + " ";
  }
  return text;
}

PictureShape InputOf(const ConvShape& s, PictureLayout layout = PictureLayout::kPlanarF32) {
  return {s.n, s.in_channels, s.in_h, s.in_w, layout};
}
PictureShape OutputOf(const ConvShape& s, PictureLayout layout = PictureLayout::kPlanarF32) {
  return {s.n, s.out_channels / s.pixels_a_channel(), s.out_h * s.shuffle, s.out_w * s.shuffle, layout};
}

constexpr uint32_t kShapes = 150;

// plan(shape, weights, bias, target): a Result of a plan on planes.
template <typename RandomShape, typename MakePlan>
void CheckPlanes(const RandomShape& random_shape, const MakePlan& make_plan) {
  int plans = 0;
  for (uint32_t seed = 0; seed < kShapes; ++seed) {
    const ConvShape s = random_shape(seed);
    SCOPED_TRACE(Text(s));
    const auto weights =
        RandomNumbers(s.out_channels * s.in_channels / s.group * s.kernel_h * s.kernel_w, seed);
    const auto bias = RandomNumbers(s.out_channels, seed + 1);
    const std::vector<CpuTarget> targets = AvailableCpuTargets();
    const auto plan = make_plan(s, weights, bias, targets[seed % targets.size()].highway_bit);
    if (!plan.ok()) continue;
    ++plans;
    const auto numbers = RandomNumbers(InputOf(s).count(), seed + 2);
    CheckTasks<float, float>(*plan, ConvArgs(), InputOf(s), OutputOf(s), numbers);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(plans, 20);
}

TEST(Regions, DirectConvolution) {
  CheckPlanes(RandomConvShape, [](const ConvShape& s, const auto& weights, const auto& bias, int64_t bit) {
    return PlanConv(s, weights, bias, bit, ConvMethod::kDirect);
  });
}

TEST(Regions, WinogradTilesAndStrips) {
  CheckPlanes(RandomConvShape, [](const ConvShape& s, const auto& weights, const auto& bias, int64_t bit) {
    return PlanConv(s, weights, bias, bit, ConvMethod::kWinograd);
  });
}

TEST(Regions, Depthwise) {
  CheckPlanes(RandomDepthwiseShape, [](const ConvShape& s, const auto& weights, const auto& bias,
                                       int64_t bit) { return PlanDepthwise(s, weights, bias, bit); });
}

TEST(Regions, SinglePixels) {
  for (const bool pending : {false, true}) {
    CheckPlanes(RandomMixShape, [=](const ConvShape& s, const auto& weights, const auto& bias, int64_t bit) {
      return PlanMix(s, weights, bias, pending, bit);
    });
  }
}

// fp16 pixels, whose padding is zeros.
std::vector<uint16_t> RandomPixels(const PictureShape& picture, uint32_t seed) {
  const auto random = RandomNumbers(picture.count(), seed);
  std::vector<uint16_t> pixels(random.size());
  for (size_t i = 0; i < pixels.size(); ++i) {
    const bool used = static_cast<int64_t>(i) % NhwcChannels(picture.channels) < picture.channels;
    pixels[i] = used ? FloatToHalf(random[i]) : uint16_t{0};
  }
  return pixels;
}

TEST(Regions, DepthwiseOverPixels) {
  int plans = 0;
  for (uint32_t seed = 0; seed < 2 * kShapes; ++seed) {
    const ConvShape s = RandomDepthwiseShape(seed);
    if (!DepthwiseNhwcServes(s)) continue;
    SCOPED_TRACE(Text(s));
    const std::vector<CpuTarget> targets = AvailableCpuTargets();
    const auto weights = RandomNumbers(s.out_channels * s.kernel_h * s.kernel_w, seed);
    const auto plan = PlanDepthwiseNhwc(s, weights, RandomNumbers(s.out_channels, seed + 1),
                                        targets[seed % targets.size()].highway_bit);
    if (!plan.ok()) continue;
    ++plans;
    const PictureShape in = InputOf(s, PictureLayout::kNhwcF16), out = OutputOf(s, PictureLayout::kNhwcF16);
    CheckTasks<uint16_t, uint16_t>(*plan, ConvNhwcArgs(), in, out, RandomPixels(in, seed + 2));
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(plans, 20);
}

PoolAxis RandomPoolAxis(ShapeDice& dice) {
  for (;;) {
    PoolAxis a;
    a.kernel = dice.Of(1, 5), a.stride = dice.Of(1, 4), a.dilation = dice.Rarely() ? dice.Of(2, 3) : 1;
    a.in = dice.Of(1, 60), a.pad_begin = dice.Of(0, a.kernel - 1);
    const int64_t room = a.in + a.pad_begin + dice.Of(0, a.kernel - 1) - (a.kernel - 1) * a.dilation - 1;
    if (room < 0) continue;
    a.out = room / a.stride + 1;
    a.taps.assign(static_cast<size_t>(a.out), 3.0f);
    return a;
  }
}

TEST(Regions, Pools) {
  for (uint32_t seed = 0; seed < kShapes; ++seed) {
    ShapeDice dice(seed);
    const int64_t n = dice.Of(1, 2), channels = dice.Of(1, 5);
    const PoolAxis y = RandomPoolAxis(dice), x = RandomPoolAxis(dice);
    SCOPED_TRACE(seed);
    PoolPlan plan = PlanPool(seed % 2 == 0, n, channels, y, x);
    // Such small pictures are one task a plane.
    plan.task_rows = dice.Of(1, plan.y.out);
    plan.bands = CeilDiv(plan.y.out, plan.task_rows);
    plan.tasks = n * channels * plan.bands;
    const PictureShape in = {n, channels, y.in, x.in}, out = {n, channels, y.out, x.out};
    CheckTasks<float, float>(plan, PoolArgs(), in, out, RandomNumbers(in.count(), seed));
    if (HasFatalFailure()) return;
  }
}

TEST(Regions, Resizing) {
  const auto random_axis = [](ShapeDice& dice) {
    ResizeAxis a;
    a.in = dice.Of(1, 40), a.out = dice.Of(1, 80), a.taps = int64_t{1} << dice.Of(0, 2);
    const bool ascends = !dice.Rarely();
    for (int64_t t = 0; t < a.taps; ++t) {
      for (int64_t i = 0; i < a.out; ++i) {
        const int64_t at = ascends ? i * a.in / a.out + t : dice.Of(0, a.in - 1);
        a.index.push_back(static_cast<int32_t>(std::min(at, a.in - 1)));
        a.weight.push_back(static_cast<float>(t + 1));
      }
    }
    a.ascends = Ascends(a);
    return a;
  };
  const std::vector<CpuTarget> targets = AvailableCpuTargets();
  for (uint32_t seed = 0; seed < kShapes; ++seed) {
    ShapeDice dice(seed);
    const int64_t n = dice.Of(1, 2), channels = dice.Of(1, 5);
    const ResizeAxis y = random_axis(dice), x = random_axis(dice);
    SCOPED_TRACE(seed);
    ResizePlan plan = PlanResize(n, channels, y, x, targets[seed % targets.size()].highway_bit);
    // Such small pictures are one task a plane.
    plan.task_rows = dice.Of(1, y.out);
    plan.bands = CeilDiv(y.out, plan.task_rows);
    plan.tasks = n * channels * plan.bands;
    plan.stream = seed % 3 == 0;
    const PictureShape in = {n, channels, y.in, x.in}, out = {n, channels, y.out, x.out};
    CheckTasks<float, float>(plan, ResizePictures(), in, out, RandomNumbers(in.count(), seed));
    if (HasFatalFailure()) return;
  }
}

template <typename In, typename Out>
void CheckNhwc(PictureLayout input, PictureLayout output) {
  int plans = 0;
  for (uint32_t seed = 0; seed < 2 * kShapes; ++seed) {
    const ConvShape s = RandomConvShape(seed);
    SCOPED_TRACE(Text(s));
    const std::vector<CpuTarget> targets = AvailableCpuTargets();
    const int64_t bit = targets[seed % targets.size()].highway_bit;
    const std::vector<float> low(static_cast<size_t>(s.in_channels), -1.0f), high(low.size(), 1.0f);
    ConvNhwcOptions options;
    options.precision = seed % 3 == 0 ? ConvPrecision::kBf16 : ConvPrecision::kInt8;
    if (options.precision == ConvPrecision::kInt8) options.low = low, options.high = high;
    options.input = input, options.output = output, options.highway_bit = bit;
    const auto kernels = DotKernelsFor(bit);
    options.dot = kernels[seed % kernels.size()];
    if (s.group != 1 || !ConvNhwcServes(s, options)) continue;
    const auto weights = RandomNumbers(s.out_channels * s.in_channels * s.kernel_h * s.kernel_w, seed);
    const auto plan = PlanConvNhwc(s, weights, RandomNumbers(s.out_channels, seed + 1), options);
    if (!plan.ok()) continue;
    ++plans;
    const PictureShape in = InputOf(s, input), out = OutputOf(s, output);
    std::vector<In> numbers;
    if constexpr (std::is_same_v<In, float>) {
      numbers = RandomNumbers(in.count(), seed + 2);
    } else {
      numbers = RandomPixels(in, seed + 2);
    }
    CheckTasks<In, Out>(*plan, ConvNhwcArgs(), in, out, numbers);
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(plans, 20);
}

TEST(Regions, InterleavedPixels) {
  CheckNhwc<float, float>(PictureLayout::kPlanarF32, PictureLayout::kPlanarF32);
  CheckNhwc<float, uint16_t>(PictureLayout::kPlanarF32, PictureLayout::kNhwcF16);
  CheckNhwc<uint16_t, uint16_t>(PictureLayout::kNhwcF16, PictureLayout::kNhwcF16);
}

// The closed form of what an axis shows against position by position.
TEST(Regions, ShownPixelsAreThoseOfEveryPosition) {
  ShapeDice dice(5);
  for (int i = 0; i < 20000; ++i) {
    const int64_t size = dice.Of(1, 9), enlarged = dice.Of(1, 3);
    const Interval positions = {dice.Of(-12, 30), dice.Of(0, 14)};
    const auto mode = static_cast<PadMode>(dice.Of(0, 2));
    int64_t least = size, most = -1;
    for (int64_t at = positions.first; at < positions.end(); ++at) {
      const int64_t shown = PadIndex(at, size * enlarged, mode);
      if (shown < 0) continue;
      least = std::min(least, shown / enlarged), most = std::max(most, shown / enlarged);
    }
    const Interval got = ShownPixels(positions, size, enlarged, mode);
    ASSERT_EQ(got.count, most < 0 ? 0 : most - least + 1);
    if (most >= 0) ASSERT_EQ(got.first, least);
  }
}

}  // namespace
}  // namespace tempera::kernels
