// Dot kernels in special instructions prove themselves before they are offered: a virtual machine may
// promise tiles and not keep their contents.
#pragma once

#include "src/kernels/dot/dot_kernel.h"

namespace tempera::kernels {

// Runs one small problem whose sums are exact in any order and compares every sum with the plain kernel's.
// About half a millisecond, most of it the plain kernel's. The processor must have the kernel's instructions.
bool DotAgreesWithPlain(const DotKernel& kernel);

// The same, once for each kernel in a process; later calls return the first answer. Any thread. `kernel`
// lives as long as the process.
bool TrustDot(const DotKernel& kernel);

}  // namespace tempera::kernels
