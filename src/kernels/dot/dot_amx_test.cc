// The AMX dot kernels over emulated tiles everywhere, over the processor's own where it has them.
#include <gtest/gtest.h>

#include <limits>

#include "src/base/cpu_features.h"
#include "src/kernels/dot/amx_emulated.h"
#include "src/kernels/dot/amx_tiles.h"
#include "src/kernels/dot/dot_entry.h"
#include "src/kernels/dot/dot_exact_for_test.h"

namespace tempera::kernels::amx {
namespace {

class EmulatedAmx : public testing::Test {
 protected:
  void SetUp() override { EmulatedTiles::Faults().clear(); }
  static void ExpectProperUse() {
    EXPECT_TRUE(EmulatedTiles::Faults().empty()) << EmulatedTiles::Faults().front();
    EXPECT_TRUE(EmulatedTiles::Released());
  }
};

TEST_F(EmulatedAmx, BytesAgreeWithThePlainKernel) {
  CompareAwkwardShapes(EmulatedInt8Dot());
  ExpectProperUse();
}

TEST_F(EmulatedAmx, Bf16AgreesWithThePlainKernel) {
  CompareAwkwardShapes(EmulatedBf16Dot());
  ExpectProperUse();
}

// Two shapes between one begin and one end: the configuration follows.
TEST_F(EmulatedAmx, ShapesMayChangeWithinATask) {
  DotKernel kept = EmulatedInt8Dot();
  kept.begin = kept.end = [] {};
  EmulatedInt8Dot().begin();
  for (int64_t k : {20, 64, 20, 100, 8}) CompareExactly(kept, {2, k, 32, 33, 8});
  EmulatedInt8Dot().end();
  ExpectProperUse();
}

TEST_F(EmulatedAmx, NotesWhatTheProcessorRefuses) {
  using T = EmulatedTiles;
  alignas(64) uint8_t bytes[1024] = {};
  const auto refused = [] {
    const bool some = !T::Faults().empty();
    T::Faults().clear();
    return some;
  };
  T::Release();
  T::Load<0>(bytes, 64);
  EXPECT_TRUE(refused()) << "no configuration";
  TileConfig config = ConfigOf(48);
  T::Configure(config);
  T::Load<0>(bytes, 64);
  T::DotU8S8<0, 4, 6>();
  EXPECT_FALSE(refused());
  T::DotU8S8<0, 6, 4>();
  EXPECT_TRUE(refused()) << "pixels and weights exchanged";
  T::DotU8S8<0, 1, 6>();
  EXPECT_TRUE(refused()) << "64 bytes of pixels, 12 rows of weights";
  T::DotBf16<0, 4, 4>();
  EXPECT_TRUE(refused()) << "one tile twice";
  config.rows[3] = 17;
  T::Configure(config);
  EXPECT_TRUE(refused()) << "17 rows";
  config = ConfigOf(64);
  config.row_bytes[2] = 0;
  T::Configure(config);
  EXPECT_TRUE(refused()) << "rows without bytes";
  T::Release();
}

// One product of each kind that the instruction treats in its own way.
float Bf16Product(uint16_t even, uint16_t odd, uint16_t even_weight, uint16_t odd_weight, float before) {
  using T = EmulatedTiles;
  alignas(64) uint16_t pixels[16 * 32] = {}, weights[16 * 32] = {};
  alignas(64) float sums[16 * 16] = {};
  pixels[0] = even;
  pixels[1] = odd;
  weights[0] = even_weight;
  weights[1] = odd_weight;
  sums[0] = before;
  T::Configure(ConfigOf(64));
  T::Load<0>(sums, 64);
  T::Load<4>(pixels, 64);
  T::Load<6>(weights, 64);
  T::DotBf16<0, 4, 6>();
  T::Store<0>(sums, 64);
  T::Release();
  return sums[0];
}

TEST_F(EmulatedAmx, Bf16RoundsAsDocumented) {
  const uint16_t one = FloatToBfloat(1.0f), tiny = 0x0001, least = 0x0080;  // 2^-133, 2^-126
  EXPECT_EQ(Bf16Product(one, one, one, one, 1.0f), 3.0f);
  EXPECT_EQ(Bf16Product(tiny, 0, FloatToBfloat(0x1p100f), 0, 0.0f), 0.0f) << "a denormal counts as zero";
  EXPECT_EQ(Bf16Product(least, 0, FloatToBfloat(0.5f), 0, 0.0f), 0.0f) << "a denormal result becomes zero";
  EXPECT_EQ(Bf16Product(0, 0, 0, 0, std::numeric_limits<float>::denorm_min()), 0.0f) << "an old sum too";
  // Even and odd products meet before the old sum joins: 2^24 + (1 + 1), not (2^24 + 1) + 1.
  EXPECT_EQ(Bf16Product(one, one, one, one, 0x1p24f), 0x1p24f + 2.0f);
  ExpectProperUse();
}

#if defined(__x86_64__)
TEST(RealAmx, BytesAgreeWithThePlainKernel) {
  if (!ThisCpu().amx_int8) GTEST_SKIP() << "this processor or its system has no AMX for bytes";
  CompareAwkwardShapes(AmxInt8Dot());
}

TEST(RealAmx, Bf16AgreesWithThePlainKernel) {
  if (!ThisCpu().amx_bf16) GTEST_SKIP() << "this processor or its system has no AMX for bf16";
  CompareAwkwardShapes(AmxBf16Dot());
}

// Not whole numbers: rounding shows, and must be the documented one, bit for bit.
TEST(RealAmx, Bf16RoundsAsTheEmulation) {
  if (!ThisCpu().amx_bf16) GTEST_SKIP() << "this processor or its system has no AMX for bf16";
  const int64_t pixels = 48, columns = 32, k = 96;
  std::mt19937 engine(7);
  std::vector<uint16_t> input(static_cast<size_t>(pixels * k)), weights(static_cast<size_t>(k * columns));
  // Exponents of 2^-40..2^23, and now and then a denormal.
  const auto random = [&] {
    return static_cast<uint16_t>((engine() & 0x807f) | (engine() % 50 == 0 ? 0 : (87 + engine() % 64) << 7));
  };
  for (uint16_t& x : input) x = random();
  for (uint16_t& w : weights) w = random();
  std::vector<uint32_t> sums[2];
  const DotKernel* kernels[2] = {&EmulatedBf16Dot(), &AmxBf16Dot()};
  for (int i = 0; i < 2; ++i) {
    const std::vector<uint8_t> packed = kernels[i]->pack(weights.data(), 1, k, columns);
    sums[i].resize(static_cast<size_t>(pixels * columns));
    kernels[i]->begin();
    kernels[i]->run({input.data(), 0, k, 1, k, packed.data(), pixels, columns, sums[i].data()});
    kernels[i]->end();
  }
  EXPECT_EQ(sums[0], sums[1]);
}
#endif

}  // namespace
}  // namespace tempera::kernels::amx
