// The tile unit of the processor. Inline assembly because a tile's number is part of the instruction: g++
// 12's intrinsics paste it from the source text, so that no template parameter can stand there. Neither
// compiler uses tiles by itself, so nothing has to be told which ones change; the statements are volatile
// and thus stay in order.
//
// The caller has seen ThisCpu().amx_tile; each of these is one instruction.
#pragma once

#if defined(__x86_64__)

#include <cstdint>

#include "src/kernels/dot/amx_block.h"

namespace tempera::kernels::amx {

struct RealTiles {
  static void Configure(const TileConfig& config) { __asm__ volatile("ldtilecfg %0" : : "m"(config)); }
  static void Release() { __asm__ volatile("tilerelease"); }

  template <int tile>
  static void Zero() {
    __asm__ volatile("tilezero %%tmm%c0" : : "i"(tile));
  }
  // Rows of the configured length, `stride` bytes apart. Any alignment.
  template <int tile>
  static void Load(const void* first_row, int64_t stride) {
    __asm__ volatile("tileloadd (%0,%1,1), %%tmm%c2" : : "r"(first_row), "r"(stride), "i"(tile) : "memory");
  }
  template <int tile>
  static void Store(void* first_row, int64_t stride) {
    __asm__ volatile("tilestored %%tmm%c2, (%0,%1,1)" : : "r"(first_row), "r"(stride), "i"(tile) : "memory");
  }
  // sum[m][n] += pixels[m][k] (unsigned) * weights[k / 4][n][k % 4] (signed)
  template <int sum, int pixels, int weights>
  static void DotU8S8() {
    __asm__ volatile("tdpbusd %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(pixels), "i"(weights));
  }
  // sum[m][n] += pixels[m][k] * weights[k / 2][n][k % 2]
  template <int sum, int pixels, int weights>
  static void DotBf16() {
    __asm__ volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(sum), "i"(pixels), "i"(weights));
  }
};

}  // namespace tempera::kernels::amx

#endif
