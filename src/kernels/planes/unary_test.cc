// Every function on every target against the C library in double, canaries around the output; far numbers,
// and those that are none.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/planes/unary_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

double Sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double Softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

double Plain(const UnaryFunction& f, double x) {
  const double alpha = f.alpha, beta = f.beta;
  switch (f.op) {
    case UnaryOp::kAbs:
      return std::abs(x);
    case UnaryOp::kCeil:
      return std::ceil(x);
    case UnaryOp::kCelu:
      return std::max(x, 0.0) + std::min(0.0, alpha * std::expm1(x / alpha));
    case UnaryOp::kElu:
      return x < 0 ? alpha * std::expm1(x) : x;
    case UnaryOp::kErf:
      return std::erf(x);
    case UnaryOp::kExp:
      return std::exp(x);
    case UnaryOp::kFloor:
      return std::floor(x);
    case UnaryOp::kGelu:
      return x * 0.5 * std::erfc(-x / std::sqrt(2.0));
    case UnaryOp::kHardSigmoid:
      return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case UnaryOp::kHardSwish:
      return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0);
    case UnaryOp::kLog:
      return std::log(x);
    case UnaryOp::kMish:
      return x * std::tanh(Softplus(x));
    case UnaryOp::kNeg:
      return -x;
    case UnaryOp::kReciprocal:
      return 1 / x;
    case UnaryOp::kRound:
      return std::nearbyint(x);
    case UnaryOp::kSelu:
      return beta * (x > 0 ? x : alpha * std::expm1(x));
    case UnaryOp::kSigmoid:
      return Sigmoid(x);
    case UnaryOp::kSign:
      return (x > 0) - (x < 0);
    case UnaryOp::kSilu:
      return x * Sigmoid(x);
    case UnaryOp::kSoftplus:
      return Softplus(x);
    case UnaryOp::kSoftsign:
      return x / (1 + std::abs(x));
    case UnaryOp::kSqrt:
      return std::sqrt(x);
    case UnaryOp::kSquare:
      return x * x;
    case UnaryOp::kTanh:
      return std::tanh(x);
    case UnaryOp::kThresholdedRelu:
      return x > alpha ? x : 0;
  }
  return 0;
}

std::vector<UnaryFunction> All() {
  std::vector<UnaryFunction> all;
  for (int op = 0; op <= static_cast<int>(UnaryOp::kThresholdedRelu); ++op) {
    all.push_back({static_cast<UnaryOp>(op), 0.75f, 0.5f});
  }
  all.push_back({UnaryOp::kCelu, 2, 0});
  return all;
}

TEST(Unary, OnEveryTargetAtAnyCount) {
  std::vector<float> x;
  for (int i = 0; i < 1003; ++i) x.push_back(std::ldexp(std::sin(0.7f * static_cast<float>(i)), i % 9 - 4));
  for (float v : {0.0f, -0.0f, 0.5f, 1.5f, -2.5f, 3.0f, -3.0f, 1e-9f, -1e-9f}) x.push_back(v);
  const std::vector<float> scale = {9, -0.5f}, shift = {9, 0.25f};
  Pointwise pending;
  pending.scale = scale.data();
  pending.shift = shift.data();
  pending.activation = Activation::kClamp;
  pending.lo = -3;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const UnaryF32 unary = ChooseUnaryF32(target.highway_bit);
    for (const UnaryFunction& f : All()) {
      for (const Pointwise& p : {Pointwise(), pending}) {
        for (int64_t count : {0, 1, 3, 7, 8, 15, 16, 17, 33, 1012}) {
          Guarded<float> y(count);
          unary(f, p, 1, x.data(), y.data(), count);
          ASSERT_TRUE(y.intact());
          for (int64_t i = 0; i < count; ++i) {
            float in = x[static_cast<size_t>(i)];
            if (p.scale != nullptr) in = std::max(in * scale[1] + shift[1], -3.0f);
            const double want = Plain(f, in), got = y[i];
            const bool steps = f.op == UnaryOp::kCeil || f.op == UnaryOp::kFloor ||
                               f.op == UnaryOp::kReciprocal || f.op == UnaryOp::kSign ||
                               f.op == UnaryOp::kRound || f.op == UnaryOp::kLog;
            if (std::isnan(want)) {
              ASSERT_TRUE(std::isnan(got)) << static_cast<int>(f.op) << ", " << in;
            } else if (std::isinf(want)) {
              ASSERT_EQ(got, want) << static_cast<int>(f.op) << ", " << in;
            } else if (!steps || p.scale == nullptr) {  // a jump, or a pole, is moved by p's rounding
              ASSERT_NEAR(got, want, 1e-6 * (1 + std::abs(want)))
                  << static_cast<int>(f.op) << ", " << in << target.name;
            }
          }
        }
      }
    }
  }
}

TEST(Unary, FarNumbersAndNone) {
  const float infinity = std::numeric_limits<float>::infinity();
  const std::vector<float> far = {-infinity, -1e30f, -200,  -90,      -30,  30, 60,
                                  90,        200,    1e30f, infinity, 3e7f, 0,  1};
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const UnaryF32 unary = ChooseUnaryF32(target.highway_bit);
    for (const UnaryFunction& f : All()) {
      std::vector<float> y(far.size());
      unary(f, {}, 0, far.data(), y.data(), static_cast<int64_t>(far.size()));
      for (size_t i = 0; i < far.size(); ++i) {
        const auto want = static_cast<float>(Plain(f, far[i]));
        // Ends that are 0 times infinity: the limit, or what the definition gives.
        if (std::isnan(want)) continue;
        if (std::isinf(want) || std::abs(want) > 1e37f) {
          EXPECT_GE(std::abs(y[i]), 1e37f) << static_cast<int>(f.op) << ", " << far[i] << target.name;
          EXPECT_EQ(std::signbit(y[i]), std::signbit(want)) << static_cast<int>(f.op) << ", " << far[i];
        } else {
          EXPECT_NEAR(y[i], want, 1e-6f * (1 + std::abs(want)))
              << static_cast<int>(f.op) << ", " << far[i] << target.name;
        }
      }
      const float none = std::numeric_limits<float>::quiet_NaN();
      float out = 0;
      unary(f, {}, 0, &none, &out, 1);
      const bool counts = f.op == UnaryOp::kSign || f.op == UnaryOp::kThresholdedRelu;  // comparisons
      EXPECT_TRUE(counts ? out == 0 : std::isnan(out)) << static_cast<int>(f.op) << target.name;
    }
  }
}

}  // namespace
}  // namespace tempera::kernels
