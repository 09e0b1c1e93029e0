// Private to peaks.cc: the loops that Highway has no words for.
#pragma once

#include <cstdint>
#include <vector>

#include "src/base/cpu.h"

namespace tempera {

struct X86Loop {
  const char* name;                // as UnitPeak::name
  double (*loop)(int64_t rounds);  // returns how many multiply-accumulates it did
};

// What this processor has and `target` may use: 512 bits and tiles from "avx512" on only.
std::vector<X86Loop> X86LoopsOf(const CpuTarget& target);

// The compiler must assume that `memory` was changed.
inline void PeakBarrier(void* memory) { asm volatile("" : : "r"(memory) : "memory"); }
// The compiler must assume that somebody wants the result.
inline void KeepForPeaks(float result) { asm volatile("" : : "m"(result)); }

}  // namespace tempera
