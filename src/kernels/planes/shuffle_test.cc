// Rows interleaved on every target, at widths around vectors, with canaries.
#include "src/kernels/planes/shuffle_f32.h"

#include <gtest/gtest.h>

#include <vector>

#include "src/base/cpu.h"

namespace tempera::kernels {
namespace {

TEST(Interleave, RowsAroundVectors) {
  constexpr float kCanary = -12345.5f;
  for (const CpuTarget& target : AvailableCpuTargets()) {
    SCOPED_TRACE(target.name);
    const InterleaveF32 interleave = ChooseInterleaveF32(target.highway_bit);
    for (int64_t block : {1, 2, 3, 4, 5, 8}) {
      for (int64_t count : {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 33, 100}) {
        const int64_t plane = count + 3;
        std::vector<float> from(static_cast<size_t>(block * plane));
        for (size_t i = 0; i < from.size(); ++i) from[i] = static_cast<float>(i);
        std::vector<float> to(static_cast<size_t>(block * count) + 16, kCanary);
        interleave(from.data(), plane, block, count, to.data() + 8);
        for (size_t i = 0; i < 8; ++i) {
          ASSERT_EQ(to[i], kCanary);
          ASSERT_EQ(to[to.size() - 1 - i], kCanary);
        }
        for (int64_t i = 0; i < block * count; ++i) {
          ASSERT_EQ(to[static_cast<size_t>(8 + i)], static_cast<float>(i % block * plane + i / block))
              << block << " " << count << " at " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace tempera::kernels
