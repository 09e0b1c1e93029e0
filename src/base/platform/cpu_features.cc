#include "src/base/cpu_features.h"

#include <cstdint>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include "src/base/platform/platform.h"

namespace tempera {
namespace {

#if defined(__x86_64__)

struct Registers {
  uint32_t a = 0, b = 0, c = 0, d = 0;
};

Registers Cpuid(uint32_t leaf, uint32_t sub) {
  Registers r;
  __get_cpuid_count(leaf, sub, &r.a, &r.b, &r.c, &r.d);  // leaves zeros when there is no such leaf
  return r;
}

bool Bit(uint32_t word, int bit) { return (word >> bit & 1) != 0; }

// XCR0: which registers the operating system saves. Only to be read where cpuid shows OSXSAVE.
uint64_t SavedState() {
  uint32_t low = 0, high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return uint64_t{high} << 32 | low;
}

CpuFeatures Detect() {
  CpuFeatures f;
  const Registers one = Cpuid(1, 0);
  f.sse42 = Bit(one.c, 9) && Bit(one.c, 19) && Bit(one.c, 20) && Bit(one.c, 23);
  if (!Bit(one.c, 27)) return f;  // OSXSAVE
  const uint64_t saved = SavedState();
  const auto saves = [saved](uint64_t mask) { return (saved & mask) == mask; };
  const Registers seven = Cpuid(7, 0);
  const Registers seven_one = seven.a >= 1 ? Cpuid(7, 1) : Registers();
  if (saves(0x06)) {  // xmm, ymm
    f.avx2 = Bit(seven.b, 5);
    f.fma = Bit(one.c, 12);
    f.f16c = Bit(one.c, 29);
    f.avx_vnni = Bit(seven_one.a, 4);
  }
  if (saves(0xe6)) {  // also the mask registers and both halves of zmm
    f.avx512f = Bit(seven.b, 16);
    f.avx512dq = Bit(seven.b, 17);
    f.avx512bw = Bit(seven.b, 30);
    f.avx512vl = Bit(seven.b, 31);
    f.avx512_vnni = Bit(seven.c, 11);
    f.avx512_bf16 = Bit(seven_one.a, 5);
  }
  if (saves(0x60000) && Bit(seven.d, 24) && platform::AskForTiles()) {  // tile configuration, tile data
    f.amx_tile = true;
    f.amx_bf16 = Bit(seven.d, 22);
    f.amx_int8 = Bit(seven.d, 25);
  }
  return f;
}

#else

CpuFeatures Detect() {
  const platform::ArmFeatures arm = platform::FeaturesOfArm();
  CpuFeatures f;
  f.neon_dotprod = arm.dotprod, f.neon_i8mm = arm.i8mm, f.neon_bf16 = arm.bf16;
  return f;
}

#endif

}  // namespace

const CpuFeatures& ThisCpu() {
  static const CpuFeatures features = Detect();
  return features;
}

}  // namespace tempera
