// The AVX-512 BF16 dot kernel over an emulated vector everywhere, over the processor's own where it has one.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"
#include "src/kernels/dot/dot_exact_for_test.h"

namespace tempera::kernels {
namespace {

// VDPBF16PS after the Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2: the odd pair
// first, then the even one, each a fused multiply-add, to nearest even; denormals are zeros in and out.
struct EmulatedBf16 {
  struct Vector {
    float lanes[16];
  };
  static constexpr int64_t kLanes = 16, kGroup = 2;
  static constexpr int kPixels1 = 12, kPixels2 = 12;
  static constexpr double kSpeed = 1;
  static constexpr int kWeightLimit = 127;
  static Vector Zero() { return {}; }
  static Vector Load(const uint8_t* from) {
    Vector v;
    std::memcpy(&v, from, sizeof(v));
    return v;
  }
  static Vector Broadcast(const uint8_t* from) {
    Vector v;
    for (float& lane : v.lanes) std::memcpy(&lane, from, 4);
    return v;
  }
  static float Flush(float x) {
    return std::fabs(x) < std::numeric_limits<float>::min() ? std::copysign(0.0f, x) : x;
  }
  static Vector Dot(Vector sums, const Vector& input, const Vector& weights) {
    for (int64_t i = 0; i < kLanes; ++i) {
      uint16_t x[2], w[2];
      std::memcpy(x, &input.lanes[i], 4);
      std::memcpy(w, &weights.lanes[i], 4);
      for (int j : {1, 0}) {
        const float product_sum =
            std::fma(Flush(BfloatToFloat(x[j])), Flush(BfloatToFloat(w[j])), Flush(sums.lanes[i]));
        sums.lanes[i] = Flush(product_sum);
      }
    }
    return sums;
  }
  static void Store(const Vector& v, int32_t* to) { std::memcpy(to, &v, sizeof(v)); }
};

TEST(DotBf16, EmulatedAgreesWithThePlainKernel) {
  CompareAwkwardShapes(BlockDotKernel<EmulatedBf16>("avx512_bf16 emulated", DotElement::kBf16));
}

#if defined(__x86_64__)
TEST(DotBf16, RealAgreesWithThePlainKernel) {
  if (!HasAvx512Bf16Dot()) GTEST_SKIP() << "this processor or its system has no AVX-512 BF16";
  CompareAwkwardShapes(Avx512Bf16Dot());
}

TEST(DotBf16, RealRoundsAsTheEmulation) {
  if (!HasAvx512Bf16Dot()) GTEST_SKIP() << "this processor or its system has no AVX-512 BF16";
  const int64_t pixels = 29, columns = 48, k = 90;
  std::mt19937 engine(7);
  std::vector<uint16_t> input(static_cast<size_t>(pixels * k)), weights(static_cast<size_t>(k * columns));
  // Exponents of 2^-40..2^23, and now and then a denormal.
  const auto random = [&] {
    return static_cast<uint16_t>((engine() & 0x807f) | (engine() % 50 == 0 ? 0 : (87 + engine() % 64) << 7));
  };
  for (uint16_t& x : input) x = random();
  for (uint16_t& w : weights) w = random();
  std::vector<uint32_t> sums[2];
  const DotKernel emulated = BlockDotKernel<EmulatedBf16>("avx512_bf16 emulated", DotElement::kBf16);
  const DotKernel* kernels[2] = {&emulated, &Avx512Bf16Dot()};
  for (int i = 0; i < 2; ++i) {
    const std::vector<uint8_t> packed = kernels[i]->pack(weights.data(), 1, k, columns);
    sums[i].resize(static_cast<size_t>(pixels * columns));
    kernels[i]->run({input.data(), 0, k, 1, k, packed.data(), pixels, columns, sums[i].data()});
  }
  EXPECT_EQ(sums[0], sums[1]);
}
#endif

}  // namespace
}  // namespace tempera::kernels
