// Byte dot products with the 256-bit vpdpbusd of processors without AVX-512 (AVX-VNNI), exact.
#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

#define TEMPERA_DOT_ATTR __attribute__((target("avx2,avxvnni")))
#include "src/kernels/dot/dot_block.h"

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct AvxVnni {
  using Vector = __m256i;
  static constexpr int64_t kLanes = 8, kGroup = 4;
  // 12 of 16 registers hold sums.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  static constexpr double kSpeed = 150;
  static constexpr int kWeightLimit = 127;
  TEMPERA_DOT_INLINE Vector Zero() { return _mm256_setzero_si256(); }
  TEMPERA_DOT_INLINE Vector Load(const uint8_t* from) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
  }
  TEMPERA_DOT_INLINE Vector Broadcast(const uint8_t* from) {
    int32_t group;
    std::memcpy(&group, from, 4);
    return _mm256_set1_epi32(group);
  }
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    return _mm256_dpbusd_avx_epi32(sums, input, weights);
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
  }
};

}  // namespace

const DotKernel& AvxVnniDot() {
  static constexpr DotKernel kernel = BlockDotKernel<AvxVnni>("avx_vnni", DotElement::kU8S8);
  return kernel;
}
// Not offered where there is AVX-512: there the target AVX2 was asked for, and it means no more than AVX2.
bool HasAvxVnniDot() { return ThisCpu().avx_vnni && !ThisCpu().avx512(); }

}  // namespace tempera::kernels
#endif  // __x86_64__
