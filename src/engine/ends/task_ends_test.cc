// Tasks between a source and a sink: the same bytes as between tensors, whatever lies in scratch.
#include "src/engine/ends/task_ends.h"

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "src/base/aligned_buffer.h"
#include "src/base/cpu.h"
#include "src/kernels/conv/conv_f32.h"
#include "src/kernels/nhwc/conv_nhwc.h"

namespace tempera::engine {
namespace {

using kernels::ConvPlan;
using kernels::ConvShape;
using kernels::PadMode;

struct Picture {
  std::vector<float> numbers;
  int64_t channels = 0, height = 0, width = 0;
  int64_t step = 1;  // that regions must keep

  static void Read(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* to) {
    const auto& p = *static_cast<const Picture*>(self);
    EXPECT_EQ(r.x % PictureSource::kStep, 0);
    p.ForRows(r, [&](int64_t c, int64_t y, float* row) {
      std::memcpy(to + c * plane_step + y * row_step, row, static_cast<size_t>(r.columns) * sizeof(float));
    });
  }
  static void Write(const void* self, const Region& r, int64_t row_step, int64_t plane_step, float* from) {
    const auto& p = *static_cast<const Picture*>(self);
    EXPECT_TRUE(r.y % p.step == 0 && r.x % p.step == 0);
    p.ForRows(r, [&](int64_t c, int64_t y, float* row) {
      for (int64_t x = 0; x < r.columns; ++x) {
        EXPECT_TRUE(std::isnan(row[x]));  // each pixel comes once
        row[x] = from[c * plane_step + y * row_step + x];
      }
    });
  }

 private:
  template <typename F>
  void ForRows(const Region& r, F&& fn) const {
    ASSERT_TRUE(r.y >= 0 && r.x >= 0 && r.rows > 0 && r.columns > 0);
    ASSERT_TRUE(r.y + r.rows <= height && r.x + r.columns <= width);
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t y = 0; y < r.rows; ++y) {
        fn(c, y, const_cast<float*>(numbers.data()) + (c * height + r.y + y) * width + r.x);
      }
    }
  }
};

std::vector<float> Random(int64_t count, float most) {
  static std::mt19937 random(11);
  std::uniform_real_distribution<float> uniform(-most, most);
  std::vector<float> v(static_cast<size_t>(count));
  for (float& x : v) x = uniform(random);
  return v;
}

Picture MakePicture(int64_t channels, int64_t height, int64_t width, bool numbers) {
  Picture p;
  p.channels = channels, p.height = height, p.width = width;
  p.numbers = numbers ? Random(channels * height * width, 2)
                      : std::vector<float>(static_cast<size_t>(channels * height * width),
                                           std::numeric_limits<float>::quiet_NaN());
  return p;
}

// Every task of `plan`, its input and output in tensors or at the ends, scratch full of NaN before each.
template <class Args, class Plan>
void RunBothWays(const Plan& plan, int64_t step, bool* has_sink) {
  const ConvShape& s = plan.shape;
  const Picture in = MakePicture(s.in_channels, s.in_h, s.in_w, true);
  const int64_t out_channels = s.out_channels / s.pixels_a_channel();
  Picture want = MakePicture(out_channels, s.out_h * s.shuffle, s.out_w * s.shuffle, false), got = want;
  got.step = step;
  const PictureSource source = {&Picture::Read, &in, s.in_channels};
  const PictureSink sink = {&Picture::Write, &got, step, out_channels};
  TaskEnds ends;
  ASSERT_EQ(ends.TakeSource(plan, &source), s.in_channels <= kMostSourceChannels);
  *has_sink = ends.TakeSink(plan, &sink);
  const size_t bytes = ends.ScratchBytes(plan.scratch_bytes);
  AlignedBuffer scratch = AlignedBuffer::Allocate(bytes).value();
  Args dense;
  dense.input = in.numbers.data();
  dense.output = want.numbers.data();
  Args ended;
  if (s.in_channels > kMostSourceChannels) ended.input = in.numbers.data();
  ended.output = got.numbers.data();
  for (int64_t task = 0; task < plan.tasks; ++task) {
    plan.RunTask(dense, task, scratch.data());
    std::memset(scratch.data(), 0xff, bytes);
    ends.RunTask(plan, ended, task, scratch.data());
  }
  ASSERT_EQ(std::memcmp(want.numbers.data(), got.numbers.data(), want.numbers.size() * sizeof(float)), 0);
}

struct Layer {
  int64_t in, out, kernel, stride, upsample = 1, shuffle = 1;
  bool transposed = false;
};
constexpr Layer kLayers[] = {{3, 16, 9, 1}, {3, 16, 3, 2}, {3, 16, 5, 2},        {3, 8, 3, 1},
                             {3, 24, 4, 2}, {1, 5, 1, 1},  {16, 3, 3, 1},        {32, 3, 9, 1},
                             {16, 3, 5, 1}, {8, 3, 7, 1},  {16, 3, 3, 1, 2},     {12, 8, 3, 1, 2},
                             {3, 3, 3, 1},  {3, 64, 3, 1}, {16, 12, 3, 1, 1, 2}, {24, 8, 4, 2, 1, 1, true}};

