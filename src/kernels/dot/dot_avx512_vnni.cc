// Byte dot products with vpdpbusd: four products of an unsigned and a signed byte added to 32 bits in one
// instruction, exact.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#define TEMPERA_DOT_ATTR __attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")))
#include "src/kernels/dot/dot_block.h"

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct Avx512Vnni {
  using Vector = __m512i;
  static constexpr int64_t kLanes = 16, kGroup = 4;
  // 24 of 32 registers hold sums. Twelve chains of one vector still hide a latency of 5 cycles at 2 a cycle.
  static constexpr int kPixels1 = 12, kPixels2 = 12;
  static constexpr double kSpeed = 240;
  static constexpr int kWeightLimit = 127;
  TEMPERA_DOT_INLINE Vector Zero() { return _mm512_setzero_si512(); }
  TEMPERA_DOT_INLINE Vector Load(const uint8_t* from) { return _mm512_loadu_si512(from); }
  TEMPERA_DOT_INLINE Vector Broadcast(const uint8_t* from) {
    int32_t group;
    std::memcpy(&group, from, 4);
    return _mm512_set1_epi32(group);
  }
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    return _mm512_dpbusd_epi32(sums, input, weights);
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) { _mm512_storeu_si512(to, v); }
};

}  // namespace

const DotKernel& Avx512VnniDot() {
  static constexpr DotKernel kernel = BlockDotKernel<Avx512Vnni>("avx512_vnni", DotElement::kU8S8);
  return kernel;
}
bool HasAvx512VnniDot() { return ThisCpu().avx512() && ThisCpu().avx512_vnni; }

}  // namespace tempera::kernels
#endif  // __x86_64__
