#include "src/base/peaks.h"

#include <gtest/gtest.h>

namespace tempera {
namespace {

TEST(Peaks, EveryUnitOfEveryTargetIsMeasured) {
  for (const CpuTarget& target : AvailableCpuTargets()) {
    const auto peaks = MeasurePeaks(target, 1);
    ASSERT_TRUE(peaks.ok()) << peaks.status().message();
    ASSERT_GE(peaks->units.size(), 2u) << target.name;
    EXPECT_EQ(peaks->units[0].name, "fp32");
    for (const UnitPeak& unit : peaks->units) {
      // A loop that the compiler solved would be beyond any processor; one that hangs on memory below 10 M.
      EXPECT_GT(unit.gmac_per_s, 0.01) << target.name << " " << unit.name;
      EXPECT_LT(unit.gmac_per_s, 2e4) << target.name << " " << unit.name;
    }
    EXPECT_GT(peaks->read_gb_per_s, 0.1);
    EXPECT_LT(peaks->read_gb_per_s, 2000);
  }
}

TEST(Peaks, RoofIsTheLowerCeiling) {
  MachinePeaks peaks;
  peaks.units = {{"fp32", 100}, {"s16", 200}, {"avx512_vnni", 800}};
  peaks.read_gb_per_s = 10;
  EXPECT_EQ(peaks.Roof(peaks.units[0], 5e6, 1e6), 50);    // 5 multiply-accumulates a byte
  EXPECT_EQ(peaks.Roof(peaks.units[0], 50e6, 1e6), 100);  // bound by the unit
  EXPECT_EQ(peaks.Roof(peaks.units[0], 1, 0), 100);
}

TEST(Peaks, KernelNamesItsUnit) {
  MachinePeaks peaks;
  peaks.units = {{"fp32", 100}, {"s16", 200}, {"avx512_vnni", 800}};
  EXPECT_EQ(peaks.UnitOf("conv_f32 3x3 s1 planar avx2").name, "fp32");
  EXPECT_EQ(peaks.UnitOf("conv_int8 3x3 s1 nhwc avx2_s16").name, "s16");
  EXPECT_EQ(peaks.UnitOf("avx512_vnni").name, "avx512_vnni");
  EXPECT_EQ(peaks.UnitOf("reference").name, "fp32");
}

}  // namespace
}  // namespace tempera