bool ShapeOf(const Layer& l, int64_t height, int64_t width, PadMode mode, ConvShape* s) {
  if (l.transposed && mode != PadMode::kConstant) return false;
  s->in_channels = l.in, s->in_h = height, s->in_w = width, s->out_channels = l.out;
  s->kernel_h = s->kernel_w = l.kernel, s->stride_h = s->stride_w = l.stride;
  s->pad_top = s->pad_left = l.transposed ? 1 : l.kernel / 2;
  s->upsample = l.upsample, s->shuffle = l.shuffle, s->transposed = l.transposed, s->pad_mode = mode;
  const auto out = [&](int64_t n) {
    return l.transposed ? 2 * n : (n * l.upsample + 2 * (l.kernel / 2) - l.kernel) / l.stride + 1;
  };
  s->out_h = out(height), s->out_w = out(width);
  return kernels::CheckConvShape(*s).ok();
}

constexpr int64_t kSizes[][2] = {{1, 1}, {31, 17}, {37, 131}, {5, 400}};

// Each layer at each size with one padding after the other.
template <typename F>
void ForShapes(F&& fn) {
  constexpr PadMode kModes[] = {PadMode::kReflect, PadMode::kConstant, PadMode::kEdge};
  size_t count = 0;
  for (const Layer& l : kLayers) {
    for (const auto& [height, width] : kSizes) {
      for (int tries = 0; tries < 3; ++tries) {
        const PadMode mode = kModes[count++ % 3];
        ConvShape s;
        if (!ShapeOf(l, height, width, mode, &s)) continue;
        SCOPED_TRACE(std::to_string(l.in) + "->" + std::to_string(l.out) + " kernel " +
                     std::to_string(l.kernel) + " stride " + std::to_string(l.stride) + " upsample " +
                     std::to_string(l.upsample) + " of " + std::to_string(width) + "x" +
                     std::to_string(height) + " mode " + std::to_string(static_cast<int>(mode)));
        fn(s, Random(l.out * l.in * l.kernel * l.kernel, 1), Random(l.out, 1));
        break;
      }
    }
  }
}

TEST(TaskEnds, FloatConvolutionsNeedOnlyTheirRegions) {
  int plans = 0, sinks = 0;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    ForShapes([&](const ConvShape& s, const std::vector<float>& weights, const std::vector<float>& bias) {
      for (const auto method : {kernels::ConvMethod::kDirect, kernels::ConvMethod::kWinograd}) {
        const auto plan = kernels::PlanConv(s, weights, bias, target.highway_bit, method);
        if (!plan.ok()) continue;
        for (const int64_t step : {1, 2}) {
          bool sink = false;
          RunBothWays<kernels::ConvArgs>(*plan, step, &sink);
          ++plans, sinks += sink;
          if (step == 1) {
            EXPECT_EQ(sink, plan->parts == 1);
          }
        }
      }
    });
  }
  EXPECT_GT(sinks, plans / 2);
}

TEST(TaskEnds, IntegerConvolutionsNeedOnlyTheirRegions) {
  int plans = 0, sinks = 0;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    ForShapes([&](const ConvShape& s, const std::vector<float>& weights, const std::vector<float>& bias) {
      const std::vector<float> low(static_cast<size_t>(s.in_channels), -2.0f), high(low.size(), 2.0f);
      kernels::ConvNhwcOptions options;
      options.low = low, options.high = high;
      options.highway_bit = target.highway_bit;
      options.input = options.output = kernels::PictureLayout::kPlanarF32;
      if (!kernels::ConvNhwcServes(s, options)) return;
      const auto plan = kernels::PlanConvNhwc(s, weights, bias, options);
      ASSERT_TRUE(plan.ok()) << plan.status().message();
      bool sink = false;
      RunBothWays<kernels::ConvNhwcArgs>(*plan, 2, &sink);
      ++plans, sinks += sink;
    });
  }
  EXPECT_GT(plans, 0);
  EXPECT_EQ(sinks, plans);
}

TEST(TaskEnds, FlatPicturesAreFlatEverywhere) {
  Picture p = MakePicture(3, 9, 3000, true);
  const PictureSource source = {&Picture::Read, &p};
  EXPECT_FALSE(IsFlat(source, 9, 3000));
  for (int64_t c = 0; c < 3; ++c) std::fill_n(p.numbers.begin() + c * 27000, 27000, static_cast<float>(c));
  EXPECT_TRUE(IsFlat(source, 9, 3000));
  for (const int64_t at : {int64_t{26999}, int64_t{27000 + 4 * 3000}, int64_t{80999}}) {
    float& number = p.numbers[static_cast<size_t>(at)];
    number += 1;
    EXPECT_FALSE(IsFlat(source, 9, 3000)) << at;
    number -= 1;
  }
}

}  // namespace
}  // namespace tempera::engine
