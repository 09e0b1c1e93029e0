// One line of the table of dot kernels.
#pragma once

#include <cstdint>

#include "src/kernels/dot/dot_kernel.h"

namespace tempera::kernels {

struct DotEntry {
  const DotKernel& (*kernel)();
  int64_t least_target;  // HWY_AVX2 and so on: the least target that may use it
  bool (*runs_here)();   // whether this processor and its system can
};

const DotKernel& PlainU8S8Dot();
const DotKernel& PlainS16Dot();
const DotKernel& PlainBf16Dot();
#if defined(__x86_64__)
const DotKernel& Avx512VnniDot();
bool HasAvx512VnniDot();
const DotKernel& AvxVnniDot();
bool HasAvxVnniDot();
const DotKernel& Avx2MaddubsDot();
const DotKernel& Avx2S16Dot();
bool HasAvx2Dot();
const DotKernel& Avx512Bf16Dot();
bool HasAvx512Bf16Dot();
// A thread that runs these between begin and end must not use tiles for anything else meanwhile.
const DotKernel& AmxInt8Dot();
bool HasAmxInt8Dot();
const DotKernel& AmxBf16Dot();
bool HasAmxBf16Dot();
#elif defined(__aarch64__)
const DotKernel& NeonI8mmDot();
bool HasNeonI8mmDot();
const DotKernel& NeonDotprodDot();
bool HasNeonDotprodDot();
const DotKernel& NeonS16Dot();
bool HasNeonDot();
const DotKernel& NeonBf16Dot();
bool HasNeonBf16Dot();
#elif defined(__wasm__)
const DotKernel& WasmS16Dot();
const DotKernel& WasmRelaxedDot();
const DotKernel& WasmRelaxed64Dot();
#endif

}  // namespace tempera::kernels
