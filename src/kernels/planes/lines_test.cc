// Twins of the kernels that work on lines of numbers (arithmetic, resizing, softmax): every target against
// plain loops, canaries around what they write.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/planes/binary_f32.h"
#include "src/kernels/planes/resize_f32.h"
#include "src/kernels/planes/softmax_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

// Away from zero, which divisions like.
std::vector<float> NumbersAwayFromZero(int64_t count, uint32_t seed) {
  std::vector<float> numbers = RandomNumbers(count, seed, -2.5f, 2.5f);
  for (float& x : numbers) x += x < 0 ? -0.5f : 0.5f;
  return numbers;
}

float Plain(BinaryOp op, float a, float b) {
  switch (op) {
    case BinaryOp::kAdd:
      return a + b;
    case BinaryOp::kSub:
      return a - b;
    case BinaryOp::kMul:
      return a * b;
    case BinaryOp::kDiv:
      return a / b;
    case BinaryOp::kMin:
      return std::min(a, b);
    default:
      return std::max(a, b);
  }
}

TEST(Lines, Binary) {
  const auto x = NumbersAwayFromZero(100, 1), y = NumbersAwayFromZero(100, 2),
             slope = NumbersAwayFromZero(4, 3);
  Pointwise a;
  a.scale = x.data() + 50, a.shift = y.data() + 50;
  a.activation = Activation::kClamp, a.lo = -1, a.hi = 2;
  Pointwise b;
  b.activation = Activation::kSlope, b.slope = slope.data();
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    const BinaryF32 binary = ChooseBinaryF32(target.highway_bit);
    for (BinaryOp op :
         {BinaryOp::kAdd, BinaryOp::kSub, BinaryOp::kMul, BinaryOp::kDiv, BinaryOp::kMin, BinaryOp::kMax}) {
      for (int64_t count : {0, 1, 3, 7, 8, 9, 15, 16, 17, 33, 100}) {
        for (int64_t steps = 0; steps < 4; ++steps) {
          const int64_t x_step = steps & 1, y_step = steps >> 1;
          Guarded<float> plain(count), pending(count);
          binary(op, {}, {}, 2, x.data(), x_step, y.data(), y_step, plain.data(), count);
          binary(op, a, b, 2, x.data(), x_step, y.data(), y_step, pending.data(), count);
          EXPECT_TRUE(plain.intact() && pending.intact());
          for (int64_t i = 0; i < count; ++i) {
            const float u = x[static_cast<size_t>(i * x_step)], v = y[static_cast<size_t>(i * y_step)];
            ASSERT_FLOAT_EQ(plain[i], Plain(op, u, v));
            const float p = std::clamp(u * a.scale[2] + a.shift[2], -1.0f, 2.0f);
            const float q = v < 0 ? v * slope[2] : v;
            ASSERT_NEAR(pending[i], Plain(op, p, q), 1e-5 * (1 + std::abs(Plain(op, p, q))));
          }
        }
      }
    }
  }
}

TEST(Lines, MinAndMaxKeepNaN) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const std::vector<float> x(20, nan), y(20, 1.0f);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const BinaryF32 binary = ChooseBinaryF32(target.highway_bit);
    for (BinaryOp op : {BinaryOp::kMin, BinaryOp::kMax}) {
      std::vector<float> out(20);
      binary(op, {}, {}, 0, x.data(), 1, y.data(), 1, out.data(), 20);
      for (float f : out) EXPECT_TRUE(std::isnan(f)) << target.name;
      binary(op, {}, {}, 0, y.data(), 1, x.data(), 1, out.data(), 20);
      for (float f : out) EXPECT_TRUE(std::isnan(f)) << target.name;
    }
  }
}

ResizeAxis RandomAxis(int64_t in, int64_t out, int64_t taps, uint32_t seed) {
  std::mt19937 engine(seed);
  ResizeAxis axis;
  axis.in = in, axis.out = out, axis.taps = taps;
  axis.index.resize(static_cast<size_t>(taps * out));
  axis.weight = NumbersAwayFromZero(taps * out, seed);
  for (int64_t o = 0; o < out; ++o) {  // neighbours, as of any resizing
    const int64_t first = static_cast<int64_t>(engine() % static_cast<uint32_t>(in)) - 1;
    for (int64_t t = 0; t < taps; ++t) {
      axis.index[static_cast<size_t>(t * out + o)] =
          static_cast<int32_t>(std::clamp<int64_t>(first + t, 0, in - 1));
    }
  }
  return axis;
}

// Indices climb by 1 / factor, clamped: as along a resized picture.
ResizeAxis SteadyAxis(int64_t in, int64_t out, int64_t taps, uint32_t seed) {
  ResizeAxis axis = RandomAxis(in, out, taps, seed);
  for (int64_t o = 0; o < out; ++o) {
    for (int64_t t = 0; t < taps; ++t) {
      const int64_t at = (2 * o + 1) * in / (2 * out) - taps / 2 + t;
      axis.index[static_cast<size_t>(t * out + o)] = static_cast<int32_t>(std::clamp<int64_t>(at, 0, in - 1));
    }
  }
  axis.ascends = Ascends(axis);
  return axis;
}

