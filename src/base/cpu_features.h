// Instruction sets of a processor by name, finer than the targets of cpu.h: what a kernel written in
// one special instruction set asks before it is offered.
#pragma once

namespace tempera {

// True: the processor has it and the operating system saves its registers. All false elsewhere.
struct CpuFeatures {
  bool sse42 = false;  // with SSSE3 and POPCNT: x86-64-v2, what the whole library is compiled for
  bool avx2 = false, fma = false, f16c = false;
  bool avx512f = false, avx512bw = false, avx512dq = false, avx512vl = false;
  bool avx512_vnni = false, avx512_bf16 = false;
  bool avx_vnni = false;  // the 256-bit form for processors without AVX-512
  // Tiles: true only when Linux let this process use them. Threads started later inherit that leave.
  bool amx_tile = false, amx_int8 = false, amx_bf16 = false;

  // Of 64-bit ARM, as the system says.
  bool neon_dotprod = false, neon_i8mm = false, neon_bf16 = false;

  // The four parts of AVX-512 that every kernel of ours in it takes for granted.
  bool avx512() const { return avx512f && avx512bw && avx512dq && avx512vl; }
};

// What cpuid and xgetbv say, and, for tiles, arch_prctl(ARCH_REQ_XCOMP_PERM). The first call asks them, all
// later ones return the same; any thread.
const CpuFeatures& ThisCpu();

}  // namespace tempera
