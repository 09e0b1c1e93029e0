// Dot products for processors without VNNI, both exact, at 32 products a cycle where two multiplies of 256
// bits are issued in one, twice fp32. avx2_s16: vpmaddwd over 16-bit numbers, as integer Winograd needs them
// (winograd_s16.h). avx2_maddubs: vpmaddubsw over bytes, and a vpmaddwd with ones to widen: as many
// multiplies, but three instructions for 32 products where the other takes four, and half the loads. It adds
// pairs in 16 bits, so weights keep to 64 either way: 255 * 64 * 2 < 2^15.
#if defined(__x86_64__)
#define TEMPERA_DOT_ATTR __attribute__((target("avx2")))

#include <immintrin.h>

#include "src/base/cpu_features.h"
#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"

#define TEMPERA_DOT_INLINE TEMPERA_DOT_ATTR __attribute__((always_inline)) static inline

namespace tempera::kernels {
namespace {

struct Avx2S16 {
  using Vector = __m256i;
  static constexpr int64_t kLanes = 8, kGroup = 2;
  // Of 16 registers 12 hold sums, 2 weights, 1 the input and 1 a product.
  static constexpr int kPixels1 = 12, kPixels2 = 6;
  static constexpr double kSpeed = 70;
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
    return _mm256_add_epi32(sums, _mm256_madd_epi16(input, weights));
  }
  TEMPERA_DOT_INLINE void Store(Vector v, int32_t* to) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), v);
  }
};

struct Avx2Maddubs : Avx2S16 {
  static constexpr int64_t kGroup = 4;
  // 10 sums, 2 weights, the input, a product and the ones.
  static constexpr int kPixels1 = 10, kPixels2 = 5;
  static constexpr double kSpeed = 85;
  static constexpr int kWeightLimit = 64;
  TEMPERA_DOT_INLINE Vector Dot(Vector sums, Vector input, Vector weights) {
    const Vector pairs = _mm256_maddubs_epi16(input, weights);
    return _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, _mm256_set1_epi16(1)));
  }
};

}  // namespace

const DotKernel& Avx2MaddubsDot() {
  static constexpr DotKernel kernel = BlockDotKernel<Avx2Maddubs>("avx2_maddubs", DotElement::kU8S8);
  return kernel;
}
const DotKernel& Avx2S16Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<Avx2S16>("avx2_s16", DotElement::kS16);
  return kernel;
}
bool HasAvx2Dot() { return ThisCpu().avx2; }

}  // namespace tempera::kernels
#endif  // __x86_64__
