// bf16 dot products with Armv8.6's bfdot: pairs of products into fp32. It rounds its sums to odd and takes
// subnormal numbers for zero, so its last bits are not the plain kernel's.
#if defined(__aarch64__)
#define TEMPERA_DOT_ATTR __attribute__((target("arch=armv8.2-a+bf16")))

#include <arm_neon.h>

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct NeonBf16 {
  struct Vector {
    float32x4_t low, high;
  };
  static constexpr int64_t kLanes = 8, kGroup = 2;
  // Of 32 registers 24 hold sums, 4 weights and 1 the input.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  static constexpr double kSpeed = 40;
  static constexpr int kWeightLimit = 127;
  TEMPERA_DOT_INLINE Vector Zero() { return {vdupq_n_f32(0), vdupq_n_f32(0)}; }
  TEMPERA_DOT_INLINE Vector Load(const uint8_t* from) {
    return {vreinterpretq_f32_u8(vld1q_u8(from)), vreinterpretq_f32_u8(vld1q_u8(from + 16))};
  }
  TEMPERA_DOT_INLINE Vector Broadcast(const uint8_t* from) {
    uint32_t group;
    std::memcpy(&group, from, 4);
    const float32x4_t all = vreinterpretq_f32_u32(vdupq_n_u32(group));
    return {all, all};
  }
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    const bfloat16x8_t x = vreinterpretq_bf16_f32(input.low);
    return {vbfdotq_f32(sums.low, x, vreinterpretq_bf16_f32(weights.low)),
            vbfdotq_f32(sums.high, x, vreinterpretq_bf16_f32(weights.high))};
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) {
    vst1q_s32(to, vreinterpretq_s32_f32(v.low));
    vst1q_s32(to + 4, vreinterpretq_s32_f32(v.high));
  }
};

}  // namespace

const DotKernel& NeonBf16Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<NeonBf16>("neon_bf16", DotElement::kBf16);
  return kernel;
}
bool HasNeonBf16Dot() { return ThisCpu().neon_bf16; }

}  // namespace tempera::kernels
#endif  // __aarch64__
