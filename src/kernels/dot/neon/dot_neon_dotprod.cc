// Byte dot products with Armv8.2's udot (Cortex-A55, A76 and later), exact. It multiplies unsigned by
// unsigned bytes, or signed by signed ones, never one by the other as we need, so weights carry an offset:
//   sum x * w = sum x * (w + 128) - 128 * sum x
// The sum of a pixel's window is taken 16 bytes at a time beside the blocks: with 32 columns 3 % more work,
// where an offset on the broadcast input would cost every fourth instruction. Sums wrap on the way and are
// right at the end.
#if defined(__aarch64__)
#define TEMPERA_DOT_ATTR __attribute__((target("arch=armv8.2-a+dotprod")))

#include <arm_neon.h>

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

constexpr uint8_t kOffset = 128;

struct NeonDotprod {
  struct Vector {
    uint32x4_t low, high;
  };
  static constexpr int64_t kLanes = 8, kGroup = 4;
  // Of 32 registers 24 hold sums, 4 weights and 1 the input.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  TEMPERA_DOT_INLINE Vector Zero() { return {vdupq_n_u32(0), vdupq_n_u32(0)}; }
  TEMPERA_DOT_INLINE Vector Load(const uint8_t* from) {
    return {vreinterpretq_u32_u8(vld1q_u8(from)), vreinterpretq_u32_u8(vld1q_u8(from + 16))};
  }
  TEMPERA_DOT_INLINE Vector Broadcast(const uint8_t* from) {
    uint32_t group;
    std::memcpy(&group, from, 4);
    const uint32x4_t all = vdupq_n_u32(group);
    return {all, all};
  }
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    const uint8x16_t x = vreinterpretq_u8_u32(input.low);
    return {vdotq_u32(sums.low, vreinterpretq_u8_u32(weights.low), x),
            vdotq_u32(sums.high, vreinterpretq_u8_u32(weights.high), x)};
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) {
    vst1q_s32(to, vreinterpretq_s32_u32(v.low));
    vst1q_s32(to + 4, vreinterpretq_s32_u32(v.high));
  }
};

TEMPERA_DOT_ATTR uint32_t SumOfBytes(const uint8_t* bytes, int64_t count) {
  uint32x4_t sums = vdupq_n_u32(0);
  int64_t i = 0;
  for (; i + 16 <= count; i += 16) sums = vdotq_u32(sums, vld1q_u8(bytes + i), vdupq_n_u8(1));
  uint32_t sum = vaddvq_u32(sums);
  for (; i < count; ++i) sum += bytes[i];
  return sum;
}

TEMPERA_DOT_ATTR void Run(const DotArgs& a) {
  DotBlocks<NeonDotprod>::Run(a);
  const auto* input = static_cast<const uint8_t*>(a.input);
  auto* sums = static_cast<uint32_t*>(a.sums);
  for (int64_t p = 0; p < a.pixels; ++p, input += a.pixel_stride, sums += a.columns) {
    uint32_t window = 0;
    for (int64_t r = 0; r < a.kernel_rows; ++r) window += SumOfBytes(input + r * a.row_stride, a.row_k);
    const uint32x4_t excess = vdupq_n_u32(window * kOffset);
    for (int64_t o = 0; o < a.columns; o += 4) {
      vst1q_u32(sums + o, vsubq_u32(vld1q_u32(sums + o), excess));
    }
  }
}

std::vector<uint8_t> Pack(const void* weights, int64_t kernel_rows, int64_t row_k, int64_t columns) {
  std::vector<uint8_t> packed = DotBlocks<NeonDotprod>::Pack(weights, kernel_rows, row_k, columns);
  for (uint8_t& w : packed) w ^= kOffset;  // adds it to a signed byte, as an unsigned one
  return packed;
}

}  // namespace

const DotKernel& NeonDotprodDot() {
  static constexpr DotKernel kernel = {"neon_dotprod",  DotElement::kU8S8, 4,    8,     1,
                                       &NothingToSetUp, &NothingToSetUp,   &Run, &Pack, 60};
  return kernel;
}
bool HasNeonDotprodDot() { return ThisCpu().neon_dotprod; }

}  // namespace tempera::kernels
#endif  // __aarch64__
