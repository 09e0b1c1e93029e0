#include "src/base/platform/peaks_x86.h"

#include <hwy/targets.h>

#include <cstring>

#include "src/base/cpu_features.h"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace tempera {

#if defined(__x86_64__)
namespace {

// Every loop: eight sums, operands from the nearest cache.
constexpr int kSums = 8;

__attribute__((target("avx2"))) double MaddubsLoop(int64_t rounds) {
  alignas(64) int8_t numbers[6 * 32];
  std::memset(numbers, 1, sizeof(numbers));
  __m256i sums[kSums];
  for (__m256i& s : sums) s = _mm256_setzero_si256();
  const __m256i ones = _mm256_set1_epi16(1);
  for (int64_t i = 0; i < rounds; ++i) {
    PeakBarrier(numbers);
    const auto* n = reinterpret_cast<const __m256i*>(numbers);
    for (int j = 0; j < kSums; ++j) {
      const __m256i products =
          _mm256_maddubs_epi16(_mm256_load_si256(n + j / 4), _mm256_load_si256(n + 2 + j % 4));
      sums[j] = _mm256_add_epi32(sums[j], _mm256_madd_epi16(products, ones));
    }
  }
  for (int j = 1; j < kSums; ++j) sums[0] = _mm256_add_epi32(sums[0], sums[j]);
  KeepForPeaks(static_cast<float>(_mm256_extract_epi32(sums[0], 0)));
  return static_cast<double>(rounds) * kSums * 32;
}

#if defined(__clang__) || __GNUC__ >= 11
__attribute__((target("avx2,avxvnni"))) double AvxVnniLoop(int64_t rounds) {
  alignas(64) int8_t numbers[6 * 32];
  std::memset(numbers, 1, sizeof(numbers));
  __m256i sums[kSums];
  for (__m256i& s : sums) s = _mm256_setzero_si256();
  for (int64_t i = 0; i < rounds; ++i) {
    PeakBarrier(numbers);
    const auto* n = reinterpret_cast<const __m256i*>(numbers);
    for (int j = 0; j < kSums; ++j) {
      sums[j] =
          _mm256_dpbusd_avx_epi32(sums[j], _mm256_load_si256(n + j / 4), _mm256_load_si256(n + 2 + j % 4));
    }
  }
  for (int j = 1; j < kSums; ++j) sums[0] = _mm256_add_epi32(sums[0], sums[j]);
  KeepForPeaks(static_cast<float>(_mm256_extract_epi32(sums[0], 0)));
  return static_cast<double>(rounds) * kSums * 32;
}
#endif

__attribute__((target("avx512f,avx512bw,avx512vnni"))) double Avx512VnniLoop(int64_t rounds) {
  alignas(64) int8_t numbers[6 * 64];
  std::memset(numbers, 1, sizeof(numbers));
  __m512i sums[kSums];
  for (__m512i& s : sums) s = _mm512_setzero_si512();
  for (int64_t i = 0; i < rounds; ++i) {
    PeakBarrier(numbers);
    for (int j = 0; j < kSums; ++j) {
      sums[j] = _mm512_dpbusd_epi32(sums[j], _mm512_load_si512(numbers + j / 4 * 64),
                                    _mm512_load_si512(numbers + (2 + j % 4) * 64));
    }
  }
  for (int j = 1; j < kSums; ++j) sums[0] = _mm512_add_epi32(sums[0], sums[j]);
  _mm512_store_si512(numbers, sums[0]);
  PeakBarrier(numbers);
  return static_cast<double>(rounds) * kSums * 64;
}

__attribute__((target("avx512f,avx512bw,avx512bf16"))) double Avx512Bf16Loop(int64_t rounds) {
  alignas(64) uint16_t numbers[6 * 32];
  for (uint16_t& n : numbers) n = 0x3c00;  // 2^-7
  __m512 sums[kSums];
  for (__m512& s : sums) s = _mm512_setzero_ps();
  for (int64_t i = 0; i < rounds; ++i) {
    PeakBarrier(numbers);
    for (int j = 0; j < kSums; ++j) {
      const __m512i a = _mm512_load_si512(numbers + j / 4 * 32),
                    b = _mm512_load_si512(numbers + (2 + j % 4) * 32);
      __m512bh pairs_a, pairs_b;
      std::memcpy(&pairs_a, &a, sizeof(a));
      std::memcpy(&pairs_b, &b, sizeof(b));
      sums[j] = _mm512_dpbf16_ps(sums[j], pairs_a, pairs_b);
    }
  }
  for (int j = 1; j < kSums; ++j) sums[0] = _mm512_add_ps(sums[0], sums[j]);
  _mm512_store_ps(numbers, sums[0]);
  PeakBarrier(numbers);
  return static_cast<double>(rounds) * kSums * 32;
}

// Layout of LDTILECFG's operand (Intel SDM volume 1, 18.4).
struct TileConfig {
  uint8_t palette = 1, start_row = 0, reserved[14] = {};
  uint16_t row_bytes[16] = {};
  uint8_t rows[16] = {};
};

// Four sums of 16 x 16, two operands each way: what eight tiles allow. Loads and products as in a real
// kernel.
#define TEMPERA_TILE_LOOP(product)                                           \
  alignas(64) uint8_t numbers[4][1024];                                      \
  std::memset(numbers, 0, sizeof(numbers));                                  \
  TileConfig config;                                                         \
  for (int i = 0; i < 8; ++i) config.row_bytes[i] = 64, config.rows[i] = 16; \
  _tile_loadconfig(&config);                                                 \
  _tile_zero(0);                                                             \
  _tile_zero(1);                                                             \
  _tile_zero(2);                                                             \
  _tile_zero(3);                                                             \
  for (int64_t i = 0; i < rounds; ++i) {                                     \
    PeakBarrier(numbers);                                                    \
    _tile_loadd(4, numbers[0], 64);                                          \
    _tile_loadd(5, numbers[1], 64);                                          \
    _tile_loadd(6, numbers[2], 64);                                          \
    _tile_loadd(7, numbers[3], 64);                                          \
    product(0, 4, 6);                                                        \
    product(1, 4, 7);                                                        \
    product(2, 5, 6);                                                        \
    product(3, 5, 7);                                                        \
  }                                                                          \
  _tile_stored(0, numbers[0], 64);                                           \
  _tile_release();                                                           \
  PeakBarrier(numbers)

__attribute__((target("amx-tile,amx-int8"))) double AmxInt8Loop(int64_t rounds) {
  TEMPERA_TILE_LOOP(_tile_dpbusd);
  return static_cast<double>(rounds) * 4 * 16 * 16 * 64;
}

__attribute__((target("amx-tile,amx-bf16"))) double AmxBf16Loop(int64_t rounds) {
  TEMPERA_TILE_LOOP(_tile_dpbf16ps);
  return static_cast<double>(rounds) * 4 * 16 * 16 * 32;
}
#undef TEMPERA_TILE_LOOP

}  // namespace

std::vector<X86Loop> X86LoopsOf(const CpuTarget& target) {
  const CpuFeatures& cpu = ThisCpu();
  std::vector<X86Loop> loops;
  // In Highway a lower bit is a better target.
  if (target.highway_bit <= HWY_AVX2 && cpu.avx2) {
    loops.push_back({"maddubs", MaddubsLoop});
#if defined(__clang__) || __GNUC__ >= 11
    if (cpu.avx_vnni) loops.push_back({"avx_vnni", AvxVnniLoop});
#endif
  }
  if (target.highway_bit <= HWY_AVX3 && cpu.avx512()) {
    if (cpu.avx512_vnni) loops.push_back({"avx512_vnni", Avx512VnniLoop});
    if (cpu.avx512_bf16) loops.push_back({"avx512_bf16", Avx512Bf16Loop});
    if (cpu.amx_tile && cpu.amx_int8) loops.push_back({"amx_int8", AmxInt8Loop});
    if (cpu.amx_tile && cpu.amx_bf16) loops.push_back({"amx_bf16", AmxBf16Loop});
  }
  return loops;
}

#else

std::vector<X86Loop> X86LoopsOf(const CpuTarget&) { return {}; }

#endif

}  // namespace tempera
