// Dot kernels in AMX tiles: 16 pixels x 16 columns at a time, bytes or bf16 (amx_block.h).
#pragma once

#include "src/kernels/nhwc/dot_kernel.h"

namespace tempera::kernels {

#if defined(__x86_64__)
// To be run only where ThisCpu().amx_int8 or amx_bf16. A thread that runs them between begin and end must
// not use tiles for anything else meanwhile.
const DotKernel& AmxInt8Dot();
const DotKernel& AmxBf16Dot();
#endif

}  // namespace tempera::kernels
