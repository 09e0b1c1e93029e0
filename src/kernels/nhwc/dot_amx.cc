#include "src/kernels/nhwc/dot_amx.h"

#if defined(__x86_64__)

#include "src/kernels/nhwc/amx_block.h"
#include "src/kernels/nhwc/amx_tiles.h"

namespace tempera::kernels {

const DotKernel& AmxInt8Dot() {
  static constexpr DotKernel kernel = amx::TileDotKernel<amx::RealTiles, amx::Multiply::kU8S8>("amx_int8");
  return kernel;
}

const DotKernel& AmxBf16Dot() {
  static constexpr DotKernel kernel = amx::TileDotKernel<amx::RealTiles, amx::Multiply::kBf16>("amx_bf16");
  return kernel;
}

}  // namespace tempera::kernels

#endif
