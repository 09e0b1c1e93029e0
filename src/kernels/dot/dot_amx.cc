// Dot kernels in AMX tiles: 16 pixels x 16 columns at a time, bytes or bf16.
#if defined(__x86_64__)

#include "src/base/cpu_features.h"
#include "src/kernels/dot/amx_block.h"
#include "src/kernels/dot/amx_tiles.h"
#include "src/kernels/dot/dot_entry.h"

namespace tempera::kernels {

const DotKernel& AmxInt8Dot() {
  static constexpr DotKernel kernel = amx::TileDotKernel<amx::RealTiles, amx::Multiply::kU8S8>("amx_int8");
  return kernel;
}
bool HasAmxInt8Dot() { return ThisCpu().amx_int8; }

const DotKernel& AmxBf16Dot() {
  static constexpr DotKernel kernel = amx::TileDotKernel<amx::RealTiles, amx::Multiply::kBf16>("amx_bf16");
  return kernel;
}
bool HasAmxBf16Dot() { return ThisCpu().amx_bf16; }

}  // namespace tempera::kernels

#endif
