// bf16 dot products with vdpbf16ps: two products of bf16 added to fp32 in one instruction.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#define TEMPERA_DOT_ATTR __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512bf16")))
#include "src/kernels/dot/dot_block.h"

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct Avx512Bf16 {
  using Vector = __m512i;  // of sums: fp32
  static constexpr int64_t kLanes = 16, kGroup = 2;
  // 24 of 32 registers hold sums: one instruction a cycle with a latency of 6 to 8 needs 8 chains. A block of
  // two vectors takes 24 multiplications, 12 broadcasts and 2 loads a step.
  static constexpr int kPixels1 = 12, kPixels2 = 12;
  static constexpr double kSpeed = 110;
  static constexpr int kWeightLimit = 127;
  TEMPERA_DOT_INLINE Vector Zero() { return _mm512_setzero_si512(); }
  TEMPERA_DOT_INLINE Vector Load(const uint8_t* from) { return _mm512_loadu_si512(from); }
  TEMPERA_DOT_INLINE Vector Broadcast(const uint8_t* from) {
    int32_t group;
    std::memcpy(&group, from, 4);
    return _mm512_set1_epi32(group);
  }
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    return _mm512_castps_si512(
        _mm512_dpbf16_ps(_mm512_castsi512_ps(sums), (__m512bh)input, (__m512bh)weights));
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) { _mm512_storeu_si512(to, v); }
};

}  // namespace

const DotKernel& Avx512Bf16Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<Avx512Bf16>("avx512_bf16", DotElement::kBf16);
  return kernel;
}
bool HasAvx512Bf16Dot() { return ThisCpu().avx512() && ThisCpu().avx512_bf16; }

}  // namespace tempera::kernels
#endif  // __x86_64__
