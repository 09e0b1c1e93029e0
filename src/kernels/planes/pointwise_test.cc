// Twins of the pointwise kernels: every target against plain loops, canaries around the output.
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "src/base/cpu.h"
#include "src/kernels/planes/pointwise_f32.h"
#include "src/kernels/twin/guarded.h"

namespace tempera::kernels {
namespace {

float Plain(const Pointwise& p, int64_t channel, float x) {
  if (p.scale != nullptr) x = x * p.scale[channel] + p.shift[channel];
  if (p.activation == Activation::kClamp) return std::min(std::max(x, p.lo), p.hi);
  if (p.activation == Activation::kSlope) return x < 0 ? x * p.slope[channel] : x;
  return x;
}

class PointwiseTwins : public testing::Test {
 protected:
  PointwiseTwins() {
    std::mt19937 random(9);
    std::uniform_real_distribution<float> uniform(-4, 4);
    for (auto* v : {&x_, &y_, &scale_, &shift_, &slope_}) {
      v->resize(200);
      for (float& f : *v) f = uniform(random);
    }
  }

  // Every combination of scale and activation.
  std::vector<Pointwise> All() const {
    std::vector<Pointwise> all;
    for (bool affine : {false, true}) {
      for (Activation a : {Activation::kNone, Activation::kClamp, Activation::kSlope}) {
        Pointwise p;
        if (affine) p.scale = scale_.data(), p.shift = shift_.data();
        p.activation = a;
        if (a == Activation::kClamp) p.lo = -1, p.hi = 2;
        if (a == Activation::kSlope) p.slope = slope_.data();
        all.push_back(p);
      }
    }
    return all;
  }

  // run(output) writes `count` numbers; expected(i) says which.
  template <typename Run, typename Expected>
  void Check(int64_t count, float tolerance, Run run, Expected expected) {
    Guarded<float> out(count);
    run(out.data());
    ASSERT_TRUE(out.intact());
    for (int64_t i = 0; i < count; ++i) {
      const float want = expected(static_cast<size_t>(i));
      ASSERT_NEAR(out[i], want, tolerance * (1 + std::abs(want))) << "at " << i;
    }
  }

  static constexpr int64_t kCounts[] = {0, 1, 3, 7, 8, 15, 16, 17, 31, 33, 100};
  static constexpr int64_t kChannel = 3;
  std::vector<float> x_, y_, scale_, shift_, slope_;
};

TEST_F(PointwiseTwins, Apply) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    const PointwiseF32& f = ChoosePointwiseF32(target.highway_bit);
    for (const Pointwise& p : All()) {
      for (int64_t count : kCounts) {
        Check(
            count, 1e-6f, [&](float* out) { f.apply(p, kChannel, x_.data(), out, count); },
            [&](size_t i) { return Plain(p, kChannel, x_[i]); });
      }
    }
  }
}

TEST_F(PointwiseTwins, Add) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    const PointwiseF32& f = ChoosePointwiseF32(target.highway_bit);
    for (const Pointwise& a : All()) {
      for (const Pointwise& b : All()) {
        for (Pointwise out : All()) {
          if (out.scale != nullptr) continue;
          for (int64_t count : kCounts) {
            Check(
                count, 1e-6f, [&](float* to) { f.add(a, b, out, kChannel, x_.data(), y_.data(), to, count); },
                [&](size_t i) {
                  return Plain(out, kChannel, Plain(a, kChannel, x_[i]) + Plain(b, kChannel, y_[i]));
                });
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tempera::kernels
