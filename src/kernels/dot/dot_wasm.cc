// Dot products of WebAssembly. wasm_s16: i32x4.dot_i16x8_s, which every browser with SIMD has and which is
// one or two instructions on all processors. The relaxed dot product of bytes adds four products a lane, but
// what it does with a second operand beyond 127 is the processor's own matter: unsigned, exactly (AVX-VNNI);
// unsigned, with pairs saturated in 16 bits (other x86-64); signed (ARM). So there is a kernel for each
// reading, and the one that gives the plain kernel's sums on this machine is kept (dot_trust.h).
#if defined(__wasm__)
#include <wasm_simd128.h>

#include "src/kernels/dot/dot_block.h"
#include "src/kernels/dot/dot_entry.h"

namespace tempera::kernels {
namespace {

struct WasmS16 {
  using Vector = v128_t;
  static constexpr int64_t kLanes = 4, kGroup = 2;
  // Engines keep some of x86's 16 registers: 10 hold sums, 2 weights, 1 the input and 1 a product.
  static constexpr int kPixels1 = 8, kPixels2 = 5;
  static constexpr double kSpeed = 30;
  static constexpr int kWeightLimit = 127;
  static Vector Zero() { return wasm_i32x4_const_splat(0); }
  static Vector Load(const uint8_t* from) { return wasm_v128_load(from); }
  static Vector Broadcast(const uint8_t* from) { return wasm_v128_load32_splat(from); }
  static Vector Dot(Vector sums, Vector input, Vector weights) {
    return wasm_i32x4_add(sums, wasm_i32x4_dot_i16x8(input, weights));
  }
  static void Store(Vector v, int32_t* to) { wasm_v128_store(to, v); }
};

#if defined(TEMPERA_WASM_RELAXED)
struct WasmRelaxed : WasmS16 {
  static constexpr int64_t kGroup = 4;
  static constexpr double kSpeed = 100;
  static Vector Dot(Vector sums, Vector input, Vector weights) {
    return wasm_i32x4_relaxed_dot_i8x16_i7x16_add(weights, input, sums);
  }
};
struct WasmRelaxed64 : WasmRelaxed {
  static constexpr double kSpeed = 45;
  static constexpr int kWeightLimit = 64;
};
#endif

}  // namespace

const DotKernel& WasmS16Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<WasmS16>("wasm_s16", DotElement::kS16);
  return kernel;
}

#if defined(TEMPERA_WASM_RELAXED)
const DotKernel& WasmRelaxedDot() {
  static constexpr DotKernel kernel = BlockDotKernel<WasmRelaxed>("wasm_relaxed", DotElement::kU8S8);
  return kernel;
}
const DotKernel& WasmRelaxed64Dot() {
  static constexpr DotKernel kernel = BlockDotKernel<WasmRelaxed64>("wasm_relaxed_64", DotElement::kU8S8);
  return kernel;
}
#endif

}  // namespace tempera::kernels
#endif  // __wasm__
