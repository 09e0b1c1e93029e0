// 16-bit dot products for any 64-bit ARM: smlal, four products an instruction, exact. What processors
// before Armv8.2's dot products (Cortex-A53, A72) run.
#if defined(__aarch64__)
#include <arm_neon.h>

#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"

namespace tempera::kernels {
namespace {

struct NeonS16 {
  // Sums of columns 0..3 and 4..7; of weights (8 columns of 2 numbers) the first numbers and the second ones.
  struct Vector {
    int32x4_t low, high;
  };
  static constexpr int64_t kLanes = 8, kGroup = 2;
  // Of 32 registers 24 hold sums, 4 weights and 1 the input.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  static constexpr double kSpeed = 25;
  static constexpr int kWeightLimit = 127;
  static Vector Zero() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }
  static Vector Load(const uint8_t* from) {
    const int16x8x2_t numbers = vld2q_s16(reinterpret_cast<const int16_t*>(from));
    return {vreinterpretq_s32_s16(numbers.val[0]), vreinterpretq_s32_s16(numbers.val[1])};
  }
  static Vector Broadcast(const uint8_t* from) {
    int32_t group;
    std::memcpy(&group, from, 4);
    const int32x4_t both = vdupq_n_s32(group);
    return {both, both};
  }
  static Vector Dot(Vector sums, Vector input, Vector weights) {
    const int16x4_t x = vget_low_s16(vreinterpretq_s16_s32(input.low));
    const int16x8_t first = vreinterpretq_s16_s32(weights.low);
    const int16x8_t second = vreinterpretq_s16_s32(weights.high);
    sums.low = vmlal_lane_s16(sums.low, vget_low_s16(first), x, 0);
    sums.high = vmlal_high_lane_s16(sums.high, first, x, 0);
    sums.low = vmlal_lane_s16(sums.low, vget_low_s16(second), x, 1);
    sums.high = vmlal_high_lane_s16(sums.high, second, x, 1);
    return sums;
  }
  static void Store(Vector v, int32_t* to) {
    vst1q_s32(to, v.low);
    vst1q_s32(to + 4, v.high);
  }
};

}  // namespace

const DotKernel& NeonS16Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<NeonS16>("neon_s16", DotElement::kS16);
  return kernel;
}
bool HasNeonDot() { return true; }

}  // namespace tempera::kernels
#endif  // __aarch64__
