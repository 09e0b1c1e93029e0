// 16-bit dot products with vpmaddwd: exact, and on processors that issue two multiplies and two additions of
// 256 bits a cycle 32 products a cycle, twice fp32. vpmaddubsw would take 32 bytes at once but adds pairs in
// 16 bits, which saturates from 255 * 127 * 2 on, and needs a second multiply to widen: the same 32 products
// a cycle at best.
#if defined(__x86_64__)
#define TEMPERA_DOT_ATTR __attribute__((target("avx2")))

#include <immintrin.h>

#include "src/base/cpu_features.h"
#include "src/kernels/nhwc/dot_block-inl.h"
#include "src/kernels/nhwc/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct Avx2S16 {
  using Vector = __m256i;
  static constexpr int64_t kLanes = 8, kGroup = 2;
  // Of 16 registers 12 hold sums, 2 weights, 1 the input and 1 a product.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  static constexpr double kSpeed = 70;
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
    return _mm256_add_epi32(sums, _mm256_madd_epi16(input, weights));
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
  }
};

}  // namespace

const DotKernel& Avx2S16Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<Avx2S16>("avx2_s16", DotElement::kS16);
  return kernel;
}
bool HasAvx2Dot() { return ThisCpu().avx2; }

}  // namespace tempera::kernels
#endif  // __x86_64__
