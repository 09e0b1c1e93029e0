// Byte dot products with Armv8.6's usdot, unsigned by signed bytes (Cortex-A510, A715, X2, Neoverse V1 and
// later), exact.
#if defined(__aarch64__)
#define TEMPERA_DOT_ATTR __attribute__((target("arch=armv8.2-a+i8mm")))

#include <arm_neon.h>

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct NeonI8mm {
  struct Vector {
    int32x4_t low, high;
  };
  static constexpr int64_t kLanes = 8, kGroup = 4;
  // Of 32 registers 24 hold sums, 4 weights and 1 the input.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  static constexpr double kSpeed = 100;
  static constexpr int kWeightLimit = 127;
  TEMPERA_DOT_INLINE Vector Zero() { return {vdupq_n_s32(0), vdupq_n_s32(0)}; }
  TEMPERA_DOT_INLINE Vector Load(const uint8_t* from) {
    return {vreinterpretq_s32_u8(vld1q_u8(from)), vreinterpretq_s32_u8(vld1q_u8(from + 16))};
  }
  TEMPERA_DOT_INLINE Vector Broadcast(const uint8_t* from) {
    int32_t group;
    std::memcpy(&group, from, 4);
    const int32x4_t all = vdupq_n_s32(group);
    return {all, all};
  }
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    const uint8x16_t x = vreinterpretq_u8_s32(input.low);
    return {vusdotq_s32(sums.low, x, vreinterpretq_s8_s32(weights.low)),
            vusdotq_s32(sums.high, x, vreinterpretq_s8_s32(weights.high))};
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) {
    vst1q_s32(to, v.low);
    vst1q_s32(to + 4, v.high);
  }
};

}  // namespace

const DotKernel& NeonI8mmDot() {
  static constexpr DotKernel kernel = BlockDotKernel<NeonI8mm>("neon_i8mm", DotElement::kU8S8);
  return kernel;
}
bool HasNeonI8mmDot() { return ThisCpu().neon_i8mm; }

}  // namespace tempera::kernels
#endif  // __aarch64__