void CheckResize(const ResizeAxis& y, const ResizeAxis& x, bool pending) {
  SCOPED_TRACE(std::to_string(x.in) + " -> " + std::to_string(x.out) + " by " + std::to_string(x.taps));
  const auto input = NumbersAwayFromZero(y.in * x.in, 5), scale = NumbersAwayFromZero(3, 6),
             shift = NumbersAwayFromZero(3, 7);
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    Guarded<float> out(y.out * x.out), scratch(ResizeScratchFloats(x));
    ResizeArgs args{y, x, {}, 0, nullptr, nullptr, false};
    args.stream = y.taps == 2;
    if (pending) args.read.scale = scale.data(), args.read.shift = shift.data(), args.channel = 2;
    if (pending) args.read.activation = Activation::kClamp, args.read.lo = -1, args.read.hi = 4;
    args.input = input.data(), args.output = out.data();
    ChooseResizeRowsF32(target.highway_bit)(args, 0, y.out / 2, scratch.data());
    ChooseResizeRowsF32(target.highway_bit)(args, y.out / 2, y.out, scratch.data());
    EXPECT_TRUE(out.intact() && scratch.intact());
    for (int64_t r = 0; r < y.out; ++r) {
      for (int64_t c = 0; c < x.out; ++c) {
        double sum = 0;
        for (int64_t t = 0; t < y.taps; ++t) {
          for (int64_t u = 0; u < x.taps; ++u) {
            const auto ty = static_cast<size_t>(t * y.out + r), tx = static_cast<size_t>(u * x.out + c);
            float in = input[static_cast<size_t>(y.index[ty] * x.in + x.index[tx])];
            if (pending) in = std::clamp(in * scale[2] + shift[2], -1.0f, 4.0f);
            sum += double{y.weight[ty]} * double{x.weight[tx]} * double{in};
          }
        }
        ASSERT_NEAR(out[r * x.out + c], sum, 2e-4) << r << "," << c;
      }
    }
  }
}

TEST(Lines, Resize) {
  for (int64_t taps : {1, 2, 4}) {
    for (int64_t out : {1, 5, 8, 17, 40}) {
      CheckResize(RandomAxis(7, 12, taps, 3), RandomAxis(9, out, taps, 4), out % 2 == 0);
    }
  }
}

TEST(Lines, ResizeOfPictures) {
  for (int64_t taps : {1, 2, 4}) {
    for (int64_t in : {1, 2, 7, 8, 9, 16, 33, 70}) {
      for (int64_t out : {in, 2 * in, 2 * in + 1, 3 * in, 4 * in - 1, (in + 1) / 2, 5 * in / 4}) {
        CheckResize(SteadyAxis(5, 11, taps, 3), SteadyAxis(in, out, taps, 4), out % 2 == 0);
      }
    }
  }
  ResizeAxis same = SteadyAxis(20, 20, 1, 3);
  std::fill(same.weight.begin(), same.weight.end(), 1.0f);
  same.is_identity = true;
  CheckResize(SteadyAxis(5, 10, 2, 3), same, true);
  CheckResize(SteadyAxis(5, 10, 2, 3), same, false);
}

TEST(Lines, Softmax) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    for (int64_t size : {1, 2, 3, 21, 256, 257}) {
      for (int64_t inner : {1, 2, 7, 8, 19, 40, 64, 203}) {
        const int64_t outer = 5;
        auto input = NumbersAwayFromZero(outer * size * inner, 6);
        input[0] = 200;  // its neighbours vanish
        Guarded<float> out(outer * size * inner), scratch(SoftmaxScratchFloats(size));
        const int64_t half = outer * inner / 2;
        const SoftmaxF32 softmax = ChooseSoftmaxF32(target.highway_bit);
        softmax(input.data(), size, inner, half, outer * inner, out.data(), scratch.data());
        softmax(input.data(), size, inner, 0, half, out.data(), scratch.data());
        EXPECT_TRUE(out.intact() && scratch.intact());
        for (int64_t i = 0; i < outer * inner; ++i) {
          const int64_t at = i / inner * size * inner + i % inner;
          double most = -1e30, sum = 0;
          for (int64_t k = 0; k < size; ++k) {
            most = std::max(most, double{input[static_cast<size_t>(at + k * inner)]});
          }
          for (int64_t k = 0; k < size; ++k) {
            sum += std::exp(double{input[static_cast<size_t>(at + k * inner)]} - most);
          }
          for (int64_t k = 0; k < size; ++k) {
            const double e = std::exp(double{input[static_cast<size_t>(at + k * inner)]} - most) / sum;
            ASSERT_NEAR(out[at + k * inner], e, 1e-6) << i << " of " << size << "x" << inner;
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tempera::kernels
